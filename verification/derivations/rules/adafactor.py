"""Adafactor: second moments by rows and columns, clipped steps, rates relative to the weights."""

from .adam import WEIGHTS
from .variant import Variant

SHAZEER = "Shazeer & Stern, Adafactor: adaptive learning rates with sublinear memory cost (2018)"


def begun(k, h, s, squares, t):
    """The decaying means by row and by column, with b_t = 1 - t^-decay_rate."""
    beta = k.vanishing(h.decay_rate, t)
    rows, columns = k.row_mean(squares), k.column_mean(squares)
    return {"r": k.n.mix(beta, s["r"], rows), "c": k.n.mix(beta, s["c"], columns)}


def moved(k, h, w, u, rate):
    """w - rate max(min_scale, rms w) u / max(1, rms u / threshold)."""
    return w - rate * k.scale_of(w, h.min_scale) * k.bounded(u, h.threshold)


def relative(k, r, t):
    """min(r, 1 / sqrt t)."""
    return -k.n.larger(-r, -(1 / k.n.sqrt(k.n.scalar(float(t)))))


def adafactor(k, h, g, w, s, t, r):
    """w - min(r, 1/sqrt t) rms(w) u / max(1, rms(u)/d), u = g / sqrt(R C / mean R) of g^2 + eps."""
    s = begun(k, h, s, k.square(g) + h.eps, t)
    u = g / k.n.sqrt(k.factored(s["r"], s["c"]))
    return moved(k, h, w, u, relative(k, r, t)), s


def rate_as_it_is(k, h, g, w, s, t, r):
    """adafactor with r for min(r, 1 / sqrt t)."""
    s = begun(k, h, s, k.square(g) + h.eps, t)
    return moved(k, h, w, g / k.n.sqrt(k.factored(s["r"], s["c"])), r), s


def unscaled(k, h, g, w, s, t, r):
    """adafactor with r alone for min(r, 1 / sqrt t) rms w."""
    s = begun(k, h, s, k.square(g) + h.eps, t)
    u = g / k.n.sqrt(k.factored(s["r"], s["c"]))
    return w - r * k.bounded(u, h.threshold), s


def unfactored(k, h, g, w, s, t, r):
    """adafactor with v for every entry, and r for min(r, 1 / sqrt t)."""
    v = k.n.mix(k.vanishing(h.decay_rate, t), s["v"], k.square(g) + h.eps)
    return moved(k, h, w, g / k.n.sqrt(v), r), {"v": v}


def floored(k, h, g, w, s, t, r):
    """adafactor of g^2 itself; mean R is eps at least, and v is eps^2 at least."""
    s = begun(k, h, s, k.square(g), t)
    v = k.factored(s["r"], s["c"], h.eps)
    u = g / k.n.sqrt(k.n.larger(v, g * 0 + h.eps * h.eps))
    return moved(k, h, w, u, relative(k, r, t)), s


def floored_decaying(k, h, g, w, s, t, r):
    """adafactor_floored; w - r weight_decay w first, but the rms is of w before."""
    s = begun(k, h, s, k.square(g), t)
    v = k.factored(s["r"], s["c"], h.eps)
    u = k.bounded(g / k.n.sqrt(k.n.larger(v, g * 0 + h.eps * h.eps)), h.threshold)
    by = relative(k, r, t) * k.scale_of(w, h.min_scale)
    return k.decayed(w, r * h.weight_decay) - by * u, s


def with_momentum(k, h, g, w, s, t, r):
    """adafactor_rate's step in a decaying mean from 0: m <- momentum m + (1 - momentum) step."""
    m, factors = s["m"], begun(k, h, s, k.square(g) + h.eps, t)
    u = k.bounded(g / k.n.sqrt(k.factored(factors["r"], factors["c"])), h.threshold)
    m = k.mean(h.momentum, m, r * k.scale_of(w, h.min_scale) * u)
    return w - m, {**factors, "m": m}


def decaying_without_rate(k, h, g, w, s, t, r):
    """adafactor_rate; w - weight_decay w first, whatever the rate, but the rms is of w before."""
    s = begun(k, h, s, k.square(g) + h.eps, t)
    u = k.bounded(g / k.n.sqrt(k.factored(s["r"], s["c"])), h.threshold)
    return k.decayed(w, h.weight_decay) - r * k.scale_of(w, h.min_scale) * u, s


