"""Mistakes in limits and trust ratios: values for norms, means for sums, what is beside."""

from ...derivations.rules import Variant
from .change import given, has, operating, stepping

Wrong = Variant | None
LAYERS = ("lamb", "lars")


def clipped_by_value(v: Variant) -> Wrong:
    """Every entry is limited to max_norm, not the norm of them.

    Where people meet it: clip_grad_value_ for clip_grad_norm_.
    """
    if v.family != "clipping" or not has(v, "max_norm"):
        return None

    def change(step, k, h, g, w, s, t, r):
        most = g * 0 + h.max_norm
        return w - r * -k.n.larger(-k.n.larger(g, -most), -most), s

    return stepping(v, change)


def clipped_by_norm(v: Variant) -> Wrong:
    """The norm of all entries is limited to max_delta, not every entry.

    Where people meet it: clip_grad_norm_ for clip_grad_value_.
    """
    if v.family != "clipping" or not has(v, "max_delta"):
        return None

    def change(step, k, h, g, w, s, t, r):
        return w - r * (g * h.max_delta / k.maximum(k.global_norm(g), h.max_delta)), s

    return stepping(v, change)


def norm_is_root_mean_square(v: Variant) -> Wrong:
    """The root of the mean of squares for the norm: it is divided by how many entries there are.

    Where people meet it: mean() for sum() in a norm by hand.
    """
    if v.family not in (*LAYERS, "clipping") and not has(v, "radius"):
        return None
    whole = lambda k, x: k.n.sqrt(k.n.total(x * x) / k.n.total(x * 0 + 1))
    return operating(v, norm=lambda k, x: k.rms(x), global_norm=whole)


def norm_is_largest_entry(v: Variant) -> Wrong:
    """The largest magnitude for the Euclidean norm.

    Where people meet it: norm_type=inf, ord=np.inf, or max() of magnitudes for a norm by hand.
    """
    return operating(
        v,
        norm=lambda k, x: k.n.leaf_largest(k.n.absolute(x)),
        global_norm=lambda k, x: k.n.largest(k.n.absolute(x)),
    )


def trust_ratio_at_most_one(v: Variant) -> Wrong:
    """min(ratio, 1) for the trust ratio.

    Where people meet it: trust_clip=True, or clamp(max=1) from another port.
    """
    if v.family not in LAYERS:
        return None

    def ratio(k, above, below):
        right = v.operations.ratio(k, above, below)
        return -k.n.larger(-right, right * 0 - 1)

    return operating(v, ratio=ratio)


def trust_ratio_without_decay(v: Variant) -> Wrong:
    """|g| for |g| + weight_decay |w| in the trust ratio.

    Where people meet it: LARS, where the decay is added below the ratio.
    """
    return operating(v, with_decay=lambda k, g, w, by: k.norm(g)) if v.family == "lars" else None


def decay_beside_the_trust_ratio(v: Variant) -> Wrong:
    """w - r ratio d - r weight_decay w: the decay is not in what the ratio multiplies.

    Where people meet it: LAMB made of AdamW, with its decay apart.
    """
    if v.family != "lamb":
        return None

    def change(step, k, h, g, w, s, t, r):
        bare = given(h, weight_decay=h.weight_decay * 0)
        new, s = step(k, bare, g, w, s, t, r)
        return new - r * h.weight_decay * w, s

    return stepping(v, change)
