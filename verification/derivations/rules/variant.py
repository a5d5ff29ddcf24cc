"""A variant of an update rule, and a run of it over given gradients in any arithmetic.

A step is written once, from the paper's formula, in operators and in the few named operations of
`Operations`; what it computes with (fractions, balls, floats, numbers with a running error) is
handed in.  All parameters lie in one flat vector: most rules never ask where a leaf ends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from .decay import DECAYS
from .operations import Operations

COUNTS = {  # hyperparameters that are whole numbers
    "every", "step_size", "total", "warmup", "interval", "begins", "cycle",
}  # fmt: skip
SIDES = {"rows": -2, "columns": -1}  # memories of square matrices, one for each leaf
Step = Callable[..., tuple[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Variant:
    """step(k, h, g, w, s, t, r) -> (w, s): one step of the rule.

    k operations, h hyperparameters, g gradient, w parameters, s what the rule remembers, t = 1 at
    the first step, r the rate of this step.
    """

    name: str
    family: str
    step: Step
    latex: str
    reference: str
    start: Mapping[str, int | float | str] = field(default_factory=dict)  # a number, or a name
    defaults: Mapping[str, int | float] = field(
        default_factory=dict
    )  # hyperparameters but the rate
    decay: str = ""  # how weights decay: a name of decay.DECAYS
    rational: bool = False  # whether fractions in give fractions out
    operations: type[Operations] = Operations
    clock: Callable[[int], int] = lambda t: t
    rate_at: Callable[[Sequence, int], Any] = lambda rates, t: rates[t - 1]
    gradient_at: Callable[[Sequence, int], Any] = lambda gradients, t: gradients[t - 1]
    matrices: bool = False  # whether every leaf is a matrix
    says: str = ""  # in one line, where it is not the step's docstring

    @property
    def formula(self) -> str:
        """The first line of the step's docstring, and how weights decay."""
        said = self.says or (self.step.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        return f"{said}; {DECAYS[self.decay].__doc__}" if self.decay and not self.says else said


def run(
    variant: Variant,
    numbers: Any,
    hyperparameters: Mapping[str, Any],
    params: Any,
    gradients: Sequence,
    rates: Sequence,
) -> list:
    """The parameters after every step, in the arithmetic of `numbers`.

    `params` and every gradient are its vectors, the rates its scalars; hyperparameters are floats.
    """
    k = variant.operations(numbers)
    lifted = {
        name: int(x) if name in COUNTS else numbers.scalar(x)
        for name, x in {**variant.defaults, **hyperparameters}.items()
        if name in variant.defaults
    }
    h = SimpleNamespace(**lifted, first_rate=rates[0])
    w, s = (
        params,
        {name: _begin(value, numbers, params, h) for name, value in variant.start.items()},
    )
    out = []
    for t in range(1, len(gradients) + 1):
        g, r = variant.gradient_at(gradients, t), variant.rate_at(rates, t)
        w, s = DECAYS[variant.decay](k, h, variant.step, g, w, s, variant.clock(t), r)
        w, s = numbers.written(w, "weight_decay" in lifted), _kept(numbers, s)
        out.append(w)
    return out


def _kept(numbers: Any, s: Mapping) -> dict[str, Any]:
    """The memory at the end of a step; what begins with _ is a count or a note, and not rounded."""
    return {name: x if name.startswith("_") else numbers.kept(x) for name, x in s.items()}


def _begin(value: int | float | str, numbers: Any, params: Any, h: SimpleNamespace) -> Any:
    """What a memory holds first: the parameters, a hyperparameter, a number, zeros of a side."""
    if value == "params":
        return params
    zero = params * 0
    if isinstance(value, str) and value in SIDES:
        return numbers.gram(zero, SIDES[value])
    if isinstance(value, str):
        return zero + getattr(h, value)
    return zero + int(value)
