"""Judge a gradient that is right on average: a random estimate, beside the gradient of its mean."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters.jax_function import named
from ..adapters.randomness import Estimate, estimate_of, one_answer, powers
from ..adapters.trees import inward, outward
from ..measurement.answer import cast, truth_or_silence
from ..measurement.batch import budget_at
from ..measurement.contract import Rejection
from ..measurement.layout import leaves_of
from ..measurement.sequential import EARLY, Moments, halfwidth, is_normal
from ..measurement.subject import autodiff, inside
from ..oracles.question import ask
from ..vocabulary import Ball, Finding, Silent, Verdict, Worst
from ..vocabulary.progress import counted, watched
from ..vocabulary.raised import in_words
from .arguments import argnums_of, args_of, check_point, dtype_of
from .draws import drawn
from .leaf_names import names_of, with_names
from .mean_words import bias_of, explained, settled, unsettled, worst_entry

BLOCK = {"key": 4096, "rng": 512, "seed": 512}  # answers between two looks


def validate_estimator(
    estimate: Callable,
    of: Callable,
    args: Any,
    *,
    samples: int = 1_000_000,
    argnums: Any = 0,
    dtype: Any = "float32",
    cases: int = 2,
    seed: int = 0,
    bias: float = 0.01,
    error: float = 1e-6,
) -> Finding:
    """The verdict on E[estimate(*args, randomness)] -> d of / d args[argnums].

    estimate  answers a gradient; one of its parameters is called `key` (a key of jax.random), `rng`
              (a generator of NumPy) or `seed`
    of        what the estimate is to be the gradient of on average: traceable by JAX, a scalar
    samples   answers drawn at each case, at most
    cases     points that args, a sampler, is drawn at
    bias      the smallest bias that must have been seen for `correct`, in RMS of its leaf
    error     the probability of calling an unbiased estimate wrong, over all entries, cases and
              looks together, as far as means are normal (measurement/sequential.py looks at that)

    `wrong` is a bias that is certain but for `error`; where `samples` do not suffice it is
    `undecided`, and the reason says how many would.  The same seed has the same answer.  Raises
    ValueError and TypeError for arguments that are not what they should be.
    """
    known = estimate_of(estimate)
    if not 0.0 < error < 0.1 or not bias > 0.0 or samples < 1 or cases < 1:
        raise ValueError(
            f"error is {error}, bias {bias}, samples {samples}, cases {cases}; error lies between "
            "0 and 0.1, and the others are positive"
        )
    given, kind = args_of(args), dtype_of(dtype)
    rng = np.random.default_rng(seed)
    points = [drawn(given, rng, kind) for _ in range(cases)] if callable(given) else [given]
    numbers = argnums_of(argnums, of, len(points[0]))
    names = names_of(of, len(points[0]))
    check_point(points[0], (numbers,) if isinstance(numbers, int) else numbers, names)
    asked = Asked(known, of, numbers, kind, samples, seed, bias, error / len(points))
    found: list[Look] = []
    looks = (looked(asked, point, f"case {k}") for k, point in enumerate(points))
    with watched(named(estimate)):
        for look in counted("cases", looks, range(len(points))):
            found.append(look)
            if look.verdict is not Verdict.CORRECT:
                break
    return with_names(_finding(asked, found), names)


class Asked(NamedTuple):
    """The arguments of validate_estimator; `error` is the share of one point."""

    estimate: Estimate
    of: Callable
    argnums: int | tuple[int, ...]
    dtype: str
    samples: int
    seed: int
    bias: float
    error: float

    @property
    def numbers(self) -> tuple[int, ...]:
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums


class Look(NamedTuple):
    """What was found at one point, leaf by leaf."""

    case: str
    verdict: Verdict
    reason: str
    paths: tuple[str, ...] = ()
    truth: tuple[Ball, ...] = ()
    moments: tuple[Moments, ...] = ()
    room: tuple[np.ndarray, ...] = ()  # how far each mean may be from the truth


def looked(asked: Asked, point: tuple, case: str) -> Look:
    """Answers are drawn at a point until it is decided."""
    known = known_at(asked, point)
    if isinstance(known, str):
        return Look(case, Verdict.UNDECIDED, known)
    try:
        with watched(case):
            return narrowed(asked, known, case)
    except Rejection as said:
        return Look(case, Verdict.REJECTED, str(said))


class Known(NamedTuple):
    """A point in the dtype, the truth there, and what rounding may do to a mean."""

    args: tuple
    paths: tuple[str, ...]
    truth: list[Ball]
    rounding: list[np.ndarray]


def known_at(asked: Asked, point: tuple) -> Known | str:
    """What does not depend on the answers; or why it is not known."""
    args = cast(inward(point), asked.dtype)
    question = ask(inside(asked.of), args, asked.numbers)
    truth, silence = truth_or_silence(question, asked.dtype)
    try:
        allowed = budget_at(autodiff(inside(asked.of), asked.numbers, True), args, asked.dtype)
    except Silent as said:
        return str(said)
    if any(not np.isfinite(ball.rad).all() for ball in truth):
        return silence or "the function has no derivative there"
    rounding = [a + ball.rad for a, ball in zip(allowed.allowed, truth, strict=True)]
    return Known(args, question.paths, truth, rounding)


def narrowed(asked: Asked, known: Known, case: str) -> Look:
    """Answers are drawn until the point is decided, or there are no more.  Raises Rejection."""
    args, paths, truth, rounding = known
    share = asked.error / sum(ball.mid.size for ball in truth)
    scale = _scales(truth)
    blocks = range(-(-asked.samples // BLOCK[asked.estimate.kind]))
    for moments in counted("blocks of answers", _growing(asked, args, truth), blocks):
        pairs = zip(moments, rounding, strict=True)
        room = [halfwidth(m, share, asked.samples / EARLY) + r for m, r in pairs]
        look = Look(case, Verdict.UNDECIDED, "", paths, tuple(truth), moments, tuple(room))
        normal = all(is_normal(m, share).all() for m in moments)
        if normal and any((abs(m.mean) > r).any() for m, r in zip(moments, room, strict=True)):
            return look._replace(verdict=Verdict.WRONG, reason=bias_of(look, scale))
        seen = (2.0 * r <= asked.bias * s for r, s in zip(room, scale, strict=True))
        if normal and all(entries.all() for entries in seen):
            return look._replace(verdict=Verdict.CORRECT, reason=settled(look, scale))
    return look._replace(reason=unsettled(look, scale, normal, asked.bias, share))


def _growing(asked: Asked, args, truth) -> Iterator[tuple[Moments, ...]]:
    """The moments of all answers so far, around the truth.  Raises Rejection."""
    picked, block = _picked(asked, args), BLOCK[asked.estimate.kind]
    centre = [ball.mid for ball in truth]
    moments = tuple(Moments(0, np.zeros((4, *c.shape))) for c in centre)
    done = 0
    while done < asked.samples:
        count = min(block, asked.samples - done)
        sums = _asked_for(asked, picked, args, centre, (asked.seed, done, count))
        moments = tuple(m + (count, s) for m, s in zip(moments, sums, strict=True))
        done += count
        yield moments


def _asked_for(asked: Asked, picked: tuple, args, centre: list, block: tuple) -> list:
    try:
        sums = powers(asked.estimate, picked, args, centre, block)
    except Rejection:
        raise
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        raise Rejection(f"it raised {in_words(error)}") from error
    if not all(np.isfinite(x).all() for x in sums):
        raise Rejection("some of its answers are NaN or infinite")
    return sums


def _picked(asked: Asked, args: tuple) -> tuple[int, ...]:
    """Which leaves of an answer are the gradient's.  Raises Rejection for another structure."""
    try:
        answer = one_answer(asked.estimate, outward(args), asked.seed)
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        raise Rejection(f"it raised {in_words(error)}") from error
    single = isinstance(asked.argnums, int)
    found, answer = jax.tree.leaves(inward(answer)), inward(answer)
    kept = leaves_of(answer, args, asked.numbers, single)
    return tuple(next(k for k, x in enumerate(found) if x is leaf) for leaf in kept)


