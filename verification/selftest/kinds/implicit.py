"""Functions that are given by an equation, and the gradients that people write for them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ...judgement.kinds.implicit import implicit
from ...judgement.validate import validate
from .subject import Subject


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
    if mistake == "missing":  # what flows to the last argument
        return (*found[:-1], jnp.zeros_like(found[-1]))
    return tuple(2.0 * g if mistake == "doubled" else g for g in found)


DIAGONAL = ("root", "Kepler")  # their Jacobians are
SYMMETRIC = (*DIAGONAL, "ridge regression", "quadratic program", "logistic regression", "softmax")
SAID = {
    "transposed": "not with its transpose",
    "short": "",
    "no inverse": "not solved with dF/dx at all",
    "sign": "the negative gradient",
    "doubled": "times the truth (here 2)",
    "missing": "",
}
ALONE = ("root", "eigenvalue", "steady state", "Kepler", "circles", "softmax")  # one argument
EACH = [
    (name, mistake)
    for name in PROBLEMS
    for mistake in SAID
    if not (mistake == "transposed" and name in SYMMETRIC)
    and not (mistake == "missing" and name in ALONE)
]


def judged(name: str, mistake: str, dtype: str = "float64"):
    residual, start, draw = PROBLEMS[name]
    solve = newton(residual, start)
    gradient = partial(adjoint, residual, solve, mistake)
    count = len(draw(np.random.default_rng(0)))
    of = implicit(residual, solve)
    return validate(gradient, of, draw, argnums=tuple(range(count)), cases=1, dtype=dtype)


SUBJECTS = (
    *(Subject(name, True, partial(judged, name, "")) for name in PROBLEMS),
    *(Subject(f"{n}, {m}", False, partial(judged, n, m), SAID[m]) for n, m in EACH),
)
