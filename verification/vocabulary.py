"""The nouns of the suite, and no logic: every stage speaks in these."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum, StrEnum
from html import escape
from typing import Any, NamedTuple

import numpy as np

Leaves = list[Any]  # the floating-point arrays of a pytree, in flattening order


ORACLES = {  # Finding.oracle in words
    "ball": "proven balls",
    "reverse_autodiff": "float64 within its own error",
    "ball, reverse_autodiff": "proven balls, or float64 within its own error",
}


class Verdict(StrEnum):
    """What a finding says of an implementation."""

    CORRECT = "correct"
    INACCURATE = "inaccurate"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    REJECTED = "rejected"


class Evidence(StrEnum):
    """What stands behind a claim, or against it."""

    PROVED = "proved"
    ENCLOSED = "enclosed"
    EXACT = "exact"
    MEASURED = "measured"
    REFUTED = "refuted"


class Rank(IntEnum):
    """The authority of an oracle.  Oracles have rank; they do not vote."""

    WITNESS = 1
    ROUNDED = 2
    PROVEN = 3


class Ball(NamedTuple):
    """The truth lies within rad of mid + tail, entry by entry (mid + tail is not rounded)."""

    mid: np.ndarray
    tail: np.ndarray
    rad: np.ndarray
    proven: bool


class Case(NamedTuple):
    """One point at which a function is looked at."""

    label: str
    args: tuple


@dataclass(frozen=True)
class Arrow:
    """One factor of the chain rule: a function, its pullback, and the formula as LaTeX."""

    name: str
    latex: str
    function: Callable
    gradient: Callable  # gradient(*args, cotangent) -> one entry per argnums
    draw: Callable[[np.random.Generator], tuple]
    argnums: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Derivation:
    """A function of refnet and its gradient by hand, with the arrows it is composed of.

    `gradient(*args)` for a scalar function, `gradient(*args, cotangent)` for an array-valued
    one; it returns a tuple with one pytree for each of `argnums`.
    """

    name: str
    function: Callable
    gradient: Callable
    latex: str
    arrows: tuple[Arrow, ...]
    draw: Callable[[np.random.Generator], tuple]
    edges: Callable[[np.dtype], tuple[Case, ...]]
    argnums: tuple[int, ...] = (0,)
    scalar: bool = False
    domain: str = ""
    reference: str = ""
    of: str = ""  # the public name in refnet, where it differs from `name`


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
    explanation: tuple = ()
    reproduce: str = ""
    budget: str = ""  # running bound, random rounding, or how many leaves by each
    cases_asked: int = 0  # drawn at first; more are drawn until no mistake would go unseen
    cases_drawn: int = 0
    left_out: int = 0  # drawn or listed, but beyond the format's range
    convention: str = ""  # the slope that was observed at kinks
    sensitivity: Mapping[str, Sensitivity] = field(default_factory=dict)
    by_entry: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def power_of(self, leaf: str) -> np.ndarray:
        """The smallest error of each entry certain to be seen, over the leaf's RMS (float32).

        Raises KeyError for a leaf that is not in `power`.
        """
        return self.by_entry[leaf]

    def __str__(self) -> str:
        return "\n  ".join([f"{self.name} in {self.dtype}: {self.verdict}", *self._lines()])

    def _repr_html_(self) -> str:
        head, *lines = (escape(line.strip()) for line in str(self).splitlines())
        return f"<p><strong>{head}</strong><br>{'<br>'.join(lines)}</p>"

    def _lines(self) -> list[str]:
        more = f", {self.cases_drawn} drawn for the {self.cases_asked} asked for"
        drawn = more if self.cases_drawn > self.cases_asked else ""
        skipped = f", {self.skipped} of them only in part" if self.skipped else ""
        within = f" within the {self.budget}" if self.budget else ""
        known = ORACLES.get(self.oracle, self.oracle) or "nobody"
        power = ", ".join(f"{path or 'gradient'} {seen:.1e}" for path, seen in self.power.items())
        lines = [
            self.reason,
            f"judged at {plural(self.cases, 'case')}{drawn}{skipped}, by {known}{within}",
            f"smallest error certain to be seen, relative to a leaf's rms: {power or 'none'}",
        ]
        if self.left_out:
            lines.append(f"{plural(self.left_out, 'case')} left out: beyond {self.dtype}'s range")
        return [*lines, f"at kinks: {self.convention}"] if self.convention else lines

    def to_json(self) -> str:
        """The finding as one JSON object; NaN and infinities as strings."""
        row = asdict(replace(self, by_entry={}))  # an array may be large
        del row["by_entry"]
        return json.dumps(_plain(row), sort_keys=True, indent=1)


class Agreement(NamedTuple):
    """What one oracle says beside the proven ball."""

    oracle: str
    rank: str
    agrees: bool | None  # None: silent
    distance: float  # the worst relative distance to the ball, beyond both radii' own claims
    note: str


class ArrowCheck(NamedTuple):
    """One arrow of a derivation, judged alone."""

    name: str
    latex: str
    findings: tuple[Finding, ...]  # one per dtype
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Check:
    """One derivation, judged whole and arrow by arrow, by every oracle."""

    name: str
    latex: str
    verdict: Verdict  # the least favourable of all findings
    findings: tuple[Finding, ...]  # one per dtype
    agreements: tuple[Agreement, ...]
    arrows: tuple[ArrowCheck, ...]


class Judged(NamedTuple):
    """What the machine found of one claim."""

    verdict: Evidence
    evidence: str
    control: str  # the planted falsehood, and how it failed
    counterexample: str = ""
    correction: str = ""
    numbers: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Claim:
    """A sentence that somebody asserted, and the function that judges it."""

    id: str
    statement: str
    judge: Callable[[int], Judged]  # judge(seed); raises Unproven when the evidence fails


class Silent(Exception):
    """An oracle has nothing to say here; the message says why.  Silence is never agreement."""


class Undecided(Silent):
    """The arithmetic at hand cannot tell; more precision, or another oracle, might."""


class NoRule(Silent, NotImplementedError):
    """An arithmetic has no rule for a primitive.  Add one line; never skip it."""


class Unproven(AssertionError):
    """The evidence for a claim failed, or its negative control passed."""


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
