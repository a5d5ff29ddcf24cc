"""Only some of the examples: the gradient of the function at a part of the batch."""

from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np

from ...vocabulary import Explanation, Silent
from .columns import fits, table
from .factors import known_numbers, recognised
from .problem import Problem, along

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
    (fit, *_) = fits(table([{words: w} for w in whole], counts), target, apart=False) or [None]
    if fit is None:
        return None
    named = recognised(fit.factors[0], max(fit.off, 2.0**-40), known_numbers(problems[0]))
    one = abs(fit.factors[0] - 1.0) <= max(fit.off, 2.0**-40)
    if named is None and not one:
        return None
    factor = 1.0 if one or named is None else named.value
    pairs = zip(problems, smaller, strict=True)
    residual = max(p.residual([factor * x for x in s]) for p, s in pairs)
    times = "" if factor == 1.0 else f", times {factor:.6g}"
    if not residual <= 1.0:
        return None
    return Explanation(
        kind="one example",
        term="the sum over the batch",
        mistake=f"it is the gradient at {words}{times}",
        remedy="sum over every example of the batch",
        factor=None,
        residual=residual,
        leaves=problems[0].sample.paths,
    )
