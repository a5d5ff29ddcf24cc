"""Another spelling of a function whose exponents are shifted: the shift hands no slope on."""

from jax.extend.core import ClosedJaxpr

from ..arithmetic.shifts import stilled
from .other_words import in_other_words


def has_shifts(program: ClosedJaxpr) -> bool:
    """Whether there are shifts with slopes."""
    return stilled(program) is not program


without_shifts = in_other_words(stilled)  # see arithmetic/shifts.py
