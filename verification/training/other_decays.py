"""Weight decay at the other place: inside the gradient, or beside the step.

A rule may be anything that optax can make, so its constants are measured, tensor by tensor, on
gradients of our own, with a memory that has seen none:

decoupled   w - r s(g) - c w: c by a step without a gradient, with the weights and without them
inside      w - r s(g + d w): d is where a gradient of -d w moves nothing, by bisection
rate        r by a gradient of ones, or of large numbers where s is no multiple of g; d = c / r
"""

from collections.abc import Callable, Iterator

import numpy as np
from jax.extend.core import jaxpr_as_fun

from ..arithmetic.bounded import Bounded
from ..arithmetic.formats import format_of
from .local import Memory, advance, loose, moved, start
from .single_steps import WrongStep, fed, nearest

HALVINGS, STRONGEST = 60, 64.0  # of a decay inside the gradient
NONE, ALIKE = 2.0**-40, 2.0**-20  # of the weights: less is no decay; of what is told alike
LARGE = 2.0**30  # a gradient beside which epsilon is nothing
SIZES = (1.0, LARGE)
FIRST, STEPS = 4, 64  # steps at which a schedule may be 0; steps that are run again
AHEAD = 4  # steps from the wrong one on that must be explained
Told = list[tuple]  # (answer, truth, allowed) of each tensor


def others(wrong: WrongStep) -> Iterator[tuple[str, str, Told]]:
    """(name, what is said, what the step would be) where the rule has a decay that can be moved."""
    if wrong.k > STEPS or any(step.gradient is None for step in wrong.steps[: wrong.k + 1]):
        return
    weights = _wide(wrong.before)
    beside = _beside(wrong, wrong.memory, weights)
    known = [_rates(wrong, seen) for seen in (0.0, 1.0)]
    for memory, rates in known[: 1 + (known[0][1] != known[1][1])]:
        if all(rate > 0.0 for rate in rates):
            yield from _moved(wrong, weights, beside, memory, rates)


def _moved(
    wrong: WrongStep, weights: list, beside: list | None, memory: Memory, rates: list[float]
) -> Iterator[tuple[str, str, Told]]:
    """The decay at the other place, where the rates at this memory are those of a first step."""
    if beside is not None and max(beside) > NONE:
        first = _beside(wrong, memory, weights) or beside
        inside = [c / rate for c, rate in zip(first, rates, strict=True)]
        share = lambda memory: _beside(wrong, memory, weights) or beside
        said = f"decay of {max(inside):.6g} w is in the gradient, and should be beside the step"
        yield "decay in gradient", said, _told(wrong, inside, share)
    elif beside is None and (inside := _inside(wrong, memory, weights)) is not None:
        less = [-d * rate for d, rate in zip(inside, rates, strict=True)]
        said = f"weights decay by {max(inside):.6g} r of them beside the step: it should be in the "
        yield (
            "decay beside gradient",
            f"{said}gradient",
            _told(wrong, [-d for d in inside], lambda memory: less),
        )


def _wide(leaves: list) -> list[np.ndarray]:
    return [np.asarray(leaf, np.float64) for leaf in leaves]


def _after(wrong: WrongStep, memory: Memory, gradient: list, weights: list) -> tuple[list, Memory]:
    """Weights and memory after one update, in float64: a bound knows no root of 0."""
    plain = (x.value if isinstance(x, Bounded) else x for x in memory.leaves)
    kept = map(np.asarray, plain, memory.dtypes)
    with loose():
        out = jaxpr_as_fun(advance(wrong.reference, memory))(*_wide(gradient), *kept, *weights)
    later = out[len(weights) :]
    kept = [Bounded(np.asarray(x, np.float64)) if x.dtype.kind == "f" else x for x in later]
    return _wide(out[: len(weights)]), memory._replace(leaves=kept)


def _steps(wrong: WrongStep, memory: Memory, gradient: list, weights: list) -> list[np.ndarray]:
    """What the rule adds to these weights, of this gradient."""
    after, _ = _after(wrong, memory, gradient, weights)
    return [new - w for new, w in zip(after, weights, strict=True)]


