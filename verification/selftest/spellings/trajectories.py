"""Update rules over T steps, differentiated by PyTorch, optax and JAX, and by many hands."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ...derivations import adagrad, adam, adamw, rmsprop
from ...derivations.trajectory import RATE
from .rules_by_hand import B1, B2, HANDS, RHO, B
from .spelling import Spelled, derived, jax_of, torch_of

# --- by libraries: (memory, g, w, k) -> memory and direction, tensors and arrays alike -----------

Step = Callable[[Any, Any, Any, int], tuple[Any, Any]]


def adam_step(memory, g, w, k, decay=0.0):
    m, v = memory
    m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
    return (m, v), m / (1 - B1**k) / ((v / (1 - B2**k)) ** 0.5 + adam.EPS) + decay * w


def root_step(decay: float, share: float, eps: float) -> Step:
    def step(v, g, w, k):
        v = decay * v + share * g * g
        return v, g / (v + eps) ** 0.5

    return step


STEPS: dict[str, tuple[Callable, Step]] = {
    "gradient_descent": (lambda w: (), lambda memory, g, w, k: ((), g)),
    "momentum": (lambda w: 0 * w, lambda v, g, w, k: ((v := B * v + g), v)),
    "nesterov": (lambda w: 0 * w, lambda v, g, w, k: ((v := B * v + g), g + B * v)),
    "adam": (lambda w: (0 * w, 0 * w), adam_step),
    "adamw": (lambda w: (0 * w, 0 * w), lambda *now: adam_step(*now, decay=adamw.DECAY)),
    "rmsprop": (lambda w: 0 * w, root_step(RHO, 1 - RHO, rmsprop.EPS)),
    "adagrad": (lambda w: 0 * w + adagrad.START, root_step(1.0, 1.0, adagrad.EPS)),
}
OPTAX = {
    "gradient_descent": optax.sgd(RATE),
    "momentum": optax.sgd(RATE, B),
    "nesterov": optax.sgd(RATE, B, nesterov=True),
    "adam": optax.adam(RATE, B1, B2, adam.EPS),
    "adamw": optax.adamw(RATE, B1, B2, adam.EPS, weight_decay=adamw.DECAY),
    "rmsprop": optax.rmsprop(RATE, RHO, rmsprop.EPS),
    "adagrad": optax.adagrad(RATE, adagrad.START, adagrad.EPS),
}


def run(name: str) -> Callable:
    start, step = STEPS[name]

    def of_leaf(w, g):
        memory = start(w)
        for k in range(len(g)):
            memory, d = step(memory, g[k], w, k + 1)
            w = w - RATE * d
        return w

    return of_leaf


def in_torch(name: str) -> Callable:
    of_leaf = run(name)
    return torch_of(
        lambda params, gradients: type(params)(*map(of_leaf, params, gradients)), (0, 1)
    )


def in_jax(name: str) -> Callable:
    of_leaf = run(name)
    return jax_of(lambda params, gradients: jax.tree.map(of_leaf, params, gradients), (0, 1))


def in_optax(name: str) -> Callable:
    def after(params, gradients):
        rule = OPTAX[name]
        state = rule.init(params)
        for k in range(len(gradients.b)):
            g = jax.tree.map(lambda leaf: leaf[k], gradients)  # noqa: B023
            with jax.numpy_dtype_promotion("standard"):  # optax counts in integers
                step, state = rule.update(g, state, params)
            params = jax.tree.map(jnp.add, params, step)
        return params

    return jax_of(after, (0, 1))


TRAJECTORIES: dict[str, Spelled] = {
    name: derived(
        name,
        HANDS[name]
        | {
            "PyTorch": in_torch(name),
            "optax": in_optax(name),
            "JAX, leaf by leaf": in_jax(name),
        },
        scales=(1.0, 16.0),
        scaled=(1,),
    )
    for name in HANDS
}
