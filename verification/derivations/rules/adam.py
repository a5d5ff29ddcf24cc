"""Adam, AdamW and AMSGrad: where epsilon, the corrections, the decay and the maximum stand."""

from .variant import Variant

KINGMA = "Kingma & Ba, Adam: a method for stochastic optimization (2015)"
LOSHCHILOV = "Loshchilov & Hutter, Decoupled weight decay regularization (2019)"
REDDI = "Reddi, Kale & Kumar, On the convergence of Adam and beyond (2018)"


def moments(k, h, g, s):
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2."""
    return k.mean(h.b1, s["m"], g), k.mean_square(h.b2, s["v"], g)


def adam(k, h, g, w, s, t, r):
    """m, v means of g, g^2; w - r mhat / (sqrt vhat + eps), each over 1 - b^t."""
    m, v = moments(k, h, g, s)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.outside(vhat, h.eps), {"m": m, "v": v}


def eps_hat(k, h, g, w, s, t, r):
    """w - r sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt v + eps): epsilon is not corrected."""
    m, v = moments(k, h, g, s)
    rate = k.unbiased(r * k.n.sqrt(1 - h.b2**t), h.b1, t)
    return w - rate * m / k.outside(v, h.eps), {"m": m, "v": v}


def eps_inside(k, h, g, w, s, t, r):
    """w - r mhat / sqrt(vhat + eps): epsilon inside the root."""
    m, v = moments(k, h, g, s)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.inside(vhat, h.eps), {"m": m, "v": v}


def eps_both(k, h, g, w, s, t, r):
    """w - r mhat / (sqrt(vhat + eps_root) + eps): an epsilon inside and one outside."""
    m, v = moments(k, h, g, s)
    mhat, vhat = k.unbiased(m, h.b1, t), k.unbiased_square(v, h.b2, t)
    return w - r * mhat / k.outside(vhat + h.eps_root, h.eps), {"m": m, "v": v}


def uncorrected(k, h, g, w, s, t, r):
    """w - r m / (sqrt v + eps): no bias correction."""
    m, v = moments(k, h, g, s)
    return w - r * m / k.outside(v, h.eps), {"m": m, "v": v}


def amsgrad(k, h, g, w, s, t, r):
    """u <- max(u, vhat) of the corrected vhat; w - r mhat / (sqrt u + eps)."""
    m, v = moments(k, h, g, s)
    u = k.maximum(s["u"], k.unbiased_square(v, h.b2, t))
    return w - r * k.unbiased(m, h.b1, t) / k.outside(u, h.eps), {"m": m, "v": v, "u": u}


def maximum_first(k, h, g, w, s, t, r):
    """u <- max(u, v), then corrected: w - r mhat / (sqrt(u / (1 - b2^t)) + eps)."""
    m, v = moments(k, h, g, s)
    u = k.maximum(s["u"], v)
    root = k.outside(k.unbiased_square(u, h.b2, t), h.eps)
    return w - r * k.unbiased(m, h.b1, t) / root, {"m": m, "v": v, "u": u}


def amsgrad_eps_hat(k, h, g, w, s, t, r):
    """u <- max(u, v); w - r sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt u + eps)."""
    m, v = moments(k, h, g, s)
    u = k.maximum(s["u"], v)
    rate = k.unbiased(r * k.n.sqrt(1 - h.b2**t), h.b1, t)
    return w - rate * m / k.outside(u, h.eps), {"m": m, "v": v, "u": u}


def amsgrad_uncorrected(k, h, g, w, s, t, r):
    """u <- max(u, v); w - r m / (sqrt u + eps): no bias correction."""
    m, v = moments(k, h, g, s)
    u = k.maximum(s["u"], v)
    return w - r * m / k.outside(u, h.eps), {"m": m, "v": v, "u": u}


MEMORY = {"m": 0, "v": 0}
BETAS = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
WEIGHTS = {"weight_decay": 0.01}
MOMENTS = (
    r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \quad"
    r" v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \quad "
)
CORRECTED = MOMENTS + (
    r"\hat m_t = m_t / (1 - \beta_1^t), \quad \hat v_t = v_t / (1 - \beta_2^t), \quad "
)
STEP = r"r_t \hat m_t / (\sqrt{\hat v_t} + \epsilon)"
HAT = r"r_t \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} m_t / (\sqrt{v_t} + \epsilon)"
LARGEST = r"u_t = \max(u_{t-1}, v_t), \quad "


def _adam(name: str, step, tail: str, reference: str, decay: str = "", **more) -> Variant:
    latex = (MOMENTS if "hat" not in tail else CORRECTED) + tail
    memory = MEMORY | ({"u": 0} if "u_t" in tail else {})
    defaults = BETAS | (WEIGHTS if decay else {}) | more
    family = "amsgrad" if "u_t" in tail else "adam"
    return Variant(name, family, step, latex, reference, memory, defaults, decay)


W, DECAYED = r"w_t = w_{t-1} - ", r"w_t = (1 - r_t \lambda) w_{t-1} - "
VARIANTS = (
    _adam("adam", adam, W + STEP, f"{KINGMA}, algorithm 1"),
    _adam("adam_eps_hat", eps_hat, W + HAT, f"{KINGMA}, end of section 2"),
    _adam(
        "adam_eps_inside",
        eps_inside,
        W + r"r_t \hat m_t / \sqrt{\hat v_t + \epsilon}",
        "optax.adam(eps=0, eps_root=...)",
    ),
    _adam(
        "adam_eps_both",
        eps_both,
        W + r"r_t \hat m_t / (\sqrt{\hat v_t + \epsilon'} + \epsilon)",
        "optax.adam(eps=..., eps_root=...)",
        eps_root=1e-8,
    ),
    _adam(
        "adam_uncorrected",
        uncorrected,
        W + r"r_t m_t / (\sqrt{v_t} + \epsilon)",
        "Adam as in BERT's first code: no correction",
    ),
    _adam(
        "adam_l2",
        adam,
        r"g_t \leftarrow g_t + \lambda w_{t-1}, \quad " + W + STEP,
        "torch.optim.Adam(weight_decay=...)",
        "l2",
    ),
    _adam("adamw", adam, DECAYED + STEP, f"{LOSHCHILOV}, with the rate", "decoupled"),
    _adam(
        "adamw_eta",
        adam,
        r"w_t = (1 - \eta_t \lambda) w_{t-1} - " + STEP + r", \quad \eta_t = r_t / r_1",
        f"{LOSHCHILOV}, algorithm 2: decay by the schedule's factor, not by the rate",
        "eta",
    ),
    _adam(
        "adamw_without_rate",
        adam,
        r"w_t = (1 - \lambda) w_{t-1} - " + STEP,
        "decay by weight_decay alone",
        "without_rate",
    ),
    _adam(
        "adamw_after",
        adam,
        r"w_t = (1 - r_t \lambda) \left( w_{t-1} - " + STEP + r" \right)",
        "decay written below the step",
        "after",
    ),
    _adam("adamw_eps_hat", eps_hat, DECAYED + HAT, "keras.optimizers.AdamW", "decoupled"),
    _adam(
        "amsgrad",
        amsgrad,
        r"u_t = \max(u_{t-1}, \hat v_t), \quad " + W + r"r_t \hat m_t / (\sqrt{u_t} + \epsilon)",
        "optax.amsgrad: the maximum of corrected means",
    ),
    _adam(
        "amsgrad_maximum_first",
        maximum_first,
        LARGEST + W + r"r_t \hat m_t / \left( \sqrt{u_t / (1 - \beta_2^t)} + \epsilon \right)",
        "torch.optim.Adam(amsgrad=True)",
    ),
    _adam(
        "amsgrad_eps_hat",
        amsgrad_eps_hat,
        LARGEST + W + HAT.replace("v_t", "u_t"),
        "keras.optimizers.Adam(amsgrad=True)",
    ),
    _adam(
        "amsgrad_uncorrected",
        amsgrad_uncorrected,
        LARGEST + W + r"r_t m_t / (\sqrt{u_t} + \epsilon)",
        f"{REDDI}, algorithm 2",
    ),
    _adam(
        "amsgrad_maximum_first_l2",
        maximum_first,
        r"g_t \leftarrow g_t + \lambda w_{t-1}, \quad "
        + LARGEST
        + W
        + r"r_t \hat m_t / \left( \sqrt{u_t / (1 - \beta_2^t)} + \epsilon \right)",
        "torch.optim.Adam(amsgrad=True, weight_decay=...)",
        "l2",
    ),
)
