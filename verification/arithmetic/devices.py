"""A program for several devices as one program of arrays: shard_map as vmap over the mesh.

Each axis of the mesh is an axis of vmap of the same name, so that JAX's own batching turns what
devices say to each other (psum, all_gather, ppermute, ...) into sums and moves of entries.
"""

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from .inner_programs import CALLS, closed, program_of
from .linear import bind


def everywhere(params: Mapping, ins: list) -> list:
    """The outputs of a shard_map, from whole arrays."""
    sizes = dict(params["mesh"].shape)
    splits = [_axes(spec) for spec in params["in_specs"]]
    parts = [_split(x, axes, sizes) for x, axes in zip(ins, splits, strict=True)]
    body = lambda *shards: _outputs(params["jaxpr"], list(shards))
    for name in reversed(sizes):  # an argument that is not split is the same on all devices
        there = [0 if any(name in axes for axes in split) else None for split in splits]
        body = jax.vmap(body, there, axis_name=name, axis_size=sizes[name])
    outs = zip(body(*parts), params["out_specs"], strict=True)
    return [_joined(x, _axes(spec), sizes) for x, spec in outs]


def _axes(spec) -> list[tuple[str, ...]]:
    """Of each dimension of an array, the axes of the mesh that it is split along."""
    return [() if s is None else (s,) if isinstance(s, str) else tuple(s) for s in spec]


def _split(x, split: list[tuple[str, ...]], sizes: Mapping[str, int]):
    """The shards of x, with the axes of the mesh that split it in front, in the mesh's order."""
    shape, at = [], {}
    for k, whole in enumerate(x.shape):
        names = split[k] if k < len(split) else ()
        for name in names:
            at[name] = len(shape)
            shape.append(sizes[name])
        shape.append(whole // math.prod(sizes[name] for name in names))
    front = [at[name] for name in sizes if name in at]
    rest = [k for k in range(len(shape)) if k not in front]
    return jnp.transpose(jnp.reshape(x, shape), [*front, *rest])


def _joined(x, split: list[tuple[str, ...]], sizes: Mapping[str, int]):
    """The whole array from shards, whose first axes are those of the mesh."""
    used = [name for names in split for name in names]
    for k in reversed(range(len(sizes))):  # the same on all devices: any of them
        x = x if list(sizes)[k] in used else jnp.take(x, 0, axis=k)
    order, shape = [], []
    front = {name: k for k, name in enumerate(n for n in sizes if n in used)}
    for k in range(len(front), x.ndim):
        names = split[k - len(front)] if k - len(front) < len(split) else ()
        order += [*(front[name] for name in names), k]
        shape.append(x.shape[k] * math.prod(sizes[name] for name in names))
    return jnp.reshape(jnp.transpose(x, order), shape)


def _outputs(jaxpr: Jaxpr | ClosedJaxpr, args: list) -> list:
    """The body on one shard, without the marks of what varies from device to device."""
    program = closed(jaxpr)
    inner = program.jaxpr
    env = dict(zip([*inner.constvars, *inner.invars], [*program.consts, *args], strict=True))
    read = lambda atom: atom.val if isinstance(atom, Literal) else env[atom]
    for eqn in inner.eqns:
        ins, name = [read(atom) for atom in eqn.invars], eqn.primitive.name
        if name in CALLS:
            outs = _outputs(program_of(eqn.params), ins)
        else:
            outs = MARKED[name](ins, eqn.params) if name in MARKED else bind(_anywhere(eqn), ins)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(atom) for atom in inner.outvars]


def _anywhere(eqn):
    """The equation, without saying on which devices its result is to lie."""
    places = {k: None for k in ("sharding", "out_sharding") if k in eqn.params}
    return eqn.replace(params={**eqn.params, **places}) if places else eqn


_same = lambda ins, params: ins
# What shard_map writes where it checks replication: the same without its types.
MARKED: dict[str, Callable] = {
    **dict.fromkeys(("pvary", "pcast", "reduced_vary_cast"), _same),
    "psum_invariant": lambda ins, params: [lax.psum(x, params["axes"]) for x in ins],
    "all_gather_invariant": lambda ins, params: [
        lax.all_gather(
            x, params["axis_name"], axis=params["all_gather_dimension"], tiled=params["tiled"]
        )
        for x in ins
    ],
}
