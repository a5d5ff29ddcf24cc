"""The smallest failing input: arguments at which the answer is outside, as code that makes them.

It is looked for when it is first looked at; nobody who does not look pays for it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple


class Found(NamedTuple):
    """The arguments (and a cotangent after them, where there is one), the answer, the truth."""

    args: tuple
    got: Any
    expected: Any
    code: str


class Example:
    """One failing input; `print(example)` is code that can be copied and runs."""

    def __init__(self, find: Callable[[], Found]):
        self._find = find

    @cached_property
    def found(self) -> Found:
        return self._find()

    @property
    def args(self) -> tuple:
        return self.found.args

    @property
    def got(self) -> Any:
        return self.found.got

    @property
    def expected(self) -> Any:
        return self.found.expected

    def __str__(self) -> str:
        return self.found.code

    __repr__ = __str__

    def __reduce__(self):
        return read, (str(self),)  # what finds it stays in its process


def read(code: str) -> Example:
    """An example of which the code alone is known: the arguments stand in it."""
    return Example(lambda: Found((), None, None, code))
