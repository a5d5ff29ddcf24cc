"""Divided by another count: by all where a mask counts some, by another mask, by one more.

n is what the function divides by where it does not move, N another count of the same case.  A
gradient that is divided by N is n / N times what it should be: a number of its own at every case,
and where n is counted row by row one of its own in every row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from jax.tree_util import keystr, tree_leaves_with_path

from ..arithmetic.tape import Key, Operation, Tape, Wrong
from ..vocabulary import Explanation
from .factors import Named, known_numbers, sizes
from .other_runs import Other, other_runs
from .places import place_of
from .problem import Problem

FEW = 6  # counts that are divided by, and masks
PASSED = ("copy", "convert_element_type", "broadcast_in_dim", "reshape", "squeeze", "enter")


class Count(NamedTuple):
    """How many, of what, and by which name it is found again in another case."""

    name: str
    value: float
    words: str


def numbers_of(problem: Problem) -> list[Named]:
    """The numbers that a factor may be, and then one count over another."""
    return [*known_numbers(problem), *one_over_another(problem)]


def one_over_another(problem: Problem) -> Iterator[Named]:
    """n / N of every two counts, told as what was done."""
    masks = list(_masks(problem))
    right = masks if problem.untraced else list(_divided_by(problem.tape))
    for n in right[:FEW]:
        less = f"{n.value:.6g}, {n.words}"
        remedy = f"divide by {n.words}"
        yield Named(f"{n.name} left out", n.value, f"it is not divided by {less}", remedy)
        for other in (*_around(n), *_sizes(problem), *masks):
            if other.value > 0.0:
                words = f"divided by {other.value:.6g}, {other.words}, not by {less}"
                yield Named(f"{n.name} over {other.name}", n.value / other.value, words, remedy)


def _around(n: Count) -> Iterator[Count]:
    if n.value == round(n.value):
        yield Count(f"{n.name} and 1", n.value + 1.0, "one too many")
        yield Count(f"{n.name} less 1", n.value - 1.0, "one too few")


def _sizes(problem: Problem) -> Iterator[Count]:
    for size, what in sizes(problem).items():
        words = what.removesuffix(" of an array")
        yield Count(words, float(size), f"the count of {words}")


def _divided_by(tape: Tape) -> Iterator[Count]:
    """The single numbers that divide."""
    for made, op in _divisors(tape):
        below = np.ravel(tape.numbers[op.ins[1]])
        if (below == below[0]).all():
            yield Count(str(made.key), float(below[0]), _made(made, op))


def _divisors(tape: Tape) -> Iterator[tuple[Operation, Operation]]:
    """What divides numbers that move, and does not itself, all above 0: its maker, the division."""
    makers = {out: op for op in tape.operations for out in op.outs}
    seen: set[Key] = set()
    for op in tape.operations:
        if op.name == "div" and tape.moving[op.ins[0]] and not tape.moving[op.ins[1]]:
            made, below = makers.get(op.ins[1]), tape.numbers[op.ins[1]]
            while made is not None and made.name in PASSED:
                made = makers.get(made.ins[0])
            if made is not None and made.key not in seen and below.size and (below > 0).all():
                seen.add(made.key)
                yield made, op


def _masks(problem: Problem) -> Iterator[Count]:
    """How many are 1, and how many are 0, of what holds nothing else."""
    leaves, wanted = problem.inputs
    paths = [path for path, _ in tree_leaves_with_path(problem.sample.args)]
    found = [
        (f"args{keystr(path)}", x)
        for k, (path, x) in enumerate(zip(paths, leaves, strict=True))
        if k not in wanted
    ]
    tape = None if problem.untraced else problem.tape
    for op in tape.operations if tape else ():
        if tape and len(op.outs) == 1 and tape.numbers[op.outs[0]].dtype.kind == "b":
            found.append((_expression(op), tape.numbers[op.outs[0]]))
    for name, x in [one for one in found if _is_mask(one[1])][:FEW]:
        ones = float(np.count_nonzero(x))
        yield Count(f"{name} is 1", ones, f"the count of {name}")
        yield Count(f"{name} is 0", x.size - ones, f"the count of what {name} leaves out")


def _is_mask(x: np.ndarray) -> bool:
    return x.size > 1 and x.dtype.kind in "biuf" and bool(((x == 0) | (x == 1)).all())


def _made(maker: Operation, op: Operation) -> str:
    """What a division divides by: what made it, or the count in the whole, as in a mean."""
    made = _expression(maker)
    return made if made != _expression(op) else f"the count in {made}"


def _expression(op: Operation) -> str:
    place = place_of(op.eqns)
    return place.said if place.expression else f"its `{op.name}`"


# --- counted row by row ---------------------------------------------------------------------------


def wrong_divisor(problems: Sequence[Problem]) -> list[Explanation]:
    """Counts by which rows are divided, each with what the answer is divided by for it."""
    return other_runs(problems, _candidates(problems[0]))


def _candidates(p: Problem) -> Iterator[Other]:
    for maker, op in _divisors(p.tape):
        below = p.tape.numbers[op.ins[1]]
        if np.ptp(below) == 0.0:
            continue
        place, made = place_of(op.eqns), _made(maker, op)
        for words, count in _in_their_place(p, below):
            said = Explanation(
                kind="edge",
                term=f"what flows back through the / in {place.said}",
                mistake=f"every row is divided by {words}, not by its own, {made}",
                location=place.location,
                source=place.text,
                remedy=f"divide by {made}",
            )
            yield Other(partial(_divided, key=op.key, count=count), said)


def _in_their_place(p: Problem, below: np.ndarray) -> Iterator[tuple[str, Callable]]:
    yield "one", lambda q, n: np.ones_like(n)
    yield f"the mean of all counts, {below.mean():.6g}", lambda q, n: np.full_like(n, n.mean())
    yield f"the sum of all counts, {below.sum():.6g}", lambda q, n: np.full_like(n, n.sum())
    for one in _sizes(p):
        at = lambda q, n, name=one.name: np.full_like(n, _of_name(_sizes(q), name))
        yield f"{one.value:.6g}, {one.words}", at
    yield f"the largest of all counts, {below.max():.6g}", lambda q, n: np.full_like(n, n.max())


def _of_name(counts: Iterator[Count], name: str) -> float:
    """Raises KeyError where the case has none of that name."""
    found = [one.value for one in counts if one.name == name]
    if not found:
        raise KeyError(name)
    return found[0]


def _divided(p: Problem, key: Key, count: Callable) -> Tape:
    """The tape that divides by another count on the way back alone."""
    ops = [op for op in p.tape.operations if op.key == key and op.name == "div"]
    slopes = {(op.outs[0], 0): 1.0 / count(p, p.tape.numbers[op.ins[1]]) for op in ops}
    return replace(p.tape, wrong=Wrong(slopes=slopes))
