"""Terms in words: where an equation stands in the user's program, and what it is."""

import linecache
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import jax
import numpy as np
from jax.extend.core import JaxprEqn

import refnet

from ..arithmetic.inner_programs import CALLS
from ..arithmetic.local_derivatives import Meeting, Spot
from ..arithmetic.tape import Operation
from ..oracles import question

PACKAGES = tuple(str(Path(m.__file__ or "").parent) for m in (jax, np)) + (
    "<frozen",
    "<string>",
    "<@",
)
REFNET = str(Path(refnet.__file__ or "").parent)
OURS = str(Path(question.__file__).parent.parent)
WRITTEN = tuple(str(Path(OURS) / stage) for stage in ("derivations", "faults", "inputs"))
TABLE = str(Path(OURS) / "adapters" / "torch_programs")  # PyTorch's operators, on their way to JAX


class Place(NamedTuple):
    """A line of the user's file, and the expression on it; all empty where it is not known."""

    file: str = ""
    line: int = 0
    text: str = ""  # of the line
    expression: str = ""  # the part of it that made the equation
    function: str = ""
    within: str = ""  # the line of refnet's that it stands for, where it calls one

    @property
    def said(self) -> str:
        """ "`mlp(params, x)`, there `x @ w` (layers.py:20)"."""
        return f"`{self.expression}`" + (f", there {self.within}" if self.within else "")

    @property
    def location(self) -> str:
        return f"{Path(self.file).name}:{self.line}" if self.file else ""


@lru_cache(maxsize=4096)  # a traceback is dear to read, and an equation is asked for often
def place_of(eqns: tuple[JaxprEqn, ...]) -> Place:
    """The innermost line of the user's for an equation, or for one of those around it.

    Lines of refnet's, and of PyTorch's modules, stand in where the user has none of their own on
    the way there.
    """
    found = [frames(eqn) for eqn in reversed(eqns)]
    for mine in (True, False):
        for lines in found:
            for place in lines:
                if stands_in(place.file) is not mine:
                    return place._replace(within=_within(lines) if mine else "")
    return Place()


def _within(lines: list[Place]) -> str:
    first = lines[0]
    return f"`{first.expression}` ({first.location})" if stands_in(first.file) else ""


def stands_in(file: str) -> bool:
    """Whether it is a line of a library that says what is done."""
    return file.startswith((REFNET, str(torchs() / "nn")))


def torchs() -> Path:
    """Where PyTorch lies, if it is imported; somewhere that no file is, if not."""
    torch = sys.modules.get("torch")
    return Path(torch.__file__ or "").parent if torch is not None else Path("<no torch>")


def is_within(file: str) -> bool:
    """Whether it is the inside of a library: JAX, NumPy, PyTorch but for its modules."""
    inside = str(torchs())
    return file.startswith((*PACKAGES, inside)) and not file.startswith(f"{inside}/nn/")


def frames(eqn: JaxprEqn) -> list[Place]:
    """Every line on the way to an equation, innermost first; not those of JAX and NumPy."""
    trace = eqn.source_info.traceback
    if trace is None:
        return []
    places = []
    for code, at in zip(*trace.raw_frames(), strict=True):
        file = code.co_filename
        if file.startswith(TABLE):
            continue
        if file.startswith(OURS) and not file.startswith(WRITTEN):
            break  # from here on it is we who called
        if not is_within(file):
            places.append(_place(code, at))
    return places


@lru_cache(maxsize=4096)
def _place(code: CodeType, at: int) -> Place:
    line, end, first, last = list(code.co_positions())[at // 2]
    line = line or 0
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    part = text.encode()[first:last] if end == line and first is not None else text.encode()
    expression = part.decode(errors="replace").strip()
    return Place(code.co_filename, line, text.strip(), expression, code.co_name)


# --- what a spot of the tape is to the person who wrote it ----------------------------------------


ORDINAL = ("first", "second", "third", "fourth", "fifth", "sixth")
SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "dot_general": "@",
    "neg": "unary -",
    "integer_pow": "power",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "reduce_min": "min",
    "logistic": "sigmoid",
    "broadcast_in_dim": "broadcast",
    "custom_jvp_call": "custom_jvp",
}


class Term(NamedTuple):
    """One operand of one equation."""

    spot: Spot
    operation: Operation
    operands: int  # how many of the operation's operands move
    place: Place

    def __str__(self) -> str:
        """ "the local derivative of `x @ w` in its second operand"."""
        where = f" in its {self._ordinal} operand" if self.operands > 1 else ""
        return f"the local derivative of {self.what}{where}"

    @property
    def what(self) -> str:
        said = self.place.said if self.place.expression else f"`{self.symbol}`"
        return f"the {self.symbol} in {said}" if self._nested else said

    @property
    def symbol(self) -> str:
        eqn = self.operation.eqns[-1] if self.operation.eqns else None
        if eqn is not None and eqn.primitive.name in CALLS:
            return str(eqn.params.get("name", eqn.primitive.name))
        return SYMBOLS.get(self.operation.name, self.operation.name)

    @property
    def short(self) -> str:
        """ "`x @ w` (networks.py:31)"."""
        return f"{self.what} ({self.place.location})" if self.place.file else self.what

    @property
    def _nested(self) -> bool:
        return bool(self.place.expression)

    @property
    def _ordinal(self) -> str:
        k = self.spot[1]
        return ORDINAL[k] if k < len(ORDINAL) else f"{k + 1}th"


def terms(met: list[Meeting]) -> dict[Spot, Term]:
    """A term for every spot, in the order of the program."""
    moving: dict[Spot, int] = {}
    operations: dict[Spot, Operation] = {}
    per_key: dict[tuple, set[int]] = {}
    for one in reversed(met):
        operations.setdefault(one.spot, one.operation)
        per_key.setdefault((one.spot[0], one.operation.name), set()).add(one.operand)
    for spot, op in operations.items():
        moving[spot] = len(per_key[spot[0], op.name])
    return {s: Term(s, op, moving[s], place_of(op.eqns)) for s, op in operations.items()}


def naturalness(term: Term, factor: float) -> tuple[int, int]:
    """How readily people make this mistake here; more is likelier.  Ties go to the first."""
    op, name = term.operation, term.operation.name
    forks = term.operands > 1
    if factor == 0.0:
        score = 3 * forks + (name in ("reduce_sum", "reduce_max", "enter"))
    elif factor == -1.0:
        score = 3 * (name == "sub" and term.spot[1] == 1) + 2 * (name in ("neg", "cos")) + forks
    elif abs(factor) in (2.0, 0.5, 3.0, 1.0 / 3.0):
        score = 3 * (name in ("integer_pow", "square")) + 2 * (name == "mul") + forks
    else:
        score = 3 * (name == "div") + 2 * (name in ("reduce_sum", "broadcast_in_dim")) + forks
    return score - 4 * (name in ("convert_element_type", "copy", "enter")), -op.key[0]
