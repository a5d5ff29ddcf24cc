"""A program run once in float64 and written down operation by operation, loops unrolled.

Every number gets a place on the tape, every operation the equation it comes from.  What enters the
body of a jit, scan, cond or custom_jvp passes an operation "enter" of its own, so that the
local derivative there has a name too.  Operations of one equation in different steps of a loop
share their key.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal

from ..vocabulary import NoRule
from .inner_programs import CALLS, program_of
from .interpreter import live, scan_parts
from .linear import JAX, values
from .rewrites import REWRITES, rewritten

HEAVY = 2**12  # entries that take as long as an operation of none
Key = tuple[int, ...]  # the number of the equation and of those around it, outermost first


class Operation(NamedTuple):
    """One application of an equation: which numbers go in, which come out."""

    key: Key
    name: str
    params: Mapping[str, Any]
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    eqns: tuple[JaxprEqn, ...]  # the equation, after those around it
    operand: int = -1  # of the equation, where the operation is an "enter"


class Wrong(NamedTuple):
    """A mistake that is known already: what is asked of the tape is asked beside it.

    A spot hands on its cotangent times a factor; a number is reached from an earlier one by another
    slope than that of the operations between; an operand (out, operand) has another slope.
    """

    scales: Mapping[tuple[Key, int], float] = {}
    instead: Mapping[int, tuple[int, Any]] = {}
    slopes: Mapping[tuple[int, int], Any] = {}


# another operation in the place of one, and its values; None leaves it as it is
Altered = Callable[["Tape", Operation], tuple[Operation, list] | None]


@dataclass(eq=False)  # one tape is itself alone
class Tape:
    """All numbers, all operations in order, and which numbers are the leaves and the result."""

    numbers: list[np.ndarray] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    leaves: tuple[int, ...] = ()
    out: int = -1
    moving: list[bool] = field(default_factory=list)  # whether it depends on what is wanted
    noise: Callable[[Any], Any] | None = None  # what is made of every result, forward and back
    altered: Altered | None = None
    wrong: Wrong = Wrong()

    @property
    def work(self) -> int:
        """Of one walk through it, in operations: the arrays of a large one weigh more."""
        sizes = (self.numbers[op.outs[0]].size for op in self.operations)
        return sum(1 + size // HEAVY for size in sizes)

    def put(self, array, moving: bool = False) -> int:
        array = np.asarray(array)
        self.numbers.append(array)
        self.moving.append(moving and array.dtype.kind == "f")
        return len(self.numbers) - 1


def record(
    program: ClosedJaxpr,
    leaves: list[np.ndarray],
    wanted: tuple[int, ...],
    noise=None,
    altered: Altered | None = None,
) -> Tape:
    """The program at these leaves; only leaves[i] for i in `wanted` are differentiated by."""
    tape = Tape(noise=noise, altered=altered)
    ids = [tape.put(leaf, k in wanted) for k, leaf in enumerate(leaves)]
    tape.leaves = tuple(ids[i] for i in wanted)
    with np.errstate(all="ignore"):
        (tape.out,) = _run(tape, program, ids, (), ())
    return tape


def again(tape: Tape, leaves: Mapping[int, np.ndarray], altered: Altered | None = None) -> Tape:
    """The same operations where some numbers that go in, or operations, are others.

    Only what hangs on those is computed.  For programs that run the same operations whatever their
    numbers are, and without noise; then it is what `record` writes down.
    """
    numbers = [leaves.get(i, x) for i, x in enumerate(tape.numbers)]
    other = Tape(numbers, [], tape.leaves, tape.out, list(tape.moving), altered=altered)
    changed = set(leaves)
    with np.errstate(all="ignore"):
        for op in tape.operations:
            given = None if altered is None else altered(other, op)
            if given is not None:
                op, made = given[0]._replace(outs=op.outs), given[1]
            elif not changed.isdisjoint(op.ins):
                made = computed(other, op)
            else:
                made = []
            for i, x in zip(op.outs, made, strict=False):
                numbers[i] = np.asarray(x)
                changed.add(i)
            other.operations.append(op)
    return other


def _run(tape: Tape, program: ClosedJaxpr, ids: list[int], key: Key, around: tuple) -> list[int]:
    jaxpr = program.jaxpr
    place = dict(zip(jaxpr.invars, ids, strict=True))
    place |= {v: tape.put(c) for v, c in zip(jaxpr.constvars, program.consts, strict=True)}
    read = lambda atom: tape.put(atom.val) if isinstance(atom, Literal) else place[atom]
    for number, (eqn, wanted) in enumerate(live(jaxpr)):
        ins = [read(atom) for atom in eqn.invars]
        outs = _evaluate(tape, eqn, wanted, ins, (*key, number), (*around, eqn))
        place.update(zip(eqn.outvars, outs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _evaluate(tape: Tape, eqn: JaxprEqn, wanted, ins: list[int], key: Key, eqns) -> list[int]:
    name = eqn.primitive.name
    if name in CALLS:
        return _run(tape, program_of(eqn.params), _entered(tape, ins, key, eqns), key, eqns)
    if name in LOOPS:
        return LOOPS[name](tape, eqn.params, _entered(tape, ins, key, eqns), key, eqns)
    still = not any(tape.moving[i] for i in ins)  # then no slope is asked for: JAX's value will do
    if name in REWRITES and name in JAX and not still:
        return _run(tape, rewritten(eqn, wanted), ins, key, eqns)
    return apply(tape, Operation(key, name, eqn.params, tuple(ins), (), eqns))


def apply(tape: Tape, operation: Operation) -> list[int]:
    """Compute, and write down."""
    other = None if tape.altered is None else tape.altered(tape, operation)
    operation, made = (operation, computed(tape, operation)) if other is None else other
    moving = any(tape.moving[i] for i in operation.ins) and operation.name != "stop_gradient"
    if tape.noise is not None and moving:
        made = map(tape.noise, made)
    outs = [tape.put(x, moving) for x in made]
    tape.operations.append(operation._replace(outs=tuple(outs)))
    return outs


def computed(tape: Tape, operation: Operation) -> list:
    return values(operation, [tape.numbers[i] for i in operation.ins])


def maker(tape: Tape, number: int, through: Collection[str]) -> Operation | None:
    """What made a number, before operations that only pass it on; None for what came in."""
    for op in reversed(tape.operations):
        if number in op.outs:
            if op.name not in through:
                return op
            number = op.ins[0]
    return None


def _entered(tape: Tape, ins: list[int], key: Key, eqns: tuple) -> list[int]:
    enter = lambda i, k: apply(tape, Operation(key, "enter", {}, (i,), (), eqns, k))[0]
    return [enter(i, k) if tape.moving[i] else i for k, i in enumerate(ins)]


def _scan(tape: Tape, params, ins: list[int], key: Key, eqns: tuple) -> list[int]:
    consts, carry, xs = scan_parts(params, ins)
    length, rows = params["length"], {}
    move = lambda name, given, **p: apply(tape, Operation(key, name, p, given, (), eqns))[0]
    for i in reversed(range(length)) if params["reverse"] else range(length):
        row = [move("row", (x,), index=i) for x in xs]
        outs = _run(tape, params["jaxpr"], [*consts, *carry, *row], key, eqns)
        carry, rows[i] = outs[: len(carry)], outs[len(carry) :]
    columns = zip(*(rows[i] for i in range(length)), strict=True)
    return [*carry, *(move("rows", tuple(column)) for column in columns)]


def _cond(tape: Tape, params, ins: list[int], key: Key, eqns: tuple) -> list[int]:
    index, *operands = ins
    taken = int(tape.numbers[index])
    return _run(tape, params["branches"][taken], operands, (*key, taken), eqns)


def _while(tape: Tape, params, ins: list[int], key: Key, eqns: tuple) -> list[int]:
    first = params["cond_nconsts"]
    last = first + params["body_nconsts"]
    for_cond, for_body, carry = ins[:first], ins[first:last], ins[last:]

    def holds() -> bool:
        (answer,) = _run(tape, params["cond_jaxpr"], [*for_cond, *carry], (*key, 0), eqns)
        if np.ndim(tape.numbers[answer]):
            raise NoRule("a loop under vmap, whose lanes end apart, is not written down")
        return bool(tape.numbers[answer])

    while holds():
        carry = _run(tape, params["body_jaxpr"], [*for_body, *carry], (*key, 1), eqns)
    return carry


LOOPS = {"scan": _scan, "cond": _cond, "while": _while}