MEMORY = {"r": 0, "c": 0}
GIVEN = {"decay_rate": 0.8, "eps": 1e-30, "threshold": 1.0, "min_scale": 1e-3}
BETA = r"b_t = 1 - t^{-c}, \quad "
FACTORS = (
    r"R_t = b_t R_{t-1} + (1 - b_t) \operatorname{mean}_j q_t, \quad"
    r" C_t = b_t C_{t-1} + (1 - b_t) \operatorname{mean}_i q_t, \quad "
)
PLUS = r"q_t = g_t^2 + \epsilon, \quad " + FACTORS
V = r"v_t = R_t C_t / \operatorname{mean} R_t, \quad "
U = r"u_t = g_t / \sqrt{v_t}, \quad "
CLIPPED = r"\frac{u_t}{\max(1, \operatorname{rms}(u_t) / d)}"
SCALE = r"\max(\epsilon', \operatorname{rms}(w_{t-1})) \, "
RELATIVE, W = r"\min(r_t, t^{-1/2}) \, ", r"w_t = w_{t-1} - "
FLOORED = (
    BETA + r"q_t = g_t^2, \quad " + FACTORS
    + r"v_t = \max(\epsilon^2, R_t C_t / \max(\epsilon, \operatorname{mean} R_t)), \quad " + U
)  # fmt: skip


def _adafactor(name: str, step, latex: str, reference: str, **more) -> Variant:
    return Variant(name, "adafactor", step, latex, reference, MEMORY, GIVEN | more)


VARIANTS = (
    _adafactor(
        "adafactor",
        adafactor,
        BETA + PLUS + V + U + W + RELATIVE + SCALE + CLIPPED,
        f"{SHAZEER}, algorithms 4 and 5; leaves with fewer than two axes have v for every entry",
    ),
    _adafactor(
        "adafactor_rate",
        rate_as_it_is,
        BETA + PLUS + V + U + W + "r_t " + SCALE + CLIPPED,
        "optax.adafactor",
    ),
    Variant(
        "adafactor_unscaled",
        "adafactor",
        unscaled,
        BETA + PLUS + V + U + W + "r_t " + CLIPPED,
        "optax.adafactor(multiply_by_parameter_scale=False)",
        MEMORY,
        {n: x for n, x in GIVEN.items() if n != "min_scale"},
    ),
    Variant(
        "adafactor_unfactored",
        "adafactor",
        unfactored,
        BETA
        + r"v_t = b_t v_{t-1} + (1 - b_t) (g_t^2 + \epsilon), \quad "
        + U
        + W
        + "r_t "
        + SCALE
        + CLIPPED,
        "optax.adafactor(factored=False)",
        {"v": 0},
        GIVEN,
    ),
    Variant(
        "adafactor_momentum",
        "adafactor",
        with_momentum,
        BETA
        + PLUS
        + V
        + U
        + r"m_t = \mu m_{t-1} + (1 - \mu) r_t "
        + SCALE
        + CLIPPED
        + r", \quad w_t = w_{t-1} - m_t",
        "optax.adafactor(momentum=...)",
        MEMORY | {"m": 0},
        GIVEN | {"momentum": 0.9},
    ),
    _adafactor(
        "adafactor_decay_without_rate",
        decaying_without_rate,
        BETA + PLUS + V + U + r"w_t = (1 - \lambda) w_{t-1} - r_t " + SCALE + CLIPPED,
        "optax.adafactor(weight_decay_rate=...)",
        **WEIGHTS,
    ),
    _adafactor(
        "adafactor_floored",
        floored,
        FLOORED + W + RELATIVE + SCALE + CLIPPED,
        "torch.optim.Adafactor",
    ),
    _adafactor(
        "adafactor_floored_decoupled",
        floored_decaying,
        FLOORED + r"w_t = (1 - r_t \lambda) w_{t-1} - " + RELATIVE + SCALE + CLIPPED,
        "torch.optim.Adafactor(weight_decay=...)",
        **WEIGHTS,
    ),
)
