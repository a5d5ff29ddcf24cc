"""RAdam: Adam's step times a rectification; the mean alone where its variance is not tractable."""

from .adam import BETAS, MEMORY, MOMENTS, moments
from .variant import Variant

LIU = "Liu et al., On the variance of the adaptive learning rate and beyond (2020)"
FOUR, FIVE = 4, 5
LEAST = {"radam": FIVE, "radam_eps_hat": FIVE, "radam_from_four": FOUR}  # where rho is above it


def radam(k, h, g, w, s, t, r, least=FIVE):
    """w - r rho mhat / (sqrt vhat + eps) where rho_t >= 5, w - r mhat before."""
    m, v = moments(k, h, g, s)
    mhat, rectified = k.unbiased(m, h.b1, t), _rectified(k, h, t, least)
    if rectified is None:
        return w - r * mhat, {"m": m, "v": v}
    root = k.outside(k.unbiased_square(v, h.b2, t), h.eps)
    return w - r * rectified * mhat / root, {"m": m, "v": v}


def radam_from_four(k, h, g, w, s, t, r):
    """radam where rho_t > 4: as soon as the variance of the step is tractable."""
    return radam(k, h, g, w, s, t, r, FOUR)


def radam_eps_hat(k, h, g, w, s, t, r):
    """radam with sqrt(1 - b2^t) / (sqrt v + eps): epsilon is not corrected."""
    m, v = moments(k, h, g, s)
    mhat, rectified = k.unbiased(m, h.b1, t), _rectified(k, h, t)
    if rectified is None:
        return w - r * mhat, {"m": m, "v": v}
    root = k.outside(v, h.eps) / k.n.sqrt(1 - h.b2**t)
    return w - r * rectified * mhat / root, {"m": m, "v": v}


def _rectified(k, h, t, least=FIVE):
    """The rectification; None where the variance of the step is not tractable yet."""
    last = 2 / (1 - h.b2) - 1
    rho = last - k.forgetting(h.b2, t)
    return k.rectification(rho, last) if k.tractable(rho, least) else None


W = r"w_t = w_{t-1} - "
RHO = (
    r"\rho_\infty = \frac{2}{1 - \beta_2} - 1, \quad"
    r" \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \quad"
    r" c_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}"
    r"{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}, \quad "
)

VARIANTS = (
    Variant(
        "radam",
        "radam",
        radam,
        MOMENTS + RHO + W + r"r_t c_t \hat m_t / (\sqrt{\hat v_t} + \epsilon)",
        f"{LIU}, algorithm 2, but from 5 on; optax.radam",
        MEMORY,
        BETAS,
    ),
    Variant(
        "radam_from_four",
        "radam",
        radam_from_four,
        MOMENTS + RHO + W + r"r_t c_t \hat m_t / (\sqrt{\hat v_t} + \epsilon)",
        f"{LIU}, algorithm 2",
        MEMORY,
        BETAS,
    ),
    Variant(
        "radam_eps_hat",
        "radam",
        radam_eps_hat,
        MOMENTS + RHO + W + r"r_t c_t \hat m_t \sqrt{1 - \beta_2^t} / (\sqrt{v_t} + \epsilon)",
        f"{LIU}; torch.optim.RAdam",
        MEMORY,
        BETAS,
    ),
)
