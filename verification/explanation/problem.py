"""One wrong answer laid out to be explained: what it differs by, in budgets, and along the tape.

Where a gradient is large its difference is looked at along a few directions: signs drawn once,
each entry weighted by one over its budget, so that no entry hides another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..arithmetic.inner_programs import equations, is_straight
from ..arithmetic.local_derivatives import (
    Arrays,
    Meeting,
    Spot,
    Sweep,
    flows,
    meetings,
    rates,
    swept,
)
from ..arithmetic.tape import Altered, Tape, Wrong, again, record
from ..measurement.sample import Sample, decidable, outside
from ..oracles.question import Question, as_exact, ask
from ..vocabulary import Silent
from ..vocabulary.raised import kind_of
from .answers import narrowest
from .columns import along, directions_of
from .units import At, Unit, units

DOUBTFUL = 2.0**16  # budgets up to which other roundings are tried
PERTURBED, SPREADS = 3, 8.0  # other roundings; a prediction may be off by so many of their spreads
NOT_HERE = (ValueError, IndexError, KeyError, TypeError)  # a shape without this mistake
TOO_LARGE = "what flows to each entry is more than can be held"
LARGE = 2**28  # equations times entries: 2 GiB of what flows to the entries
HEAVIEST = 2.0**20  # budgets that an entry counts for at most: none is to hide the others


@dataclass(frozen=True)
class Problem:
    """One case; everything that is dear is made when it is asked for, once."""

    sample: Sample
    of: Callable
    argnums: tuple[int, ...]
    scalar: bool
    finest: float = np.inf  # the unit of the format is no coarser: known from other cases
    seed: int | None = None  # of roundings, where every number is to be off by one or two
    given: Callable[["Problem"], Wrong] | None = None  # a mistake that is known already
    plain: "Problem | None" = None  # the same without it, whose tape is shared

    @cached_property
    def question(self) -> Question:
        args = self.sample.args
        if self.scalar:
            return ask(self.of, args, self.argnums)
        return ask(self.of, tuple(args[:-1]), self.argnums, args[-1])

    @cached_property
    def inputs(self) -> tuple[list[np.ndarray], tuple[int, ...]]:
        """All arrays that go in, the cotangent last, and which of them are differentiated by."""
        found = jax.tree_util.tree_flatten_with_path(self.sample.args)[0]
        leaves = [as_exact(leaf) for _, leaf in found]
        mine = [
            (self.argnums.index(path[0].idx), i)
            for i, ((path, _), x) in enumerate(zip(found, leaves, strict=True))
            if path[0].idx in self.argnums and x.dtype.kind == "f"
        ]
        return leaves, tuple(i for _, i in sorted(mine))

    @cached_property
    def untraced(self) -> str:
        """Why the function's own program cannot be followed; empty where it can."""
        try:
            count = sum(1 for _ in equations(self.question.program.jaxpr))
            if count * sum(leaf.size for leaf in self.sample.got) > LARGE:
                return TOO_LARGE
            self.right_alone  # noqa: B018
        except Silent as silence:
            return str(silence)
        except Exception as error:  # the function is a black box, and may raise anything
            return f"JAX cannot trace the function ({kind_of(error)})"
        return ""

    @cached_property
    def tape(self) -> Tape:
        if self.given is not None:
            plain = self.plain or replace(self, given=None)
            return replace(plain.tape, wrong=self.given(plain))
        return self.recorded()

    def recorded(
        self, leaves: list[np.ndarray] | None = None, altered: Altered | None = None
    ) -> Tape:
        """A tape of the program: at other leaves, or with other values of its operations."""
        q, noise = self.question, None if self.seed is None else _noise(self.seed, self.unit)
        same = self.seed is None and (leaves is not None or altered is not None)
        if same and is_straight(q.program.jaxpr):
            pairs = enumerate(zip(leaves or q.leaves, q.leaves, strict=True))
            others = {i: np.asarray(x) for i, (x, old) in pairs if x is not old}
            return again(self.tape, others, altered)
        with jax.enable_x64(True):
            return record(q.program, leaves or q.leaves, q.wanted, noise, altered)

    @cached_property
    def slopes(self) -> dict[tuple, Any]:
        return {}  # their values at the units, as far as they are kept

    @cached_property
    def units(self) -> dict[Unit, list[At]]:
        if self.plain is not None:
            return self.plain.units  # they are of the numbers, which no mistake changes
        with np.errstate(all="ignore"):
            return units(self.tape)

    @cached_property
    def differences(self) -> list[np.ndarray]:
        """got - truth; 0 where the truth is not known.  Less what a given mistake explains."""
        if self.given is not None:
            pairs = zip(self.sample.got, self.right_alone, strict=True)
            rest = [np.asarray(got) - x for got, x in pairs]
            known = zip(rest, self.known, strict=True)
            return [np.where(k & np.isfinite(d), d, 0.0) for d, k in known]
        with np.errstate(invalid="ignore", over="ignore"):
            pairs = zip(self.sample.got, self.sample.truth, strict=True)
            apart = [(np.asarray(got) - ball.mid) - ball.tail for got, ball in pairs]
        return [
            np.where(k & np.isfinite(d), d, 0.0) for d, k in zip(apart, self.known, strict=True)
        ]

    @property
    def finite(self) -> bool:
        """Whether every answer that can be judged is a number, and some can be."""
        pairs = zip(self.sample.got, self.known, strict=True)
        return all(np.isfinite(np.asarray(g)[k]).all() for g, k in pairs) and any(
            k.any() for k in self.known
        )

    @cached_property
    def known(self) -> list[np.ndarray]:
        return [decidable(self.sample, k) for k in range(len(self.sample.paths))]

    @cached_property
    def wrong(self) -> list[bool]:
        """Which leaves have an entry outside its budget."""
        if self.given is not None:
            pairs = zip(self.differences, self.tolerance, strict=True)
            return [bool((np.abs(d) > room).any()) for d, room in pairs]
        return [bool(outside(self.sample, k).any()) for k in range(len(self.sample.paths))]

    @cached_property
    def tolerance(self) -> list[np.ndarray]:
        """What an entry may be off by; infinite where the truth is not known."""
        pairs = zip(self.sample.allowed, self.sample.truth, self.known, strict=True)
        return [np.where(k, a + b.rad, np.inf) for a, b, k in pairs]

    @cached_property
    def directions(self) -> list[np.ndarray]:
        weights = [self._weights(k) for k in range(len(self.differences))]
        return directions_of(weights, self.differences, together=self.given is not None)

    def _weights(self, leaf: int) -> np.ndarray:
        """1 over the budget, and 0 where there is none; no budget is less than a rounding."""
        truth, room = self.sample.truth[leaf], self.tolerance[leaf]
        both = np.abs(truth.mid) + np.abs(self.differences[leaf])
        least = np.finfo(float).eps * np.sqrt(np.mean(both**2)) if both.size else 0.0
        size = np.maximum(np.maximum(room, least), np.abs(self.differences[leaf]) / HEAVIEST)
        return np.where((size > 0) & np.isfinite(size), 1.0 / np.where(size > 0, size, 1.0), 0.0)

    @cached_property
    def target(self) -> np.ndarray:
        """<r, got - truth> for every direction r."""
        return along(self.directions, self.differences)

    @cached_property
    def rates(self) -> Arrays:
        return rates(self.tape, self.directions)

    @cached_property
    def _met(self) -> tuple[Sweep, list[Meeting]]:
        return meetings(self.tape, self.rates)

    @cached_property
    def right_alone(self) -> list[np.ndarray]:
        """The right gradient, where no part of it is asked for."""
        return [np.asarray(x) for x in swept(self.tape).gradient]

    @property
    def right(self) -> Sweep:
        return self._met[0]

    @property
    def met(self) -> list[Meeting]:
        return self._met[1]

    def relaid(self, scales: Mapping[Spot, float]) -> tuple[np.ndarray, dict[Spot, np.ndarray]]:
        """What is left, and what flows through every spot, where some are already wrong."""
        sweep, met = meetings(self.tape, rates(self.tape, self.directions, scales), scales)
        pairs = zip(self.right.gradient, sweep.gradient, strict=True)
        return self.target + along(self.directions, [a - b for a, b in pairs]), flows(met)

    def residual(
        self, predicted: Sequence, again: Callable[["Problem"], Sequence] | None = None
    ) -> float:
        """The largest distance of the answer from a prediction, in budgets.

        A mistake is rounded too: as coarsely, over its size, as the gradient of the same leaf.
        Where that is not enough, and `again` can make the prediction with other roundings, by as
        much as those change it: a mistake may cancel more digits than the gradient does.
        Infinite where the right gradient would fit as well: the mistake then explains nothing.
        """
        plain = self._residual(predicted, [0.0] * len(predicted))
        if again is None or not 1.0 < plain < DOUBTFUL:
            return plain
        with np.errstate(all="ignore"):
            other = [again(p) for p in self.perturbed]
        spread = [
            SPREADS * np.max([np.abs(np.asarray(o[k]) - np.asarray(x)) for o in other], axis=0)
            for k, x in enumerate(predicted)
        ]
        return self._residual(predicted, spread)

    @cached_property
    def perturbed(self) -> list["Problem"]:
        """The same case, every result of the tape rounded another way."""
        return [replace(self, seed=seed, plain=None) for seed in range(PERTURBED)]

    def _residual(self, predicted: Sequence, spread: Sequence) -> float:
        worst = unexplained = 0.0
        for k, guess in enumerate(map(np.asarray, predicted)):
            room = np.asarray(self._room(k, guess) + spread[k])
            worst = max(worst, self._ratio(k, guess, room))
            if self.wrong[k]:
                unexplained = max(unexplained, self._ratio(k, self.right_alone[k], room))
        return np.inf if any(self.wrong) and unexplained <= 1.0 else worst

    def _room(self, leaf: int, guess: np.ndarray) -> np.ndarray:
        mistake = np.nan_to_num(np.abs(guess - self.right_alone[leaf]), posinf=0.0)
        size = max(_root(self.right_alone[leaf]), np.finfo(float).tiny)
        coarse = _root(self.tolerance[leaf][self.known[leaf]]) / size
        room = self.tolerance[leaf] + coarse * (mistake + _root(mistake[self.known[leaf]]))
        return np.asarray(room + self.unit * mistake)

    def rules_out(self, leaf: int, guess: Any) -> bool:
        """Whether a prediction of one leaf is so far off that no other rounding makes it fit."""
        guess = np.asarray(guess)
        return self._ratio(leaf, guess, self._room(leaf, guess)) >= DOUBTFUL

    def _ratio(self, leaf: int, guess: np.ndarray, room: np.ndarray) -> float:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            got = np.asarray(self.sample.got[leaf])
            off = np.abs(got - guess)
            neither = ~(np.isfinite(got) | np.isfinite(guess))
            ratio = np.where((off == 0.0) | neither, 0.0, off / room)
        ratio = np.where(self.known[leaf], np.where(np.isnan(ratio), np.inf, ratio), 0.0)
        return float(ratio.max(initial=0.0))

    @cached_property
    def unit(self) -> float:
        """What a few roundings cost in the format asked for: the narrowest that holds all args."""
        mine = 4.0 * format_of(narrowest(jax.tree.leaves(self.sample.args))).unit
        return min(mine, self.finest)


def _noise(seed: int, unit: float) -> Callable:
    rng = np.random.default_rng([11, seed])
    other = lambda x: x * (1.0 + 0.5 * unit * rng.uniform(-1.0, 1.0, np.shape(x)))
    return lambda x: other(x) if np.asarray(x).dtype.kind == "f" else x


def wrong_leaves(problems: Sequence[Problem]) -> tuple[str, ...]:
    """The names of the leaves that are outside their budget in any case."""
    paths = problems[0].sample.paths
    return tuple(path for k, path in enumerate(paths) if any(p.wrong[k] for p in problems))


def _root(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0


def largest(problems: Sequence[Problem], predicted: Callable[[Problem], Sequence]) -> float:
    """What a mistake leaves, in budgets at the worst entry; beyond 1 no further case is asked.

    `predicted(p)` is the gradient that the mistake makes.
    """
    worst = 0.0
    for p in problems:
        worst = max(worst, p.residual(predicted(p), predicted))
        if not worst <= 1.0:
            break
    return worst
