"""Double descent: the test error rises until the network fits every example, and falls again.

40 noisy examples of a linear function of 10 numbers, read by a layer of random ReLU units that is
not trained; the last layer is the least-squares solution, the shortest where there are many. At 40
units it can just fit the noise, and is worst; with many more it is better than with few. As figure
2 of Belkin, Hsu, Ma & Mandal 2019, Reconciling modern machine-learning practice; theirs are random
Fourier features of MNIST, here it is a toy that runs in seconds.
"""

import jax
import jax.numpy as jnp

import refnet as rn

X, Y = "units", "mean squared error"
EXAMPLES, FEATURES, NOISE = 40, 10, 0.5


def run(key, small=False):
    weight_key, layer_key, data_key, noise_key = jax.random.split(key, 4)
    teacher = jax.random.normal(weight_key, (FEATURES, 1)) / FEATURES**0.5
    x = jax.random.normal(data_key, (EXAMPLES + 500, FEATURES))
    y = x @ teacher
    seen = y[:EXAMPLES] + NOISE * jax.random.normal(noise_key, (EXAMPLES, 1))
    widths = (5, 40, 200) if small else (5, 10, 20, 30, 35, 40, 45, 50, 60, 80, 150, 400, 1000)
    train, test = [], []
    for width in widths:
        units = rn.relu(rn.dense(rn.init_dense(layer_key, FEATURES, width, rn.he), x))
        w, *_ = jnp.linalg.lstsq(units[:EXAMPLES], seen)
        train.append(float(rn.mse(units[:EXAMPLES] @ w, seen)))
        test.append(float(rn.mse(units[EXAMPLES:] @ w, y[EXAMPLES:])))
    return {"seen examples": (widths, train), "others": (widths, test)}


def claim(at):
    others = at["others"]
    return max(others) > 5.0 * others[0] and others[-1] < others[0]
