"""What is done instead of the implicit theorem: each mistake is computed, and compared.

With g = then, the right gradient is  dg/dtheta - (dF/dtheta)' (dF/dx)^-T dg/dx.  An answer that is
a mistake's to within the budgets of both (two right programs are at most that far apart) is named.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ...adapters import jax_function
from ...measurement.sample import Sample
from ...vocabulary import Explanation
from .implicit import Implicit, refined

ROOM = 2.0  # budgets: one of the answer, one of the mistake as it is computed here
TERMS = 64  # of a series for the inverse


class Mistake(NamedTuple):
    """weights(slope, above) stand for (dF/dx)^-T dg/dx; whether dg/dtheta is there, too."""

    said: str
    remedy: str
    weights: Callable
    direct: bool = True


SOLVE = "solve with the transpose of dF/dx"
NAMED = (
    Mistake(
        "the linear system is solved with dF/dx, not with its transpose", SOLVE, np.linalg.solve
    ),
    Mistake("what arrives is not solved with dF/dx at all", SOLVE, lambda slope, above: above),
    Mistake(
        "the sign of the implicit term is wrong",
        "it is minus (dF/dtheta)' times the solution",
        lambda slope, above: -np.linalg.solve(slope.T, above),
    ),
    Mistake(
        "the implicit term is missing: x is taken to be constant",
        "add what flows through x",
        lambda slope, above: 0.0 * above,
    ),
    Mistake(
        "the direct path is missing: what theta does beside x",
        "add the derivative at constant x",
        lambda slope, above: np.linalg.solve(slope.T, above),
        direct=False,
    ),
)


def implicit_mistake(
    of: Implicit, evidence: Sequence[Sample], argnums: tuple[int, ...], inputs: int
) -> tuple[Explanation, ...]:
    """The mistake that all answers are; nothing where none of them is."""
    points = [_Point(of, sample, argnums, inputs) for sample in evidence if sample.got]
    for mistake in (*NAMED, *_series()):
        room = max((point.budgets(mistake) for point in points), default=np.inf)
        if room <= ROOM:
            term = "the implicit derivative of the root"
            return (Explanation("slope", term, mistake.said, remedy=mistake.remedy, residual=room),)
    return ()


def _series() -> Iterator[Mistake]:
    """Of x = f(x, theta), with F = x - f: the inverse as a sum of powers, cut off."""
    for terms in range(2, TERMS):
        said = f"the inverse of dF/dx is a series of {terms} terms, which is cut off too early"
        yield Mistake(said, "go on until nothing changes, or " + SOLVE, _Series(terms))


class _Series(NamedTuple):
    terms: int

    def __call__(self, slope: np.ndarray, above: np.ndarray) -> np.ndarray:
        total = above
        for _ in range(self.terms - 1):
            total = above + total - slope.T @ total
        return total


class _Point:
    """One case in floats: the root, dF/dx, and what flows back to it and beside it."""

    def __init__(self, of: Implicit, sample: Sample, argnums: tuple[int, ...], inputs: int):
        *theta, start = sample.args[:inputs]
        self.sample, shown = sample, Implicit(of.residual, of.solve, lambda x, *args: x)
        with jax.enable_x64(True):
            root = refined(shown, 1)(*theta, start)
            x, unravel = ravel_pytree(jax.tree.map(jnp.asarray, root))
            f = lambda x, *theta: ravel_pytree(of.residual(unravel(x), *theta))[0]
            g = lambda x, *theta: of.then(unravel(x), *theta)
            self.slope = np.asarray(jax.jacfwd(f)(x, *theta))
            within = lambda h: jax_function.restricted(lambda *t: h(x, *t), list(theta), argnums)
            only, picked = within(g)
            value, pull = jax.vjp(lambda x, *p: within(lambda _, *t: g(x, *t))[0](*p), x, *picked)
            above = sample.args[inputs] if len(sample.args) > inputs else jnp.ones(())
            self.above, *self.beside = map(np.asarray, pull(jax_function.like(above, value)))
            self.back = jax.vjp(within(f)[0], *picked)[1]

    def budgets(self, mistake: Mistake) -> float:
        """How far the answer is from the mistake, in budgets, at the worst entry."""
        with jax.enable_x64(True), np.errstate(all="ignore"):
            weights = mistake.weights(self.slope, self.above)
            through = [np.asarray(part) for part in self.back(jnp.asarray(weights))]
        found = [b * mistake.direct - t for b, t in zip(self.beside, through, strict=True)]
        triples = zip(found, self.sample.got, self.sample.allowed, strict=True)
        return max(float(np.max(np.abs(a - got) / room)) for a, got, room in triples)
