"""Adam's relatives: NAdam, AdaBelief, Yogi, Adamax and Lion, with their variants."""

from .adam import BETAS, MEMORY, MOMENTS, WEIGHTS, moments
from .variant import Variant

DOZAT = "Dozat, Incorporating Nesterov momentum into Adam (2016)"
ZHUANG = "Zhuang et al., AdaBelief optimizer (2020)"
ZAHEER = "Zaheer et al., Adaptive methods for nonconvex optimization (2018)"
CHEN = "Chen et al., Symbolic discovery of optimization algorithms (2023)"


def nadam(k, h, g, w, s, t, r):
    """w - r (b1 m / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)) / (sqrt vhat + eps)."""
    m, v = moments(k, h, g, s)
    ahead = k.ahead(h.b1, k.unbiased(m, h.b1, t + 1), k.unbiased(g, h.b1, t))
    return w - r * ahead / k.outside(k.unbiased_square(v, h.b2, t), h.eps), {"m": m, "v": v}


def nadam_one_count(k, h, g, w, s, t, r):
    """nadam with b1 mhat + (1 - b1) g / (1 - b1^t): one count for both corrections."""
    m, v = moments(k, h, g, s)
    ahead = k.ahead(h.b1, k.unbiased(m, h.b1, t), k.unbiased(g, h.b1, t))
    return w - r * ahead / k.outside(k.unbiased_square(v, h.b2, t), h.eps), {"m": m, "v": v}


def nadam_scheduled(k, h, g, w, s, t, r):
    """nadam with mu_t = b1 (1 - 0.96^(t momentum_decay) / 2) for b1, and their products."""
    m, v = moments(k, h, g, s)
    mu, following = (_mu(k, h, i) for i in (t, t + 1))
    product = mu if t == 1 else s["p"] * mu
    ahead, here = following * m / (1 - product * following), (1 - mu) * g / (1 - product)
    root = k.outside(k.unbiased_square(v, h.b2, t), h.eps)
    return w - r * (ahead + here) / root, {"m": m, "v": v, "p": product}


def _mu(k, h, t):
    return h.b1 * (1 - k.n.power(k.n.scalar(0.96), t * h.momentum_decay) / 2)


def nadam_smaller(k, h, g, w, s, t, r):
    """nadam with b2 v / (1 - b2^t) for vhat."""
    m, v = moments(k, h, g, s)
    ahead = k.ahead(h.b1, k.unbiased(m, h.b1, t + 1), k.unbiased(g, h.b1, t))
    root = k.outside(h.b2 * k.unbiased_square(v, h.b2, t), h.eps)
    return w - r * ahead / root, {"m": m, "v": v}


def adabelief(k, h, g, w, s, t, r):
    """v <- b2 v + (1 - b2) (g - m)^2 + eps_root, kept; w - r mhat / (sqrt vhat + eps)."""
    m = k.mean(h.b1, s["m"], g)
    v = k.mean_square(h.b2, s["v"], k.deviation(g, m, s["m"])) + h.eps_root
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.outside(vhat, h.eps), {"m": m, "v": v}


def adabelief_plain(k, h, g, w, s, t, r):
    """v <- b2 v + (1 - b2) (g - m)^2; w - r mhat / (sqrt vhat + eps): one epsilon."""
    m = k.mean(h.b1, s["m"], g)
    v = k.mean_square(h.b2, s["v"], k.deviation(g, m, s["m"]))
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.outside(vhat, h.eps), {"m": m, "v": v}


def yogi(k, h, g, w, s, t, r):
    """v <- v - (1 - b2) sign(v - g^2) g^2; w - r mhat / (sqrt vhat + eps)."""
    m, v = k.mean(h.b1, s["m"], g), _yogi(k, h, s["v"], g)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.outside(vhat, h.eps), {"m": m, "v": v}


def yogi_uncorrected(k, h, g, w, s, t, r):
    """v <- v - (1 - b2) sign(v - g^2) g^2; w - r m / (sqrt v + eps): no bias correction."""
    m, v = k.mean(h.b1, s["m"], g), _yogi(k, h, s["v"], g)
    return w - r * m / k.outside(v, h.eps), {"m": m, "v": v}


def _yogi(k, h, v, g):
    g2 = k.square(g)
    return v - (1 - h.b2) * k.turned(v, g2) * g2


def adamax(k, h, g, w, s, t, r):
    """u <- max(b2 u, |g| + eps); w - r mhat / u."""
    m = k.mean(h.b1, s["m"], g)
    u = k.maximum(h.b2 * s["u"], k.n.absolute(g) + h.eps)
    return w - r * k.unbiased(m, h.b1, t) / u, {"m": m, "u": u}


def adamax_outside(k, h, g, w, s, t, r):
    """u <- max(b2 u, |g|); w - r mhat / (u + eps)."""
    m = k.mean(h.b1, s["m"], g)
    u = k.maximum(h.b2 * s["u"], k.n.absolute(g))
    return w - r * k.unbiased(m, h.b1, t) / (u + h.eps), {"m": m, "u": u}


def lion(k, h, g, w, s, t, r):
    """w - r sign(b1 m + (1 - b1) g); then m <- b2 m + (1 - b2) g."""
    c = k.mean(h.b1, s["m"], g)
    return w - r * k.sign(c), {"m": k.mean(h.b2, s["m"], g)}


