"""Rules without a schedule: steps of z, their average x, gradients at y between the two; Prodigy.

The parameters that are handed over and answered are y.  The average weighs each step by the square
of the largest rate so far.
"""

from .adam import BETAS, MEMORY, MOMENTS, WEIGHTS
from .variant import Variant

DEFAZIO = "Defazio et al., The road less scheduled (2024)"
MISHCHENKO = (
    "Mishchenko & Defazio, Prodigy: an expeditiously adaptive parameter-free learner (2023)"
)


def between(k, h, w, s, z, weight, share):
    """x <- (1 - c) x + c z, c the step's share; y = b1 x + (1 - b1) z."""
    old = k.n.either(s["x"], lambda: (w - (1 - h.b1) * s["z"]) / h.b1)
    x = k.n.mix(1 - share, old, z)
    return k.n.mix(h.b1, x, z), {"z": z, "x": x, **weight}


def weighed(k, s, r):
    """c = R^2 / sum of R^2, R the largest rate so far."""
    top = k.n.larger(s["top"], s["top"] * 0 + r)
    total = s["total"] + top * top
    return {"top": top, "total": total}, top * top / total


def sgd(k, h, g, w, s, t, r):
    """z <- z - r g; x <- (1 - c) x + c z; y = b1 x + (1 - b1) z, c by the largest rate squared."""
    weight, share = weighed(k, s, r)
    return between(k, h, w, s, s["z"] - r * g, weight, share)


def sgd_l2(k, h, g, w, s, t, r):
    """schedule_free_sgd with g + weight_decay y for g."""
    return sgd(k, h, g + h.weight_decay * w, w, s, t, r)


def sgd_equal(k, h, g, w, s, t, r):
    """z <- z - r g; x <- x + (z - x) / t; y = b1 x + (1 - b1) z: every step weighs the same."""
    return between(k, h, w, s, s["z"] - r * g, {}, k.n.scalar(1.0) / t)


def adamw(k, h, g, w, s, t, r):
    """schedule_free_sgd with g / (sqrt vhat + eps) + weight_decay y for g."""
    v = k.mean_square(h.b2, s["v"], g)
    d = g / k.outside(k.unbiased_square(v, h.b2, t), h.eps)
    y, after = sgd(k, h, d + h.weight_decay * w, w, s, t, r)
    return y, after | {"v": v}


def prodigy(k, h, g, w, s, t, r):
    """w - q m / (sqrt v + d eps) - q weight_decay w, q = d r hats; d <- max(d, coef n / |s|_1)."""
    d, b3 = s["d"], k.n.sqrt(h.b2)
    q = d * (r * k.n.sqrt(1 - h.b2**t) / (1 - h.b1**t))
    m, v = k.mean(h.b1, s["m"], d * g), k.mean_square(h.b2, s["v"], d * g)
    far = b3 * s["far"] + d / h.estim_lr0 * q * k.n.total(g * (s["o"] - w))
    piled = b3 * s["s"] + q * (d * g) / h.estim_lr0
    guess = h.estim_lr_coef * far / k.n.total(k.n.absolute(piled))
    d = k.maximum(d, guess)
    step = q * m / (k.n.sqrt(v) + d * h.eps) + h.weight_decay * q * w
    return w - step, {"m": m, "v": v, "s": piled, "far": far, "d": d, "o": s["o"]}


Y = r"y_t = \beta_1 x_t + (1 - \beta_1) z_t"
C = r"R_t = \max_{i \le t} r_i, \quad c_t = R_t^2 / \textstyle\sum_{i \le t} R_i^2, \quad "
X = r"x_t = (1 - c_t) x_{t-1} + c_t z_t, \quad "
Z = r"z_t = z_{t-1} - r_t "
BEGIN = {"z": "params", "x": "params"}
WEIGHED = BEGIN | {"top": 0, "total": 0}
BETWEEN = {"b1": 0.9}

VARIANTS = (
    Variant(
        "schedule_free_sgd", "schedule_free_sgd", sgd, Z + r"g_t, \quad " + C + X + Y,
        f"{DEFAZIO}; optax.contrib.schedule_free_sgd", WEIGHED, BETWEEN, rational=True,
    ),
    Variant(
        "schedule_free_sgd_l2", "schedule_free_sgd", sgd_l2,
        Z + r"(g_t + \lambda y_{t-1}), \quad " + C + X + Y,
        f"{DEFAZIO}; optax.contrib.schedule_free_sgd(weight_decay=...)", WEIGHED,
        BETWEEN | WEIGHTS, rational=True,
    ),
    Variant(
        "schedule_free_sgd_equal", "schedule_free_sgd", sgd_equal,
        Z + r"g_t, \quad c_t = 1/t, \quad " + X + Y, f"{DEFAZIO}, equations 3 to 5", BEGIN,
        BETWEEN, rational=True,
    ),
    Variant(
        "schedule_free_adamw", "schedule_free_adamw", adamw,
        Z + r"(g_t / (\sqrt{\hat v_t} + \epsilon) + \lambda y_{t-1}), \quad " + C + X + Y,
        f"{DEFAZIO}, algorithm 1; optax.contrib.schedule_free_adamw", WEIGHED | {"v": 0},
        BETAS | WEIGHTS,
    ),
    Variant(
        "prodigy", "prodigy", prodigy,
        MOMENTS.replace("g_t", "d_t g_t")
        + r"q_t = d_t r_t \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}, \quad"
        r" n_t = \sqrt{\beta_2} n_{t-1} + \frac{d_t q_t}{d_0} \langle g_t, w_0 - w_{t-1} \rangle,"
        r" \quad s_t = \sqrt{\beta_2} s_{t-1} + \frac{d_t q_t}{d_0} g_t, \quad"
        r" d_{t+1} = \max(d_t, \kappa n_t / \|s_t\|_1), \quad"
        r" w_t = (1 - q_t \lambda) w_{t-1} - q_t m_t / (\sqrt{v_t} + d_{t+1} \epsilon)",
        f"{MISHCHENKO}, algorithm 4, with Adam's corrections; optax.contrib.prodigy",
        MEMORY | {"s": 0, "far": 0, "d": "estim_lr0", "o": "params"},
        BETAS | WEIGHTS | {"estim_lr0": 1e-6, "estim_lr_coef": 1.0},
    ),
)  # fmt: skip
