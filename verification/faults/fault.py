"""A mistake that people make: a transformation of the right gradient's leaves into wrong ones."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Leaves = list[np.ndarray]
Wrong = Sequence[np.ndarray | np.floating]  # NumPy hands out bare numbers for 0-d arrays


class Fault(NamedTuple):
    """`apply(leaves, dtype)` is the wrong gradient; None where the mistake cannot be made.

    `of_digits`: it is off in the last digits only, by as much as the format says.
    """

    name: str
    description: str
    make: Callable[[Leaves, str], Wrong | None]
    of_digits: bool = False

    def apply(self, leaves: Leaves, dtype: str) -> Leaves | None:
        """The leaves with the mistake in them; None where it changes nothing."""
        wrong = self.make([np.asarray(leaf) for leaf in leaves], dtype)
        if wrong is None or all(map(_same, wrong, leaves)):
            return None
        return [np.asarray(leaf) for leaf in wrong]


def _same(a, b) -> bool:
    """Whether they have the same entries; most mistakes leave most leaves as they are."""
    if a is b:
        return True
    if np.shape(a) != np.shape(b):
        return False
    alike = np.equal(a, b)
    return bool(alike.all() or np.array_equal(np.isnan(a) & np.isnan(b), ~alike))
