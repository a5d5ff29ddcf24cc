"""Mistakes in rules that keep square matrices beside the weights, as Shampoo does."""

from ...derivations.rules import SIDES, Variant
from .change import operating, stepping

Wrong = Variant | None


def _sides(v: Variant) -> dict[str, int]:
    """The memories that are square matrices, and the axis of each."""
    return {name: SIDES[start] for name, start in v.start.items() if start in SIDES}


def _roots(v: Variant) -> dict[str, int]:
    """Those of a rule that takes their roots."""
    return _sides(v) if v.family == "shampoo" else {}


def _two(v: Variant) -> bool:
    return len(_roots(v)) == 2


def root_of_one_side(v: Variant) -> Wrong:
    """The exponent is twice as large: that of a rule with one matrix, between two.

    Where people meet it: L^(-1/2) g R^(-1/2), from the full-matrix rule.
    """
    return _power(v, lambda p: p // 2) if _two(v) else None


def root_of_twice_as_many_sides(v: Variant) -> Wrong:
    """The exponent is half as large: -1 / (2 p) for -1 / p.

    Where people meet it: 2 k for the exponent of k sides, and divided by 2 once more.
    """
    return _power(v, lambda p: 2 * p) if _roots(v) else None


def inverse_without_a_root(v: Variant) -> Wrong:
    """The inverse of the matrix, not of its root.

    Where people meet it: inv() or solve() where a power belongs.
    """
    return _power(v, lambda p: 1) if _roots(v) else None


def _power(v: Variant, of) -> Wrong:
    right = v.operations
    return operating(
        v,
        from_left=lambda k, x, a, eps, p: right.from_left(k, x, a, eps, of(p)),
        from_right=lambda k, x, a, eps, p: right.from_right(k, x, a, eps, of(p)),
    )


def columns_forgotten(v: Variant) -> Wrong:
    """Only the rows are preconditioned.

    Where people meet it: the loop over dimensions ends one too early.
    """
    return operating(v, from_right=lambda k, x, a, eps, p: x) if _two(v) else None


def rows_forgotten(v: Variant) -> Wrong:
    """Only the columns are preconditioned.

    Where people meet it: the loop over dimensions begins one too late.
    """
    return operating(v, from_left=lambda k, x, a, eps, p: x) if _two(v) else None


def ridge_piles_up(v: Variant) -> Wrong:
    """The diagonal grows by epsilon in every step.

    Where people meet it: epsilon I is added to the sum in place.
    """
    if not _roots(v):
        return None

    def change(step, k, h, g, w, s, t, r):
        more = {n: h.matrix_eps * k.n.eye(axis) for n, axis in _sides(v).items()}
        w, after = step(k, h, g, w, s, t, r)
        return w, {**after, **{n: after[n] + one for n, one in more.items()}}

    return stepping(v, change)


def memory_of_the_old_sums(v: Variant) -> Wrong:
    """The roots are of the sums before this gradient.

    Where people meet it: the sums are updated after the step, or roots are kept from before.
    """
    if not _roots(v):
        return None

    def change(step, k, h, g, w, s, t, r):
        after = step(k, h, g, w, s, t, r)[1]
        kept = type("Mistaken", (type(k),), {
            "gathered": lambda k, a, new: a, "mean": lambda k, beta, a, new: a,
        })  # fmt: skip
        moved, others = step(kept(k.n), h, g, w, s, t, r)
        return moved, {**others, **{n: after[n] for n in _sides(v)}}

    return stepping(v, change)


def bases_transposed(v: Variant) -> Wrong:
    """P g Q^T for P^T g Q, and back alike: rows are taken for eigenvectors.

    Where people meet it: eigh() has them in columns, others have them in rows.
    """
    if v.family != TURNED:
        return None
    into, back = v.operations.into, v.operations.back
    return operating(v, into=back, back=into)


def not_turned_back(v: Variant) -> Wrong:
    """The step is left in the bases of the sums.

    Where people meet it: project_back() is forgotten.
    """
    return operating(v, back=lambda k, x, *bases: x) if v.family == TURNED else None


def turned_twice(v: Variant) -> Wrong:
    """The step is turned into the bases once more, not back.

    Where people meet it: project() for project_back().
    """
    right = v.operations.into
    return (
        operating(v, back=lambda k, x, *bases: right(k, x, *bases)) if v.family == TURNED else None
    )


def squares_not_turned(v: Variant) -> Wrong:
    """The mean of g^2, not of (P^T g Q)^2: squares are taken before the turn.

    Where people meet it: exp_avg_sq of the gradient itself, as in Adam.
    """
    if v.family != TURNED:
        return None

    def change(step, k, h, g, w, s, t, r):
        right = type(k).mean_square
        own = {"mean_square": lambda k, beta, old, new: right(k, beta, old, g)}
        return step(type("Mistaken", (type(k),), own)(k.n), h, g, w, s, t, r)

    return stepping(v, change)


def bases_of_the_first_sums(v: Variant) -> Wrong:
    """The bases are those of the first gradient for ever.

    Where people meet it: the test for renewing them is on a count that stays.
    """
    if v.family != TURNED:
        return None

    def change(step, k, h, g, w, s, t, r):
        w, after = step(k, h, g, w, s, t, r)
        return w, after if "_begun" not in s else {**after, **{n: s[n] for n in _sides(v)}}

    return stepping(v, change)


def mean_in_the_bases_before(v: Variant) -> Wrong:
    """m is turned by the bases of the step before, its squares by those of this step.

    Where people meet it: the bases are renewed between project() and project_back(), or m is kept
    projected, and not turned along.
    """
    if v.family != TURNED:
        return None
    into, back = v.operations.into, v.operations.back

    def change(step, k, h, g, w, s, t, r):
        found = []
        old = lambda bases: s.get("_bases", bases)
        own = {
            "basis": lambda k, a, axis: (
                found.append(type(k).__mro__[1].basis(k, a, axis)) or found[-1]
            ),
            "into": lambda k, x, *bases: into(k, x, *(bases if x is g else old(bases))),
            "back": lambda k, x, *bases: back(k, x, *old(bases)),
        }
        w, after = step(type("Mistaken", (type(k),), own)(k.n), h, g, w, s, t, r)
        return w, {**after, "_bases": (*found, None)[:2]} if found else after

    return stepping(v, change)


TURNED = "soap"
