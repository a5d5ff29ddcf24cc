"""What other people use as a gate for a gradient: each accepts or refuses one answer, leaf by leaf.

Leaves are float64 arrays.  A gate sees the answer, the truth (what a float64 reference is, here the
middle of the proven ball), an ordinary reference in the dtype under test (autodiff), the worst case
of rounding by Higham's gamma, and slopes of the function along one direction by differences.
Tolerances are those of the projects that are named; nothing here is ours.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arithmetic.formats import format_of

Leaves = list[np.ndarray]
SIXTEEN_BITS = ("bfloat16", "float16")
STEPS = tuple(10.0**-k for k in range(2, 9))  # of Mooncake's test_rule


class Answer(NamedTuple):
    """One answer, and what it is compared with."""

    got: Leaves
    truth: Leaves
    eager: Leaves  # the reference in the dtype under test
    bound: Leaves  # the worst case of rounding, entry by entry
    direction: Leaves
    quotients: tuple[float, ...]  # slopes along the direction, one for each of STEPS
    dtype: str


Gate = Callable[[Answer], bool]


def each(gate: Callable[[np.ndarray, np.ndarray, np.ndarray, str], bool]) -> Gate:
    """A gate for (got, truth, eager, dtype) of single tensors, of which all must pass."""

    def passes(answer: Answer) -> bool:
        with np.errstate(all="ignore"):
            leaves = zip(answer.got, answer.truth, answer.eager, strict=True)
            return all(gate(*leaf, answer.dtype) for leaf in leaves)

    return passes


def allclose(rtol: float, atol: float, narrow: float | None = None) -> Gate:
    """|got - eager| <= atol + rtol |eager|; `narrow` is both for formats of 16 bits."""

    def close(got, truth, eager, dtype) -> bool:
        r, a = (narrow, narrow) if narrow and dtype in SIXTEEN_BITS else (rtol, atol)
        return bool((np.abs(got - eager) <= a + r * np.abs(eager)).all())

    return each(close)


def largest(x: np.ndarray) -> float:
    return float(np.max(np.abs(x), initial=0.0))


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0


def twice_the_largest(got, truth, eager, dtype) -> bool:
    return bool(largest(got - truth) <= 2.0 * largest(eager - truth) + 3e-5)


def twice_with_a_floor(got, truth, eager, dtype) -> bool:
    floor = format_of(dtype).unit * largest(truth)
    return bool(largest(got - truth) <= 2.0 * largest(eager - truth) + floor)


def same(got, truth, eager, dtype) -> bool:
    """Close to the reference, or of an RMS error that is 2 to 3 times its own, and a little."""
    tolerance, few = 1e-4, 1000
    if (np.abs(got - eager) <= tolerance + tolerance * np.abs(eager)).all():
        return True
    times = 3.0 if truth.size < few or dtype in SIXTEEN_BITS else 2.0
    return bool(rms(got - truth) <= times * rms(eager - truth) + tolerance / 10.0)


def ratio(got, truth, eager, dtype) -> bool:
    if largest(got - truth) <= 1e-6:
        return True
    return bool(rms(got - truth) / (rms(truth) + 1e-8) < 0.005)


def cosine(got, truth, eager, dtype) -> bool:
    length = np.linalg.norm(got) * np.linalg.norm(truth)
    return bool(np.sum(got * truth) >= 0.99 * max(length, 1e-30)) if truth.size else True


def worst_case(answer: Answer) -> bool:
    """One tolerance for a tensor: the largest bound of its entries."""
    leaves = zip(answer.got, answer.truth, answer.bound, strict=True)
    with np.errstate(all="ignore"):
        return all(largest(got - truth) <= largest(bound) for got, truth, bound in leaves)


def any_step(answer: Answer) -> bool:
    """Along one direction, at any of the steps, to 1e-3."""
    with np.errstate(all="ignore"):
        pairs = zip(answer.got, answer.direction, strict=True)
        slope = float(sum(np.sum(g * d) for g, d in pairs))
        off = [abs(slope - q) <= 1e-3 + 1e-3 * abs(q) for q in answer.quotients]
    return any(off)


GATES: dict[str, Gate] = {
    "torch.allclose, defaults": allclose(1e-5, 1e-8),
    "allclose 1e-4, 16 bits 1e-2 (KernelBench)": allclose(1e-4, 1e-4, narrow=1e-2),
    "allclose 1e-2 (BackendBench)": allclose(1e-2, 1e-2),
    "largest error, 2 x reference + 3e-5 (flash-attention)": each(twice_the_largest),
    "largest error, 2 x reference + floor (torchtitan)": each(twice_with_a_floor),
    "RMS error, 2 to 3 x reference (PyTorch's same)": each(same),
    "RMS ratio below 0.5 % (flash-linear-attention)": each(ratio),
    "cosine above 0.99": each(cosine),
    "worst case by gamma, a tensor at a time (hipDNN)": worst_case,
    "any of 7 steps to 1e-3 (Mooncake)": any_step,
}
