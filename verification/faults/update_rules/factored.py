"""Mistakes in Adafactor's factors, clipped steps and rates relative to the weights."""

from collections.abc import Callable

from ...derivations.rules import Variant
from .change import has, operating

Wrong = Variant | None


def _factored(v: Variant, **operations: Callable) -> Wrong:
    return operating(v, **operations) if v.family == "adafactor" else None


def rows_only(v: Variant) -> Wrong:
    """The mean of the row for v: the columns are left out."""
    return _factored(v, factored=lambda k, rows, columns, least=None: rows)


def factors_not_normalised(v: Variant) -> Wrong:
    """R C for R C / mean R: the product of the factors has the wrong scale."""
    return _factored(v, factored=lambda k, r, columns, least=None: r * k.n.matrices(columns))


def decay_rate_constant(v: Variant) -> Wrong:
    """The means decay by decay_rate, and not by 1 - t^-decay_rate."""
    return _factored(v, vanishing=lambda k, rate, t: rate)


def step_not_bounded(v: Variant) -> Wrong:
    """The step is not clipped by its root mean square."""
    return _factored(v, bounded=lambda k, u, threshold: u)


def bounded_by_norm(v: Variant) -> Wrong:
    """The norm of the step for its root mean square."""
    return _factored(
        v, bounded=lambda k, u, threshold: u / k.n.larger(k.norm(u) / threshold, u * 0 + 1)
    )


def always_bounded(v: Variant) -> Wrong:
    """Every step has the root mean square threshold, even where it was smaller."""
    return _factored(v, bounded=lambda k, u, threshold: u / (k.rms(u) / threshold))


def bounded_from_below(v: Variant) -> Wrong:
    """u / min(1, rms u / threshold): the smaller divisor for the larger.

    Where people meet it: min for max, which makes small steps large.
    """
    return _factored(
        v, bounded=lambda k, u, threshold: u / -k.n.larger(-k.rms(u) / threshold, u * 0 - 1)
    )


def scale_of_weights_missing(v: Variant) -> Wrong:
    """The rate is not relative to the weights."""
    return _factored(v, scale_of=lambda k, w, least: w * 0 + 1) if has(v, "min_scale") else None


def scale_of_weights_is_norm(v: Variant) -> Wrong:
    """The norm of the weights for their root mean square."""
    norm = lambda k, w, least: k.n.larger(k.norm(w), w * 0 + least)
    return _factored(v, scale_of=norm) if has(v, "min_scale") else None


def least_scale_ignored(v: Variant) -> Wrong:
    """The rate is relative to the weights however small they are."""
    return _factored(v, scale_of=lambda k, w, least: k.rms(w)) if has(v, "min_scale") else None
