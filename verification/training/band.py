"""The band: how far rounding alone takes a run, at every step, and where it takes it anywhere.

RUNS runs of the reference in float64, each with random roundings of the dtype at every operation of
every step, and one without, side by side under one scan.  A weight may be off by K of their
deviation (K as for a gradient: tolerance.py, with no deviation less than the usual one of its
tensor).  Where that is as wide as the weights, the run is chaotic, and the step says nothing.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from ..arithmetic.formats import format_of
from ..measurement.tolerance import allowance
from .local import Reference, begun, loose, wide
from .narrow import path
from .perturbed import is_float, needed, perturbed, written_twice
from .steps import Step

RUNS = 32
SPARE = 2**16  # random numbers are drawn once; every step of every run begins elsewhere among them
QUICKLY = {"xla_backend_optimization_level": 0}  # compiled once for a few hundred steps
LONG = 2**25  # entries of all runs and steps from which on it pays to compile well


class Band(NamedTuple):
    """Step by step: the largest distance of each tensor in bands, and the band's width.

    The width is the root mean square of the band over that of the weights; 1 is chaos.
    """

    distance: np.ndarray  # (steps, tensors); NaN where the candidate is not finite
    width: np.ndarray  # (steps,)

    @property
    def open_from(self) -> int | None:
        """The first step whose band is as wide as the weights, or is none."""
        chaos = ~(self.width < 1.0)
        return int(chaos.argmax()) + 1 if chaos.any() else None

    def left(self) -> tuple[int, int] | None:
        """The first step and tensor outside the band, of the steps before it opens."""
        known = (self.open_from or len(self.width) + 1) - 1
        outside = ~(self.distance[:known] <= 1.0)
        if not outside.any():
            return None
        step = int(outside.any(axis=1).argmax())
        return step + 1, int(outside[step].argmax())


NOTHING = Band(np.zeros((0, 1)), np.zeros(0))


def band(reference: Reference, steps: Sequence[Step], seed: int, runs: int = RUNS) -> Band:
    """The candidate's weights beside the ensemble, for as many steps as it made."""
    with loose():
        params = wide(reference.params)
        state = begun(reference)
        kinds = tuple(x.dtype for x in jax.tree.leaves((params, state)))
        float64 = lambda x: jnp.asarray(x, float) if is_float(x) else x
        alike = lambda x: jnp.broadcast_to(float64(x), (runs + 1, *jnp.shape(x)))
        carry = jax.tree.map(alike, (params, state))
        keys = jax.random.split(jax.random.key(seed), runs + 1)
        size = sum(x.size for x in jax.tree.leaves(carry))
        out, own = [], path(reference, len(steps))
        for first, last in _segments(reference.batches[: len(steps)]):
            rows = [wide(batch) for batch in reference.batches[first:last]]
            batches = jax.tree.map(lambda *xs: jnp.stack(xs), *rows)
            got = [[np.asarray(x, np.float64) for x in step.weights] for step in steps[first:last]]
            got = [np.stack(column) for column in zip(*got, strict=True)]
            also = got if own is None else [np.stack(x) for x in zip(*own[first:last], strict=True)]
            numbers = jnp.arange(first, last)
            known = (reference.slopes, reference.rule, reference.dtype, kinds, own is not None)
            run = _run(*known, size * (last - first) < LONG)
            carry, found = run(carry, keys, (numbers, batches, got, also))
            out.append(jax.tree.map(np.asarray, found))
    distance, width = zip(*out, strict=True)
    return Band(np.concatenate(distance), np.concatenate(width))


def _segments(batches: Sequence[tuple]) -> Iterator[tuple[int, int]]:
    """Neighbouring steps whose batches have one shape."""
    shapes = [tuple(map(np.shape, jax.tree.leaves(batch))) for batch in batches]
    first = 0
    for _, group in groupby(shapes):
        last = first + len(list(group))
        yield first, last
        first = last


@lru_cache(maxsize=32)
def _run(slopes, rule: Any, dtype: str, kinds: tuple, narrow: bool, quickly: bool):
    """One segment of the ensemble, compiled once for its length and shapes."""

    def step(params, state, *batch):
        _, gradient = slopes(params, *batch)
        change, state = rule.update(gradient, state, params)
        return optax.apply_updates(params, change), state

    def segment(carry, keys, xs):
        tree = jax.tree.structure(carry)
        row = lambda tree: jax.tree.map(lambda x: x[0], tree)
        flat = lambda *leaves: jax.tree.leaves(step(*jax.tree.unflatten(whole, leaves)))
        first, batch = row(carry), row(xs[1])
        whole = jax.tree.structure((*first, *batch))
        own = [x.astype(kind) for x, kind in zip(jax.tree.leaves(first), kinds, strict=True)]
        program = jax.make_jaxpr(flat)(*own, *jax.tree.leaves(batch))
        disturbed = (jnp.arange(len(keys)) > 0)[:, None]  # the first of them is not
        target, size = format_of(dtype), sum(leaf[0].size for leaf in jax.tree.leaves(carry[0]))
        count = needed(program) + size
        width = 3.0**0.5
        pool = jax.random.uniform(keys[0], (count + SPARE,), jnp.float32, -width, width)

        def one(carry, x):
            number, batch, got, also = x
            here = jax.vmap(jax.random.fold_in, (0, None))(keys, number)
            firsts = jax.vmap(lambda key: jax.random.randint(key, (), 0, SPARE))(here)
            drawn = jax.vmap(lambda first: lax.dynamic_slice(pool, (first,), (count,)))(firsts)
            draws = jnp.where(disturbed, drawn.astype(float), 0.0)
            data = jax.tree.leaves(batch)
            shake = lambda draws, *own: perturbed(program, target, draws, [*own, *data])
            leaves = jax.vmap(shake)(draws[:, size:], *jax.tree.leaves(carry))
            leaves = written_twice(target, draws[:, :size], leaves, len(got))
            return jax.tree.unflatten(tree, leaves), _seen(
                leaves[: len(got)], got, also if narrow else None
            )

        return lax.scan(one, carry, xs)

    return jax.jit(segment, compiler_options=QUICKLY if quickly else {})


def _seen(weights: list, got: list, also: list | None) -> tuple[Any, Any]:
    """How far each tensor is, in bands, and how wide the band is, in weights."""
    entries = sum(leaf[0].size for leaf in weights)
    far, wide, size = [], 0.0, 0.0
    for leaf, answer, own in zip(weights, got, also or [None] * len(got), strict=True):
        middle = leaf[0]
        sigma = jnp.sqrt(((leaf[1:] - middle) ** 2).mean(axis=0))
        room = allowance(sigma, jnp.full_like(sigma, jnp.inf), entries)
        room = room if own is None else room + 2.0 * abs(own - middle)
        off = abs(answer - middle)
        far.append(jnp.max(jnp.where(off == 0.0, 0.0, off / room), initial=0.0))
        wide, size = wide + (room**2).sum(), size + (middle**2).sum()
    return jnp.stack(far), jnp.sqrt(wide / size)