def _scales(truth: list[Ball]) -> list[float]:
    """The RMS of each leaf; of one that is 0, that of all."""
    whole = np.concatenate([ball.mid.ravel() for ball in truth])
    rms = lambda x: float(np.sqrt(np.mean(x**2)))
    return [rms(ball.mid) or rms(whole) or 1.0 for ball in truth]


def _finding(asked: Asked, found: list[Look]) -> Finding:
    last = found[-1]
    is_wrong = last.verdict is Verdict.WRONG
    power: dict[str, float] = {}
    for look in found:
        scale = _scales(list(look.truth)) if look.truth else []
        for path, room, rms in zip(look.paths, look.room, scale, strict=True):
            power[path] = max(power.get(path, 0.0), float(2.0 * room.max() / rms))
    return Finding(
        name=named(asked.estimate.function),
        dtype=asked.dtype,
        verdict=last.verdict,
        reason=last.reason,
        power=power,
        worst=_worst(last) if last.moments else None,
        cases=len(found),
        skipped=0,
        oracle="ball" if all(ball.proven for ball in last.truth) else "reverse_autodiff",
        explanation=explained(last) if is_wrong else (),
        cases_asked=len(found),
        cases_drawn=len(found),
    )


def _worst(look: Look) -> Worst:
    """The entry with the largest bias; ulps are those of float64."""
    k, index = worst_entry(look)
    off, room = float(look.moments[k].mean[index]), float(look.room[k][index])
    true = float(look.truth[k].mid[index])
    shares = abs(off) / room if room else float(np.inf if off else 0.0)
    return Worst(
        look.paths[k],
        index,
        true + off,
        true,
        room,
        shares,
        abs(off) / float(np.spacing(abs(true))),
        look.case,
    )