def _beside(wrong: WrongStep, memory: Memory, weights: list) -> list[float] | None:
    """c of each tensor; None where the weights move otherwise than by a share of themselves."""
    none = [np.zeros_like(w) for w in weights]
    pairs = zip(*(_steps(wrong, memory, none, x) for x in (weights, none)), weights, strict=True)
    moves = [(with_them - without, w) for with_them, without, w in pairs]
    shares = [-(nearest([d], [w]) or 0.0) for d, w in moves]
    both = zip(moves, shares, strict=True)
    alike = [np.abs(d + c * w) <= ALIKE * (np.abs(d) + NONE) for (d, w), c in both]
    return shares if all(one.all() for one in alike) else None


def _rates(wrong: WrongStep, seen: float) -> tuple[Memory, list[float]]:
    """The memory at the first step with a rate, and r of each tensor there; 0 where it is none.

    Of the steps before, in a warm-up from 0, it has seen `seen` times the gradient by which r is
    told: none of it, as momentum wants it, or all of it, as means that are corrected for a start
    at 0 do.
    """
    none = [np.zeros_like(w) for w in _wide(wrong.before)]
    memories = [start(wrong.reference)] * len(SIZES)
    for _ in range(FIRST):
        rates = _rates_of(wrong, memories, none, seen)
        if any(rate > 0.0 for rate in rates):
            break
        sizes = zip(memories, SIZES, strict=True)
        memories = [_after(wrong, m, [x + seen * z for x in none], none)[1] for m, z in sizes]
    return memories[0], rates


def _rates_of(wrong: WrongStep, memories: list, none: list, seen: float) -> list[float]:
    def moves(memory: Memory, size: float) -> list[float]:
        bare = [0.0] * len(none) if seen else _steps(wrong, memory, none, none)
        steps = _steps(wrong, memory, [x + size for x in none], none)
        return [_alike(b - s) for b, s in zip(bare, steps, strict=True)]

    pairs = zip(*map(moves, memories, SIZES), strict=True)
    return [a if abs(b - LARGE * a) <= ALIKE * b else b for a, b in pairs]


def _alike(moves: np.ndarray) -> float:
    """By how much all entries move alike; 0 where they do not."""
    low, high = float(np.min(moves, initial=np.inf)), float(np.max(moves, initial=0.0))
    return low if 0.0 < low < np.inf and high - low <= ALIKE * high else 0.0


def _inside(wrong: WrongStep, memory: Memory, weights: list) -> list[float] | None:
    """d of each tensor: with a gradient of -d w the weights move as if there were none.

    None where it is not one d for all entries of a tensor.
    """
    low, high = ([np.full(w.shape, x) for w in weights] for x in (0.0, STRONGEST))
    for _ in range(HALVINGS):
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        against = [-d * w for d, w in zip(middle, weights, strict=True)]
        steps = _steps(wrong, memory, against, weights)
        falls = [s * w < 0.0 for s, w in zip(steps, weights, strict=True)]
        low = [np.where(f, m, a) for f, m, a in zip(falls, middle, low, strict=True)]
        high = [np.where(f, b, m) for f, m, b in zip(falls, middle, high, strict=True)]
    ends = [(a[w != 0], b[w != 0]) for a, b, w in zip(low, high, weights, strict=True)]
    spans = [(a.min(initial=STRONGEST), b.max(initial=0.0)) for a, b in ends]
    is_one = all(b - a <= ALIKE * b + NONE and b < STRONGEST for a, b in spans)
    found = [float(a + b) / 2 for a, b in spans]
    return found if is_one and max(found) > NONE else None


def _told(wrong: WrongStep, inside: list, beside: Callable[[Memory], list]) -> Told:
    """This step and those after it, with `inside` w more in every gradient since the start, and
    `beside` w less beside the step.
    """
    reference, unit = wrong.reference, format_of(wrong.reference.dtype).unit
    memory, told = start(reference), []
    for k, step in enumerate(wrong.steps[: wrong.k + AHEAD]):
        weights = _wide(reference.weights(wrong.steps, k))
        if step.gradient is None:
            break
        slopes = [
            Bounded(g.value + d * w, g.error + 4.0 * unit * np.abs(d * w))
            for g, d, w in zip(fed(wrong.base, step), inside, weights, strict=True)
        ]
        shares = beside(memory) if k >= wrong.k else inside
        found, memory = moved(reference, memory, slopes, weights)
        if k < wrong.k:
            continue
        for i, (got, c, w) in enumerate(zip(step.weights, shares, weights, strict=True)):
            truth, room = found.truth[i], found.allowed[i] + 4.0 * unit * np.abs(c * w)
            told.append((got, truth._replace(mid=truth.mid + c * w), room))
    return told
