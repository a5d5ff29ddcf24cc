"""Arguments for trial: kinds of arrays, and what a parameter's name says of it.

No function is named here.  A parameter whose name is known has what it is called by; the others are
tried with one kind for all, then with kinds that differ.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Draw = Callable[[np.random.Generator], Any]


class Kind(NamedTuple):
    """A kind of argument: its name, and how one is drawn."""

    name: str
    draw: Draw


class Fixed(NamedTuple):
    """What is no number: the same at each draw."""

    value: Any


def definite(rng: np.random.Generator) -> np.ndarray:
    a = rng.normal(size=(3, 3))
    return a @ a.T + 3.0 * np.eye(3)


def array(low: float, high: float, *shape: int) -> Draw:
    return lambda rng: rng.uniform(low, high, size=shape)


KINDS = (
    Kind("vector", array(-1.5, 1.5, 5)),
    Kind("in (0, 1)", array(0.05, 0.95, 5)),
    Kind("positive", array(1.1, 4.0, 5)),
    Kind("matrix", array(-1.5, 1.5, 3, 3)),
    Kind("definite", definite),
    Kind("image", array(-1.5, 1.5, 2, 4, 4, 3)),
    Kind("number", array(0.05, 0.95)),
    Kind("cube", array(-1.5, 1.5, 2, 3, 4)),
)
WHOLE = (
    Kind("indices", lambda rng: rng.integers(0, 3, size=5)),
    Kind("index", lambda rng: rng.integers(1, 3)),
    Kind("booleans", lambda rng: rng.integers(0, 2, size=5).astype(bool)),
)
NEGATIVE = Kind("negative", array(-4.0, -1.1, 5))
TALL = Kind("tall", array(-1.5, 1.5, 5, 3))
# In parts of 64: in each format they are shares of exactly 1.
SIMPLEX = Kind("simplex", lambda rng: (rng.multinomial(59, np.full(5, 0.2)) + 1) / 64)
TIMES = Kind("times", lambda rng: np.cumsum(rng.uniform(0.1, 0.5, size=5)))
BETWEEN = (KINDS[1], NEGATIVE, KINDS[2])  # a number and its two bounds
INT = Kind("int", lambda rng: Fixed(2))
SHAPE = Kind("shape", lambda rng: Fixed((5,)))
ARRAYS = Kind("arrays", lambda rng: [rng.uniform(0.1, 1.0, size=3) for _ in range(2)])


def _key(rng: np.random.Generator):
    return Fixed(jax.random.key(int(rng.integers(0, 2**31))))


def fixed(name: str, *values: Any) -> tuple[Kind, ...]:
    return tuple(Kind(name, lambda rng, v=v: Fixed(v)) for v in values)


def scanned(carry, x):
    return jnp.sin(carry) * x, carry * x


def summed(*xs):
    return sum(jnp.sin(x) for x in xs)


FUNCTION, SCANNED = fixed("function", jnp.sin, scanned)
AXIS = fixed("axis", 0)
# Of gather and of scatters: rows of one number each.
GATHERED = jax.lax.GatherDimensionNumbers((), (0,), (0,))
SCATTERED = jax.lax.ScatterDimensionNumbers((), (0,), (0,))
PLACES = Kind("places", lambda rng: rng.permutation(5)[:, None])
MAPPED = "devices"  # the name of an axis that is mapped
RING = fixed("ring", tuple((k, (k + 1) % 5) for k in range(5)))
# What parameters are called, in the libraries that are looked at.
NAMES: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("axis", "dimension", "axis1", "source", "start_axis"), AXIS),
    **dict.fromkeys(("axis2", "destination"), fixed("axis", 1)),
    **dict.fromkeys(("axes", "dimensions"), fixed("axes", (0,), (1, 0), (0, 1, 2))),
    "key": (Kind("key", _key), Kind("image", array(-1.5, 1.5, 2, 4, 4, 3))),
    "dtype": fixed("dtype", np.float64),
    "new_dtype": fixed("dtype", np.float64),
    **dict.fromkeys(("shape", "new_sizes", "sizes"), fixed("shape", (5,), (5, 5), (2, 3, 4), (9,))),
    **dict.fromkeys(("n", "deg", "num_classes", "v"), (INT,)),
    **dict.fromkeys(("k", "order"), fixed("int", 2, 1)),
    **dict.fromkeys(("indices", "labels", "segment_ids", "ind"), (*WHOLE, INT)),
    "num_segments": fixed("int", 3),
    "group_sizes": fixed("sizes", np.array([1, 2])),
    **dict.fromkeys(("condition", "pred", "mask", "which"), (WHOLE[2], *fixed("bool", True))),
    **dict.fromkeys(("sections", "indices_or_sections", "repeats", "reps"), fixed("int", 1, 2)),
    "shift": (INT,),
    "method": fixed("method", "linear", "nearest"),
    **dict.fromkeys(("operand_list", "arrays", "tup"), (ARRAYS,)),
    **dict.fromkeys(("operands", "xs"), (ARRAYS, KINDS[0])),
    "pad_width": fixed("width", 1),
    "padding": fixed("padding", "VALID", "SAME"),
    "window_shape": fixed("window", (2, 2)),
    "window_dimensions": fixed("window", (1, 2, 2, 1), (2,), (2, 2)),
    "window_strides": fixed("strides", (1, 1), (1, 1, 1, 1), (1,), (2, 2)),
    "negative_slope": (Kind("number", array(0.05, 0.95)),),
    "source_dtype": fixed("dtype", np.float64),
    "subscripts": fixed("subscripts", "i,i->i", "ij,jk->ik", "ij->i"),
    "start_indices": (*fixed("start", (1,), (1, 0)), PLACES),
    "scatter_indices": (PLACES,),
    **dict.fromkeys(("start_index", "index"), fixed("int", 1)),
    **dict.fromkeys(("limit_index", "slice_size"), fixed("int", 3)),
    "limit_indices": fixed("limit", (3,), (3, 2)),
    "slice_sizes": fixed("sizes", (2,), (2, 2), (1,)),
    "dimension_numbers": fixed("numbers", (((1,), (0,)), ((), ())), GATHERED, SCATTERED),
    "exponent_bits": fixed("bits", 8),
    "mantissa_bits": fixed("bits", 10),
    "broadcast_dimensions": fixed("dimensions", (0,)),
    "padding_config": fixed("padding", ((1, 1, 0),), ((1, 1, 0), (1, 1, 0))),
    "coordinates": (Kind("places", lambda rng: [rng.uniform(0.2, 1.8, size=5) for _ in range(2)]),),
    "length": (INT,),
    "nperseg": (INT,),
    "func1d": (FUNCTION,),
    **dict.fromkeys(("f", "fun"), (*KINDS, FUNCTION, SCANNED)),
    **dict.fromkeys(("true_fun", "false_fun"), fixed("function", summed)),
    "branches": fixed("functions", (summed, summed)),
    "fn": fixed("function", jnp.multiply),
    "computation": fixed("function", jax.lax.add, jax.lax.mul),
    **dict.fromkeys(("init_values", "init_value"), fixed("number", 0.0)),
    "body_fun": fixed("function", lambda k, x: jnp.sin(x)),
    "left": (NEGATIVE,),
    "mode": KINDS[1:2],
    "right": KINDS[2:3],
    "lower": (NEGATIVE, *fixed("int", 0)),
    "upper": (KINDS[2], *fixed("int", 3)),
    "minval": (NEGATIVE,),
    "maxval": KINDS[2:3],
    "func": fixed("function", lambda y, t: jnp.sin(y) * t, jnp.sum),
    "y0": KINDS[:1],
    "A": (KINDS[4], KINDS[3]),
    "t": (TIMES, *KINDS[:3]),
    "axis_name": fixed("axis name", MAPPED),
    "perm": RING,
}
MOST = 120  # trials for one function


def trials(parameters: list[str]) -> Iterator[tuple[Kind, ...]]:
    """Kinds for the parameters, the likely first, each once."""
    pools = [NAMES.get(name) for name in parameters]
    once = {tuple(map(id, kinds)): kinds for kinds in _together(pools)}
    return islice(once.values(), MOST)


def _together(pools: list) -> Iterator[tuple[Kind, ...]]:
    """A number and its bounds; one kind for all without a name; one of them another, or whole."""
    free = [k for k, pool in enumerate(pools) if pool is None]
    named = [pool or (None,) for pool in pools]
    place = lambda known, chosen: tuple(
        chosen[free.index(k)] if k in free else known[k] for k in range(len(pools))
    )
    combined = list(product(*named))
    if len(free) >= len(BETWEEN):
        chosen = (*BETWEEN, *(KINDS[2] for _ in free[len(BETWEEN) :]))
        yield from (place(known, chosen) for known in combined[:3])
    for kind in KINDS:
        yield from (place(known, (kind,) * len(free)) for known in combined)
    for special in (
        KINDS[1],
        KINDS[2],
        TALL,
        *WHOLE,
        INT,
        SIMPLEX,
        SHAPE,
        FUNCTION,
        ARRAYS,
        *KINDS,
    ):
        for where in range(len(free)):
            for kind in KINDS[:5]:
                chosen = tuple(special if k == where else kind for k in range(len(free)))
                yield from (place(known, chosen) for known in combined[:3])


def drawn(kinds: tuple[Kind, ...], rng: np.random.Generator) -> tuple:
    return tuple(kind.draw(rng) for kind in kinds)


sampler = lambda kinds: partial(drawn, kinds)
