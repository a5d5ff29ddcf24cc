"""Batch size and noise: the variance of a batch's gradient is that of one example over its size.

A perceptron at its first weights on 455 tumors: gradients of 64 batches of each size, drawn with
repetition; the mean square of their distance from the gradient of all, beside that of single
examples over the size. A rate that doubles with the batch keeps this noise as it was. McCandlish,
Kaplan, Amodei et al. 2018, An empirical model of large-batch training, equation 2.1; they have the
law for large networks, here it is measured with a small one.
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

import refnet as rn

X, Y = "examples in a batch", "mean square of the gradient's noise"


def run(key, small=False):
    weight_key, draw_key = jax.random.split(key)
    x, y = rn.breast_cancer(jax.random.key(0)).train
    params = rn.init_mlp(weight_key, (30, 16, 1))
    loss = lambda p, rows: rn.binary_cross_entropy_with_logits(rn.mlp(p, x[rows]), y[rows])
    flat = lambda rows: ravel_pytree(jax.grad(loss)(params, rows))[0]
    whole = jax.jit(flat)(jnp.arange(len(x)))
    noise = lambda g: float(jnp.mean(jnp.sum((g - whole) ** 2, axis=1)))
    sizes = (1, 8) if small else (1, 4, 16, 64, 256)
    one = noise(jax.jit(jax.vmap(flat))(jnp.arange(len(x))[:, None]))
    measured = []
    for size in sizes:
        rows = jax.random.randint(draw_key, (64, size), 0, len(x))
        measured.append(noise(jax.jit(jax.vmap(flat))(rows)))
    return {"measured": (sizes, measured), "one / size": (sizes, [one / size for size in sizes])}


def claim(at):
    a, b = at.values()
    return a[0] > 50.0 * a[-1] and all(0.5 < x / y < 2.0 for x, y in zip(a, b, strict=True))
