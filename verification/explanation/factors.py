"""A factor in words: which number of the problem it is, and what people do to get it.

Numbers of a problem are the sizes of its arrays and the literals of its program.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import Literal

from .problem import Problem

SIZES = 6  # of arrays, of which two may be taken for each other


class Named(NamedTuple):
    """A number that a factor may be: how it is written, its value, what it comes from."""

    name: str
    value: float
    words: str
    remedy: str = ""  # where another is known than to take the factor out


def known_numbers(problem: Problem) -> list[Named]:
    """The numbers a factor may be, the plainest first."""
    plain = [
        Named("0", 0.0, "the path is dropped"),
        Named("-1", -1.0, "the sign is wrong"),
        Named("2", 2.0, "counted twice, or a square differentiated without its partner 1/2"),
        Named("1/2", 0.5, "half of it: the 2 of a square is missing, or a 1/2 is one too many"),
        Named("-2", -2.0, "twice, with the wrong sign"),
        Named("-1/2", -0.5, "half of it, with the wrong sign"),
    ]
    small = [
        Named("3", 3.0, "three times"),
        Named("1/3", 1.0 / 3.0, "a third of it: the 3 of a cube is missing"),
        Named("4", 4.0, "four times: the factor 2 twice"),
        Named("1/4", 0.25, "a quarter of it"),
    ]
    counted = [n for size, what in sizes(problem).items() for n in _of_size(size, what)]
    written = [n for x in literals(problem) for n in _of_literal(x)]
    return plain + counted + small + written + list(_of_two(list(sizes(problem).items())[:SIZES]))


def sizes(problem: Problem) -> Mapping[int, str]:
    """The sizes of arrays, and what each counts."""
    found: dict[int, str] = {}
    leaves, wanted = problem.inputs
    data = [x for i, x in enumerate(leaves) if i not in wanted and x.ndim]
    made = [] if problem.untraced else problem.tape.numbers
    for x in data:
        found.setdefault(x.shape[0], "the batch")
    for x in data:
        found.setdefault(int(np.prod(x.shape[:-1], dtype=int)), "all but the last axis")
    for x in [*(leaves[i] for i in wanted), *data]:
        for n in x.shape[:1]:
            found.setdefault(n, "the rows")
        for n in x.shape[1:]:
            found.setdefault(n, "the columns" if x.ndim == 2 else "an axis")
    for x in [*(leaves[i] for i in wanted), *data, *made]:
        found.setdefault(x.size, "the entries of an array")
        for n in x.shape:
            found.setdefault(n, "an axis")
    return {n: what for n, what in found.items() if n > 1}


def _of_size(n: int, what: str) -> list[Named]:
    of = f"{what} of {n}" if not what.startswith("the entries") else f"the {n} entries of an array"
    named = [
        Named("n", float(n), f"a sum over {of} where a mean is right, or 1/{n} is missing"),
        Named("1/n", 1.0 / n, f"averaged over {of}"),
        Named("-n", -float(n), f"a sum over {of} for a mean, with the wrong sign"),
        Named("-1/n", -1.0 / n, f"averaged over {of}, with the wrong sign"),
        Named("2n", 2.0 * n, f"2 times {n}, the size of {what}"),
        Named("n/2", n / 2.0, f"{n}/2, half the size of {what}"),
        Named("2/n", 2.0 / n, f"2/{n}: twice over {of}"),
        Named("1/(2n)", 0.5 / n, f"1/(2 * {n}): half over {of}"),
        Named("n/(n-1)", n / (n - 1.0), f"n/(n - 1) for {of}: n - 1 where n is right"),
        Named("(n-1)/n", (n - 1.0) / n, f"(n - 1)/n for {of}: n where n - 1 is right"),
        Named("sqrt n", n**0.5, f"the root of {n}, the size of {what}"),
        Named("1/sqrt n", n**-0.5, f"over the root of {n}, the size of {what}"),
        Named("root", (n / (n - 1.0)) ** 0.5, f"the root of n/(n - 1) for {of}"),
        Named("1/root", ((n - 1.0) / n) ** 0.5, f"the root of (n - 1)/n for {of}"),
        Named("n^2", float(n * n), f"{n} squared: over {of} twice"),
        Named("1/n^2", 1.0 / n**2, f"averaged twice over {of}"),
    ]
    return [one for one in named if one.value != 1.0]


def _of_two(counted: Sequence[tuple[int, str]]) -> Iterator[Named]:
    for (n, right), (m, wrong) in permutations(counted, 2):
        words = f"averaged over {wrong} of {m} where {right} of {n} is right"
        yield Named(f"{right} over {wrong}", n / m, words)


def _of_literal(x: float) -> list[Named]:
    said = f"{x:.6g}"
    named = [
        Named(said, x, f"{said}, a constant of the function, is multiplied once too often"),
        Named(f"1/{said}", 1.0 / x, f"{said}, a constant of the function, is missing"),
        Named(f"-{said}", -x, f"{said}, a constant of the function, with the wrong sign"),
        Named(f"1-{said}", 1.0 - x, f"1 - {said}, where {said} is a constant of the function"),
    ]
    return [one for one in named if one.value != 1.0]


def literals(problem: Problem) -> list[float]:
    """The floats written into the program, and its scalar arguments that are not wanted."""
    program = None if problem.untraced else problem.question.program.jaxpr
    found = [] if program is None else [float(x) for x in _literals(program)]
    leaves, wanted = problem.inputs
    rest = (x for i, x in enumerate(leaves) if i not in wanted and x.ndim == 0)
    found += [float(x) for x in rest if x.dtype.kind == "f"]
    return list(dict.fromkeys(x for x in found if np.isfinite(x) and x not in (0.0, 1.0, -1.0)))


def _literals(jaxpr: Any) -> list[Any]:
    found = []
    for eqn in jaxpr.eqns:
        found += [
            np.asarray(a.val).item()
            for a in eqn.invars
            if isinstance(a, Literal) and np.asarray(a.val).size == 1
        ]
        for body in jax.tree.leaves(
            list(eqn.params.values()), is_leaf=lambda b: hasattr(b, "eqns")
        ):
            inner = getattr(body, "jaxpr", body)
            if hasattr(inner, "eqns"):
                found += _literals(inner)
    return [x for x in found if isinstance(x, float)]


def recognised(factor: float, off: float, numbers: list[Named]) -> Named | None:
    """The first of the numbers that the factor may be, when it is known up to `off`."""
    return next((n for n in numbers if abs(n.value - factor) <= off), None)


def in_every_case(
    known: Sequence[Sequence[Named]], factors: Sequence[float], offs: Sequence[float]
) -> list[Named] | None:
    """The same number of the problem at every case; its value may depend on the case."""
    for guess in (n for n in known[0] if abs(n.value - factors[0]) <= offs[0]):
        near = lambda n, c, off, guess=guess: n.name == guess.name and abs(n.value - c) <= off
        rows = zip(known, factors, offs, strict=True)
        found = [next((n for n in numbers if near(n, c, off)), None) for numbers, c, off in rows]
        if all(found):
            return [n for n in found if n is not None]
    return None


def spelled(factor: float) -> str:
    """ "0.0625", and "1 + 2.4e-08" where six digits are those of one."""
    short = f"{factor:.6g}"
    if short != "1" or factor == 1.0:
        return short
    return f"1 {'+' if factor > 1.0 else '-'} {abs(factor - 1.0):.2g}"


def undone(what: str, factor: float) -> str:
    """How the factor is taken out: "multiply it by 4"; one that is all but 1 is lost digits."""
    by = spelled(1.0 / factor)
    if " " not in by:
        return f"multiply {what} by {by}"
    return f"look for a constant that has lost its later digits in {what}"


def in_words(factor: float, named: Named | None) -> str:
    """ "0.0625 times what it should be: averaged over the batch of 16"."""
    times = f"{spelled(factor)} times what it should be"
    if named is None:
        return times
    if named.value in (0.0, -1.0):
        return named.words
    return f"{named.value:.6g} times what it should be: {named.words}"
