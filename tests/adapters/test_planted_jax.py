"""Ten wrong rules in JAX, handed over as the functions that have them; their right twins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl

import verification as vf
from verification.adapters import jax_function
from verification.vocabulary import Verdict

from .planted import Planted


def with_vjp(forward, backward):
    """A custom_vjp of forward(*args) with backward(args, cotangent) -> one slope for each."""
    f = jax.custom_vjp(lambda *args: forward(*args))
    f.defvjp(lambda *args: (forward(*args), args), lambda args, d: backward(args, d))
    return f


def with_jvp(forward, slope):
    f = jax.custom_jvp(lambda z: forward(z))
    f.defjvp(lambda zs, dzs: (forward(*zs), slope(*zs) * dzs[0]))
    return f


def vector(rng):
    return (rng.normal(size=5),)


# --- elementwise --------------------------------------------------------------------------------


def sigmoid(z):
    return 1.0 / (1.0 + jnp.exp(-z))


def sigmoid_rule(args, d):
    a = sigmoid(args[0])
    return (d * a * (1.0 - a),)


SIGMOID = with_vjp(sigmoid, sigmoid_rule)
HALF_RULE = with_vjp(sigmoid, lambda args, d: (d * sigmoid(args[0]),))
NO_UPSTREAM = with_vjp(sigmoid, lambda args, d: sigmoid_rule(args, jnp.ones_like(d)))
OTHER_VALUE = with_vjp(lambda z: 1.0 / (1.0 + jnp.exp(z)), sigmoid_rule)
TANH = with_jvp(jnp.tanh, lambda z: 1.0 - jnp.tanh(z) ** 2)
TANH_SIGN = with_jvp(jnp.tanh, lambda z: jnp.tanh(z) ** 2 - 1.0)
TANH_VALUE = with_jvp(lambda z: jnp.tanh(z) + 1e-9, lambda z: 1.0 - jnp.tanh(z) ** 2)


# --- several arguments --------------------------------------------------------------------------


def dense(w, b, x):
    return x @ w + b[None]


def dense_sample(rng):
    return rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 3))


def dense_rule(args, d, reduce=jnp.sum):
    w, _, x = args
    return x.T @ d, reduce(d, axis=0), d @ w.T


def outer(x, y):
    return x * y * y


def pair(rng):
    return rng.normal(size=4), rng.normal(size=4)


def outer_rule(args, d):
    x, y = args
    return d * y * y, 2.0 * d * x * y


def logsumexp(z):
    return jax.nn.logsumexp(z, axis=1)


def matrix(rng):
    return (rng.normal(size=(3, 4)),)


def logsumexp_rule(axis):
    return lambda args, d: (d[:, None] * jax.nn.softmax(args[0], axis=axis),)


DENSE = with_vjp(dense, dense_rule)
OUTER = with_vjp(outer, outer_rule)
LSE = with_vjp(logsumexp, logsumexp_rule(1))
MEAN_BIAS = with_vjp(dense, lambda args, d: dense_rule(args, d, jnp.mean))
SWAPPED = with_vjp(outer, lambda args, d: outer_rule(args, d)[::-1])
OTHER_AXIS = with_vjp(logsumexp, logsumexp_rule(0))


# --- a kernel, and what wraps a rule -------------------------------------------------------------


def square_kernel(x_ref, o_ref):
    o_ref[...] = x_ref[...] * x_ref[...]


def slope_kernel(factor):
    def kernel(x_ref, d_ref, o_ref):
        o_ref[...] = np.asarray(factor, x_ref.dtype) * x_ref[...] * d_ref[...]

    return kernel


def called(kernel, x, *more):
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return pl.pallas_call(kernel, out_shape=shape, interpret=True)(x, *more)


def squared(factor):
    forward = lambda x: called(square_kernel, x)
    return with_vjp(forward, lambda args, d: (called(slope_kernel(factor), args[0], d),))


def wrapped(rule):
    def loss(z):
        return jnp.sum(rule(z) ** 2)

    return jax_function.derivative(jax.jit(loss))


def plain_loss(z):
    return jnp.sum(sigmoid(z) ** 2)


def square(x):
    return x * x


ALL = (("argnums", (0, 1, 2)),)
TWO = (("argnums", (0, 1)),)
PLANTED = {
    "half of the rule": Planted(sigmoid, vector, SIGMOID, HALF_RULE),
    "upstream ignored": Planted(sigmoid, vector, SIGMOID, NO_UPSTREAM),
    "another value": Planted(sigmoid, vector, SIGMOID, OTHER_VALUE),
    "the sign of a jvp": Planted(jnp.tanh, vector, TANH, TANH_SIGN),
    "the value of a jvp": Planted(jnp.tanh, vector, TANH, TANH_VALUE),
    "bias averaged": Planted(dense, dense_sample, DENSE, MEAN_BIAS, ALL),
    "arguments swapped": Planted(outer, pair, OUTER, SWAPPED, TWO),
    "softmax of another axis": Planted(logsumexp, matrix, LSE, OTHER_AXIS),
    "a kernel's factor": Planted(square, vector, squared(2.0), squared(1.0)),
    "a rule inside a jit": Planted(plain_loss, vector, wrapped(SIGMOID), wrapped(HALF_RULE)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_mistake_is_wrong_and_its_right_twin_correct(name):
    planted = PLANTED[name]
    right, wrong = planted.judged(planted.right), planted.judged(planted.wrong)

    assert right.verdict is Verdict.CORRECT, str(right)
    assert right.worst is not None and "value" in right.power
    assert wrong.verdict is Verdict.WRONG, str(wrong)
    if name.endswith("value") or "value of" in name:
        assert wrong.worst.leaf == "value"  # pyright: ignore
        assert "this is its value, and `of` has another" in wrong.reason


def test_a_custom_jvp_is_asked_in_forward_mode_too():
    found = PLANTED["the sign of a jvp"].judged(TANH)

    assert "x by forward mode" in found.power
    assert not any("forward" in leaf for leaf in PLANTED["upstream ignored"].judged(SIGMOID).power)


def test_what_is_no_function_is_named():
    with pytest.raises(TypeError, match="gradient is 3; pass a function"):
        PLANTED["half of the rule"].judged(3)


@pytest.mark.parametrize(("slope", "verdict"), [(1.0, Verdict.CORRECT), (0.5, Verdict.WRONG)])
def test_a_custom_vjp_under_jit_is_known_at_sight(slope, verdict):
    square = jax.custom_vjp(lambda x: x * x)
    square.defvjp(lambda x: (x * x, x), lambda x, d: (2.0 * slope * x * d,))
    points = lambda rng: (rng.normal(size=3),)

    assert vf.validate(jax.jit(square), lambda x: x**2, points, cases=2).verdict is verdict
    assert jax_function.recognised(jax.jit(lambda x, d: 2.0 * x * d)) is None
