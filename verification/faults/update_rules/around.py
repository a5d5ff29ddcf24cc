"""Mistakes in clipping, trust ratios, accumulation, averages and look-ahead."""

from dataclasses import replace

from ...derivations.rules import SIDES, Variant
from .change import given, has, operating, remembers, stepping

Wrong = Variant | None


def norm_of_each_leaf(v: Variant) -> Wrong:
    """The norm of each leaf where that of all leaves belongs."""
    return operating(v, global_norm=lambda k, x: k.norm(x))


def norm_of_all_leaves(v: Variant) -> Wrong:
    """The norm of all leaves where that of each leaf belongs."""
    return operating(v, norm=lambda k, x: k.global_norm(x) + x * 0)


def norm_squared(v: Variant) -> Wrong:
    """The sum of squares for the norm: the root is missing."""
    return operating(
        v, norm=lambda k, x: k.n.leaf_sum(x * x), global_norm=lambda k, x: k.n.total(x * x)
    )


def norm_of_magnitudes(v: Variant) -> Wrong:
    """The sum of magnitudes for the Euclidean norm."""
    return operating(
        v,
        norm=lambda k, x: k.n.leaf_sum(k.n.absolute(x)),
        global_norm=lambda k, x: k.n.total(k.n.absolute(x)),
    )


def always_rescaled(v: Variant) -> Wrong:
    """Gradients are scaled to max_norm even where they are shorter."""
    return operating(v, maximum=lambda k, x, y: x) if has(v, "max_norm") else None


def limit_ignored(v: Variant) -> Wrong:
    """Nothing is clipped."""
    limit = {n: 2**60 for n in ("max_norm", "max_delta") if has(v, n)}
    if not limit:
        return None
    return stepping(v, lambda step, k, h, *rest: step(k, given(h, **limit), *rest))


def step_clipped(v: Variant) -> Wrong:
    """The step is clipped, not the gradient: the rate comes first."""
    if not (has(v, "max_norm") or has(v, "max_delta")):
        return None

    def change(step, k, h, g, w, s, t, r):
        return step(k, h, r * g, w, s, t, r * 0 + 1)

    return stepping(v, change)


def trust_ratio_missing(v: Variant) -> Wrong:
    """The trust ratio is 1."""
    if v.family != "lamb":
        return None
    return operating(v, norm=lambda k, x: x * 0 + 1, global_norm=lambda k, x: x * 0 + 1)


def trust_ratio_inverted(v: Variant) -> Wrong:
    """|d| / |w| for |w| / |d|: the trust ratio upside down."""
    if v.family != "lamb":
        return None
    return operating(
        v,
        norm=lambda k, x: 1 / type(k).__mro__[1].norm(k, x),
        global_norm=lambda k, x: 1 / type(k).__mro__[1].global_norm(k, x),
    )


def not_divided(v: Variant) -> Wrong:
    """Accumulated gradients are summed, and not divided by how many they are."""
    if v.name != "accumulation":
        return None
    return stepping(v, lambda step, k, h, g, w, s, t, r: step(k, h, g, w, s, t, r * h.every))


def divided(v: Variant) -> Wrong:
    """Accumulated gradients are divided by how many they are, though their sum was asked for."""
    if v.name != "accumulation_sum":
        return None
    return stepping(v, lambda step, k, h, g, w, s, t, r: step(k, h, g, w, s, t, r / h.every))


def not_emptied(v: Variant) -> Wrong:
    """Accumulated gradients are not set to zero after a step."""
    if not has(v, "every"):
        return None

    def change(step, k, h, g, w, s, t, r):
        w, _ = step(k, h, g, w, s, t, r)
        return w, {"a": s["a"] + g}

    return stepping(v, change)


def one_too_many(v: Variant) -> Wrong:
    """A step after every + 1 gradients: the count is off by one."""
    return _every(v, 1)


def one_too_few(v: Variant) -> Wrong:
    """A step after every - 1 gradients: the count is off by one."""
    return _every(v, -1)


def _every(v: Variant, more: int) -> Wrong:
    if not has(v, "every"):
        return None
    return stepping(
        v, lambda step, k, h, *rest: step(k, given(h, every=max(h.every + more, 1)), *rest)
    )


def look_ahead_twice(v: Variant) -> Wrong:
    """The look-ahead is taken twice."""
    return _ahead(v, lambda k, h, vel, first, g: k.velocity(h.decay, first, g))


def look_ahead_missing(v: Variant) -> Wrong:
    """The step is the velocity: no look-ahead."""
    return _ahead(v, lambda k, h, vel, first, g: vel)


def look_ahead_from_old(v: Variant) -> Wrong:
    """The look-ahead is taken with the old velocity."""
    return _ahead(v, lambda k, h, vel, first, g: k.velocity(h.decay, k.old, g))


def _ahead(v: Variant, wrong) -> Wrong:
    """The second use of the velocity in a step is the look-ahead."""
    if not v.name.startswith("nesterov"):
        return None

    def change(step, k, h, g, w, s, t, r):
        met = []

        def velocity(other, decay, old, x):
            right = k.velocity(decay, old, x)
            met.append(right)
            if len(met) == 1:
                return right
            k.old = s["v"]
            return wrong(k, h, met[0], right, x)

        return step(type("Mistaken", (type(k),), {"velocity": velocity})(k.n), h, g, w, s, t, r)

    return stepping(v, change)


def sign_missing(v: Variant) -> Wrong:
    """The step is the mean itself, not its sign."""
    return operating(v, sign=lambda k, x: x)


def new_memory_for_sign(v: Variant) -> Wrong:
    """The sign is taken of b1 m + (1 - b1) g with the new m."""
    if v.family != "lion":
        return None

    def change(step, k, h, g, w, s, t, r):
        new = k.mean(h.b2, s["m"], g)
        return step(k, h, g, w, {"m": new}, t, r)[0], {"m": new}

    return stepping(v, change)


def start_is_zero(v: Variant) -> Wrong:
    """Memories start at 0, whatever was asked for."""
    if not any(start != 0 and start not in SIDES for start in v.start.values()):
        return None
    return replace(v, start={n: x if x in SIDES else 0 for n, x in v.start.items()})


def start_is_one(v: Variant) -> Wrong:
    """The second memory starts at 1: a buffer of ones."""
    if not (remembers(v, "v") and v.start["v"] == 0):
        return None
    return replace(v, start={**v.start, "v": 1.0})
