"""Only some of the examples: the gradient of the function at a part of the batch."""

from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np

from ..vocabulary import Explanation, Silent
from .columns import fits, table
from .factors import Named, known_numbers
from .problem import Problem, along, wrong_leaves

PARTS = {
    "the first example alone": slice(0, 1),
    "the last example alone": slice(-1, None),
    "all examples but the first": slice(1, None),
    "all examples but the last": slice(None, -1),
}


def part_of_batch(problems: Sequence[Problem]) -> list[Explanation]:
    """The answer is the gradient at a part of the batch, times one number of the problem."""
    for words, part in PARTS.items():
        smaller = [_at(p, part) for p in problems]
        if any(s is None for s in smaller):
            return []
        found = _fitted(problems, [s for s in smaller if s is not None], words)
        if found:
            return [found]
    return []


def _at(p: Problem, part: slice) -> list[np.ndarray] | None:
    """The right gradient where all data are cut along their common first axis."""
    args = p.sample.args
    data = [i for i in range(len(args)) if i not in p.argnums]
    arrays = [np.asarray(x) for i in data for x in jax.tree.leaves(args[i])]
    sizes = {x.shape[0] for x in arrays if x.ndim}
    if len(sizes) != 1 or min(sizes) < 2:
        return None
    cut = lambda x: np.asarray(x)[part] if np.ndim(x) else x
    less = tuple(jax.tree.map(cut, a) if i in data else a for i, a in enumerate(args))
    try:
        small = replace(p, sample=replace(p.sample, args=less))
        return small.right_alone
    except (Silent, TypeError, ValueError, IndexError):  # the function may want the whole batch
        return None


def _fitted(problems, smaller, words: str) -> Explanation | None:
    whole = [along(p.directions, s) for p, s in zip(problems, smaller, strict=True)]
    target = np.concatenate(
        [p.target + along(p.directions, p.right_alone) for p in problems]
    )  # what was answered, along the directions
    counts = [len(w) for w in whole]
    found = fits(table([{words: w} for w in whole], counts), target, apart=True)
    if not found:
        return None
    off = max(found[0].off, 2.0**-40)
    named = same_number(problems, found[0].factors, off)
    if named is None:
        return None
    pairs = zip(problems, smaller, named, strict=True)
    residual = max(p.residual([n.value * x for x in s]) for p, s, n in pairs)
    if not residual <= 1.0:
        return None
    times = "" if named[0].name == "1" else f", times {named[0].value:.6g} ({named[0].name})"
    return Explanation(
        kind="one example",
        term="the sum over the batch",
        mistake=f"it is the gradient at {words}{times}",
        remedy="sum over every example of the batch",
        factor=None,
        residual=residual,
        leaves=wrong_leaves(problems),
    )


ONE = Named("1", 1.0, "")


def same_number(problems, factors, off: float) -> list[Named] | None:
    """1 at every case, or the same number of the problem."""
    known = [[ONE, *known_numbers(p)] for p in problems]
    for guess in known[0]:
        near = lambda n, c, guess=guess: n.name == guess.name and abs(n.value - c) <= off
        pairs = zip(known, factors, strict=True)
        row = [next((n for n in numbers if near(n, c)), None) for numbers, c in pairs]
        if all(row):
            return [n for n in row if n is not None]
    return None
