"""Learning rate and sharpness: descent goes where the loss is just as sharp as its rate allows.

A perceptron on 64 digits of two classes, full batches, squared error. Sharpness is the largest
eigenvalue of the second derivative, times rate / 2: above 1 a parabola would be left. It rises
while the loss falls, and at the longer rate it then stays near 1; at the shorter, the 64 digits are
fitted before. As figure 1 of Cohen, Kaur, Li, Kolter & Talwalkar 2021, Gradient descent on neural
networks typically occurs at the edge of stability; theirs is CIFAR-10, here a toy.
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

import refnet as rn

X, Y = "step", "sharpness x rate / 2"


def run(key, small=False):
    x, label = rn.digits(jax.random.key(0)).train
    x, y = x[:64], jnp.where(label[:64] < 5, 1.0, -1.0)[:, None]
    flat, shaped = ravel_pytree(rn.init_mlp(key, (64, 8, 1)))
    slope = jax.grad(lambda w: rn.mse(rn.mlp(shaped(w), x), y))

    def turned(w, v, _):
        v = jax.jvp(slope, (w,), (v,))[1]
        return v / jnp.linalg.norm(v), jnp.linalg.norm(v)

    every, blocks = (5, 2) if small else (60, 16)

    def block(w, rate):
        v, sizes = jax.lax.scan(lambda v, _: turned(w, v, _), jnp.ones_like(w), length=30)
        w, _ = jax.lax.scan(lambda w, _: (w - rate * slope(w), None), w, length=every)
        return w, sizes[-1] * rate / 2.0

    train = jax.jit(lambda rate: jax.lax.scan(lambda w, _: block(w, rate), flat, length=blocks)[1])
    steps = [every * i for i in range(blocks)]
    return {f"rate {rate}": (steps, train(rate).tolist()) for rate in (0.1, 0.2)}


def claim(at):
    short, long = at.values()
    return 0.9 < long[-1] < 1.1 and 1.2 * short[0] < short[-1] < 1.0
