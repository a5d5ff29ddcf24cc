"""Sweeps: many runs of one network side by side, over rules, rates and seeds, as one program."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int, Key, PyTree

from .checks import Data, checked
from .devices import runs_sharding
from .training import train_step
from .transformations import GradientTransformation


class Runs(NamedTuple):
    """All runs of one rule; every array leads with (rates, seeds).

    loss is that of each step's batch before its update, validation_loss that after each epoch.
    A run whose loss is not finite stops: stopped_at is that step, from 1 (0: none), loss holds its
    value there and NaN later, and params and state stay those before it.
    """

    params: PyTree
    state: PyTree
    loss: Float[Array, "rates seeds steps"]
    validation_loss: Float[Array, "rates seeds epochs"] | None
    stopped_at: Int[Array, "rates seeds"]


class _Plan(NamedTuple):
    """What is compiled: everything about a sweep that is not an array."""

    network: Callable
    loss: Callable
    rules: tuple[tuple[str, Callable], ...]
    init: Callable
    batch: int | None
    epochs: int
    shuffle: bool
    sharding: NamedSharding | None


class _Carry(NamedTuple):
    """What a step hands on to the next."""

    params: PyTree
    state: PyTree
    stopped_at: Int[Array, ""]
    steps: Int[Array, ""]


def sweep(
    network: Callable,
    loss: Callable,
    rules: Mapping[str, Callable[..., GradientTransformation]],
    init: Callable,
    data: Data,
    *,
    rates: Sequence[float],
    keys: Key[Array, " seeds"],
    batch: int | None = None,
    epochs: int = 1,
    validation: Data | None = None,
    shuffle: bool = True,
    start: Mapping[str, Runs] | None = None,
    first_epoch: int = 0,
    devices: Sequence[Any] | None = None,
) -> dict[str, Runs]:
    """Rule -> its runs, one for each rate and key: `train` for all of them, in one jitted program.

    rules: name -> rule(rate), such as refnet.UPDATES;  init(key) -> params.  Each key is split into
    that of the weights and that of the order; the order of epoch e is a permutation by
    fold_in(key, e), so that a sweep that goes on from `start`, the runs of an earlier one, at
    `first_epoch` ends as one that was never interrupted.  Another batch size is another program.
    devices, such as jax.devices(): each computes its own share of the seeds, or of the rates where
    the seeds do not divide, and nothing is sent; numbers are those of one but for the last digits.

    Raises ValueError for data, sizes or dtypes that do not fit together.
    """
    if not len(rates) or not len(keys) or not rules:
        raise ValueError("rules, rates, keys: a sweep wants at least one of each")
    shapes = _shapes(init)
    data = checked("data", data, shapes)
    validation = validation and checked("validation", validation, shapes)
    size = len(data[0])
    if batch is not None and not 1 <= batch <= size:
        raise ValueError(f"batch is {batch}; data of {size} examples want 1 <= batch <= {size}")
    if epochs < 1 or first_epoch < 0:
        raise ValueError(f"epochs, first_epoch are {epochs}, {first_epoch}; at least 1 and 0")
    shuffle = shuffle and batch is not None
    over = None if devices is None else runs_sharding(devices, len(rates), len(keys))
    plan = _Plan(network, loss, tuple(rules.items()), init, batch, epochs, shuffle, over)
    grid = jnp.asarray(list(rates), data[0].dtype)
    return _sweep(plan, grid, keys, data, validation, start, jnp.int32(first_epoch))


@lru_cache(maxsize=64)
def _shapes(init: Callable) -> PyTree:
    return jax.eval_shape(init, jax.random.key(0))


@partial(jax.jit, static_argnums=0)
def _sweep(plan: _Plan, rates, keys, data, validation, start, first_epoch) -> dict[str, Runs]:
    pairs = jax.vmap(jax.random.split)(keys)
    out = {}
    for name, rule in plan.rules:
        run = partial(_run, plan, rule, data, validation, first_epoch)
        kept = None if start is None else start[name]
        over_seeds = jax.vmap(run, (None, 0, 0))
        over_rates = jax.vmap(over_seeds, (0, None, 0))
        out[name] = _dealt(plan.sharding, over_rates)(rates, pairs, kept)
    return out


def _dealt(sharding: NamedSharding | None, grid: Callable) -> Callable:
    """grid(rates, seeds, start), each device its own share of the runs, and nothing sent."""
    if sharding is None:
        return grid
    of_rates, of_seeds = (*sharding.spec, None)[:2]
    specs = PartitionSpec(of_rates), PartitionSpec(of_seeds), sharding.spec
    where = {"mesh": sharding.mesh, "in_specs": specs, "out_specs": sharding.spec}
    return jax.shard_map(grid, **where, check_vma=False)  # all that comes out varies


def _run(plan: _Plan, rule: Callable, data, validation, first_epoch, rate, pair, kept) -> Runs:
    update = rule(lambda count: rate)
    weight_key, order_key = pair
    zero = jnp.zeros((), jnp.int32)
    if kept is None:
        params = plan.init(weight_key)
        carry = _Carry(params, update.init(params), zero, zero)
    else:
        steps = first_epoch * -(-len(data[0]) // (plan.batch or len(data[0])))
        carry = _Carry(kept.params, kept.state, kept.stopped_at, steps)
    epoch = partial(_epoch, plan, update, data, validation)
    numbers = first_epoch + jnp.arange(plan.epochs, dtype=jnp.int32)
    keys = jax.vmap(lambda e: jax.random.fold_in(order_key, e))(numbers) if plan.shuffle else None
    end, (losses, validation_loss) = lax.scan(epoch, carry, keys, length=plan.epochs)
    return Runs(end.params, end.state, losses.ravel(), validation_loss, end.stopped_at)


def _epoch(plan: _Plan, update, data, validation, carry: _Carry, key):
    """A pass over the data: full batches by a scan, the rest, if any, by one more step."""
    size = len(data[0])
    batch = plan.batch or size
    full = size // batch * batch
    step = partial(_step, plan, update)
    if batch == size and not plan.shuffle:
        carry, losses = step(carry, data)
        losses = losses[None]
    else:
        order = jax.random.permutation(key, size) if plan.shuffle else jnp.arange(size)
        taken = lambda carry, rows: step(carry, jax.tree.map(lambda a: a[rows], data))
        carry, losses = lax.scan(taken, carry, order[:full].reshape(-1, batch))
        if full < size:
            carry, last = taken(carry, order[full:])
            losses = jnp.append(losses, last)
    if validation is None:
        return carry, (losses, None)
    return carry, (losses, plan.loss(plan.network(carry.params, validation[0]), validation[1]))


def _step(plan: _Plan, update, carry: _Carry, block):
    """One step of a run, or none where it has stopped."""
    step = train_step(plan.network, plan.loss, update, carry.params, carry.state, *block)
    running = carry.stopped_at == 0
    finite = jnp.isfinite(step.loss)
    keep = lambda new, old: jnp.where(running & finite, new, old)
    params, state = jax.tree.map(keep, (step.params, step.state), (carry.params, carry.state))
    steps = carry.steps + 1
    stopped_at = jnp.where(running & ~finite, steps, carry.stopped_at)
    loss = jnp.where(running, step.loss, jnp.nan)
    return _Carry(params, state, stopped_at, steps), loss
