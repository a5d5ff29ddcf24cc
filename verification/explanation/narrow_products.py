"""Lost digits that are those of products of matrices whose factors were rounded before.

Processors of matrices multiply float32 in fewer digits unless they are told not to: TF32 keeps 11
bits of each factor, bfloat16 keeps 8; sums are in float32 again.  The gradient of `of` is computed
in float64 with the factors of every product, and of every convolution, rounded so, on the way
there and back.  Where that accounts for what an answer is off by, it is said.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jax import lax
from jax.extend.core import JaxprEqn

from ..arithmetic.inner_programs import CALLS, program_of
from ..arithmetic.linear import bind
from ..arithmetic.shifts import anew, replayed, within_steps
from ..measurement.sample import Sample, decidable
from ..oracles.question import as_exact
from ..vocabulary import Explanation

PRODUCTS = ("dot_general", "conv_general_dilated")
LEFT = 0.25  # of the error: that a drawn direction of 8 entries comes so near is one in 10^5
LEAST = 8  # entries that are off
REMEDY = (
    'ask for all digits: `with jax.default_matmul_precision("highest")`, or '
    "`torch.backends.cuda.matmul.allow_tf32 = False`"
)


class Rounded(NamedTuple):
    """What is kept of a factor, beside the sign."""

    name: str
    exponent: int
    mantissa: int


FORMATS = (Rounded("TF32", 8, 10), Rounded("bfloat16", 8, 7))


def narrow_products(
    evidence: Sequence[Sample], of: Callable, argnums: tuple[int, ...], scalar: bool
) -> tuple[Explanation, ...]:
    """What fits all cases that are far enough off; empty where nothing does or is known."""
    problems = [one for one in evidence if one.got and not one.failure]
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            found = [f for f in FORMATS if _all_fit(f, problems, of, argnums, scalar)]
    except Exception:  # any function; a verdict is not lost for want of a reason
        return ()
    said = "the factors are rounded to {0.name}, {1} bits of each".format
    return tuple(
        Explanation("cast", "products of matrices", said(f, f.mantissa + 1), remedy=REMEDY)
        for f in found[:1]
    )


def _all_fit(rounded: Rounded, problems: list[Sample], of, argnums, scalar: bool) -> bool:
    seen = []
    for sample in problems:
        answer = _gradient(rounded, sample, of, argnums, scalar)
        off, left = zip(
            *map(_apart, range(len(answer)), [sample] * len(answer), answer), strict=True
        )
        off, left = np.concatenate(off), np.concatenate(left)
        if np.count_nonzero(off) >= LEAST:
            seen.append(np.linalg.norm(left) <= LEFT * np.linalg.norm(off))
    return bool(seen) and all(seen)


def _apart(k: int, sample: Sample, rounded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a leaf is off by, and what is left of that; in what each entry may be off by."""
    truth, known = sample.truth[k], decidable(sample, k)
    room = np.where(sample.allowed[k] > 0.0, sample.allowed[k], np.inf)
    off, left = (sample.got[k] - truth.mid) / room, (sample.got[k] - rounded) / room
    return np.where(known, off, 0.0).ravel(), np.where(known, left, 0.0).ravel()


def _gradient(rounded: Rounded, sample: Sample, of, argnums, scalar: bool) -> list[np.ndarray]:
    args = jax.tree.map(as_exact, sample.args)
    given, above = (args, None) if scalar else (args[:-1], args[-1])

    def slopes(given, above):
        mine = lambda *moved: of(*_put(given, argnums, moved))
        value, back = jax.vjp(mine, *(given[i] for i in argnums))
        return back(jax.numpy.ones_like(value) if above is None else above)

    leaves, tree = jax.tree.flatten((given, above))
    program = jax.make_jaxpr(lambda *xs: slopes(*jax.tree.unflatten(tree, xs)))(*leaves)
    return [
        np.asarray(leaf, np.float64)
        for leaf in replayed(program, leaves, partial(_outputs, rounded))
    ]


def _put(given: tuple, argnums: tuple[int, ...], moved: tuple) -> list:
    found = dict(zip(argnums, moved, strict=True))
    return [found.get(i, x) for i, x in enumerate(given)]


def _outputs(rounded: Rounded, eqn: JaxprEqn, ins: list) -> list:
    """Those of an equation; the factors of a product are rounded, in calls and loops, too."""
    if eqn.primitive.name in CALLS:
        return replayed(program_of(eqn.params), ins, partial(_outputs, rounded))
    if eqn.primitive.name in PRODUCTS:
        ins = [lax.reduce_precision(x, rounded.exponent, rounded.mantissa) for x in ins]
    return bind(within_steps(eqn, lambda inner: anew(inner, partial(_outputs, rounded))), ins)
