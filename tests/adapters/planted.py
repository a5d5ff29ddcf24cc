"""A table of planted mistakes: each beside its right twin, and how both are asked."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import verification as vf
from verification.vocabulary import Finding


class Planted(NamedTuple):
    """A function, what draws its arguments, a right implementation and a wrong one of it."""

    of: Callable
    sample: Callable
    right: Any
    wrong: Any
    options: tuple = ()

    def judged(self, candidate: Any) -> Finding:
        return judged(candidate, self.of, self.sample, self.options)


@cache
def judged(candidate, of, sample, options) -> Finding:
    """Twins that several mistakes share are judged once."""
    return vf.validate(candidate, of=of, args=sample, **{"cases": 2} | dict(options))
