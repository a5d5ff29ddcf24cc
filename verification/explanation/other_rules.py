"""The rule of another function: the answer as a formula of argument, value and what arrives.

For a function whose value has the shape of the argument; it need only be called, not traced.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import special

from ..vocabulary import Explanation
from .bank import BANK, RIGHT, alike
from .leaves import residual_of
from .problem import Problem, wrong_leaves

Array = Any


class Rule(NamedTuple):
    """make(z, a, d, axis) of what goes in, what comes out, what arrives; None where undefined."""

    formula: str
    make: Callable[[Array, Array, Array, int], Array]


total = lambda x, axis: x.sum(axis=axis, keepdims=True)
mean = lambda x, axis: x.mean(axis=axis, keepdims=True)
spread = lambda x, axis: x.std(axis=axis, keepdims=True)
ALONG: tuple[Rule, ...] = (
    Rule("a sum(d)", lambda z, a, d, x: a * total(d, x)),
    Rule("a (d - sum(a d)), the rule of softmax", lambda z, a, d, x: a * (d - total(a * d, x))),
    Rule(
        "d - exp(a) sum(d), the rule of log-softmax",
        lambda z, a, d, x: d - np.exp(a) * total(d, x),
    ),
    Rule(
        "d - softmax(z) sum(d), the rule of log-softmax",
        lambda z, a, d, x: d - special.softmax(z, x) * total(d, x),
    ),
    Rule(
        "d - sum(a d), the rule of softmax without its factor a",
        lambda z, a, d, x: d - total(a * d, x),
    ),
    Rule(
        "d - a sum(d), the rule of log-softmax with a for exp(a)",
        lambda z, a, d, x: d - a * total(d, x),
    ),
    Rule("d - sum(d)", lambda z, a, d, x: d - total(d, x)),
    Rule("d - mean(d), the rule of subtracting a mean", lambda z, a, d, x: d - mean(d, x)),
    Rule(
        "(d - a sum(a d)) / |z|, the rule of scaling to length 1",
        lambda z, a, d, x: (d - a * total(a * d, x)) / np.sqrt(total(z * z, x)),
    ),
    Rule("d / |z|, with the length held fixed", lambda z, a, d, x: d / np.sqrt(total(z * z, x))),
    Rule(
        "(d - a mean(a d)) / std(z), the rule of standardising without its mean term",
        lambda z, a, d, x: (d - a * mean(a * d, x)) / spread(z, x),
    ),
    Rule(
        "(d - mean(d)) / std(z), the rule of standardising without the term of the deviation",
        lambda z, a, d, x: (d - mean(d, x)) / spread(z, x),
    ),
    Rule(
        "d / std(z), the rule of standardising with mean and deviation held fixed",
        lambda z, a, d, x: d / spread(z, x),
    ),
    Rule("d in reverse order", lambda z, a, d, x: np.flip(d, x)),
    Rule("the running sum of d, not reversed", lambda z, a, d, x: d.cumsum(x)),
    Rule(
        "the running sum of d from the end, the rule of a running sum",
        lambda z, a, d, x: np.flip(np.flip(d, x).cumsum(x), x),
    ),
)


class Seen(NamedTuple):
    """One case: what goes in, what comes out, what arrives."""

    z: np.ndarray
    a: np.ndarray
    d: np.ndarray


def other_rule(problems: Sequence[Problem]) -> list[Explanation]:
    """The rules that fit a function of one array whose value has its shape."""
    bad = wrong_leaves(problems)
    if problems[0].scalar or len(bad) != 1:
        return []
    leaf = problems[0].sample.paths.index(bad[0])
    seen = [_seen(p, leaf) for p in problems]
    if any(s is None for s in seen):
        return []
    cases = [s for s in seen if s is not None]
    found = ((residual_of(problems, leaf, rule, cases), words) for words, rule in _rules(cases))
    return [_said(problems, cases, leaf, words, left) for left, words in found if left <= 1.0][:1]


def _seen(p: Problem, leaf: int) -> Seen | None:
    leaves, wanted = p.inputs
    values = [np.asarray(x) for x in jax.tree.leaves(p.of(*_exact(p)))]
    z, d = leaves[wanted[leaf]], leaves[-1]
    if len(values) != 1 or not z.shape == values[0].shape == d.shape:
        return None
    return Seen(z, values[0].astype(np.float64), d)


def _exact(p: Problem) -> tuple:
    leaves, _ = p.inputs
    tree = jax.tree.structure(p.sample.args)
    return jax.tree.unflatten(tree, leaves)[:-1]


def _right(cases: Sequence[Seen]) -> Iterator[tuple[str, Callable[[Seen], np.ndarray]]]:
    for slope in RIGHT:
        yield f"d * ({slope.formula})", lambda s, slope=slope: slope.of(s.z, s.a) * s.d
    yield from _along(cases)


def _rules(cases: Sequence[Seen]) -> Iterator[tuple[str, Callable[[Seen], np.ndarray]]]:
    for slope in BANK:
        yield f"d times {slope.formula}", lambda s, slope=slope: slope.of(s.z, s.a) * s.d
    yield from _along(cases)


def _along(cases: Sequence[Seen]) -> Iterator[tuple[str, Callable[[Seen], np.ndarray]]]:
    for axis in (-1, 0) if cases[0].z.ndim > 1 else (-1,) if cases[0].z.ndim else ():
        for rule in ALONG:
            yield (
                f"{rule.formula}, along axis {axis}",
                lambda s, rule=rule, axis=axis: rule.make(*s, axis),
            )


def _said(
    problems: Sequence[Problem], cases: Sequence[Seen], leaf: int, words: str, residual: float
) -> Explanation:
    truth = np.concatenate([p.sample.truth[leaf].mid.ravel() for p in problems])
    made = lambda rule: np.concatenate([rule(s).ravel() for s in cases])
    right = next((formula for formula, rule in _right(cases) if alike(made(rule), truth)), "")
    given = "with z what goes in, a what comes out and d what arrives, here it is"
    return Explanation(
        kind="slope",
        term=f"the gradient in {problems[0].sample.paths[leaf]}",
        mistake=f"its rule is taken to be {words}",
        remedy=f"{given} {right}" if right else "pull d back through the function itself",
        residual=residual,
        leaves=wrong_leaves(problems),
    )
