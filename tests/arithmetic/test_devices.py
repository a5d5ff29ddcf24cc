"""A program of several devices is run as one: what they say to each other are sums and moves."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import jaxpr_as_fun
from jax.sharding import AbstractMesh, AxisType, PartitionSpec

from verification.arithmetic.inner_programs import equations
from verification.arithmetic.known import with_known_parts

P = PartitionSpec
MESH = AbstractMesh((2, 2), ("i", "j"), axis_types=(AxisType.Auto, AxisType.Auto))
X = np.arange(16.0).reshape(4, 4) / 7.0
BLOCKS = X.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3)  # (i, j, row, column)
whole = lambda blocks: blocks.transpose(0, 2, 1, 3).reshape(4, 4)


def shifted(v):
    return lax.ppermute(v, "i", [(0, 1), (1, 0)])


# name -> what each device does, and what is meant, of blocks (i, j, row, column)
BODIES = {
    "psum": (lambda v: v * lax.psum(v, "i"), lambda b: b * b.sum(0)),
    "pmean of both": (lambda v: v - lax.pmean(v, ("i", "j")), lambda b: b - b.mean((0, 1))),
    "ppermute": (shifted, lambda b: b[::-1]),
    "axis_index": (
        lambda v: v * lax.axis_index("j").astype(v.dtype),
        lambda b: b * np.arange(2.0)[None, :, None, None],
    ),
    "all_gather": (
        lambda v: v * lax.all_gather(v, "j").sum(0),
        lambda b: b * b.sum(1, keepdims=True),
    ),
    "all_to_all": (
        lambda v: lax.all_to_all(v, "j", 0, 0, tiled=True),
        lambda b: b.transpose(0, 2, 1, 3),
    ),
}


def everywhere(body):
    return jax.shard_map(body, mesh=MESH, in_specs=P("i", "j"), out_specs=P("i", "j"))


@pytest.mark.parametrize("name", BODIES)
def test_what_devices_exchange_is_what_is_meant(name):
    body, meant = BODIES[name]
    made = with_known_parts(jax.make_jaxpr(everywhere(body))(X))
    assert "shard_map" not in {eqn.primitive.name for eqn in equations(made.jaxpr)}
    (out,) = jaxpr_as_fun(made)(X)
    assert np.allclose(np.asarray(out), whole(meant(BLOCKS)), rtol=1e-14, atol=0.0)
    if name != "axis_index":
        assert not np.allclose(np.asarray(out), X)


def test_a_result_that_is_the_same_everywhere_and_one_split_along_two_axes():
    def body(v, w):
        return lax.psum(v.sum() * w, ("i", "j")), v

    ways = {"in_specs": (P(("i", "j")), P()), "out_specs": (P(), P(("i", "j")))}
    split: Any = partial(jax.shard_map, body, mesh=MESH)
    program = jax.make_jaxpr(split(**ways))(X, np.ones(3))
    made = with_known_parts(program)
    total, same = jaxpr_as_fun(made)(X, np.ones(3))
    assert jnp.allclose(total, X.sum(), rtol=1e-14) and np.array_equal(np.asarray(same), X)
