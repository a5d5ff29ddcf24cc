"""Tangent rules by hand: right ones in several spellings, wrong ones as people get them wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...judgement.tangent import validate_jvp
from .subject import Subject

normal = lambda *shapes: lambda rng: tuple(rng.normal(size=shape) for shape in shapes)
positive = lambda *shapes: lambda rng: tuple(0.5 + rng.random(shape) for shape in shapes)


def square(rng):
    return (3.0 * np.eye(3) + 0.5 * rng.normal(size=(3, 3)),)


def system(rng):
    return *square(rng), rng.normal(size=3)


def layer(rng):
    return {"w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}, rng.normal(size=(4, 3))


def gated(x, y):
    return jnp.tanh(x) * y


def dense(p, x):
    return jnp.tanh(x @ p["w"] + p["b"][None])


def normalized(x):
    return (x - jnp.mean(x)) / jnp.sqrt(jnp.var(x) + 1e-3)


def recurrent(x, a):
    return jax.lax.scan(lambda h, u: (a * h + u, a * h + u), jnp.zeros(()), x)[1]


def norm(x):
    return jnp.sqrt(jnp.sum(x**2))


def quotient(x, y):
    return x / y


def mse(p, t):
    return jnp.mean((p - t) ** 2)


def convolved(x, k):
    return jnp.convolve(x, k, mode="valid")


# --- right ----------------------------------------------------------------------------------------


def gated_flat(x, y, dx, dy):
    return (1.0 - np.tanh(x) ** 2) * dx * y + np.tanh(x) * dy


def gated_pair(xs, ds):
    (x, y), (dx, dy) = xs, ds
    return jnp.tanh(x) * y, y * dx / jnp.cosh(x) ** 2 + jnp.tanh(x) * dy


def dense_by_hand(p, x, dp, dx):
    a = np.tanh(x @ p["w"] + p["b"])
    return (1.0 - a**2) * (dx @ p["w"] + x @ dp["w"] + dp["b"])


def normalized_by_hand(x, dx):
    root = np.sqrt(np.var(x) + 1e-3)
    y, d = (x - np.mean(x)) / root, dx - np.mean(dx)
    return (d - y * np.mean(y * d)) / root


def recurrent_by_hand(x, a, dx, da):
    h, dh, found = 0.0, 0.0, []
    for u, du in zip(x, dx, strict=True):
        h, dh = a * h + u, a * dh + da * h + du
        found.append(dh)
    return np.array(found)


def softmax_by_hand(x, dx):
    s = np.exp(x - np.max(x))
    s = s / np.sum(s)
    return s * (dx - np.sum(s * dx))


@jax.custom_jvp
def cosine(x):
    return jnp.cos(x)


cosine.defjvp(lambda xs, ds: (jnp.cos(xs[0]), -jnp.sin(xs[0]) * ds[0]))


@jax.custom_jvp
def cosine_with_its_sign_lost(x):
    return jnp.cos(x)


cosine_with_its_sign_lost.defjvp(lambda xs, ds: (jnp.cos(xs[0]), jnp.sin(xs[0]) * ds[0]))

two = normal(3, 3)
RIGHT: dict[str, tuple[Callable, Callable, Callable]] = {  # name -> rule, of, args
    "gated, flat": (gated_flat, gated, two),
    "gated, value and tangent": (gated_pair, gated, two),
    "gated, tuples": (lambda xs, ds: gated_pair(xs, ds)[1], gated, two),
    "by jax.jvp": (lambda xs, ds: jax.jvp(gated, xs, ds), gated, two),
    "by jax.linearize": (lambda xs, ds: jax.linearize(gated, *xs)[1](*ds), gated, two),
    "a product": (lambda x, w, dx, dw: dx @ w + x @ dw, jnp.matmul, normal((2, 3), (3, 2))),
    "a norm": (lambda x, dx: x @ dx / np.sqrt(x @ x), norm, normal(3)),
    "log-sum-exp": (
        lambda x, dx: np.exp(x - np.logaddexp.reduce(x)) @ dx,
        jax.nn.logsumexp,
        normal(4),
    ),
    "softmax": (softmax_by_hand, jax.nn.softmax, normal(4)),
    "an inverse": (
        lambda a, da: -np.linalg.solve(a, da) @ np.linalg.inv(a),
        jnp.linalg.inv,
        square,
    ),
    "a system": (
        lambda a, b, da, db: np.linalg.solve(a, db - da @ np.linalg.solve(a, b)),
        jnp.linalg.solve,
        system,
    ),
    "a determinant": (
        lambda a, da: np.linalg.det(a) * np.trace(np.linalg.solve(a, da)),
        jnp.linalg.det,
        square,
    ),
    "a quotient": (lambda x, y, dx, dy: (dx - x / y * dy) / y, quotient, positive(3, 3)),
    "a power": (
        lambda x, y, dx, dy: x**y * (y * dx / x + np.log(x) * dy),
        jnp.power,
        positive(3, 3),
    ),
    "a sorted array": (lambda x, dx: dx[np.argsort(x)], jnp.sort, normal(5)),
    "a tree": (dense_by_hand, dense, layer),
    "a normalization": (normalized_by_hand, normalized, normal(5)),
    "a recurrence": (recurrent_by_hand, recurrent, normal(4, ())),
    "a convolution": (
        lambda x, k, dx, dk: np.convolve(dx, k, "valid") + np.convolve(x, dk, "valid"),
        convolved,
        normal(6, 3),
    ),
    "a custom_jvp": (cosine, jnp.cos, normal(3)),
}

# --- wrong: the rule, of, args, and the words that name the mistake -------------------------------


def gated_without_a_square(x, y, dx, dy):
    return (1.0 - np.tanh(x)) * dx * y + np.tanh(x) * dy


def gated_with_a_sign(x, y, dx, dy):
    return -(1.0 - np.tanh(x) ** 2) * dx * y + np.tanh(x) * dy


def dense_without_bias(p, x, dp, dx):
    a = np.tanh(x @ p["w"] + p["b"])
    return (1.0 - a**2) * (dx @ p["w"] + x @ dp["w"])


def dense_before_its_activation(p, x, dp, dx):
    return dx @ p["w"] + x @ dp["w"] + dp["b"]


def normalized_with_constant_variance(x, dx):
    return (dx - np.mean(dx)) / np.sqrt(np.var(x) + 1e-3)


def recurrent_without_what_was(x, a, dx, da):
    h = np.concatenate([[0.0], np.asarray(recurrent(x, a))[:-1]])
    return dx + da * h


def doubled_value(xs, ds):
    value, tangent = gated_pair(xs, ds)
    return 2.0 * value, tangent


WRONG: dict[str, tuple[Any, Callable, Callable, str]] = {
    "a square": (gated_without_a_square, gated, two, "taken to be 1 - a"),
    "a sign": (gated_with_a_sign, gated, two, "the sign is wrong"),
    "a path": (
        lambda x, y, dx, dy: gated_flat(x, y, dx, 0.0 * dy),
        gated,
        two,
        "the path is dropped",
    ),
    "exchanged": (lambda x, y, dx, dy: gated_flat(x, y, dy, dx), gated, two, "belongs to y"),
    "backwards": (
        lambda x, y, dx, dy: gated_flat(x, y, dx[::-1], dy),
        gated,
        two,
        "runs backwards",
    ),
    "a value": (doubled_value, gated, two, "2 times"),
    "a norm": (lambda x, dx: x @ dx, norm, normal(3), "the slope times a"),
    "softmax": (
        lambda x, dx: np.asarray(jax.nn.softmax(x)) * dx,
        jax.nn.softmax,
        normal(4),
        "the path is dropped",
    ),
    "log-sum-exp": (lambda x, dx: np.exp(x) @ dx, jax.nn.logsumexp, normal(4), "exp a"),
    "an inverse": (
        lambda a, da: np.linalg.solve(a, da) @ np.linalg.inv(a),
        jnp.linalg.inv,
        square,
        "the negative gradient",
    ),
    "a system": (
        lambda a, b, da, db: np.linalg.solve(a, db),
        jnp.linalg.solve,
        system,
        "the path is dropped",
    ),
    "a determinant": (
        lambda a, da: np.trace(np.linalg.solve(a, da)),
        jnp.linalg.det,
        square,
        "without its value",
    ),
    "a quotient": (
        lambda x, y, dx, dy: (dx - x * dy) / y,
        quotient,
        positive(3, 3),
        "the slope times",
    ),
    "a power": (
        lambda x, y, dx, dy: y * x ** (y - 1.0) * dx,
        jnp.power,
        positive(3, 3),
        "the path is dropped",
    ),
    "a mean": (lambda p, t, dp, dt: 2.0 * (p - t) @ (dp - dt), mse, normal(4, 4), "4 times"),
    "a tree": (dense_without_bias, dense, layer, "['b']"),
    "an activation": (dense_before_its_activation, dense, layer, "taken to be 1"),
    "a normalization": (
        normalized_with_constant_variance,
        normalized,
        normal(5),
        "the path is dropped",
    ),
    "a recurrence": (recurrent_without_what_was, recurrent, normal(4, ()), "the path is dropped"),
    "a custom_jvp": (cosine_with_its_sign_lost, jnp.cos, normal(3), "the negative gradient"),
}


def _asked(rule: Any, of: Callable, args: Callable):
    return partial(validate_jvp, rule, of, args, cases=2, edges="none")


SUBJECTS = (
    *(Subject(name, True, _asked(*parts)) for name, parts in RIGHT.items()),
    *(Subject(name, False, _asked(*parts), said) for name, (*parts, said) in WRONG.items()),
)
