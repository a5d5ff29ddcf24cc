"""Gradient descent, momentum and Nesterov's look-ahead, in the variables that people keep."""

from .variant import Variant

POLYAK = "Polyak, Some methods of speeding up the convergence of iteration methods (1964)"
SUTSKEVER = "Sutskever et al., On the importance of initialization and momentum (2013)"


def descent(k, h, g, w, s, t, r):
    """w - r g."""
    return w - r * g, s


def heavy_ball(k, h, g, w, s, t, r):
    """v <- decay v + g; w - r v: the rate outside the velocity."""
    v = k.velocity(h.decay, s["v"], g)
    return w - r * v, {"v": v}


def rate_inside(k, h, g, w, s, t, r):
    """v <- decay v - r g; w + v: the rate inside the velocity."""
    v = k.velocity(h.decay, s["v"], -(r * g))
    return w + v, {"v": v}


def dampened(k, h, g, w, s, t, r):
    """v <- decay v + (1 - dampening) g; w - r v, from the first step on."""
    v = k.velocity(h.decay, s["v"], (1 - h.dampening) * g)
    return w - r * v, {"v": v}


def dampened_later(k, h, g, w, s, t, r):
    """v <- decay v + (1 - dampening) g, but v = g at the first step; w - r v."""
    v = g if t == 1 else k.velocity(h.decay, s["v"], (1 - h.dampening) * g)
    return w - r * v, {"v": v}


def averaged(k, h, g, w, s, t, r):
    """v <- decay v + (1 - decay) g; w - r v: a mean of gradients."""
    v = k.mean(h.decay, s["v"], g)
    return w - r * v, {"v": v}


def averaged_unbiased(k, h, g, w, s, t, r):
    """v <- decay v + (1 - decay) g; w - r v / (1 - decay^t)."""
    v = k.mean(h.decay, s["v"], g)
    return w - r * k.unbiased(v, h.decay, t), {"v": v}


def look_ahead(k, h, g, w, s, t, r):
    """v <- decay v + g; w - r (g + decay v), with the new v."""
    v = k.velocity(h.decay, s["v"], g)
    return w - r * k.velocity(h.decay, v, g), {"v": v}


def look_ahead_rate_inside(k, h, g, w, s, t, r):
    """v <- decay v - r g; w + decay v - r g, with the new v: the rate inside the velocity."""
    v = k.velocity(h.decay, s["v"], -(r * g))
    return w + k.velocity(h.decay, v, -(r * g)), {"v": v}


MEMORY, DECAY = {"v": 0}, {"decay": 0.9}
WEIGHTS = {"weight_decay": 0.01}
OUTSIDE = r"v_t = \mu v_{t-1} + g_t, \quad w_t = w_{t-1} - r_t v_t"
INSIDE = r"v_t = \mu v_{t-1} - r_t g_t, \quad w_t = w_{t-1} + v_t"
AHEAD = r"v_t = \mu v_{t-1} + g_t, \quad w_t = w_{t-1} - r_t (g_t + \mu v_t)"
PLAIN = r"w_t = w_{t-1} - r_t g_t"
COUPLED = r"w_t = w_{t-1} - r_t (g_t + \lambda w_{t-1})"

