"""SOAP: Adam in the eigenbasis of Shampoo's matrices, and its step turned back.

The bases are the eigenvectors, by rising eigenvalue, of the means of g g^T and g^T g; the sign of
an eigenvector changes nothing.  They are of the gradients before this one, so that the first step
gathers and moves nothing.  m is kept as it is, v in the bases.  Leaves are matrices whose sides
differ by one at most: else the matrices of one gradient have several eigenvectors to 0.
"""

from .adam import BETAS, WEIGHTS
from .shampoo import COLUMNS, MEMORY, ROWS, averaged
from .variant import Variant

VYAS = "Vyas et al., SOAP: improving and stabilizing Shampoo using Adam (2024)"


def soap(k, h, g, w, s, t, r):
    """w - r P (P^T m Q / (sqrt v + eps)) Q^T, corrected; m, v means of g, (P^T g Q)^2."""
    return stepped(k, h, g, w, s, t, r, corrected)


def soap_uncorrected(k, h, g, w, s, t, r):
    """soap with m and v as they are: no bias correction."""
    return stepped(k, h, g, w, s, t, r, lambda k, h, r, i: r)


def corrected(k, h, r, i):
    return k.unbiased(r * k.n.sqrt(1 - h.b2**i), h.b1, i)


def stepped(k, h, g, w, s, t, r, rate):
    """In the bases of the sums before this gradient; i = t - 1 steps were taken with this one."""
    sums = averaged(k, h, g, s)
    if "_begun" not in s:
        return w, {**sums, "m": s["m"], "v": s["v"], "_begun": 1}
    bases = k.basis(s["l"], ROWS), k.basis(s["r"], COLUMNS)
    step, memory = turned(k, h, g, s, bases)
    return w - rate(k, h, r, t - 1) * step, {**sums, **memory, "_begun": 1}


def turned(k, h, g, s, bases):
    """P (P^T m Q / (sqrt v + eps)) Q^T, and what is kept."""
    m = k.mean(h.b1, s["m"], g)
    v = k.mean_square(h.b2, s["v"], k.into(g, *bases))
    return k.back(k.into(m, *bases) / k.outside(v, h.eps), *bases), {"m": m, "v": v}


def one_sided(k, h, g, w, s, t, r):
    """soap with Q the identity: the rows alone are turned."""
    sums = {"l": k.mean(h.b2, s["l"], k.gram(g, ROWS))}
    if "_begun" not in s:
        return w, {**sums, "m": s["m"], "v": s["v"], "_begun": 1}
    step, memory = turned(k, h, g, s, (k.basis(s["l"], ROWS), None))
    return w - corrected(k, h, r, t - 1) * step, {**sums, **memory, "_begun": 1}


SUMS = (
    r"L_t = \beta_2 L_{t-1} + (1 - \beta_2) g_t g_t^T, \quad"
    r" R_t = \beta_2 R_{t-1} + (1 - \beta_2) g_t^T g_t, \quad "
)
BASES = r"L_{t-1} = P \Lambda P^T, \quad R_{t-1} = Q \mathrm{M} Q^T, \quad "
MOMENTS = (
    r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \quad"
    r" v_t = \beta_2 v_{t-1} + (1 - \beta_2) (P^T g_t Q)^2, \quad "
)
RATE = r"r_t \frac{\sqrt{1 - \beta_2^{t-1}}}{1 - \beta_1^{t-1}} "
STEP = r"P \left( P^T m_t Q / (\sqrt{v_t} + \epsilon) \right) Q^T"
W, DECAYED = r"w_t = w_{t-1} - ", r"w_t = (1 - r_t \lambda) w_{t-1} - "
KEPT = MEMORY | {"m": 0, "v": 0}


def _soap(name: str, step, latex: str, reference: str, decay: str = "", kept=KEPT) -> Variant:
    given = BETAS | (WEIGHTS if decay else {})
    return Variant(name, "soap", step, latex, reference, kept, given, decay, matrices=True)


VARIANTS = (
    _soap(
        "soap", soap, SUMS + BASES + MOMENTS + W + RATE + STEP,
        f"{VYAS}, the authors' code with the bases exact and renewed in every step",
    ),
    _soap(
        "soap_decoupled", soap, SUMS + BASES + MOMENTS + DECAYED + RATE + STEP,
        "decay as in AdamW", "decoupled",
    ),
    _soap(
        "soap_after", soap, SUMS + BASES + MOMENTS
        + r"w_t = (1 - r_t \lambda) \left( w_{t-1} - " + RATE + STEP + r" \right)",
        f"{VYAS}, the authors' code: decay below the step", "after",
    ),
    _soap(
        "soap_uncorrected", soap_uncorrected, SUMS + BASES + MOMENTS + W + "r_t " + STEP,
        f"{VYAS}, algorithm 3",
    ),
    _soap(
        "soap_one_sided", one_sided, SUMS.split("R_t")[0] + BASES.split("R_")[0]
        + MOMENTS.replace(" Q", "") + W + RATE + STEP.replace(" Q^T", "").replace(" Q", ""),
        f"{VYAS}, section 6: the smaller side alone", "", {"l": "rows", "m": 0, "v": 0},
    ),
)  # fmt: skip
