"""A wrong twin: a gradient with one named mistake in it, and what a good explanation says of it."""

from collections.abc import Callable
from typing import NamedTuple

from ..vocabulary import Explanation

CLASSES = (  # of mistakes, most frequent first in the bug reports of projects that derive by hand
    "wrong variable",
    "wrong index, axis or stride",
    "sign",
    "missing term",
    "factor",
    "wrong formula",
    "kink, branch or saturation",
    "NaN at a special point",
    "overwritten instead of accumulated",
    "stale or contaminated state",
    "low precision in the middle",
    "order of operations",
    "overflow",
    "slope from the output",
    "wrong reduction",
    "upstream ignored",
    "epsilon placement",
    "bias correction",
    "off by one",
    "cancellation",
    "broadcast not summed back",
    "transpose",
)
PLACED = {"edge", "dropped path", "slope", "reduction"}  # kinds that say where in the forward


class Mistake(NamedTuple):
    """One entry of the catalogue."""

    name: str
    kind: str  # one of CLASSES
    description: str  # where people meet it
    level: str  # seen in the "answer" alone, in a "piece" of any chain rule, or of one function's
    kinds: tuple[str, ...]  # of vocabulary.KINDS: explanations of these kinds count as right


class Expects(NamedTuple):
    """What counts as the right explanation: its kind, and where it says where, one of the words."""

    kinds: tuple[str, ...]
    words: tuple[str, ...] = ()


class Twin(NamedTuple):
    """`gradient` has the signature of the derivation's own, and one mistake."""

    fault: str  # its name in the catalogue
    kind: str  # one of CLASSES
    description: str
    gradient: Callable
    expects: Expects
    level: str = "own"  # where it is made: in the "answer", in a "piece", in this function alone
    place: str = ""  # in the forward: "tanh, networks.py:31"; empty where it is no single place

    @property
    def label(self) -> str:
        return f"{self.fault}, {self.place}" if self.place else self.fault


def explains(explanation: Explanation, twin: Twin) -> bool:
    """Whether it names the mistake that was made, and the place where that has one.

    An explanation that does not fit explains nothing.  Edges in series are one place: what is
    said of one of them is said of all that it "cannot be told apart from".
    """
    if not explanation.fits:
        return False
    if explanation.fault == twin.fault:
        return True
    if explanation.kind == "fault" or explanation.kind not in twin.expects.kinds:
        return False
    factor = twin.level == "piece" and explanation.kind in ("factor", "sign")
    placed = explanation.kind in PLACED or explanation.location or factor
    if not placed or not twin.expects.words:
        return True
    said = " ".join([str(explanation), explanation.source, *explanation.leaves])
    return any(word in said for word in twin.expects.words)
