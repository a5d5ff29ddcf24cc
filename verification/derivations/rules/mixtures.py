"""Adam's successors: AdEMAMix, Adan, Sophia, and steps that are masked where they disagree."""

from .adam import BETAS, MEMORY, MOMENTS, WEIGHTS, adam, moments
from .variant import Variant

PAGLIARDINI = "Pagliardini, Ablin & Grangier, The AdEMAMix optimizer (2024)"
XIE = "Xie et al., Adan: adaptive Nesterov momentum algorithm (2022)"
LIU = "Liu et al., Sophia: a scalable stochastic second-order optimizer (2023)"
LIANG = "Liang et al., Cautious optimizers: improving training with one line of code (2024)"


def ademamix(k, h, g, w, s, t, r):
    """w - r (mhat + alpha n) / (sqrt vhat + eps), n a mean with b3 from 0, not corrected."""
    m, v = moments(k, h, g, s)
    n = k.mean(h.b3, s["n"], g)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    slow = h.alpha * k.slow(n, h.b3, t)
    return w - r * (mhat + slow) / k.outside(vhat, h.eps), {"m": m, "v": v, "n": n}


def ademamix_one(k, h, g, w, s, t, r):
    """m <- b1 m + g; w - r (m + alpha g) / (sqrt vhat + eps): one sum for both means."""
    m, v = k.velocity(h.b1, s["m"], g), k.mean_square(h.b2, s["v"], g)
    root = k.outside(k.unbiased_square(v, h.b2, t), h.eps)
    return w - r * (m + h.alpha * g) / root, {"m": m, "v": v}


def adan_direction(k, h, g, s, t):
    """(mhat + (1 - b2) dhat) / (sqrt nhat + eps), d of g - g before, n of (g + (1 - b2) (..))^2."""
    gap = g * 0 if t == 1 else g - s["g"]
    m, d = k.mean(h.b1, s["m"], g), k.mean(h.b2, s["d"], gap)
    n = k.mean_square(h.b3, s["n"], g + (1 - h.b2) * gap)
    above = k.unbiased(m, h.b1, t) + (1 - h.b2) * k.unbiased(d, h.b2, t)
    root = k.outside(k.unbiased_square(n, h.b3, t), h.eps)
    return above / root, {"m": m, "d": d, "n": n, "g": g}


def adan(k, h, g, w, s, t, r):
    """w - r (mhat + (1 - b2) dhat) / (sqrt nhat + eps), d of g - g before: 0 at the first step."""
    step, s = adan_direction(k, h, g, s, t)
    return w - r * step, s


def adan_proximal(k, h, g, w, s, t, r):
    """(w - adan's step) / (1 + r weight_decay)."""
    step, s = adan_direction(k, h, g, s, t)
    return (w - r * step) / (1 + r * h.weight_decay), s


def sophia(k, h, g, w, s, t, r):
    """v of g^2 at every `interval`-th step from the first; w - r clip(m / max(gamma v, eps), 1)."""
    m = k.mean(h.b1, s["m"], g)
    v = k.mean_square(h.b2, s["v"], g) if (t - 1) % h.interval == 0 else s["v"]
    step = m / k.maximum(h.gamma * v, g * 0 + h.eps)
    return w - r * clipped(k, step), {"m": m, "v": v}


def clipped(k, x):
    """max(min(x, 1), -1)."""
    one = x * 0 + 1
    return -k.n.larger(-k.n.larger(x, -one), -one)


def cautious(k, h, g, w, s, t, r):
    """adam's step where it has the sign of g, else 0, over max(the share of those, 1/1000)."""
    u, s = adam(k, h, g, w * 0, s, t, k.n.scalar(-1.0))
    mask = k.agreeing(u, g)
    return w - r * (u * mask / k.n.larger(k.leaf_mean(mask), g * 0 + k.n.scalar(1e-3))), s


def cautious_count(k, h, g, w, s, t, r):
    """adam's step where it has the sign of g, else 0, times n / (the number of those + 1)."""
    u, s = adam(k, h, g, w * 0, s, t, k.n.scalar(-1.0))
    mask = k.agreeing(u, g)
    return w - r * (u * mask * (k.n.leaf_sum(g * 0 + 1) / (k.n.leaf_sum(mask) + 1))), s


def cautious_mask(k, h, g, w, s, t, r):
    """adam's step where it has the sign of g, else 0."""
    u, s = adam(k, h, g, w * 0, s, t, k.n.scalar(-1.0))
    return w - r * (u * k.agreeing(u, g)), s


