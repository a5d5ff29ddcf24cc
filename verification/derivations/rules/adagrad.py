"""Adagrad and Adadelta: the rate divided by what was seen so far."""

from .variant import Variant

DUCHI = "Duchi, Hazan & Singer, Adaptive subgradient methods (2011)"
ZEILER = "Zeiler, ADADELTA: an adaptive learning rate method (2012)"


def inside(k, h, g, w, s, t, r):
    """s <- s + g^2; w - r g / sqrt(s + eps)."""
    total = k.added(s["s"], g, t)
    return w - r * g / k.inside(total, h.eps), {"s": total}


def outside(k, h, g, w, s, t, r):
    """s <- s + g^2; w - r g / (sqrt s + eps)."""
    total = k.added(s["s"], g, t)
    return w - r * g / k.outside(total, h.eps), {"s": total}


def outside_decaying(k, h, g, w, s, t, r):
    """s <- s + g^2; w - r / (1 + (t - 1) lr_decay) g / (sqrt s + eps)."""
    total = k.added(s["s"], g, t)
    return w - r / (1 + (t - 1) * h.lr_decay) * g / k.outside(total, h.eps), {"s": total}


def adadelta(k, h, g, w, s, t, r):
    """E <- rho E + (1 - rho) g^2; d = sqrt(D + eps) / sqrt(E + eps) g; D of d likewise; w - r d."""
    e = k.mean_square(h.rho, s["e"], g)
    d = k.inside(s["d"], h.eps) / k.inside(e, h.eps) * g
    return w - r * d, {"e": e, "d": k.mean_square(h.rho, s["d"], d)}


def adadelta_rate_inside(k, h, g, w, s, t, r):
    """adadelta, but D is the mean of (r d)^2: the rate enters what is remembered."""
    e = k.mean_square(h.rho, s["e"], g)
    d = r * (k.inside(s["d"], h.eps) / k.inside(e, h.eps) * g)
    return w - d, {"e": e, "d": k.mean_square(h.rho, s["d"], d)}


def adadelta_outside(k, h, g, w, s, t, r):
    """adadelta with (sqrt D + eps) / (sqrt E + eps)."""
    e = k.mean_square(h.rho, s["e"], g)
    d = k.outside(s["d"], h.eps) / k.outside(e, h.eps) * g
    return w - r * d, {"e": e, "d": k.mean_square(h.rho, s["d"], d)}


SUM = r"s_t = s_{t-1} + g_t^2, \quad "
START, BEGUN = {"s": "initial_accumulator_value"}, {"initial_accumulator_value": 0.1, "eps": 1e-7}
BOTH, RHO = {"e": 0, "d": 0}, {"rho": 0.9, "eps": 1e-6}
MEANS = (
    r"E_t = \rho E_{t-1} + (1 - \rho) g_t^2, \quad D_t = \rho D_{t-1} + (1 - \rho) d_t^2, \quad "
)

VARIANTS = (
    Variant(
        "adagrad",
        "adagrad",
        inside,
        SUM + r"w_t = w_{t-1} - r_t g_t / \sqrt{s_t + \epsilon}",
        f"{DUCHI}, with the start and the epsilon of optax",
        START,
        BEGUN,
    ),
    Variant(
        "adagrad_outside",
        "adagrad",
        outside,
        SUM + r"w_t = w_{t-1} - r_t g_t / (\sqrt{s_t} + \epsilon)",
        f"{DUCHI}, section 1.2: delta I + diag(s)^(1/2)",
        START,
        BEGUN,
    ),
    Variant(
        "adagrad_decaying",
        "adagrad",
        outside_decaying,
        SUM + r"w_t = w_{t-1} - \frac{r_t}{1 + (t - 1) \kappa} g_t / (\sqrt{s_t} + \epsilon)",
        "torch.optim.Adagrad(lr_decay=...)",
        START,
        {**BEGUN, "lr_decay": 0.05},
    ),
    Variant(
        "adadelta",
        "adadelta",
        adadelta,
        MEANS + r"d_t = \sqrt{(D_{t-1} + \epsilon) / (E_t + \epsilon)} g_t, \quad"
        r" w_t = w_{t-1} - r_t d_t",
        ZEILER,
        BOTH,
        RHO,
    ),
    Variant(
        "adadelta_rate_inside",
        "adadelta",
        adadelta_rate_inside,
        MEANS + r"d_t = r_t \sqrt{(D_{t-1} + \epsilon) / (E_t + \epsilon)} g_t, \quad"
        r" w_t = w_{t-1} - d_t",
        f"{ZEILER}, with a rate in the step that is remembered",
        BOTH,
        RHO,
    ),
    Variant(
        "adadelta_outside",
        "adadelta",
        adadelta_outside,
        MEANS + r"d_t = (\sqrt{D_{t-1}} + \epsilon) / (\sqrt{E_t} + \epsilon) g_t, \quad"
        r" w_t = w_{t-1} - r_t d_t",
        f"{ZEILER}, with epsilon outside the roots",
        BOTH,
        RHO,
    ),
)
