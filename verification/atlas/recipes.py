"""Calls of functions that no family of arguments suits: most take functions, or what is structured.

A recipe is one line: how the function is called, and the kinds of the arrays that it is called
with.  Whether it has a derivative there is found by looking, as of every other function.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .families import KINDS, WHOLE, Kind, array

VECTOR, _, POSITIVE, MATRIX, DEFINITE, _, NUMBER, _ = KINDS
PICTURE = Kind("picture", array(-1.5, 1.5, 1, 4, 4, 2))
FILTER = Kind("filter", array(-1.5, 1.5, 2, 2, 2, 3))
LOCAL = Kind("local filter", array(-1.5, 1.5, 3, 3, 8, 3))
ROWS = Kind("rows", array(-1.5, 1.5, 5, 3))
PAIR = Kind("two of each", array(-1.5, 1.5, 5, 5))
SHORT, FEW = Kind("three", array(-1.5, 1.5, 3)), Kind("three of each", array(-1.5, 1.5, 3, 3))
LAYOUT = ("NHWC", "HWIO", "NHWC")
RAGGED = jax.lax.RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), [0], [0])
AXIS = "i"


class Recipe(NamedTuple):
    """call(function, *arrays), and the kinds of these arrays."""

    call: Callable[..., Any]
    kinds: tuple[Kind, ...]


def step(carry, x):
    return jnp.sin(carry) * x, carry * x


def mapped(call: Callable) -> Callable:
    """call(function, x) under vmap, along the axis that it names."""
    return lambda f, x: jax.vmap(lambda row: call(f, row), axis_name=AXIS)(x)


def dominant(a):
    """A matrix whose diagonal is larger than all beside it."""
    return a + 5.0 * jnp.eye(a.shape[0], dtype=a.dtype)


def solved(f, a, b):
    return f(lambda x: a @ x, b, lambda _, y: jnp.linalg.solve(a, y), symmetric=True)


def rooted(f, a):
    """The root of x + x^3 = a, by Newton's steps, and a solve of its own."""
    of = lambda x: x + x**3 - a
    newton = lambda g, x: jax.lax.fori_loop(0, 40, lambda _, x: x - g(x) / (1 + 3 * x * x), x)
    return f(of, jnp.zeros_like(a), newton, lambda g, y: y / g(jnp.ones_like(y)))


