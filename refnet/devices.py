"""Several devices: the examples of a batch are dealt to them, or the runs of a sweep.

Each device holds all weights.  A batch's gradient is the sum of what the devices found for their
own rows, so it is that of one device but for the order of that sum.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

RUNS = "runs"


def batch_sharding(sharding, size: int, batch: int | None, accumulate: int) -> NamedSharding:
    """`sharding` with the compiler's own axes; TypeError, ValueError where it fits no batch."""
    if not isinstance(sharding, NamedSharding):
        raise TypeError(
            f"sharding is of type {type(sharding).__name__}; pass jax.sharding.NamedSharding(mesh, "
            "PartitionSpec(axis)), whose axis the rows of a batch are dealt over"
        )
    first, *others = (*sharding.spec, None)
    if first is None or any(others):
        raise ValueError(
            f"sharding has {sharding.spec}; the rows of a batch are dealt over its first entry, "
            "and nothing else is: PartitionSpec(axis)"
        )
    mesh = sharding.mesh
    if not isinstance(mesh, Mesh) or mesh.devices is None:
        raise ValueError("sharding has a mesh without devices; make one by jax.make_mesh")
    types = (AxisType.Auto,) * len(mesh.axis_names)
    own = Mesh(mesh.devices, mesh.axis_names, axis_types=types)
    found = NamedSharding(own, PartitionSpec(first))
    rows, shares = (batch or size) // accumulate, _shares(found)
    if rows % shares:
        raise ValueError(
            f"sharding: {shares} devices are to share {rows} rows, the batch"
            f"{' of one accumulated part' if accumulate > 1 else ''}; pass a batch that is a "
            f"multiple of {shares}, or fewer devices"
        )
    return found


def _shares(sharding: NamedSharding) -> int:
    first = sharding.spec[0]
    names = first if isinstance(first, tuple) else (first,)
    return prod(sharding.mesh.shape[name] for name in names)


def dealt(sharding: NamedSharding | None, tree: PyTree) -> PyTree:
    """Each device has its own rows of every leaf; all of them where they cannot be dealt."""
    if sharding is None:
        return tree
    shares = _shares(sharding)
    deal = lambda a: a if len(a) % shares else lax.with_sharding_constraint(a, sharding)
    return jax.tree.map(deal, tree)


def joined(sharding: NamedSharding | None, tree: PyTree) -> PyTree:
    """Every device has all of every leaf."""
    if sharding is None:
        return tree
    return lax.with_sharding_constraint(tree, _everywhere(sharding))


def placed(sharding: NamedSharding | None, tree: PyTree) -> PyTree:
    """The same, before anything is compiled; over processes, each brings the same numbers."""
    if sharding is None:
        return tree
    everywhere = _everywhere(sharding)

    def put(leaf):
        if not jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key):
            return jax.device_put(leaf, everywhere)
        bits = jax.device_put(jax.random.key_data(leaf), everywhere)  # keys go to no other process
        return jax.random.wrap_key_data(bits, impl=jax.random.key_impl(leaf))

    return jax.tree.map(put, tree)


def _everywhere(sharding: NamedSharding) -> NamedSharding:
    return NamedSharding(sharding.mesh, PartitionSpec())


def runs_sharding(devices: Sequence[Any], rates: int, seeds: int) -> NamedSharding:
    """Which axis of (rates, seeds) is dealt over `devices`; ValueError where neither divides."""
    if not len(devices):
        raise ValueError("devices is empty; pass such as jax.devices(), or None for the first")
    mesh = Mesh(np.array(devices), (RUNS,), axis_types=(AxisType.Auto,))
    for size, spec in ((seeds, PartitionSpec(None, RUNS)), (rates, PartitionSpec(RUNS))):
        if size % len(devices) == 0:
            return NamedSharding(mesh, spec)
    raise ValueError(
        f"devices: {len(devices)} of them are to share {rates} rates and {seeds} seeds; pass a "
        f"multiple of {len(devices)} of one, or fewer devices"
    )
