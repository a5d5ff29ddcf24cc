"""Functions given by an equation: right and wrong implicit gradients are told apart by proof."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.oracles.krawczyk import has_one_root


def newton(residual, start):
    """x with residual(x, *theta) = 0, to the last digits."""

    def solve(*theta):
        x = jnp.asarray(start(*theta), jnp.float64)
        for _ in range(12):
            slope = jax.jacfwd(residual)(x, *theta)
            x = x - jnp.linalg.solve(slope, residual(x, *theta))
        return x

    return solve


def fixed(x, w, b):  # a deep equilibrium layer
    return x - jnp.tanh(w @ x + b)


def cube(x, a):
    return x**3 + x - a


def ridge(x, a, y):
    return a.T @ (a @ x - y) + 0.5 * x


def program(x, q, c):  # minimize x'qx/2 + c'x on the plane sum x = 1
    inner = q @ q.T @ x[:2] + x[:2] + c + x[2] * jnp.ones(2)
    return jnp.concatenate([inner, jnp.sum(x[:2], keepdims=True) - 1.0])


def eigen(x, a):  # the eigenvector, scaled to length 1, and its eigenvalue
    v = x[:2]
    both = (a + a.T) @ v - x[2] * v
    return jnp.concatenate([both, jnp.sum(v * v, keepdims=True) - 1.0])


def top(a):
    value, vectors = np.linalg.eigh(np.asarray(a + a.T))
    return np.append(vectors[:, -1], value[-1])


def steady(x, k):  # of two species that feed on each other
    return jnp.stack([k[0] - k[1] * x[0] * x[1], k[1] * x[0] * x[1] - k[2] * x[1] ** 2])


def logistic(x, a, y):  # where the gradient of a regularized regression vanishes
    return a.T @ (jax.nn.sigmoid(a @ x) - y) + 0.3 * x


def kepler(x, mean):
    return x - 0.4 * jnp.sin(x) - mean


def circles(x, r):
    return jnp.stack([x[0] ** 2 + x[1] ** 2 - r[0], (x[0] - 1.0) ** 2 + x[1] ** 2 - r[1]])


def softly(x, b):  # a fixed point of a softmax
    return x - jax.nn.softmax(0.8 * x[::-1] + b)


zeros = lambda *theta: np.zeros(2)
normal = lambda *shapes: lambda rng: tuple(rng.normal(size=shape) for shape in shapes)
PROBLEMS = {
    "equilibrium": (fixed, zeros, lambda rng: (0.4 * rng.normal(size=(2, 2)), rng.normal(size=2))),
    "root": (cube, zeros, normal(2)),
    "ridge regression": (ridge, zeros, normal((3, 2), 3)),
    "quadratic program": (program, lambda *theta: np.ones(3), normal((2, 2), 2)),
    "eigenvalue": (eigen, top, normal((2, 2))),
    "steady state": (steady, lambda k: np.ones(2), lambda rng: (1.0 + rng.random(3),)),
    "logistic regression": (logistic, zeros, normal((3, 2), 3)),
    "Kepler": (kepler, zeros, normal(2)),
    "circles": (circles, lambda r: np.ones(2), lambda rng: (1.5 + 0.5 * rng.random(2),)),
    "softmax": (softly, zeros, normal(2)),
}


def adjoint(residual, solve, mistake, *args):
    """-(dF/dtheta)' (dF/dx)^-T d, with or without a mistake."""
    *theta, d = args
    x = solve(*theta)
    slope = jax.jacfwd(residual)(x, *theta)
    _, pull = jax.vjp(lambda *theta: residual(x, *theta), *map(jnp.asarray, theta))
    if mistake == "transposed":
        weights = jnp.linalg.solve(slope, d)
    elif mistake == "short":  # a series for the inverse, of which ten terms are not enough
        step = 1.0 / (1.0 + jnp.abs(slope).sum())
        weights = step * jnp.asarray(d)
        for _ in range(10):
            weights = weights + step * (d - slope.T @ weights)
    elif mistake == "no inverse":
        weights = jnp.asarray(d)
    else:
        weights = jnp.linalg.solve(slope.T, d)
    found = pull(weights if mistake == "sign" else -weights)
    return tuple(2.0 * g if mistake == "doubled" else g for g in found)


