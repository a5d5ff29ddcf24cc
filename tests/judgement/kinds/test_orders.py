"""Second and third derivatives: right and wrong ones, of everything that can be handed over."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters import jax_function
from verification.judgement.kinds.problem import output

from .double_backward import cubes_of_pytorch


def loss(w, x):
    return jnp.sum(jnp.tanh(x @ w) ** 2)


def sample(rng):
    return rng.normal(size=2), rng.normal(size=(3, 2))


def judged(gradient, of=loss, args=sample, **options):
    return vf.validate(gradient, of=of, args=args, **{"cases": 1, "order": 2, **options})


hessian = jax.hessian(loss)


def product(w, x, along):
    return hessian(w, x) @ along


def gradient_of(f):
    return jax.grad(f)


def by_gauss_newton(w, x):  # the term with the second derivative of tanh is forgotten
    jacobian = jax.jacobian(lambda w: jnp.tanh(x @ w))(w)
    return 2.0 * jacobian.T @ jacobian


def detached(w, x):
    a = jnp.tanh(x @ w)
    return 2.0 * x.T @ (a * jax.lax.stop_gradient(1.0 - a * a))


@pytest.mark.parametrize("right", [hessian, product, gradient_of(loss)])
def test_what_is_right_is_correct(right):
    finding = judged(right)
    assert finding.verdict == "correct", finding.reason
    assert finding.reason.startswith("the second derivative: ")


@pytest.mark.parametrize(
    "wrong",
    [
        by_gauss_newton,
        detached,
        lambda w, x: jnp.diag(jnp.diag(hessian(w, x))),
        lambda w, x, along: hessian(w, x) @ w,
        lambda w, x, along: 0.5 * hessian(w, x) @ along,
        lambda w, x: hessian(w, x) * 1.000001,
    ],
)
def test_what_is_wrong_is_wrong(wrong):
    assert judged(wrong).verdict == "wrong"


def ruled(slope):
    """softplus with a rule of its own for the way back."""

    @jax.custom_vjp
    def softplus(z):
        return jnp.logaddexp(z, 0.0)

    softplus.defvjp(lambda z: (softplus(z), z), lambda z, d: (d * slope(z),))
    return softplus


numbers = lambda rng: (rng.normal(size=2),)


def test_a_rule_that_stops_the_second_gradient_is_right_once():
    stopped = ruled(lambda z: jax.lax.stop_gradient(jax.nn.sigmoid(z)))
    assert vf.validate(stopped, args=numbers, cases=1).verdict == "correct"
    finding = vf.validate(stopped, args=numbers, cases=1, order=2)
    assert finding.verdict == "wrong" and "it is zero everywhere" in str(finding)
    right = ruled(jax.nn.sigmoid)
    assert vf.validate(right, args=numbers, cases=1, order=2).verdict == "correct"
    assert vf.validate(jax.jit(right), args=numbers, cases=1, order=2).verdict == "correct"


def test_the_third_derivative_is_judged_too():
    assert vf.validate(ruled(jax.nn.sigmoid), args=numbers, cases=1, order=3).verdict == "correct"

    @jax.custom_vjp
    def once(z):  # right as a slope, but as a function its own slope is stopped
        return jax.nn.sigmoid(z)

    once.defvjp(
        lambda z: (once(z), z),
        lambda z, d: (d * jax.lax.stop_gradient(once(z) * (1.0 - once(z))),),
    )
    hidden = ruled(once)
    assert vf.validate(hidden, args=numbers, cases=1, order=2).verdict == "correct"
    assert vf.validate(hidden, args=numbers, cases=1, order=3).verdict == "wrong"


def test_all_third_derivatives_are_known_by_their_shape():
    cubes = lambda w: jnp.sum(w**4)
    every = lambda w: 24.0 * np.einsum("i,ij,jk->ijk", w, np.eye(2), np.eye(2))
    assert judged(every, cubes, numbers, order=3).verdict == "correct"
    assert judged(lambda w: 1.001 * every(w), cubes, numbers, order=3).verdict == "wrong"


@pytest.mark.parametrize("name", ["relu", "celu", "gelu", "log_sigmoid", "logsumexp"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_jax_is_right_at_second_order_at_kinks_too(name, dtype):
    f = getattr(jax.nn, name)
    finding = judged(jax_function.derivative(f), f, numbers, dtype=dtype)
    assert finding.verdict == "correct", finding.reason


def test_hessians_over_several_arrays_are_trees_of_trees():
    def net(params, x):
        return jnp.sum(jnp.tanh(x @ params["w"] + params["b"][None]) ** 2)

    def draw(rng):
        params = {"w": rng.normal(size=(2, 2)), "b": rng.normal(size=2)}
        return params, rng.normal(size=(3, 2))

    assert judged(jax.hessian(net), net, draw, cases=1).verdict == "correct"

    def crossed(params, x):  # the blocks that mix two arrays are left at zero
        found = jax.hessian(net)(params, x)
        return {i: {j: found[i][j] * float(i == j) for j in "wb"} for i in "wb"}

    finding = judged(crossed, net, draw, cases=1)
    assert finding.verdict == "wrong" and "['w']['b']" in str(finding.worst)


@pytest.mark.torch
def test_double_backward_of_pytorch():
    cube = cubes_of_pytorch()
    asked = {"of": lambda x: x**3, "args": numbers, "cases": 2, "order": 2}
    assert vf.validate(cube(lambda x: x), **asked).verdict == "correct"
    assert vf.validate(cube(lambda x: x.detach()), **asked).verdict == "wrong"
    assert vf.validate(cube(lambda x: x.detach()), **{**asked, "order": 1}).verdict == "correct"


def test_what_cannot_be_asked_is_said_in_sentences():
    with pytest.raises(ValueError, match="order is 4; it must be one of 1, 2, 3"):
        judged(hessian, order=4)
    with pytest.raises(TypeError, match="hand over a Hessian"):
        judged(lambda w, x: 2.0 * np.asarray(x).T @ np.tanh(np.asarray(x) @ np.asarray(w)))
    with pytest.raises(TypeError, match="write it with jax.numpy"):
        judged(hessian, of=lambda w, x: float(np.sum(np.asarray(w))))
    with pytest.raises(TypeError, match="of is missing"):
        vf.validate(hessian, args=sample)


def sizes(rng):
    return (rng.normal(size=1 + int(rng.integers(4))),)


@pytest.mark.parametrize("order", [1, 2])
def test_points_may_have_other_shapes_each_time(order):
    of, options = jnp.sin, {"args": sizes, "cases": 3, "edges": "none", "order": order}
    by_hand = lambda x, d: jnp.cos(x) * d
    assert vf.validate(by_hand, of, **options).verdict == "correct"
    assert vf.validate(jax_function.derivative(of), of, **options).verdict == "correct"
    meant = {**options, "order": 1, "meant": "straight-through"}
    assert vf.validate(ruled_to_hand_on, jnp.round, **meant).verdict == "correct"
    assert vf.validate(lambda x, d: 2.0 * d, jnp.round, **meant).verdict == "wrong"
    forward = {"args": sizes, "cases": 3, "edges": "none"}
    assert vf.validate_jvp(lambda x, dx: jnp.cos(x) * dx, of, **forward).verdict == "correct"


@jax.custom_vjp
def ruled_to_hand_on(x):
    return jnp.round(x)


ruled_to_hand_on.defvjp(lambda x: (jnp.round(x), None), lambda _, d: (d,))


def test_a_loop_may_take_comparisons_one_by_one():
    def gated(x, a):
        step = lambda h, row: ((h * a + jnp.where(row[1], row[0], 0.2 * row[0])),) * 2
        return jax.lax.scan(step, jnp.zeros(()), (x, x * a > 0.1))[1]

    draw = lambda rng: (rng.normal(size=3), rng.normal())
    finding = judged(jax_function.derivative(gated), gated, draw, argnums=(0, 1), edges="none")
    assert finding.verdict == "correct" and finding.oracle == "ball", finding.reason


def test_the_shapes_of_what_is_answered_are_looked_for_once():
    """By samplers that draw a cotangent behind every point."""
    asked = []

    def of(x):
        asked.append(x.shape)
        return jnp.sum(x**3)

    for seed in range(3):
        point = (np.random.default_rng(seed).normal(size=4),)
        assert output(of, point).shape == ()
    assert asked == [(4,)]
    assert output(lambda x: x, (np.ones((2, 3)),)).shape == (2, 3)
    assert output(of, (np.ones(5),)).shape == () and asked == [(4,), (5,)]
    with pytest.raises(TypeError, match="TypeError where JAX traced it"):
        output(lambda x: x.reshape(7), (np.ones(2),))
