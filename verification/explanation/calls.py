"""Functions that are not elementwise: a call (log_softmax say), or a softmax written out.

A call is pulled back at another argument, or as 1: its body is run again at what the mistake puts
in place of the argument, and swept in reverse.  Of a softmax the wrong slopes are known.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.inner_programs import CALLS
from ..arithmetic.linear import pull, values
from ..arithmetic.local_derivatives import against, swept
from ..arithmetic.tape import Key, Operation, Tape, maker
from ..vocabulary import Explanation
from .bank import ARGUMENTS, Slope
from .problem import Problem, largest
from .slopes import said_of
from .units import At

TRIED = 4
PULLBACKS = {  # of calls by name, to say what it should be
    "softmax": "it is a * (d - sum(a * d)) here",
    "_softmax": "it is a * (d - sum(a * d)) here",
    "log_softmax": "it is d - exp(a) * sum(d) here",
    "cumsum": "it is the sum of d from each entry to the end here",
}


class Call(NamedTuple):
    """One run of a called function of one argument that moves, as large as its value."""

    key: Key
    enters: int
    leaves: int
    operations: tuple[Operation, ...]


class Mistake(NamedTuple):
    """What is done in place of the pullback of a call: make(tape, call, cotangent)."""

    formula: str
    make: Callable[[Tape, Call, Any], Any]


def wrong_call(problems: Sequence[Problem]) -> list[Explanation]:
    """The mistakes that fit, each at its call."""
    guesses = sorted(_guesses(problems[0]), key=lambda g: g[0])[:TRIED]
    left = lambda key, wrong: largest(problems, lambda p: _gradient(p, key, wrong))
    found = ((left(key, wrong), key, wrong) for _, key, wrong in guesses)
    said = [_said(problems, key, wrong, rest) for rest, key, wrong in found if rest <= 1.0]
    return [one for k, one in enumerate(said) if one.mistake not in {e.mistake for e in said[:k]}]


def calls(tape: Tape) -> Iterator[Call]:
    """In the order of the tape; one in a loop comes once for each of its steps."""
    ops = tape.operations
    for k, op in enumerate(ops):
        if op.name != "enter" or op.eqns[-1].primitive.name not in CALLS:
            continue
        last = k + 1
        while last < len(ops) and ops[last].key[: len(op.key)] == op.key:
            last += 1
        body = ops[k:last]
        if any(o.name == "enter" and o.key == op.key for o in (*body[1:], *ops[max(k - 1, 0) : k])):
            continue  # several arguments move
        out = next((o.outs[0] for o in reversed(body) if tape.moving[o.outs[0]]), op.outs[0])
        if len(body) > 2 and tape.numbers[out].shape == tape.numbers[op.ins[0]].shape:
            yield Call(op.key, op.ins[0], out, tuple(body))


def pulled(tape: Tape, call: Call, above: Any, z: Any) -> np.ndarray:
    """The cotangent of the argument, with the body run at z; all else that it reads stays."""
    number: dict[int, Any] = {call.enters: z}
    at = lambda ids: [number.get(i, tape.numbers[i]) for i in ids]
    for op in call.operations:
        number |= dict(zip(op.outs, values(op, at(op.ins)), strict=True))
    reached = {call.leaves: np.broadcast_to(above, np.shape(number[call.leaves]))}
    for op in reversed(call.operations):
        given = [reached.get(i) for i in op.outs]
        if not any(tape.moving[i] for i in op.outs) or all(g is None for g in given):
            continue
        for i, part in zip(op.ins, pull(op, at(op.ins), at(op.outs), given), strict=True):
            if part is not None and tape.moving[i]:
                reached[i] = reached[i] + part if i in reached else part
    return reached.get(call.enters, np.zeros(np.shape(z)))


def _elsewhere(where: Callable) -> Callable[[Tape, Call, Any], Any]:
    def make(tape: Tape, call: Call, above: Any) -> Any:
        z, a = tape.numbers[call.enters], tape.numbers[call.leaves]
        return pulled(tape, call, above, np.asarray(where(z, a)))

    return make


def _right(tape: Tape, call: Call, above: Any) -> np.ndarray:
    return pulled(tape, call, above, tape.numbers[call.enters])


def _inverse(tape: Tape, call: Call, above: Any) -> np.ndarray:
    return above / _right(tape, call, np.ones_like(tape.numbers[call.leaves]))


BANK = (
    Mistake("1", lambda tape, call, above: above),
    Mistake("a, the value itself", lambda tape, call, d: d * tape.numbers[call.leaves]),
    Mistake("z, the argument itself", lambda tape, call, d: d * tape.numbers[call.enters]),
    Mistake(
        "a / z, the value over the argument",
        lambda tape, call, d: d * tape.numbers[call.leaves] / tape.numbers[call.enters],
    ),
    Mistake(
        "its square: it is pulled back twice",
        lambda tape, call, d: _right(tape, call, _right(tape, call, d)),
    ),
    Mistake("its inverse, the slope of the inverse function", _inverse),
    *(Mistake(f"that at {formula}", _elsewhere(where)) for formula, where in ARGUMENTS),
    *(
        Mistake(
            f"that at the neighbour of z along axis {x}",
            _elsewhere(lambda z, a, x=x, n=n: np.roll(z, n, x)),
        )
        for x in (-1, 0)
        for n in (1, -1)
    ),
)


def _guesses(p: Problem) -> Iterator[tuple[float, Key, Mistake]]:
    """What each mistake leaves of the difference, along the directions."""
    size = float(np.sqrt(p.target @ p.target))
    grouped: dict[Key, list[Call]] = {}
    for call in calls(p.tape):
        grouped.setdefault(call.key, []).append(call)
    for key, mine in grouped.items() if size else ():
        for wrong in BANK:
            rest = p.target - _effect(p, mine, wrong)
            yield float(np.sqrt(rest @ rest)) / size, key, wrong


def _effect(p: Problem, mine: Sequence[Call], wrong: Mistake) -> np.ndarray:
    effect = np.zeros(len(p.target))
    for call in mine:
        above, rate = p.right.reached.get(call.leaves), p.rates.get(call.enters)
        if above is None or rate is None:
            continue
        with np.errstate(all="ignore"):
            change = wrong.make(p.tape, call, above) - _right(p.tape, call, above)
        effect = effect + against(rate, change)
    return np.where(np.isfinite(effect), effect, np.inf)


def _gradient(p: Problem, key: Key, wrong: Mistake) -> list:
    made = lambda call: lambda above: wrong.make(p.tape, call, above)
    mine = [call for call in calls(p.tape) if call.key == key]
    return swept(p.tape, instead={c.leaves: (c.enters, made(c)) for c in mine}).gradient


def _said(problems: Sequence[Problem], key: Key, wrong: Mistake, left: float) -> Explanation:
    call = next(c for c in calls(problems[0].tape) if c.key == key)
    at = At(call.enters, call.leaves, np.ones(()), call.operations[0])
    name = str(call.operations[0].eqns[-1].params.get("name", ""))
    rule = PULLBACKS.get(name, "pull d back through the function at z")
    remedy = f"with z what goes in, a what comes out and d what arrives: {rule}"
    return said_of(problems, at, wrong.formula, left, remedy)


# --- a softmax: what people take its slope to be, entry by entry ----------------------------------


PASSED = ("broadcast_in_dim", "reshape", "enter", "copy", "squeeze", "max")
SOFTMAX_BANK = (
    Slope(
        "a (1 - a), its diagonal alone: the other entries are left out", lambda z, a: a * (1 - a)
    ),
    Slope("a, without what the sum takes back", lambda z, a: a),
    Slope("1", lambda z, a: np.ones_like(a)),
    Slope("a^2", lambda z, a: a * a),
    Slope("1 - a", lambda z, a: 1 - a),
)


class Softmax(NamedTuple):
    """What goes in, what comes out, and the division at its end."""

    enters: int
    leaves: int
    operation: Operation


def softmax_alone(problems: Sequence[Problem]) -> list[Explanation]:
    """The slopes that fit."""
    p = problems[0]
    size = float(np.sqrt(p.target @ p.target))
    guesses = sorted(_softmax_guesses(p, size), key=lambda g: g[0])[:3] if size else []
    left = lambda key, slope: largest(problems, lambda p: _with_softmax(p, key, slope))
    found = ((left(key, slope), key, slope) for _, key, slope in guesses)
    for residual, key, slope in found:
        if residual <= 1.0:
            one = next(s for s in softmaxes(p.tape) if s.operation.key == key)
            at = At(one.enters, one.leaves, np.ones(()), one.operation)
            remedy = f"with a what comes out and d what arrives: {PULLBACKS['softmax']}"
            return [said_of(problems, at, slope.formula, residual, remedy, ", a softmax")]
    return []


def softmaxes(tape: Tape) -> Iterator[Softmax]:
    """Divisions of an exponential by the sum of its own entries."""
    source = partial(maker, tape, through=PASSED)
    for op in tape.operations:
        if op.name != "div" or not tape.moving[op.outs[0]]:
            continue
        top, below = source(op.ins[0]), source(op.ins[1])
        if top is None or below is None or top.name != "exp" or below.name != "reduce_sum":
            continue
        if source(below.ins[0]) is top:
            inner = maker(tape, top.ins[0], ())
            shifted = inner is not None and inner.name == "sub" and _alike(tape, inner)
            enters = inner.ins[0] if inner is not None and shifted else top.ins[0]
            yield Softmax(enters, op.outs[0], op)


def _alike(tape: Tape, op: Operation) -> bool:
    return tape.numbers[op.ins[0]].shape == tape.numbers[op.outs[0]].shape


def _softmax_guesses(p: Problem, size: float) -> Iterator[tuple[float, Key, Slope]]:
    for one in softmaxes(p.tape):
        above, out = p.right.reached.get(one.leaves), p.rates.get(one.leaves)
        rate = p.rates.get(one.enters)
        if above is None or out is None or rate is None:
            continue
        for slope in SOFTMAX_BANK:
            wrong = against(rate, _softmax_slope(p, one, slope) * above)
            rest = p.target - wrong + against(out, above)
            yield float(np.sqrt(rest @ rest)) / size, one.operation.key, slope


def _softmax_slope(p: Problem, one: Softmax, slope: Slope) -> np.ndarray:
    return slope.of(p.tape.numbers[one.enters], p.tape.numbers[one.leaves])


def _with_softmax(p: Problem, key: Key, slope: Slope) -> list:
    mine = [s for s in softmaxes(p.tape) if s.operation.key == key]
    instead = {s.leaves: (s.enters, _softmax_slope(p, s, slope)) for s in mine}
    return swept(p.tape, instead=instead).gradient
