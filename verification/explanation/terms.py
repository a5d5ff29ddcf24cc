"""The terms of the chain rule in words: what a spot of the tape is to the person who wrote it."""

from typing import NamedTuple

from ..arithmetic.local_derivatives import Meeting, Spot
from ..arithmetic.tape import CALLS, Operation
from .places import Place, place_of

ORDINAL = ("first", "second", "third", "fourth", "fifth", "sixth")
MOVED = ("broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "copy", "transpose")
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
