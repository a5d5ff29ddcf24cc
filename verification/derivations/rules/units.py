"""Rates, limits and means by leaf and by unit: LARS, adaptive clipping, centralised gradients."""

from .layerwise import ratio
from .variant import Variant

YOU = "You, Gitman & Ginsburg, Large batch training of convolutional networks (2017)"
BROCK = "Brock et al., High-performance large-scale image recognition without normalization (2021)"
YONG = "Yong et al., Gradient centralization (2020)"


def lars(k, h, g, w, s, t, r):
    """v <- decay v + r trust |w| / (|g| + weight_decay |w|) (g + weight_decay w); w - v."""
    whole = k.with_decay(g, w, h.weight_decay)
    by = r * h.trust * ratio(k, k.norm(w), whole)
    v = k.velocity(h.decay, s["v"], by * (g + h.weight_decay * w))
    return w - v, {"v": v}


def lars_joined(k, h, g, w, s, t, r):
    """lars with |d| for |g| + weight_decay |w|, d = g + weight_decay w."""
    d = g + h.weight_decay * w
    v = k.velocity(h.decay, s["v"], r * (h.trust * ratio(k, k.norm(w), k.norm(d))) * d)
    return w - v, {"v": v}


def lars_rate_outside(k, h, g, w, s, t, r):
    """v <- decay v + trust |w| / (|g| + weight_decay |w|) (g + weight_decay w); w - r v."""
    whole = k.with_decay(g, w, h.weight_decay)
    by = h.trust * ratio(k, k.norm(w), whole)
    v = k.velocity(h.decay, s["v"], by * (g + h.weight_decay * w))
    return w - r * v, {"v": v}


def by_unit(k, h, g, w, s, t, r):
    """w - r g c / max(|g|, c), c = clipping max(|w|, eps), norms of the columns of matrices."""
    limit = h.clipping * k.n.larger(k.column_norm(w), w * 0 + h.eps)
    return w - r * (g * limit / k.maximum(k.column_norm(g), limit)), s


def by_unit_row(k, h, g, w, s, t, r):
    """w - r g c / max(|g|, c), c = clipping max(|w|, eps), norms of the rows of matrices."""
    limit = h.clipping * k.n.larger(k.row_norm(w), w * 0 + h.eps)
    return w - r * (g * limit / k.maximum(k.row_norm(g), limit)), s


def central_rows(k, h, g, w, s, t, r):
    """w - r (g - mean of its row), matrices only: rows are the weights of one unit."""
    return w - r * (g - k.n.matrices(k.row_mean(g), g * 0)), s


def central_columns(k, h, g, w, s, t, r):
    """w - r (g - mean of its column), matrices only: columns are the weights of one unit."""
    return w - r * (g - k.n.matrices(k.column_mean(g), g * 0)), s


TRUST = {"decay": 0.9, "weight_decay": 1e-4, "trust": 0.001}
D = r"d_t = g_t + \lambda w_{t-1}, \quad "
LAMBDA = r"\lambda_t = \eta \|w_{t-1}\| / (\|g_t\| + \lambda \|w_{t-1}\|), \quad "
LIMIT = (
    r"c = \kappa \max(\|w_{t-1}\|, \epsilon), \quad"
    r" w_t = w_{t-1} - r_t g_t \frac{c}{\max(\|g_t\|, c)}, \quad \|\cdot\| \text{ of each %s}"
)
CENTRAL = r"w_t = w_{t-1} - r_t (g_t - \operatorname{mean}_%s g_t)"
CLIP = {"clipping": 0.01, "eps": 1e-3}

VARIANTS = (
    Variant(
        "lars", "lars", lars,
        LAMBDA + D + r"v_t = \mu v_{t-1} + r_t \lambda_t d_t, \quad w_t = w_{t-1} - v_t",
        f"{YOU}, algorithm 1", {"v": 0}, TRUST,
    ),
    Variant(
        "lars_joined", "lars", lars_joined,
        D + r"v_t = \mu v_{t-1} + r_t \eta \frac{\|w_{t-1}\|}{\|d_t\|} d_t, \quad"
        r" w_t = w_{t-1} - v_t", "optax.lars", {"v": 0}, TRUST,
    ),
    Variant(
        "lars_rate_outside", "lars", lars_rate_outside,
        LAMBDA + D + r"v_t = \mu v_{t-1} + \lambda_t d_t, \quad w_t = w_{t-1} - r_t v_t",
        f"{YOU}, around SGD with momentum as in apex's LARC(clip=False)", {"v": 0}, TRUST,
    ),
    Variant(
        "clip_by_unit", "unit_clipping", by_unit, LIMIT % "column",
        f"{BROCK}, kernels of shape (in, out); optax.adaptive_grad_clip", defaults=CLIP,
    ),
    Variant(
        "clip_by_unit_row", "unit_clipping", by_unit_row, LIMIT % "row",
        f"{BROCK}, weights of shape (out, in), as in PyTorch and timm", defaults=CLIP,
    ),
    Variant(
        "centralized_rows", "centralized", central_rows, CENTRAL % "j",
        f"{YONG}, weights of shape (out, in)", rational=True,
    ),
    Variant(
        "centralized_columns", "centralized", central_columns, CENTRAL % "i",
        f"{YONG}, kernels of shape (in, out)", rational=True,
    ),
)  # fmt: skip
