"""The gradient of something else: at a part of the batch, a known wrong twin's, another leaf's."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import jax
import numpy as np

from ..oracles.question import as_exact
from ..vocabulary import Explanation, Silent
from .answers import budgets
from .columns import along, fits, table
from .factors import Named, in_every_case, known_numbers
from .problem import Problem, wrong_leaves

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
    known = [[ONE, *known_numbers(p)] for p in problems]
    named = in_every_case(known, found[0].factors, [off] * len(known))
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


# --- known wrong twins of the catalogue -----------------------------------------------------------


def known_twins(problems: Sequence[Problem]) -> list[Explanation]:
    """The twins of the derivation whose function is asked for, that answer the same."""
    from ..derivations import ALL as SUBJECTS

    found = []
    p = problems[0]
    for name, subject in SUBJECTS.items():
        if subject.function is p.of and subject.argnums == p.argnums:
            for fault, description, gradient in catalogue(name):
                residual = _twin_residual(problems, gradient)
                if residual <= 1.0:
                    found.append(_said(problems, name, fault, description, residual))
    return found


def catalogue(name: str) -> list[tuple[str, str, Callable]]:
    """The wrong twins of one function's own: name, description, gradient.

    Wrong pullbacks at an arrow of any function are looked for in arrows.py, and not here.
    """
    from ..faults.assembly import twins

    return [(t.fault, t.description, t.gradient) for t in twins(name) if t.level == "own"]


def _twin_residual(problems: Sequence[Problem], gradient: Callable) -> float:
    worst = 0.0
    for p in problems:
        args = jax.tree.map(as_exact, p.sample.args)
        try:
            said = [np.asarray(x, np.float64) for x in jax.tree.leaves(gradient(*args))]
        except Exception:  # a twin need not be defined everywhere
            return np.inf
        if [x.shape for x in said] != [b.mid.shape for b in p.sample.truth]:
            return np.inf
        worst = max(worst, p.residual(said))
        if not worst <= 1.0:
            break
    return worst


def _said(problems, name: str, fault: str, description: str, residual: float) -> Explanation:
    return Explanation(
        kind="fault",
        term=f"the gradient of {name}",
        mistake=description if description == fault else f"{fault}: {description}",
        residual=residual,
        fault=fault,
        leaves=wrong_leaves(problems),
    )


# --- another leaf's -------------------------------------------------------------------------------


def exchanged(problems: Sequence[Problem]) -> list[Explanation]:
    """Two hold each other's gradient, or one has another's added to it; all others are right."""
    for words, remedy, of_case in (
        ("hold each other's gradient", "give each leaf its own", _swapped),
        ("one has the other's gradient added to it", "clear the buffer in between", _added),
    ):
        found = [next(of_case(p), None) for p in problems if any(p.wrong)]
        if found and all(found):
            pairs = dict.fromkeys(f"{a} and {b}" for _, a, b in (f for f in found if f))
            leaves = dict.fromkeys(x for f in found if f for x in f[1:])
            return [
                Explanation(
                    kind="swapped",
                    term=f"two leaves of one shape ({', or '.join(pairs)})",
                    mistake=words,
                    remedy=remedy,
                    residual=max(f[0] for f in found if f),
                    leaves=tuple(map(str, leaves)),
                )
            ]
    return []


def _swapped(p: Problem) -> Iterator[tuple[float, str, str]]:
    wrong = [k for k, w in enumerate(p.wrong) if w]
    if len(wrong) == 2:
        one, other = wrong
        worst = max(_off(p, one, [other]), _off(p, other, [one]))
        if worst <= 1.0:
            yield worst, p.sample.paths[one], p.sample.paths[other]


def _added(p: Problem) -> Iterator[tuple[float, str, str]]:
    wrong = [k for k, w in enumerate(p.wrong) if w]
    for one in wrong if len(wrong) == 1 else ():
        for other in range(len(p.wrong)):
            if other != one and (worst := _off(p, one, [one, other])) <= 1.0:
                yield worst, p.sample.paths[one], p.sample.paths[other]


def _off(p: Problem, leaf: int, parts: list[int]) -> float:
    """How far the answer in a leaf is from the sum of the truths of others, in their budgets."""
    got = np.asarray(p.sample.got[leaf])
    if any(p.sample.truth[k].mid.shape != got.shape for k in parts):
        return np.inf
    guess = np.sum([p.sample.truth[k].mid + p.sample.truth[k].tail for k in parts], axis=0)
    room = np.sum([p.tolerance[k] for k in parts], axis=0) + p.unit * np.abs(guess)
    return budgets(got - guess, room)
