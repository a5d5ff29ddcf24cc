"""Derivatives that are meant to be others: each convention, and two wrong twins of each."""

from functools import partial

import jax
import jax.numpy as jnp

from ...judgement.kinds.meant import cotangent
from ...judgement.validate import validate
from .subject import Subject

numbers = lambda rng: (2.0 * rng.normal(size=3),)


def ruled(f, back):
    @jax.custom_vjp
    def function(x):
        return f(x)

    function.defvjp(lambda x: (f(x), x), lambda x, d: (back(x, d),))
    return function


same = lambda x: x
spike = lambda x: jnp.where(x > 0.0, 1.0, 0.0)
clipped = cotangent(lambda d: jnp.clip(d, -0.5, 0.5))
inside = lambda x, d: jnp.where(jnp.abs(x) <= 1.0, d, 0.0)
open_inside = lambda x, d: jnp.where(jnp.abs(x) < 1.0, d, 0.0)
RIGHT = {
    "straight-through": (jnp.round, lambda x, d: d, "straight-through", "is handed on"),
    "by a function": (jnp.sign, lambda x, d: d, same, "is handed on"),
    "bounds included": (jnp.round, inside, lambda x: jnp.clip(x, -1.0, 1.0), "within bounds"),
    "bounds excluded": (jnp.round, open_inside, lambda x: jnp.clip(x, -1.0, 1.0), "within bounds"),
    "reversed": (same, lambda x, d: -d, "reversed", "gradient reversal"),
    "stopped": (jnp.sin, lambda x, d: 0.0 * d, "stopped", "nothing is handed on"),
    "clipped": (same, lambda x, d: jnp.clip(d, -0.5, 0.5), clipped, "of the cotangent after"),
    "spikes": (spike, lambda x, d: d / (1.0 + x * x), jnp.arctan, "that of arctan"),
}
WRONG = {
    "straight-through": (lambda x, d: 2.0 * d, open_inside),
    "by a function": (lambda x, d: d * x, lambda x, d: d[::-1]),
    "bounds included": (lambda x, d: d, lambda x, d: jnp.where(jnp.abs(x) <= 2.0, d, 0.0)),
    "bounds excluded": (lambda x, d: -open_inside(x, d), lambda x, d: jnp.where(x < 1.0, d, 0.0)),
    "reversed": (lambda x, d: d, lambda x, d: -0.5 * d),
    "stopped": (lambda x, d: d, lambda x, d: 1e-9 * d),
    "clipped": (lambda x, d: d, lambda x, d: jnp.clip(d, -0.5, 1.0)),
    "spikes": (lambda x, d: d / (1.0 + x), lambda x, d: d / (1.0 + jnp.abs(x))),
}


def judged(name: str, back):
    f, _, meant, _ = RIGHT[name]
    return validate(ruled(f, back), of=f, args=numbers, meant=meant, cases=3)


SUBJECTS = (
    *(Subject(n, True, partial(judged, n, back), said) for n, (_, back, _, said) in RIGHT.items()),
    *(
        Subject(f"{name}, twin {k}", False, partial(judged, name, back), "the gradient")
        for name, twins in WRONG.items()
        for k, back in enumerate(twins, 1)
    ),
)
