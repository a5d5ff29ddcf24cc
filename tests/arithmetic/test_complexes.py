"""Complex floats follow the analytic function, and the real branch."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from verification.arithmetic.complexes import complexes
from verification.arithmetic.interpreter import enter, run
from verification.vocabulary import NoRule, Undecided

ANALYTIC = {
    "tanh": (jnp.tanh, mpmath.tanh),
    "logistic": (jax.lax.logistic, lambda x: 1 / (1 + mpmath.exp(-x))),
    "erf": (jax.lax.erf, mpmath.erf),
    "erfc": (jax.lax.erfc, mpmath.erfc),
    "exp": (jnp.exp, mpmath.exp),
    "expm1": (jnp.expm1, mpmath.expm1),
    "log1p": (jnp.log1p, lambda x: mpmath.log(1 + x)),
    "log": (jnp.log, mpmath.log),
    "sqrt": (jnp.sqrt, mpmath.sqrt),
    "rsqrt": (jax.lax.rsqrt, lambda x: 1 / mpmath.sqrt(x)),
    "sin": (jnp.sin, mpmath.sin),
    "cos": (jnp.cos, mpmath.cos),
    "tan": (jnp.tan, mpmath.tan),
    "asin": (lambda x: jnp.arcsin(x / 4.0), lambda x: mpmath.asin(x / 4)),
    "acos": (lambda x: jnp.arccos(x / 4.0), lambda x: mpmath.acos(x / 4)),
    "atan": (lambda x: jnp.arctan(x / 4.0), lambda x: mpmath.atan(x / 4)),
    "atan2 to the right": (lambda x: jnp.arctan2(-x, 2.0 + x), lambda x: mpmath.atan(-x / (2 + x))),
    "atan2 to the left": (
        lambda x: jnp.arctan2(2.0 + x, x - 4.0),
        lambda x: mpmath.atan((2 + x) / (x - 4)) + mpmath.pi,
    ),
    "sinh": (jnp.sinh, mpmath.sinh),
    "cosh": (jnp.cosh, mpmath.cosh),
    "asinh": (lambda x: jnp.arcsinh(x / 4.0), lambda x: mpmath.asinh(x / 4)),
    "acosh": (lambda x: jnp.arccosh(2.0 + x), lambda x: mpmath.acosh(2 + x)),
    "atanh": (lambda x: jnp.arctanh(x / 4.0), lambda x: mpmath.atanh(x / 4)),
    "cbrt": (jnp.cbrt, lambda x: x ** (mpmath.mpf(1) / 3)),
    "log2": (jnp.log2, lambda x: mpmath.log(x, 2)),
    "cube": (lambda x: x**3, lambda x: x**3),
    "quotient": (lambda x: (x - 2.0) / (x * x + 1.0), lambda x: (x - 2) / (x * x + 1)),
}
ROUNDINGS = 16  # of 2^-53 each: an elementary function or a few operations


def evaluate(function, *args, dtype=np.complex128):
    arithmetic = complexes(dtype)
    program = jax.make_jaxpr(function)(*(np.zeros(np.shape(a)) for a in args))
    return run(program, [np.asarray(a, dtype) for a in args], arithmetic)


@pytest.mark.parametrize("name", ANALYTIC)
@pytest.mark.parametrize("z", [0.4 + 0.3j, 1.9 - 0.2j, 0.07 + 1.1j])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_functions_are_continued_analytically(name, z, dtype):
    function, reference = ANALYTIC[name]
    (got,) = evaluate(function, dtype(z), dtype=dtype)
    want = complex(reference(mpmath.mpc(complex(dtype(z)))))
    assert got.dtype == dtype
    bound = ROUNDINGS * np.finfo(dtype).eps * max(abs(want), 1.0)
    assert abs(got[()] - want) <= bound
    assert not abs(got[()].conj() - want) <= bound


def test_branches_follow_the_real_part():
    x, y = np.array([1.0 + 5j, -2.0 + 1j]), np.array([0.5 - 9j, 3.0 + 2j])

    def program(x, y):
        return (
            jnp.maximum(x, y),
            jnp.minimum(x, y),
            jnp.abs(x),
            jnp.where(x < y, x, -x),
            x.max(),
            jnp.clip(x, -1.0, 0.75),
            jax.lax.stop_gradient(x),
            jnp.floor(x / 2.0),
            jnp.ceil(x / 2.0),
            jnp.cbrt(8.0 * x * x * x),
        )

    top, low, size, picked, best, clipped, stopped, down, up, root = evaluate(program, x, y)
    assert top.tolist() == [x[0], y[1]] and low.tolist() == [y[0], x[1]]
    assert size.tolist() == [x[0], -x[1]] and picked.tolist() == [-x[0], x[1]]
    assert best == x[0] and clipped.tolist() == [0.75, -1.0]
    assert stopped.tolist() == [1.0, -2.0]
    assert down.tolist() == [0.0, -1.0] and up.tolist() == [1.0, -1.0]
    assert root[1].real != 0.0


def test_products_transposes_and_scans():
    rng = np.random.default_rng(2)
    a, b = (rng.normal(size=s) + 1j * rng.normal(size=s) for s in ((2, 3, 4), (2, 4, 5)))
    (got,) = evaluate(lambda a, b: jnp.einsum("bij,bjk->kbi", a, b), a, b)
    bound = 4 * ROUNDINGS * np.finfo(float).eps * (np.abs(a) @ np.abs(b)).max()
    assert np.abs(got - np.einsum("bij,bjk->kbi", a, b)).max() <= bound
    assert np.abs(got - np.einsum("bij,bjk->kbi", a, b.conj())).max() > bound
    (total,) = evaluate(lambda a: jax.lax.scan(lambda c, x: (c + x, None), a[0], a[1:])[0], a)
    assert np.abs(total - a.sum(0)).max() <= bound


def test_steps_are_not_taken_through_integers_or_unknown_functions():
    with pytest.raises(Undecided, match="integer"):
        evaluate(lambda x: x.astype(int), 1.5)
    with pytest.raises(NoRule, match="digamma"):
        evaluate(jax.lax.digamma, 1.5)


def test_numbers_enter_in_the_width_asked_for():
    assert enter(np.float64(0.1), complexes(np.complex64)).dtype == np.complex64
    assert enter(np.arange(3), complexes()).dtype == np.int64
