"""An activation of your own: derive its slope, have it judged, then train with it."""

import jax
import jax.numpy as jnp
import numpy as np

import refnet as rn
import verification as vf


def softsign(z):
    """z / (1 + |z|).  Range (-1, 1); slope 1 / (1 + |z|)^2."""
    return z / (1.0 + jnp.abs(z))


def pullback(z, da):
    """What arrives from above, times the slope: an array-valued function is given a cotangent."""
    return da / (1.0 + np.abs(z)) ** 2


def forgot_the_square(z, da):
    return da / (1.0 + np.abs(z))


def sample(rng):
    return (rng.normal(scale=3.0, size=(4, 7)),)


for candidate in (pullback, forgot_the_square):
    for dtype in ("float64", "float32"):
        finding = vf.validate(candidate, of=softsign, args=sample, dtype=dtype)
        print(f"{candidate.__name__}, {dtype}: {finding.verdict}")

split = rn.circles()
run = rn.train(
    lambda layers, x: rn.mlp(layers, x, softsign),
    rn.binary_cross_entropy_with_logits,
    rn.adam(0.02),
    rn.init_mlp(jax.random.key(0), (2, 16, 1)),
    split.train,
    epochs=300,
)
print(f"circles: loss {float(run.history.loss[0]):.3f}, then {float(run.history.loss[-1]):.3f}")
