"""Muon: the momentum of a matrix, made nearly orthogonal by five steps of Newton and Schulz.

X <- a X + (b A + c A^2) X with A = X X^T, from X over its norm.  A leaf with fewer than two axes is
one row; of more than two, the first counts the rows.
"""

from .descent import WEIGHTS
from .variant import Variant

JORDAN = "Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024)"
MOONSHOT = "Liu et al., Muon is scalable for LLM training (2025)"
STEEP, SLOW = (3.4445, -4.7750, 2.0315), (1.875, -1.25, 0.375)  # fast from 0; converging to 1
STEPS = 5


def orthogonal(k, h, u, coefficients=STEEP):
    """Newton-Schulz of u / max(|u|, eps), |u| the norm of the leaf."""
    return k.n.newton_schulz(u / k.n.larger(k.norm(u), u * 0 + h.eps), coefficients, STEPS)


def muon(k, h, g, w, s, t, r):
    """m <- b m + (1 - b) g; w - r sqrt(max(1, rows / columns)) NS(b m + (1 - b) g)."""
    m = k.mean(h.decay, s["m"], g)
    return w - r * k.tall(w) * orthogonal(k, h, k.ahead(h.decay, m, g)), {"m": m}


def summed(k, h, g, w, s, t, r):
    """muon with NS of u / (|u| + eps)."""
    m = k.mean(h.decay, s["m"], g)
    ahead = k.ahead(h.decay, m, g)
    x = k.n.newton_schulz(ahead / (k.norm(ahead) + h.eps), STEEP, STEPS)
    return w - r * k.tall(w) * x, {"m": m}


def plain(k, h, g, w, s, t, r):
    """muon with NS(m): no look-ahead."""
    m = k.mean(h.decay, s["m"], g)
    return w - r * k.tall(w) * orthogonal(k, h, m), {"m": m}


def matching(k, h, g, w, s, t, r):
    """muon with 0.2 sqrt(max(rows, columns)) for the scale: the size of Adam's steps."""
    m = k.mean(h.decay, s["m"], g)
    return w - r * k.longest(w) * orthogonal(k, h, k.ahead(h.decay, m, g)), {"m": m}


def unscaled(k, h, g, w, s, t, r):
    """muon without a scale."""
    m = k.mean(h.decay, s["m"], g)
    return w - r * orthogonal(k, h, k.ahead(h.decay, m, g)), {"m": m}


def converging(k, h, g, w, s, t, r):
    """muon with (15 X - 10 A X + 3 A^2 X) / 8: singular values go to 1."""
    m = k.mean(h.decay, s["m"], g)
    return w - r * k.tall(w) * orthogonal(k, h, k.ahead(h.decay, m, g), SLOW), {"m": m}


def corrected(k, h, g, w, s, t, r):
    """muon for kernels (in, out), NS of u / (|u| + eps), m over 1 - b^(t+1), g over 1 - b^t."""
    m = k.mean(h.decay, s["m"], g)
    ahead = k.ahead(h.decay, k.unbiased(m, h.decay, t + 1), k.unbiased(g, h.decay, t))
    x = ahead / (k.norm(ahead) + h.eps)
    return w - r * k.wide(w) * k.n.newton_schulz(x, STEEP, STEPS), {"m": m}


M = r"m_t = \mu m_{t-1} + (1 - \mu) g_t, \quad "
NS = r"\operatorname{NS}_5(\mu m_t + (1 - \mu) g_t)"
TALL, DECAYED = r"\sqrt{\max(1, p / q)} \, ", r"w_t = (1 - r_t \lambda) w_{t-1} - r_t "
GIVEN = {"decay": 0.95, "eps": 1e-7}


def _muon(name: str, step, latex: str, reference: str, decay: str = "decoupled", **more) -> Variant:
    given = GIVEN | (WEIGHTS if decay else {}) | more
    return Variant(name, "muon", step, M + latex, reference, {"m": 0}, given, decay, matrices=True)


VARIANTS = (
    _muon("muon", muon, r"w_t = w_{t-1} - r_t " + TALL + NS, f"{JORDAN}, p x q matrices", ""),
    _muon(
        "muon_decoupled", muon, DECAYED + TALL + NS,
        "torch.optim.Muon, which computes NS in bfloat16",
    ),
    _muon("muon_l2", muon, r"g_t \leftarrow g_t + \lambda w_{t-1}, \quad w_t = w_{t-1} - r_t "
          + TALL + NS, "decay written into the gradient", "l2"),
    _muon(
        "muon_eps_summed", summed, r"w_t = w_{t-1} - r_t " + TALL + NS,
        f"{JORDAN}, the authors' code, which computes NS in bfloat16", "",
    ),
    _muon("muon_eps_summed_decoupled", summed, DECAYED + TALL + NS, f"{JORDAN}, as used today"),
    _muon(
        "muon_plain", plain, DECAYED + TALL + r"\operatorname{NS}_5(m_t)",
        "torch.optim.Muon(nesterov=False)",
    ),
    _muon(
        "muon_matching", matching, DECAYED + r"0.2 \sqrt{\max(p, q)} \, " + NS,
        f"{MOONSHOT}; torch.optim.Muon(adjust_lr_fn='match_rms_adamw')",
    ),
    _muon("muon_unscaled", unscaled, DECAYED + NS, "the scale left to the rate"),
    _muon(
        "muon_converging", converging, DECAYED + TALL + NS.replace("NS", "NS'"),
        "coefficients (15, -10, 3) / 8, of which 1 is a fixed point",
    ),
    _muon(
        "muon_corrected", corrected,
        DECAYED + r"\sqrt{\max(1, q / p)} \operatorname{NS}_5 \left("
        r" \frac{\mu m_t}{1 - \mu^{t+1}} + \frac{(1 - \mu) g_t}{1 - \mu^t} \right)",
        "optax.contrib.muon",
    ),
)  # fmt: skip