W = r"w_t = w_{t-1} - "
AHEAD = (
    r"n_t = \frac{\beta_1 m_t}{1 - \beta_1^{t+1}} + \frac{(1 - \beta_1) g_t}{1 - \beta_1^t}, \quad "
)
BELIEF = r"v_t = \beta_2 v_{t-1} + (1 - \beta_2) (g_t - m_t)^2"
YOGI = r"v_t = v_{t-1} - (1 - \beta_2) \operatorname{sign}(v_{t-1} - g_t^2) g_t^2, \quad "
HATS = r"r_t \hat m_t / (\sqrt{\hat v_t} + \epsilon)"
LION = r"r_t \operatorname{sign}(\beta_1 m_{t-1} + (1 - \beta_1) g_t)"
BEGUN = {"m": "initial_accumulator_value", "v": "initial_accumulator_value"}
SIGNED = {"b1": 0.9, "b2": 0.99}

VARIANTS = (
    Variant(
        "nadam",
        "nadam",
        nadam,
        MOMENTS + AHEAD + W + r"r_t n_t / (\sqrt{\hat v_t} + \epsilon)",
        f"{DOZAT}, b1 constant; optax.nadam",
        MEMORY,
        BETAS,
    ),
    Variant(
        "nadam_one_count",
        "nadam",
        nadam_one_count,
        MOMENTS
        + r"n_t = \frac{\beta_1 m_t + (1 - \beta_1) g_t}{1 - \beta_1^t}, \quad "
        + W
        + r"r_t n_t / (\sqrt{\hat v_t} + \epsilon)",
        "Ruder, An overview of gradient descent optimization algorithms (2016)",
        MEMORY,
        BETAS,
    ),
    Variant(
        "nadam_scheduled",
        "nadam",
        nadam_scheduled,
        MOMENTS
        + r"\mu_t = \beta_1 (1 - \tfrac12 0.96^{t \psi}), \quad "
        + W
        + r"r_t \left( \frac{\mu_{t+1} m_t}{1 - \prod_{i \le t + 1} \mu_i}"
        r" + \frac{(1 - \mu_t) g_t}{1 - \prod_{i \le t} \mu_i} \right)"
        r" / (\sqrt{\hat v_t} + \epsilon)",
        f"{DOZAT}, with its schedule; torch.optim.NAdam; Keras has psi = 1",
        {**MEMORY, "p": 0},
        {**BETAS, "momentum_decay": 0.004},
    ),
    Variant(
        "nadam_smaller",
        "nadam",
        nadam_smaller,
        MOMENTS + AHEAD + W + r"r_t n_t / (\sqrt{\beta_2 \hat v_t} + \epsilon)",
        f"{DOZAT}, algorithm 2 as printed",
        MEMORY,
        BETAS,
    ),
    Variant(
        "adabelief",
        "adabelief",
        adabelief,
        BELIEF + r" + \epsilon', \quad " + W + HATS,
        f"{ZHUANG}, algorithm 2; optax.adabelief",
        MEMORY,
        {**BETAS, "eps_root": 1e-16},
    ),
    Variant(
        "adabelief_plain",
        "adabelief",
        adabelief_plain,
        BELIEF + r", \quad " + W + HATS,
        f"{ZHUANG}, without the epsilon in the mean",
        MEMORY,
        BETAS,
    ),
    Variant(
        "yogi",
        "yogi",
        yogi,
        YOGI + W + HATS,
        f"{ZAHEER}, corrected; optax.yogi",
        BEGUN,
        {**BETAS, "eps": 1e-3, "initial_accumulator_value": 1e-6},
    ),
    Variant(
        "yogi_mean_from_zero",
        "yogi",
        yogi,
        YOGI + W + HATS + r", \quad m_0 = 0",
        f"{ZAHEER}, corrected, where only v begins at the given value",
        BEGUN | {"m": 0},
        {**BETAS, "eps": 1e-3, "initial_accumulator_value": 1e-6},
    ),
    Variant(
        "yogi_uncorrected",
        "yogi",
        yogi_uncorrected,
        YOGI + W + r"r_t m_t / (\sqrt{v_t} + \epsilon)",
        f"{ZAHEER}, algorithm 2",
        BEGUN,
        {**BETAS, "eps": 1e-3, "initial_accumulator_value": 1e-6},
    ),
    Variant(
        "adamax",
        "adamax",
        adamax,
        r"u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon), \quad " + W + r"r_t \hat m_t / u_t",
        "Kingma & Ba (2015), algorithm 2; torch.optim.Adamax, optax.adamax",
        {"m": 0, "u": 0},
        BETAS,
        rational=True,
    ),
    Variant(
        "adamax_outside",
        "adamax",
        adamax_outside,
        r"u_t = \max(\beta_2 u_{t-1}, |g_t|), \quad " + W + r"r_t \hat m_t / (u_t + \epsilon)",
        "Kingma & Ba (2015), algorithm 2; keras.optimizers.Adamax",
        {"m": 0, "u": 0},
        BETAS,
        rational=True,
    ),
    Variant(
        "lion",
        "lion",
        lion,
        W + LION + r", \quad m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t",
        f"{CHEN}, algorithm 2 without decay",
        {"m": 0},
        SIGNED,
        rational=True,
    ),
    Variant(
        "lion_decoupled",
        "lion",
        lion,
        r"w_t = (1 - r_t \lambda) w_{t-1} - "
        + LION
        + r", \quad m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t",
        f"{CHEN}, algorithm 2; optax.lion",
        {"m": 0},
        {**SIGNED, **WEIGHTS},
        "decoupled",
        rational=True,
    ),
)