VARIANTS = (
    Variant("gradient_descent", "descent", descent, PLAIN, "Cauchy (1847)", rational=True),
    Variant(
        "gradient_descent_l2",
        "descent",
        descent,
        COUPLED,
        "torch.optim.SGD(weight_decay=...); decoupled decay with the rate is the same",
        defaults=WEIGHTS,
        decay="decoupled",
        rational=True,
    ),
    Variant(
        "gradient_descent_decay_without_rate",
        "descent",
        descent,
        r"w_t = (1 - \lambda) w_{t-1} - r_t g_t",
        "Hanson & Pratt (1988)",
        defaults=WEIGHTS,
        decay="without_rate",
        rational=True,
    ),
    Variant(
        "gradient_descent_decay_after",
        "descent",
        descent,
        r"w_t = (1 - r_t \lambda) (w_{t-1} - r_t g_t)",
        "decay written below the step",
        defaults=WEIGHTS,
        decay="after",
        rational=True,
    ),
    Variant("momentum", "momentum", heavy_ball, OUTSIDE, POLYAK, MEMORY, DECAY, rational=True),
    Variant(
        "momentum_rate_inside",
        "momentum",
        rate_inside,
        INSIDE,
        SUTSKEVER,
        MEMORY,
        DECAY,
        rational=True,
    ),
    Variant(
        "momentum_dampened",
        "momentum",
        dampened,
        r"v_t = \mu v_{t-1} + (1 - \tau) g_t, \quad w_t = w_{t-1} - r_t v_t",
        "dampening without a special first step",
        MEMORY,
        {**DECAY, "dampening": 0.1},
        rational=True,
    ),
    Variant(
        "momentum_dampened_later",
        "momentum",
        dampened_later,
        r"v_1 = g_1, \quad v_t = \mu v_{t-1} + (1 - \tau) g_t, \quad w_t = w_{t-1} - r_t v_t",
        "torch.optim.SGD(dampening=...)",
        MEMORY,
        {**DECAY, "dampening": 0.1},
        rational=True,
    ),
    Variant(
        "momentum_average",
        "momentum",
        averaged,
        r"v_t = \mu v_{t-1} + (1 - \mu) g_t, \quad w_t = w_{t-1} - r_t v_t",
        "optax.ema(debias=False)",
        MEMORY,
        DECAY,
        rational=True,
    ),
    Variant(
        "momentum_average_unbiased",
        "momentum",
        averaged_unbiased,
        r"v_t = \mu v_{t-1} + (1 - \mu) g_t, \quad w_t = w_{t-1} - r_t v_t / (1 - \mu^t)",
        "optax.ema(debias=True)",
        MEMORY,
        DECAY,
        rational=True,
    ),
    Variant(
        "momentum_l2",
        "momentum",
        heavy_ball,
        r"v_t = \mu v_{t-1} + g_t + \lambda w_{t-1}, \quad w_t = w_{t-1} - r_t v_t",
        "torch.optim.SGD(momentum=..., weight_decay=...)",
        MEMORY,
        {**DECAY, **WEIGHTS},
        decay="l2",
        rational=True,
    ),
    Variant(
        "momentum_decoupled",
        "momentum",
        heavy_ball,
        r"v_t = \mu v_{t-1} + g_t, \quad w_t = (1 - r_t \lambda) w_{t-1} - r_t v_t",
        "SGDW, Loshchilov & Hutter (2019), with the rate",
        MEMORY,
        {**DECAY, **WEIGHTS},
        decay="decoupled",
        rational=True,
    ),
    Variant("nesterov", "momentum", look_ahead, AHEAD, SUTSKEVER, MEMORY, DECAY, rational=True),
    Variant(
        "nesterov_rate_inside",
        "momentum",
        look_ahead_rate_inside,
        r"v_t = \mu v_{t-1} - r_t g_t, \quad w_t = w_{t-1} + \mu v_t - r_t g_t",
        "keras.optimizers.SGD(nesterov=True), scikit-learn's SGDOptimizer",
        MEMORY,
        DECAY,
        rational=True,
    ),
    Variant(
        "nesterov_l2",
        "momentum",
        look_ahead,
        r"\tilde g_t = g_t + \lambda w_{t-1}, \quad v_t = \mu v_{t-1} + \tilde g_t, \quad"
        r" w_t = w_{t-1} - r_t (\tilde g_t + \mu v_t)",
        "torch.optim.SGD(nesterov=True, weight_decay=...)",
        MEMORY,
        {**DECAY, **WEIGHTS},
        decay="l2",
        rational=True,
    ),
)