def judged(name, mistake, dtype="float64"):
    residual, start, draw = PROBLEMS[name]
    solve = newton(residual, start)
    gradient = partial(adjoint, residual, solve, mistake)
    count = len(draw(np.random.default_rng(0)))
    of = vf.implicit(residual, solve)
    return vf.validate(gradient, of, draw, argnums=tuple(range(count)), cases=1, dtype=dtype)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_implicit_gradient_is_right_by_proof(name):
    finding = judged(name, "")
    assert finding.verdict == "correct", finding.reason
    assert finding.oracle == "ball"


DIAGONAL = ("root", "Kepler")  # their Jacobians are
SYMMETRIC = (*DIAGONAL, "ridge regression", "quadratic program", "logistic regression")
SAID = {
    "transposed": "not with its transpose",
    "short": "",
    "no inverse": "not solved with dF/dx at all",
    "sign": "",
    "doubled": "",
}
MISTAKES = ("transposed", "short", "no inverse", "sign", "doubled")
EACH = [(n, MISTAKES[k % 5]) for k, n in enumerate(PROBLEMS) if not (k % 5 == 0 and n in SYMMETRIC)]


@pytest.mark.parametrize(("name", "mistake"), EACH)
def test_a_wrong_one_is_wrong(name, mistake):
    finding = judged(name, mistake)
    assert finding.verdict == "wrong"
    said = finding.explanation[0].mistake if finding.explanation else ""
    assert SAID[mistake] in said


def test_what_is_made_of_the_root_may_be_differentiated_too():
    loss = vf.implicit(cube, newton(cube, zeros), then=lambda x, a: jnp.sum(x * a))
    slope = lambda x: 1.0 / (3.0 * x**2 + 1.0)

    def gradient(a):
        x = loss.solve(a)
        return x + a * slope(x)

    asked = partial(vf.validate, of=loss, args=normal(2), cases=1)
    assert asked(gradient).verdict == "correct"
    assert asked(loss.solve).verdict == "wrong"
    curved = lambda a: jnp.diag(
        2.0 * slope(loss.solve(a)) - 6.0 * a * loss.solve(a) * slope(loss.solve(a)) ** 3
    )
    assert asked(curved, order=2).verdict == "correct"
    assert asked(lambda a: 1.001 * curved(a), order=2).verdict == "wrong"


def cut_off(w, b, d):
    x = newton(fixed, zeros)(w, b)
    slope = 1.0 - x**2
    weights = d
    for _ in range(9):
        weights = d + w.T @ (slope * weights)
    return jnp.outer(slope * weights, x), slope * weights


def test_a_series_that_is_cut_off_is_named_with_its_terms():
    _, _, draw = PROBLEMS["equilibrium"]
    of = vf.implicit(fixed, newton(fixed, zeros))
    finding = vf.validate(cut_off, of, draw, argnums=(0, 1), cases=1)
    assert "a series of 10 terms" in finding.explanation[0].mistake


def test_a_layer_with_a_rule_of_its_own_is_judged_with_its_value():
    solve = newton(cube, zeros)

    @jax.custom_vjp
    def layer(a):
        return solve(a)

    layer.defvjp(lambda a: (solve(a), a), lambda a, d: (d / (3.0 * solve(a) ** 2 + 1.0),))
    of = vf.implicit(cube, solve)
    assert vf.validate(layer, of, normal(2), cases=1).verdict == "correct"
    layer.defvjp(lambda a: (solve(a), a), lambda a, d: (d / (3.0 * solve(a) + 1.0),))
    assert vf.validate(layer, of, normal(2), cases=1).verdict == "wrong"


def test_a_root_is_proven_or_refused():
    a = np.array([0.3, -0.7])
    assert has_one_root(cube, np.asarray(newton(cube, zeros)(a)), (a,))
    assert not has_one_root(cube, np.ones(2), (a,))
    double = lambda x, a: x**2 + 0.0 * a
    assert not has_one_root(double, np.full(2, 1e-9), (a,))
    lazy = vf.implicit(cube, lambda a: np.full(2, np.nan))
    with pytest.raises(ValueError, match="exactly one root"):
        vf.validate(lambda a, d: d, lazy, normal(2))


def test_what_is_no_function_is_said():
    with pytest.raises(TypeError, match="residual is 3; pass a function"):
        vf.implicit(3, cube)
