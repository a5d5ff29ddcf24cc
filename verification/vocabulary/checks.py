"""What is said of our own derivations and claims: checks, agreements, judged sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .findings import Finding
from .nouns import Evidence, Verdict


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


@dataclass(frozen=True, repr=False)
class Check:
    """One derivation, judged whole and arrow by arrow, by every oracle."""

    name: str
    latex: str
    verdict: Verdict  # the least favourable of all findings
    findings: tuple[Finding, ...]  # one per dtype
    agreements: tuple[Agreement, ...]
    arrows: tuple[ArrowCheck, ...]

    def __bool__(self) -> bool:
        """True exactly for `correct`.  Raises ValueError for `undecided`, which is neither."""
        if self.verdict is Verdict.UNDECIDED:
            raise ValueError(f"{self.name} is undecided, which is neither right nor wrong")
        return self.verdict is Verdict.CORRECT

    def __repr__(self) -> str:
        return f"<Check {self.name}: {self.verdict}>"

    def __str__(self) -> str:
        from .check_screen import text

        return text(self)

    def _repr_html_(self) -> str:
        from .check_screen import html

        return html(self)


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
