"""How an estimate takes its randomness, by a parameter's name: a key, a generator or a seed.

key, rng_key, prng_key     a key of jax.random: answers are drawn together, in one program
rng, generator             a numpy.random.Generator: answers are drawn one by one
seed                       an int of 32 bits: one by one
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .trees import inward, outward

NAMES = {
    "key": "key",
    "rng_key": "key",
    "prng_key": "key",
    "rng": "rng",
    "generator": "rng",
    "seed": "seed",
}


class Estimate(NamedTuple):
    """estimate(*args) with its randomness given to the parameter `name`, of one of three kinds."""

    function: Callable
    name: str
    kind: str

    def once(self, args: tuple, source: Any) -> Any:
        return self.function(*args, **{self.name: source})


def estimate_of(function: Callable) -> Estimate:
    """Raises TypeError where no parameter is known to be the randomness."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some callables tell nobody
        parameters = {}
    for name in parameters:
        if name in NAMES:
            return Estimate(function, name, NAMES[name])
    raise TypeError(
        f"estimate has the parameters {', '.join(parameters) or 'that nobody knows'}; call the one "
        "that its randomness comes in by `key` (of jax.random), `rng` (of NumPy) or `seed`"
    )


def one_answer(estimate: Estimate, args: tuple, seed: int) -> Any:
    """An answer that is looked at for its structure alone."""
    rng = np.random.default_rng(seed)
    sources = {"key": lambda: jax.random.key(seed), "rng": lambda: rng, "seed": lambda: seed}
    with jax.enable_x64(True):
        return estimate.once(args, sources[estimate.kind]())


def powers(
    estimate: Estimate, picked: tuple[int, ...], args: tuple, centre: list, ask: tuple
) -> list:
    """For each leaf the sums of the powers 1 to 4 of answer - centre, over a block of answers.

    `picked` are its leaves that count; ask is (seed, number of the block, answers in it).
    """
    seed, block, count = ask
    if estimate.kind == "key":
        run = _compiled(estimate, picked, count)
        with jax.enable_x64(True):
            found = run(jax.random.fold_in(jax.random.key(seed), block), inward(args), centre)
        return [np.asarray(x) for x in found]
    rng = np.random.default_rng((seed, block))
    totals = [np.zeros((4, *c.shape)) for c in centre]
    for _ in range(count):
        source = rng if estimate.kind == "rng" else int(rng.integers(2**32))
        answer = _picked(estimate.once(args, source), picked)
        for total, x, c in zip(totals, answer, centre, strict=True):
            total += _powers(np.asarray(x, np.float64) - c)
    return totals


@lru_cache(maxsize=64)
def _compiled(estimate: Estimate, picked: tuple[int, ...], count: int) -> Callable:
    def summed(key, args, centre):
        once = lambda k: _picked(estimate.once(outward(args), k), picked)
        drawn = jax.vmap(once)(jax.random.split(key, count))
        gaps = (jnp.asarray(x, jnp.float64) - c[None] for x, c in zip(drawn, centre, strict=True))
        return [_powers(gap).sum(axis=1) for gap in gaps]

    return jax.jit(summed)


def _picked(answer: Any, picked: tuple[int, ...]) -> list:
    leaves = jax.tree.leaves(inward(answer))
    return [leaves[k] for k in picked]


def _powers(gap: Any) -> Any:
    xp = jnp if isinstance(gap, jax.Array) else np
    return xp.stack([gap, gap**2, gap**3, gap**4])