W, DECAYED = r"w_t = w_{t-1} - ", r"w_t = (1 - r_t \lambda) w_{t-1} - "
SLOW = r"n_t = \beta_3 n_{t-1} + (1 - \beta_3) g_t, \quad "
MIXED = r"r_t (\hat m_t + \alpha n_t) / (\sqrt{\hat v_t} + \epsilon)"
GAP = (
    r"\Delta_t = g_t - g_{t-1}, \quad \Delta_1 = 0, \quad"
    r" d_t = \beta_2 d_{t-1} + (1 - \beta_2) \Delta_t, \quad"
    r" n_t = \beta_3 n_{t-1} + (1 - \beta_3) (g_t + (1 - \beta_2) \Delta_t)^2, \quad "
)
ADAN = r"r_t (\hat m_t + (1 - \beta_2) \hat d_t) / (\sqrt{\hat n_t} + \epsilon)"
MASKED = (
    r"u_t = \hat m_t / (\sqrt{\hat v_t} + \epsilon), \quad \phi_t = [u_t g_t > 0], \quad " + DECAYED
)
SLOWLY = BETAS | {"b3": 0.9999, "alpha": 5.0}
THREE = {"b1": 0.98, "b2": 0.92, "b3": 0.99, "eps": 1e-8}
DIFFERENCES = {"m": 0, "d": 0, "n": 0, "g": 0}

VARIANTS = (
    Variant(
        "ademamix", "ademamix", ademamix, MOMENTS + SLOW + W + MIXED,
        f"{PAGLIARDINI}, without decay; optax.contrib.ademamix", MEMORY | {"n": 0}, SLOWLY,
    ),
    Variant(
        "ademamix_decoupled", "ademamix", ademamix, MOMENTS + SLOW + DECAYED + MIXED,
        f"{PAGLIARDINI}, algorithm 1, with the rate", MEMORY | {"n": 0}, SLOWLY | WEIGHTS,
        "decoupled",
    ),
    Variant(
        "ademamix_simplified", "ademamix", ademamix_one,
        r"m_t = \beta_1 m_{t-1} + g_t, \quad " + W
        + r"r_t (m_t + \alpha g_t) / (\sqrt{\hat v_t} + \epsilon)",
        "Morwani et al. (2025); optax.contrib.simplified_ademamix", MEMORY,
        BETAS | {"alpha": 0.0},
    ),
    Variant(
        "adan", "adan", adan, GAP + W + ADAN, f"{XIE}, without decay; optax.adan",
        DIFFERENCES, THREE,
    ),
    Variant(
        "adan_decoupled", "adan", adan, GAP + DECAYED + ADAN,
        "optax.adan(weight_decay=...); the authors' code with no_prox=True", DIFFERENCES,
        THREE | WEIGHTS, "decoupled",
    ),
    Variant(
        "adan_proximal", "adan", adan_proximal,
        GAP + rf"w_t = (w_{{t-1}} - {ADAN}) / (1 + r_t \lambda)", f"{XIE}, algorithm 1",
        DIFFERENCES, THREE | WEIGHTS,
    ),
    Variant(
        "sophia", "sophia", sophia,
        r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \text{ where } n \mid t - 1, \quad " + W
        + r"r_t \operatorname{clip}(m_t / \max(\gamma v_t, \epsilon), 1)",
        f"{LIU}, algorithm 3; g^2 for the Hessian by sampled labels, the batch size in gamma",
        MEMORY, {"b1": 0.96, "b2": 0.99, "eps": 1e-12, "gamma": 1.5, "interval": 10},
        rational=True,
    ),
    Variant(
        "sophia_decoupled", "sophia", sophia,
        r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \text{ where } n \mid t - 1, \quad "
        + DECAYED + r"r_t \operatorname{clip}(m_t / \max(\gamma v_t, \epsilon), 1)",
        f"{LIU}, algorithm 3, with decay", MEMORY,
        {"b1": 0.96, "b2": 0.99, "eps": 1e-12, "gamma": 1.5, "interval": 10} | WEIGHTS,
        "decoupled", rational=True,
    ),
    Variant(
        "cautious_adamw", "cautious", cautious,
        MASKED + r"r_t u_t \phi_t / \max(\operatorname{mean} \phi_t, 10^{-3})",
        f"{LIANG}, the authors' code, leaf by leaf; timm has the same factor", MEMORY,
        BETAS | WEIGHTS, "decoupled",
    ),
    Variant(
        "cautious_adamw_count", "cautious", cautious_count,
        MASKED + r"r_t u_t \phi_t \, n / (1 + \sum \phi_t)", f"{LIANG}, algorithm 1", MEMORY,
        BETAS | WEIGHTS, "decoupled",
    ),
    Variant(
        "cautious_adamw_mask", "cautious", cautious_mask, MASKED + r"r_t u_t \phi_t",
        f"{LIANG}, the mask alone", MEMORY, BETAS | WEIGHTS, "decoupled",
    ),
)  # fmt: skip
