"""Rules that look at a whole leaf: LAMB, and gradients clipped by value and by norms."""

from .adam import BETAS, CORRECTED, MEMORY, WEIGHTS, moments
from .variant import Variant

YOU = "You et al., Large batch optimization for deep learning (2020)"
PASCANU = "Pascanu, Mikolov & Bengio, On the difficulty of training recurrent networks (2013)"


def lamb(k, h, g, w, s, t, r):
    """d = mhat / (sqrt vhat + eps) + weight_decay w; w - r |w| / |d| d, leaf by leaf."""
    m, v = moments(k, h, g, s)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    d = mhat / k.outside(vhat, h.eps) + h.weight_decay * w
    return w - r * ratio(k, k.norm(w), k.norm(d)) * d, {"m": m, "v": v}


def lamb_uncorrected(k, h, g, w, s, t, r):
    """lamb with m and v as they are: no bias correction."""
    m, v = moments(k, h, g, s)
    d = m / k.outside(v, h.eps) + h.weight_decay * w
    return w - r * ratio(k, k.norm(w), k.norm(d)) * d, {"m": m, "v": v}


def lamb_global(k, h, g, w, s, t, r):
    """lamb with one ratio for all leaves together."""
    m, v = moments(k, h, g, s)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    d = mhat / k.outside(vhat, h.eps) + h.weight_decay * w
    return w - r * ratio(k, k.global_norm(w), k.global_norm(d)) * d, {"m": m, "v": v}


def ratio(k, above, below):
    """above / below, or 1 where either is 0."""
    return k.ratio(above, below)


def by_value(k, h, g, w, s, t, r):
    """w - r max(min(g, max_delta), -max_delta)."""
    return w - r * -k.n.larger(-k.n.larger(g, -h.max_delta), g * 0 - h.max_delta), s


def by_norm(k, h, g, w, s, t, r):
    """w - r g max_norm / max(|g|, max_norm), |g| the norm of each leaf."""
    return w - r * (g * h.max_norm / k.maximum(k.norm(g), h.max_norm)), s


def by_global_norm(k, h, g, w, s, t, r):
    """w - r g max_norm / max(|g|, max_norm), |g| the norm of all leaves together."""
    return w - r * (g * h.max_norm / k.maximum(k.global_norm(g), h.max_norm)), s


def by_global_norm_eps(k, h, g, w, s, t, r):
    """w - r g min(1, max_norm / (|g| + 1e-6)), |g| the norm of all leaves together."""
    factor = h.max_norm / (k.global_norm(g) + k.n.scalar(1e-6))
    return w + r * (g * k.n.larger(-factor, k.n.scalar(-1.0))), s


W = r"w_t = w_{t-1} - r_t "
D = r"d_t = \hat m_t / (\sqrt{\hat v_t} + \epsilon) + \lambda w_{t-1}, \quad "
NORM, VALUE = {"max_norm": 1.0}, {"max_delta": 1.0}
SCALED = W + r"g_t \frac{c}{\max(\|g_t\|, c)}"
LAMB, BELOW = BETAS | WEIGHTS | {"eps": 1e-6}, r"\|w_{t-1}\| d_t / \|d_t\|"

VARIANTS = (
    Variant("lamb", "lamb", lamb, CORRECTED + D + W + BELOW, f"{YOU}; optax.lamb", MEMORY, LAMB),
    Variant(
        "lamb_uncorrected",
        "lamb",
        lamb_uncorrected,
        D.replace(r"\hat ", "") + W + BELOW,
        f"{YOU}, without correction",
        MEMORY,
        LAMB,
    ),
    Variant(
        "lamb_global",
        "lamb",
        lamb_global,
        CORRECTED + D + W + BELOW + r", \quad \|\cdot\| \text{ over all leaves}",
        "one trust ratio for the whole network",
        MEMORY,
        LAMB,
    ),
    Variant(
        "clip_value",
        "clipping",
        by_value,
        W + r"\max(\min(g_t, c), -c)",
        "optax.clip, torch's clip_grad_value_",
        defaults=VALUE,
        rational=True,
    ),
    Variant(
        "clip_norm",
        "clipping",
        by_norm,
        SCALED + r", \quad \|\cdot\| \text{ of each leaf}",
        "keras clipnorm",
        defaults=NORM,
    ),
    Variant(
        "clip_global_norm",
        "clipping",
        by_global_norm,
        SCALED + r", \quad \|\cdot\| \text{ over all leaves}",
        f"{PASCANU}; optax.clip_by_global_norm",
        defaults=NORM,
    ),
    Variant(
        "clip_global_norm_eps",
        "clipping",
        by_global_norm_eps,
        W + r"g_t \min \left( 1, \frac{c}{\|g_t\| + 10^{-6}} \right)",
        f"{PASCANU}; torch's clip_grad_norm_",
        defaults=NORM,
    ),
)
