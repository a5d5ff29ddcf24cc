"""Shampoo: a gradient between inverse roots of the sums of g g^T and g^T g.

The memories are square matrices, one for the rows and one for the columns of each leaf.  A leaf
with fewer than two axes is one row; of more than two, the first counts the rows.
"""

from .adam import WEIGHTS
from .variant import Variant

GUPTA = "Gupta, Koren & Singer, Shampoo: preconditioned stochastic tensor optimization (2018)"
ANIL = "Anil et al., Scalable second order optimization for deep learning (2021)"
MORWANI = "Morwani et al., A new perspective on Shampoo's preconditioner (2024)"
ROWS, COLUMNS = -2, -1
FOURTH, SQUARE = 4, 2


def piled(k, g, s):
    return {
        "l": k.gathered(s["l"], k.gram(g, ROWS)),
        "r": k.gathered(s["r"], k.gram(g, COLUMNS)),
    }


def averaged(k, h, g, s):
    return {
        "l": k.mean(h.b2, s["l"], k.gram(g, ROWS)),
        "r": k.mean(h.b2, s["r"], k.gram(g, COLUMNS)),
    }


def between(k, h, g, s, p=FOURTH):
    """(L + matrix_eps I)^(-1/p) g (R + matrix_eps I)^(-1/p)."""
    return k.from_right(k.from_left(g, s["l"], h.matrix_eps, p), s["r"], h.matrix_eps, p)


def shampoo(k, h, g, w, s, t, r):
    """L <- L + g g^T, R <- R + g^T g; w - r (L + matrix_eps I)^-1/4 g (R + matrix_eps I)^-1/4."""
    s = piled(k, g, s)
    return w - r * between(k, h, g, s), s


def with_momentum(k, h, g, w, s, t, r):
    """v <- momentum v + shampoo's step; w - r v."""
    sums = piled(k, g, s)
    v = k.velocity(h.momentum, s["v"], between(k, h, g, sums))
    return w - r * v, {**sums, "v": v}


def average(k, h, g, w, s, t, r):
    """shampoo with L <- b2 L + (1 - b2) g g^T, R alike."""
    s = averaged(k, h, g, s)
    return w - r * between(k, h, g, s), s


def square_roots(k, h, g, w, s, t, r):
    """shampoo with -1/2 for -1/4: the square of its preconditioner."""
    s = piled(k, g, s)
    return w - r * between(k, h, g, s, SQUARE), s


def one_sided(k, h, g, w, s, t, r):
    """L <- L + g g^T; w - r (L + matrix_eps I)^-1/2 g: the rows alone."""
    s = {"l": k.gathered(s["l"], k.gram(g, ROWS))}
    return w - r * k.from_left(g, s["l"], h.matrix_eps, SQUARE), s


SUMS = r"L_t = L_{t-1} + g_t g_t^T, \quad R_t = R_{t-1} + g_t^T g_t, \quad "
MEANS = (
    r"L_t = \beta_2 L_{t-1} + (1 - \beta_2) g_t g_t^T, \quad"
    r" R_t = \beta_2 R_{t-1} + (1 - \beta_2) g_t^T g_t, \quad "
)
STEP = r"(L_t + \epsilon I)^{-1/%s} g_t (R_t + \epsilon I)^{-1/%s}"
W = r"w_t = w_{t-1} - r_t "
DECAYED = r"w_t = (1 - r_t \lambda) w_{t-1} - r_t "
MEMORY, GIVEN = {"l": "rows", "r": "columns"}, {"matrix_eps": 1e-4}


def _shampoo(name: str, step, latex: str, reference: str, decay: str = "", **more) -> Variant:
    start = MEMORY | ({"v": 0} if "momentum" in more else {})
    if step is one_sided:
        start = {"l": "rows"}
    given = GIVEN | more | (WEIGHTS if decay else {})
    return Variant(name, "shampoo", step, latex, reference, start, given, decay, matrices=True)


VARIANTS = (
    _shampoo(
        "shampoo", shampoo, SUMS + W + STEP % (4, 4),
        f"{GUPTA}, algorithm 1, where L and R begin as epsilon I",
    ),
    _shampoo(
        "shampoo_l2", shampoo, r"g_t \leftarrow g_t + \lambda w_{t-1}, \quad " + SUMS + W
        + STEP % (4, 4), "weight_decay of most ports to PyTorch", "l2",
    ),
    _shampoo(
        "shampoo_decoupled", shampoo, SUMS + DECAYED + STEP % (4, 4),
        "decay as in AdamW", "decoupled",
    ),
    _shampoo(
        "shampoo_momentum", with_momentum,
        SUMS + r"v_t = \mu v_{t-1} + " + STEP % (4, 4) + r", \quad " + W + "v_t",
        f"{GUPTA}, section 6", momentum=0.9,
    ),
    _shampoo("shampoo_average", average, MEANS + W + STEP % (4, 4), ANIL, b2=0.999),
    _shampoo("shampoo_square_roots", square_roots, SUMS + W + STEP % (2, 2), MORWANI),
    _shampoo(
        "shampoo_one_sided", one_sided,
        r"L_t = L_{t-1} + g_t g_t^T, \quad " + W + r"(L_t + \epsilon I)^{-1/2} g_t",
        "one preconditioner, as for rows of embeddings",
    ),
)  # fmt: skip
