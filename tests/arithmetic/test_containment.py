"""The running bound contains the observed error of random programs: JAX's, compiled, and NumPy's.

A program is a list of steps (operation, i, j): operand i of the values so far, and partner j of
those that fit it; every list is a program.  NumPy runs it one rounding after the other, sums in
order, a product rounded before it is added; XLA in whatever order and fusion it likes.  The truth
is the same program in float64, with its own running bound.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from jax import lax
from scipy import special

from verification.arithmetic.bounded import Bounded
from verification.arithmetic.bounds import RULES, bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.interpreter import Arithmetic, run

DTYPES = ("float32", "float16", "bfloat16")
SHAPES = ((1,), (3,), (7,), (1, 4), (3, 1), (2, 3), (3, 5), (4, 4))
LARGEST = 64  # entries of one value
SCAN = 3  # steps


class Operation(NamedTuple):
    """In JAX and in NumPy; `fits` says which partner an operand may have."""

    jax: Callable
    numpy: Callable
    fits: Callable[[tuple, tuple], bool] = lambda shape, other: shape == other


class Program(NamedTuple):
    """Steps, and the numbers they begin with, in float64."""

    steps: tuple[tuple[str, int, int], ...]
    args: tuple[np.ndarray, ...]


# --- the operations --------------------------------------------------------------------------


def alone(f: Callable) -> Callable:
    return lambda x, y: f(x)


def elementary(f: Callable) -> Callable:
    """A function of NumPy, in float32 at least, then rounded to the format of its argument."""
    wide = lambda x: x if x.dtype.itemsize >= 4 else x.astype(np.float32)
    return lambda x, y: np.asarray(f(wide(x))).astype(x.dtype)


def running_sums(x, axis: int) -> list:
    rows = [np.take(x, 0, axis)]
    for i in range(1, x.shape[axis]):
        rows.append(rows[-1] + np.take(x, i, axis))
    return rows


def as_matrices(x, y):
    return (x[None] if x.ndim == 1 else x), (y[:, None] if y.ndim == 1 else y)


def jax_product(x, y):
    return lax.dot_general(*as_matrices(x, y), (((1,), (0,)), ((), ())))


def numpy_product(x, y):
    x, y = as_matrices(x, y)
    return running_sums(x[:, :, None] * y[None], 1)[-1]


def jax_scan(x, y):
    step = lambda c, _: (lax.tanh(c) * y + x, None)
    return lax.scan(step, x, None, length=SCAN)[0]


def numpy_scan(x, y):
    c = x
    for _ in range(SCAN):
        c = elementary(np.tanh)(c, c) * y + x
    return c


def stretched(xp) -> Callable:
    """Axes of length 1 stretch; a vector becomes the rows of a matrix."""
    shape = lambda x: (3, *x.shape) if x.ndim == 1 else tuple(4 if n == 1 else n for n in x.shape)
    return alone(lambda x: xp.broadcast_to(x, shape(x)))


rows = lambda x: x.reshape(1, -1) if x.ndim == 1 else x
OPERATIONS: dict[str, Operation] = {
    "add": Operation(lax.add, np.add),
    "sub": Operation(lax.sub, np.subtract),
    "mul": Operation(lax.mul, np.multiply),
    "div": Operation(lax.div, np.divide),
    "max": Operation(lax.max, np.maximum),
    "select": Operation(lambda x, y: lax.select(x > y, x, -y), lambda x, y: np.where(x > y, x, -y)),
    "exp": Operation(alone(lax.exp), elementary(np.exp)),
    "log1p": Operation(alone(lax.log1p), elementary(np.log1p)),
    "tanh": Operation(alone(lax.tanh), elementary(np.tanh)),
    "logistic": Operation(alone(lax.logistic), elementary(special.expit)),
    "sqrt": Operation(lambda x, y: lax.sqrt(lax.abs(x)), elementary(lambda x: np.sqrt(abs(x)))),
    "dot_general": Operation(jax_product, numpy_product, lambda x, y: x[-1] == y[0]),
    "reduce_sum": Operation(
        alone(lambda x: jnp.sum(rows(x), 1)), alone(lambda x: running_sums(rows(x), 1)[-1])
    ),
    "cumsum": Operation(
        alone(lambda x: lax.cumsum(x, x.ndim - 1)),
        alone(lambda x: np.stack(running_sums(x, x.ndim - 1), -1)),
    ),
    "transpose": Operation(alone(jnp.transpose), alone(np.transpose)),
    "broadcast": Operation(stretched(jnp), stretched(np)),
    "scan": Operation(jax_scan, numpy_scan),
}


def values(steps, args, which: str) -> list[Any]:
    """The arguments and what every step makes of them; a step that nothing fits is left out."""
    made = list(args)
    for name, i, j in steps:
        operation = OPERATIONS[name]
        x = made[i % len(made)]
        partners = [y for y in made if operation.fits(x.shape, y.shape)]
        if partners and x.size <= LARGEST:
            y = partners[j % len(partners)]
            made.append(getattr(operation, "numpy" if which == "numpy" else "jax")(x, y))
            if which == "compiled" and name == "div":  # else a / (b / c) is (a c) / b to XLA,
                made[-1] = lax.optimization_barrier(made[-1])  # which overflows before it does
    return made


# --- what the bound says, and what is observed -------------------------------------------------


def held(program: Program, dtype: str) -> Program:
    cast = lambda x: x.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    with np.errstate(over="ignore"):
        return program._replace(args=tuple(map(cast, program.args)))


def bounded(program: Program, arithmetic: Arithmetic) -> list[Bounded]:
    """Every value with its bound, at the arguments as they are held."""
    steps = program.steps
    wide = [np.asarray(x, np.float64) for x in program.args]
    traced = jax.make_jaxpr(lambda *args: values(steps, args, "jax"))(*wide)
    with np.errstate(all="ignore"):
        return run(traced, [arithmetic.lift(x) for x in wide], arithmetic)


def excess(got, allowed: Bounded, truth: Bounded) -> float:
    """How far the worst entry is outside its bound, in bounds; where there is one."""
    with np.errstate(all="ignore"):
        known = np.isfinite(truth.value) & np.isfinite(truth.error) & np.isfinite(allowed.error)
        error = np.abs(np.asarray(got, np.float64) - truth.value) - truth.error
        over = np.where(error <= allowed.error, 0.0, error / allowed.error)
    return float(np.where(np.isnan(over), np.inf, over)[known].max(initial=0.0))


def worst(program: Program, dtype: str, which: str, arithmetic: Arithmetic | None = None) -> float:
    """The excess over all values of a program, run in `dtype` by NumPy or by JAX under jit."""
    program = held(program, dtype)
    allowed = bounded(program, arithmetic or bounds(format_of(dtype)))
    truth = bounded(program, bounds(format_of("float64")))
    with np.errstate(all="ignore"):
        if which == "numpy":
            got = values(program.steps, program.args, "numpy")
        else:
            steps = program.steps
            got = jax.jit(lambda *args: values(steps, args, "compiled")[-2:])(*program.args)
    last = slice(-len(got), None)  # compiled, the others are free to be fused away
    return max(map(excess, got, allowed[last], truth[last]))


# --- programs ----------------------------------------------------------------------------------


@st.composite
def programs(draw, longest: int = 8):
    """One to three arguments of any shapes, at scales from 1e-3 to 1e3."""
    number = st.integers(0, 9)
    step = st.tuples(st.sampled_from(list(OPERATIONS)), number, number)
    steps = draw(st.lists(step, min_size=1, max_size=longest))
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    scales = [10.0 ** draw(st.integers(-3, 3)) for _ in shapes]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    args = (rng.normal(size=s) * scale for s, scale in zip(shapes, scales, strict=True))
    return Program(tuple(steps), tuple(args))


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=150)
@given(programs())
def test_the_bound_contains_the_error_of_numpy(dtype, program):
    assert worst(program, dtype, "numpy") == 0.0


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=25)
@given(programs())
def test_the_bound_contains_the_error_of_compiled_jax(dtype, program):
    assert worst(program, dtype, "compiled") == 0.0


@pytest.mark.parametrize("name", ["dot_general", "reduce_sum", "cumsum"])
def test_where_a_part_of_a_sum_may_overflow_there_is_no_bound(name):
    """60000 + 60000 - 60000 in float16: infinite in one order, 60000 in another."""
    large, small = (np.array([[1.0, 1.0, -1.0]]) * size for size in (60000.0, 20000.0))
    ones = np.ones((3, 1))
    last = lambda x: bounded(Program(((name, 0, 1),), (x, ones)), bounds(format_of("float16")))[-1]

    assert last(large).error.ravel()[-1] == np.inf
    assert np.isfinite(last(small).error).all()


def test_products_of_exponentials_are_exponentials_of_sums_to_a_compiler():
    exponents = tuple(np.random.default_rng(0).uniform(-40.0, 40.0, (2, 1, 60)))
    program = Program((("exp", 0, 0), ("exp", 1, 1), ("mul", 2, 3)), exponents)

    assert worst(program, "float32", "compiled") == 0.0


# --- the property can fail ---------------------------------------------------------------------

SEARCH = settings(max_examples=2000, database=None, phases=[Phase.generate])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bound_for_a_finer_format_is_violated_by_some_program(dtype):
    target = format_of(dtype)
    tighter = bounds(target._replace(unit=target.unit / 16, sums=target.sums / 16, tiny=0.0))

    assert find(programs(), lambda p: worst(p, dtype, "numpy", tighter) > 0.0, settings=SEARCH)


ROUNDED = (
    *("add", "sub", "mul", "div", "exp", "log1p", "tanh", "logistic", "sqrt"),
    *("dot_general", "reduce_sum", "cumsum"),
)
ROUNDING = {name: (name,) for name in ROUNDED} | {"scan": ("tanh", "mul", "add")}


@pytest.mark.parametrize("name", ROUNDING)
def test_without_the_rounding_of_its_rule_some_program_violates_the_bound(name):
    target = format_of("float32")
    arithmetic, endless = bounds(target), target._replace(unit=0.0, sums=0.0, tiny=0.0)
    exact = {rule: partial(RULES[rule], endless) for rule in ROUNDING[name]}
    without = arithmetic._replace(rules={**arithmetic.rules, **exact})
    rng = np.random.default_rng(0)
    arguments = (rng.normal(size=(4, 4)), rng.normal(size=(4, 4)))
    program = Program(((name, 0, 1),), tuple(abs(x) for x in arguments))

    assert worst(program, "float32", "numpy") == 0.0
    assert worst(program, "float32", "numpy", without) > 0.0


MOVED = {  # operation: the rule whose errors are dropped
    "max": "max",
    "select": "select_n",
    "transpose": "transpose",
    "broadcast": "broadcast_in_dim",
}


@pytest.mark.parametrize("name", MOVED)
def test_without_the_errors_that_a_rule_carries_some_program_violates_the_bound(name):
    """Rounded once by exp, then moved or chosen: the bound must come along."""
    target = format_of("float32")
    arithmetic, moved = bounds(target), MOVED[name]
    forgetful = lambda *operands, **params: Bounded(
        arithmetic.rules[moved](*operands, **params).value
    )
    without = arithmetic._replace(rules={**arithmetic.rules, moved: forgetful})
    x = np.random.default_rng(0).normal(size=(1, 4))
    program = Program((("exp", 0, 0), (name, 1, 0)), (x,))

    assert worst(program, "float32", "numpy") == 0.0
    assert worst(program, "float32", "numpy", without) > 0.0


def test_every_operation_has_a_control():
    assert set(ROUNDING) | set(MOVED) == set(OPERATIONS)