RECIPES: dict[str, Recipe] = {
    "jax.lax.scan": Recipe(lambda f, c, x: f(step, c, x), (SHORT, ROWS)),
    "jax.lax.custom_linear_solve": Recipe(solved, (DEFINITE, SHORT)),
    "jax.lax.custom_root": Recipe(rooted, (POSITIVE,)),
    "jax.lax.platform_dependent": Recipe(lambda f, x: f(x, default=jnp.sin), (VECTOR,)),
    "jax.lax.all_to_all": Recipe(mapped(lambda f, r: jnp.sin(f(r, AXIS, 0, 0))), (PAIR,)),
    "jax.lax.pshuffle": Recipe(mapped(lambda f, r: f(r, AXIS, [1, 2, 3, 4, 0])), (VECTOR,)),
    "jax.lax.pad": Recipe(lambda f, x, y: f(x, y, ((1, 2, 1),)), (VECTOR, NUMBER)),
    "jax.lax.squeeze": Recipe(lambda f, x: f(x[None], (0,)), (VECTOR,)),
    "jax.lax.transpose": Recipe(lambda f, x: f(x, (1, 0)), (MATRIX,)),
    "jax.lax.tile": Recipe(lambda f, x: f(x, (2, 1)), (MATRIX,)),
    "jax.lax.real": Recipe(lambda f, x, y: f(jax.lax.complex(x, y) ** 2), (VECTOR, VECTOR)),
    "jax.lax.imag": Recipe(lambda f, x, y: f(jax.lax.complex(x, y) ** 2), (VECTOR, VECTOR)),
    "jax.lax.fft": Recipe(lambda f, x: f(jax.lax.complex(x, x), "fft", (5,)), (VECTOR,)),
    "jax.lax.polygamma": Recipe(lambda f, x: f(jnp.ones((), x.dtype), x), (POSITIVE,)),
    "jax.lax.index_take": Recipe(lambda f, x, k: f(x, (k,), (0,)), (ROWS, WHOLE[0])),
    "jax.lax.conv_transpose": Recipe(
        lambda f, x, w: f(x, w, (2, 2), "SAME", dimension_numbers=LAYOUT), (PICTURE, FILTER)
    ),
    "jax.lax.conv_general_dilated_local": Recipe(
        lambda f, x, w: f(x, w, (1, 1), "VALID", (2, 2), dimension_numbers=LAYOUT),
        (PICTURE, LOCAL),
    ),
    "jax.lax.conv_general_dilated_patches": Recipe(
        lambda f, x: f(x, (2, 2), (1, 1), "VALID", dimension_numbers=LAYOUT), (PICTURE,)
    ),
    "jax.lax.conv_with_general_padding": Recipe(
        lambda f, x, w: f(x, w, (1, 1), [(0, 1), (1, 0)], None, None),
        (
            Kind("picture", array(-1.5, 1.5, 1, 2, 4, 4)),
            Kind("filter", array(-1.5, 1.5, 3, 2, 2, 2)),
        ),
    ),
    "jax.lax.ragged_dot_general": Recipe(
        lambda f, a, b: f(a, b, jnp.array([2, 3]), RAGGED),
        (ROWS, Kind("two matrices", array(-1.5, 1.5, 2, 3, 2))),
    ),
    "jax.lax.linalg.tridiagonal_solve": Recipe(
        lambda f, d, b: f(d[:, 0].at[0].set(0), d[:, 1] + 5, d[:, 2].at[-1].set(0), b), (ROWS, ROWS)
    ),
    "jax.scipy.linalg.cho_solve": Recipe(
        lambda f, a, b: f((jnp.linalg.cholesky(a), True), b), (DEFINITE, SHORT)
    ),
    "jax.scipy.linalg.lu_solve": Recipe(
        lambda f, a, b: f(jax.scipy.linalg.lu_factor(dominant(a)), b), (FEW, SHORT)
    ),
    "jax.scipy.special.zeta": Recipe(lambda f, x: f(jnp.full_like(x, 3.0), x), (POSITIVE,)),
    "jax.ops.segment_max": Recipe(lambda f, x: f(x, jnp.array([0, 0, 1, 1, 1]), 2), (VECTOR,)),
    "jax.ops.segment_min": Recipe(lambda f, x: f(x, jnp.array([0, 0, 1, 1, 1]), 2), (VECTOR,)),
    "jax.image.scale_and_translate": Recipe(
        lambda f, x, s, t: f(x, (4, 4), (0, 1), 1.1 + s, t, "linear"),
        (MATRIX, Kind("two", array(0.05, 0.4, 2)), Kind("two", array(0.05, 0.4, 2))),
    ),
    "jax.numpy.choose": Recipe(
        lambda f, x: f(jnp.array([1, 0, 1]), x, mode="clip"),
        (Kind("two rows", array(-1.5, 1.5, 2, 3)),),
    ),
    "jax.numpy.compress": Recipe(
        lambda f, x: f(np.array([True, False, True]), x, axis=0, size=2), (MATRIX,)
    ),
    "jax.numpy.extract": Recipe(
        lambda f, x: f(np.array([True, False, True, True, False]), x, size=3), (VECTOR,)
    ),
    "jax.numpy.fill_diagonal": Recipe(lambda f, a, x: f(a, x, inplace=False), (MATRIX, NUMBER)),
    "jax.numpy.put": Recipe(
        lambda f, a, x: f(a, jnp.array([0, 2]), x, inplace=False), (VECTOR, NUMBER)
    ),
    "jax.numpy.place": Recipe(
        lambda f, a, x: f(a, np.array([True, False, True, True, False]), x, inplace=False),
        (VECTOR, SHORT),
    ),
    "jax.numpy.put_along_axis": Recipe(
        lambda f, a, x: f(a, jnp.array([[0], [2], [1]]), x, 1, inplace=False),
        (MATRIX, Kind("column", array(-1.5, 1.5, 3, 1))),
    ),
    "jax.numpy.fromfunction": Recipe(lambda f, x: f(lambda k: jnp.sin(k * x), (5,)), (VECTOR,)),
    "jax.numpy.vectorize": Recipe(lambda f, x: f(jnp.sin)(x), (VECTOR,)),
}
