"""Vanishing gradients: how much of a gradient reaches the first layer, by depth and initializer.

The gradient of a perceptron of 64 tanh units in every layer, in the biases, at its first weights:
its length in the first layer over that in the last hidden one. With weights of variance 1 / (3 n),
as they were drawn before 2010, a factor is lost in every layer; with Glorot's, little. As figure 7
of Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks;
theirs has 5 layers. That gradients of the weights hide it, as units shrink where slopes grow, is
theirs too: their figure 8.
"""

import jax
import jax.numpy as jnp

import refnet as rn

X, Y = "hidden layers", "|gradient of the first| / |of the last hidden|"


def standard(key, shape, dtype=jnp.float32):
    """Uniform, variance 1 / (3 in): what Glorot & Bengio call the commonly used heuristic."""
    return jax.random.uniform(key, shape, dtype, -1.0, 1.0) / shape[0] ** 0.5


def run(key, small=False):
    weight_key, data_key, target_key = jax.random.split(key, 3)
    x = jax.random.normal(data_key, (100, 64))
    y = jax.random.normal(target_key, (100, 64))
    depths = (2, 4) if small else (2, 4, 8, 16, 32)
    found = {}
    for draw in (standard, rn.glorot, rn.orthogonal):
        ratios = []
        for depth in depths:
            params = rn.init_mlp(weight_key, (64,) * (depth + 2), draw)
            slope = jax.jit(jax.grad(lambda p: rn.mse(rn.mlp(p, x), y)))(params)
            first, last = (jnp.linalg.norm(slope[i].b) for i in (0, -2))
            ratios.append(float(first / last))
        found[draw.__name__] = depths, ratios
    return found


def claim(at):
    return at["standard"][-1] < 1e-3 * at["glorot"][-1]
