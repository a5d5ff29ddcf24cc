"""How a whole run of an update rule is written as JSON: nothing is remembered between questions.

    hyperparameters, params, the gradient and the rate of every step -> params after every step

Hyperparameters have optax's names; parameters are an object of nested lists, a leaf to a member,
and so is each gradient.  Whole numbers (`every`, `total`, ...) are integers; any other number is a
float, written as those of a gradient are.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..derivations.rules import COUNTS, VARIANTS
from ..vocabulary.names import VARIANTS_LISTED, unknown
from .layouts import NUMBER, members, read, written

PREFIX, FUNCTION = "update/", "run"
WANTED = ("params",)


class Run(NamedTuple):
    """One question."""

    hyperparameters: Mapping[str, int | float]  # all but the rate
    params: Any
    gradients: tuple[Any, ...]
    rates: tuple[float, ...]

    def plain(self) -> dict[str, Any]:
        """By name, every number an array of its kind."""
        typed = lambda name, x: np.asarray(x, np.int64 if name in COUNTS else np.float64)
        given = {name: typed(name, x) for name, x in self.hyperparameters.items()}
        return {**self._asdict(), "hyperparameters": given}


class RunLayout(NamedTuple):
    """A variant of an update rule as a foreign program sees it: a module with one function."""

    module: str
    function = FUNCTION

    def encoded(self, args: Run, floats: str = NUMBER) -> dict[str, Any]:
        """The run by name.  Raises TypeError for what is no array of numbers."""
        return {name: written(value, floats) for name, value in args.plain().items()}

    def decoded(self, output: Any, args: Run, dtype: str, floats: str = NUMBER) -> tuple:
        """The parameters after every step, as trees in the dtype of results.

        Raises Improper for another layout, shape or kind of number.
        """
        members(output, WANTED)
        like = (args.params,) * len(args.gradients)
        return read(output["params"], like, "params", PRECISIONS[dtype].results, floats)


def run_layout(name: str) -> RunLayout:
    """The layout of a variant.  Raises ValueError for an unknown name."""
    if name not in VARIANTS:
        raise ValueError(unknown("against", name, VARIANTS, VARIANTS_LISTED))
    return RunLayout(PREFIX + name)


def in_one_line(name: str) -> str:
    """run: hyperparameters {b1, b2} params gradients rates -> params."""
    asked = f"hyperparameters {{{', '.join(VARIANTS[name].defaults)}}} params gradients rates"
    return f"{FUNCTION}: {asked} -> {WANTED[0]}"
