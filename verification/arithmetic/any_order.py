"""Sums of a few numbers, a + b + c, that another program adds in another order.

Such are the contributions to a cotangent, one for each use of an array.  A difference is no such
sum: x - m - n cancels twice, as its program means it to, and x - (m + n) does not.

Each of k terms is added once, and every partial sum is rounded.  No partial sum is larger than all
positive terms together, or all negative ones, whatever the order; so beside the errors of the terms
themselves the sum S may be off by

    u ((k - 2) max(sum of positive terms, sum of negative terms) + |S|)

Terms that are whole multiples of one step, as counts, labels and shares in 64ths are, have no
rounding in any order, if the sum of their sizes is no more steps than the format tells apart.
"""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from .formats import Format
from .namespaces import is_traced, namespace, where


class Terms(NamedTuple):
    """What a sum is made of: how many terms, the sums of the positive and of the negative ones.

    error: of the terms themselves, in a running bound; in random rounding the root of the sum of
    squares of the partial sums that were rounded so far.
    """

    count: int
    plus: Any
    minus: Any
    error: Any

    @property
    def partial(self):
        """The largest partial sum of any order."""
        return namespace(self.plus, self.minus).maximum(self.plus, self.minus)


def terms(value, parts: Terms | None, error) -> Terms:
    """Those of a number; of one that is no sum itself."""
    if parts is not None:
        return parts
    xp = namespace(value)
    nothing = not is_traced(value) and not xp.any(value)
    return Terms(int(not nothing), xp.maximum(value, 0.0), xp.maximum(-value, 0.0), error)


def opposite(parts: Terms) -> Terms:
    return parts._replace(plus=parts.minus, minus=parts.plus)


def joined(one: Terms, other: Terms, add: Callable = operator.add) -> Terms:
    """The terms of both: two at least, as they were added; `add` is for their errors."""
    return Terms(
        max(one.count + other.count, 2),
        one.plus + other.plus,
        one.minus + other.minus,
        add(one.error, other.error),
    )


def rounding(value, parts: Terms) -> tuple[Any, Terms]:
    """What another order may round here besides the sum itself, and the terms with it rounded."""
    xp = namespace(value)
    largest = parts.partial
    before = parts.error / where(largest > 0.0, largest, 1.0)
    more = largest * xp.sqrt(xp.maximum(parts.count - 2 - before * before, 0.0))
    size = xp.hypot(value, more)
    return more, parts._replace(error=xp.hypot(parts.error, size))


def unrounded(target: Format, x, axes):
    """Where no order rounds the sum of exact terms along axes: they are multiples of 2^power."""
    xp = namespace(x)
    axes = tuple(map(int, axes))
    size = abs(x).sum(axes, keepdims=True)
    fraction, power = xp.frexp(size * target.unit)
    steps = xp.ldexp(x, (fraction == 0.5) - power)
    return (xp.isfinite(size) & (steps == xp.rint(steps))).all(axes)
