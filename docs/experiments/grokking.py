"""Grokking: all that was seen is known long before anything else is.

a + b modulo 23, two thirds of the pairs seen, full batches: a perceptron of 128 squared units with
weight decay. The seen pairs are right after some hundred steps; others begin to be right much
later, when the decay has left only what is needed. As figure 1 of Power, Burda, Edwards,
Babuschkin & Misra 2022, Grokking; theirs is a transformer modulo 97, and the perceptron is that of
Gromov 2023, Grokking modular arithmetic.
"""

import jax
import jax.numpy as jnp

import refnet as rn

X, Y = "step", "share that is right"
MODULUS = 23
square = lambda z: z * z


def run(key, small=False):
    split = rn.modular_addition(key, MODULUS, 0.67)
    hot = lambda x: jax.nn.one_hot(x[:, :2] + jnp.array([0, MODULUS]), 2 * MODULUS).sum(1)
    parts = [(hot(x), y) for x, y in split]
    params = rn.init_mlp(key, (2 * MODULUS, 128, MODULUS))
    update = rn.adamw(2e-3, b2=0.98, weight_decay=1.0)
    every, blocks = (5, 2) if small else (100, 30)
    loss = rn.softmax_cross_entropy_with_integer_labels
    network = lambda p, x: rn.mlp(p, x, square)
    hit = lambda p, part: jnp.mean(network(p, part[0]).argmax(-1) == part[1])

    def step(carry, _):
        done = rn.train_step(network, loss, update, *carry, *parts[0])
        return (done.params, done.state), None

    def block(carry, _):
        carry, _ = jax.lax.scan(step, carry, length=every)
        return carry, [hit(carry[0], part) for part in parts]

    start = params, update.init(params)
    _, right = jax.jit(lambda start: jax.lax.scan(block, start, length=blocks))(start)
    steps = [every * (i + 1) for i in range(blocks)]
    return {n: (steps, r.tolist()) for n, r in zip(("seen", "others"), right, strict=True)}


def claim(at):
    first = lambda values: next((i for i, v in enumerate(values) if v > 0.9), len(values))
    return at["others"][-1] > 0.9 and first(at["others"]) >= 2 * (first(at["seen"]) + 1)
