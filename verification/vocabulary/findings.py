"""What is said of an implementation: the finding, its worst element, its explanation."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from .example import Example
from .nouns import Verdict

ORACLES = {  # Finding.oracle in words
    "complex_step, finite_difference": "the complex step and differences, where both agree",
    "finite_difference": "two kinds of differences, where both agree",
    "ball": "proven balls",
    "ball, finite_difference": "proven balls around what is measured by differences",
    "reverse_autodiff": "float64 within its own error",
    "ball, reverse_autodiff": "proven balls, or float64 within its own error",
}

KINDS = (  # of mistakes, from what is seen in the answer alone to what needs the forward
    "zero",
    "sign",
    "factor",
    "transposed",
    "permuted",
    "shifted",
    "flipped",
    "swapped",
    "broadcast",  # not summed back
    "axis",  # summed over a wrong one
    "one example",
    "reordered",  # reshaped in the wrong order
    "cast",  # through a lower precision
    "argument",  # the right gradient at another argument
    "value",  # a number that the way back uses is not the forward's
    "edge",  # one wrong factor at one local derivative
    "dropped path",
    "slope",
    "kink",  # what arrives at a tie is not shared once
    "reduction",
    "fault",  # a wrong twin of the catalogue
    "variant",  # another update rule
    "layer",  # not known: from which layer on
)


class Worst(NamedTuple):
    """The element that is furthest outside (or deepest inside) its budget."""

    leaf: str
    index: tuple[int, ...]
    got: float
    expected: float
    radius: float
    budgets: float
    ulps: float
    case: str
    allowed: float = math.inf  # what rounding may do there; infinite where it is not told


class Spread(NamedTuple):
    """Over the entries of one leaf."""

    smallest: float
    median: float
    largest: float


class Sensitivity(NamedTuple):
    """The smallest error certain to be seen, entry by entry, at the best case."""

    of_rms: Spread  # relative to the root mean square of the leaf
    of_entry: Spread  # relative to the entry itself; infinite where that is 0


@dataclass(frozen=True)
class Explanation:
    """One thing that may be wrong: which term, where, by how much, and how well that fits."""

    kind: str  # one of KINDS
    term: str  # of the chain rule: "the local derivative of `x @ w` in operand 1"
    mistake: str  # what was done: "0.0625 times what it should be: averaged over the batch of 16"
    location: str = ""  # "networks.py:31", of the function differentiated
    source: str = ""  # the text of that line
    remedy: str = ""  # what it should be
    factor: float | None = None  # where the mistake is one wrong factor
    residual: float = 0.0  # in budgets: what it leaves unexplained, at the worst entry of all cases
    fits: bool = True  # residual <= 1 at every case; otherwise it is only the closest
    fault: str = ""  # its name in the catalogue, where it has one
    leaves: tuple[str, ...] = ()  # of the gradient, those that it changes
    confused_with: tuple[str, ...] = ()  # what these answers cannot tell it from

    @property
    def is_guess(self) -> bool:
        """Whether it is the closest of those that do not fit, and not a mere description."""
        return not self.fits and self.kind != "layer"

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        head = f"closest, but {self.residual:.2g} budgets remain: " if self.is_guess else ""
        parts = [f"{head}{place}{self.term}: {self.mistake}", self.remedy]
        if self.confused_with:
            parts.append(f"fits equally well: {', '.join(self.confused_with)}")
        return "; ".join(filter(None, parts))


@dataclass(frozen=True, repr=False)
class Finding:
    """A verdict, and all that a person needs to act on it."""

    name: str
    dtype: str
    verdict: Verdict
    reason: str
    power: Mapping[str, float]  # leaf -> the largest of sensitivity[leaf].of_rms
    worst: Worst | None
    cases: int
    skipped: int
    oracle: str
    kills: Mapping[str, bool] = field(default_factory=dict)  # catalogued fault -> would it be seen
    explanation: tuple[Explanation, ...] = ()  # ranked; empty when correct
    reproduce: str = ""
    budget: str = ""  # running bound, random rounding, or how many leaves by each
    cases_asked: int = 0  # drawn at first; more are drawn until no mistake would go unseen
    cases_drawn: int = 0
    left_out: int = 0  # drawn or listed, but beyond the format's range
    convention: str = ""  # the slope that was observed at kinks
    conventions: tuple[str, ...] = ()  # constant factors that it matches: "sum", "half", ...
    edges: int = 0  # visited beside the cases, and judged
    edges_skipped: int = 0  # not judged: the function is not finite, or refuses the shape
    notes: tuple[str, ...] = ()  # what was seen and is held against nobody
    sensitivity: Mapping[str, Sensitivity] = field(default_factory=dict)
    by_entry: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    entries: tuple[Worst, ...] = ()  # the worst of the case in which `worst` is, it first
    place: str = ""  # "net.py:9", where the candidate is defined
    heat: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict, repr=False)
    names: Mapping[str, str] = field(default_factory=dict)  # path in the arguments -> leaf
    example: Example | None = field(default=None, repr=False, compare=False)  # prints as code

    def power_of(self, leaf: str) -> np.ndarray:
        """The smallest error of each entry certain to be seen, over the leaf's RMS (float32).

        The leaf by its name, or by its path.  Raises KeyError for one that is not in `power`.
        """
        return self.by_entry[self.names.get(leaf, leaf)]

    def __bool__(self) -> bool:
        """True exactly for `correct`.  Raises ValueError for `undecided`, which is neither."""
        if self.verdict is Verdict.UNDECIDED:
            raise ValueError(
                f"{self.name} in {self.dtype} is undecided, which is neither right nor wrong: "
                f"{self.reason}; look at finding.verdict"
            )
        return self.verdict is Verdict.CORRECT

    def __repr__(self) -> str:
        from .headline import headline

        return f"<Finding {self.name} in {self.dtype}: {self.verdict}: {headline(self)}>"

    def __str__(self) -> str:
        from .screen import text

        return text(self)

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self)

    def to_json(self) -> str:
        """The finding as one JSON object; NaN and infinities as strings."""
        row = asdict(replace(self, by_entry={}, example=None))  # an array may be large
        del row["by_entry"]
        row["example"] = str(self.example or "")
        return json.dumps(_plain(row), sort_keys=True, indent=1)


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _plain(value: Any) -> Any:
    """Only what JSON has: no tuples, no NaN, no infinities."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
