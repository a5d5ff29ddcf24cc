"""The rounding error that a correct implementation may show: per entry, in its dtype.

Two budgets, neither ever scaled by the size of an array:

running bound      the running error bound of the reference gradient, first order and rigorous up
                   to the stated assumptions (see arithmetic/bounds.py)
random rounding    K sigma, sigma the deviation of an entry over 32 runs of the reference gradient
                   with every rounding replaced by a random one (see arithmetic/rounding.py)

A leaf is judged by the running bound where that is sharp: where it leaves two thirds of the digits
of the format at every entry, relative to the leaf's root mean square.  Elsewhere each entry has the
smaller of the two.

K is the quantile of Student's t that an entry of a correct gradient passes with a probability of
FALSE_ALARM over the number of entries judged; 32 samples of each entry of a leaf are its degrees
of freedom, because no entry is trusted alone: sigma is at least what the running bound suggests,
scaled to sigma by the leaf's median, and the root mean square of the leaf's sigmas where
that is less.  As K > sqrt(32), whatever one sample did is allowed.  The probability holds
for rounding errors as independent as the model's; benchmarks/calibration.py measures what is seen.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr
from scipy import stats

from ..arithmetic.bounded import Bounded, format_of
from ..arithmetic.bounds import bounds
from ..arithmetic.interpreter import Arithmetic, is_plain, run
from ..arithmetic.rounding import random_rounding, underflow
from ..arithmetic.samples import Samples
from ..oracles.question import as_exact

DTYPES = ("float64", "float32", "float16", "bfloat16")
SAMPLES = 32
FALSE_ALARM = 1e-9  # per case, of a correct implementation that rounds as the model does
ROOM = 2**21  # numbers of one array that are held at once
RUNNING, RANDOM = "running bound", "random rounding"


class Budget(NamedTuple):
    """Leaf by leaf: the error allowed at each entry, and which budget it is."""

    allowed: list[np.ndarray]
    kinds: tuple[str, ...]


def budget(gradient: Callable, args: tuple, dtype: str) -> Budget:
    """What gradient(*args) may be off by in `dtype`, leaf by leaf, in flattening order."""
    program, leaves = _program(gradient, args)
    rigorous = _running(program, leaves, _bounds(dtype))
    enough = [_sharp(value, error, dtype) for value, error in rigorous]
    errors = [error for _, error in rigorous]
    if all(enough):
        return Budget(errors, (RUNNING,) * len(enough))
    randoms = _allowances(_sigmas(program, leaves, dtype), errors, dtype)
    if dtype == "float64":
        lost = _underflows(program, leaves, errors)
        randoms = [np.asarray(a + b) for a, b in zip(randoms, lost, strict=True)]
    chosen = [_chosen(*leaf) for leaf in zip(enough, errors, randoms, strict=True)]
    return Budget([allowed for allowed, _ in chosen], tuple(kind for _, kind in chosen))


def running_bound(gradient: Callable, args: tuple, dtype: str) -> list[np.ndarray]:
    """The rigorous one of the two budgets, leaf by leaf."""
    return [error for _, error in _running(*_program(gradient, args), _bounds(dtype))]


def deviations(gradient: Callable, args: tuple, dtype: str) -> list[np.ndarray]:
    """Sigma of every entry under random rounding; infinite where a sample was not finite."""
    return _sigmas(*_program(gradient, args), dtype)


def _chosen(enough: bool, rigorous: np.ndarray, random: np.ndarray) -> tuple[np.ndarray, str]:
    if enough or not (random < rigorous).any():
        return rigorous, RUNNING
    return np.asarray(np.minimum(rigorous, random)), RANDOM


def _sharp(value: np.ndarray, error: np.ndarray, dtype: str) -> bool:
    """Whether the bound leaves two thirds of the digits; of a leaf of zeros, whether it is 0."""
    if not np.isfinite(value).all():
        return False
    largest = np.abs(value).max(initial=0.0)
    if largest == 0.0:
        return bool((error == 0.0).all())
    scale = largest * np.sqrt(np.mean((value / largest) ** 2))
    return bool((error <= format_of(dtype).unit ** (2 / 3) * scale).all())


# --- the running bound -----------------------------------------------------------------------


def _running(program: ClosedJaxpr, leaves: list, arithmetic: Arithmetic) -> list[tuple]:
    lifted = [arithmetic.lift(x) if x.dtype.kind == "f" else x for x in leaves]
    with np.errstate(all="ignore"):
        outs = run(program, lifted, arithmetic)
    return [_value_and_error(out) for out in outs]


def _value_and_error(out) -> tuple[np.ndarray, np.ndarray]:
    """NaN, from infinities that met, is no bound at all."""
    if is_plain(out):
        return out.astype(float), np.zeros(out.shape)
    assert isinstance(out, Bounded)
    return out.value, np.where(np.isnan(out.error) | np.isnan(out.value), np.inf, out.error)


def _underflows(program: ClosedJaxpr, leaves: list, errors: list) -> list[np.ndarray]:
    """What underflow adds to the bound: in float64 itself, no sample of float64 can show it."""
    endless = bounds(format_of("float64")._replace(tiny=0.0))
    without = [error for _, error in _running(program, leaves, endless)]
    with np.errstate(invalid="ignore"):
        parts = [a - b for a, b in zip(errors, without, strict=True)]
    return [np.where(np.isfinite(part), np.maximum(part, 0.0), 0.0) for part in parts]


_bounds = functools.lru_cache(maxsize=8)(lambda dtype: bounds(format_of(dtype)))


# --- random rounding -------------------------------------------------------------------------


def _sigmas(program: ClosedJaxpr, leaves: list, dtype: str) -> list[np.ndarray]:
    """Root mean square deviations, a few samples at a time where arrays are large."""
    largest = max((x.size for x in leaves), default=1)
    count = int(np.clip(ROOM // max(largest, 1), 1, SAMPLES))
    runs = -(-SAMPLES // count)
    with np.errstate(all="ignore"):
        parts = [_spreads(program, leaves, dtype, count, [seed]) for seed in range(runs)]
        roots = [_root(np.stack(leaf)) / np.sqrt(runs * count) for leaf in zip(*parts, strict=True)]
    return [np.asarray(np.where(np.isnan(root), np.inf, root)) for root in roots]


def _spreads(program, leaves, dtype: str, count: int, seed: list[int]) -> list[np.ndarray]:
    arithmetic = random_rounding(format_of(dtype), count, seed)
    lifted = [arithmetic.lift(x) if x.dtype.kind == "f" else x for x in leaves]
    outs = run(program, lifted, arithmetic)
    return [np.zeros(out.shape) if is_plain(out) else _spread(out) for out in outs]


def _spread(out: Samples) -> np.ndarray:
    """The root of the sum of squared deviations; infinite where a number may have overflowed."""
    first, others = out.value[:1], out.value[1:]
    if not len(others):
        return np.asarray(np.where(np.isfinite(first[0]), 0.0, np.inf))
    return _root(others - first)


def _root(deviations: np.ndarray) -> np.ndarray:
    """sqrt of the sum of squares along the first axis; squares of small numbers are not 0 here."""
    scale = np.abs(deviations).max(axis=0)
    scale = np.where((scale > 0.0) & (scale < np.inf), scale, 1.0)
    return np.asarray(scale * np.sqrt(np.sum((deviations / scale) ** 2, axis=0)))


def _allowances(sigmas: list[np.ndarray], errors: list[np.ndarray], dtype: str) -> list:
    entries, least = sum(sigma.size for sigma in sigmas), underflow(format_of(dtype))
    allowances = [_allowance(*leaf, entries) for leaf in zip(sigmas, errors, strict=True)]
    return [np.asarray(np.maximum(allowed, least)) for allowed in allowances]


def _allowance(sigma: np.ndarray, bound: np.ndarray, entries: int) -> np.ndarray:
    """K sigma, with no sigma smaller than its neighbours say."""
    if not sigma.size:
        return sigma
    quantile = stats.t.isf(FALSE_ALARM / (2 * entries), SAMPLES * sigma.size)
    return np.asarray(quantile * np.maximum(sigma, _least(sigma, bound)))


def _least(sigma: np.ndarray, bound: np.ndarray) -> np.ndarray:
    finite = np.isfinite(sigma)
    usual = _root(sigma[finite]) / np.sqrt(finite.sum()) if finite.any() else 0.0
    known = finite & np.isfinite(bound) & (bound > 0.0)
    if not known.any():
        return np.asarray(np.where(bound > 0.0, usual, 0.0))
    scale = np.median(sigma[known] / bound[known])
    said = np.where(np.isfinite(bound), scale * np.where(known, bound, 0.0), usual)
    return np.asarray(np.minimum(said, usual))


def _program(gradient: Callable, args: tuple) -> tuple[ClosedJaxpr, list[np.ndarray]]:
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        return _trace(gradient, tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves)), leaves


@functools.lru_cache(maxsize=512)
def _trace(gradient: Callable, tree, signature: tuple) -> ClosedJaxpr:
    flat = lambda *leaves: jax.tree.leaves(gradient(*jax.tree.unflatten(tree, leaves)))
    return jax.make_jaxpr(flat)(*(jax.ShapeDtypeStruct(*s) for s in signature))
