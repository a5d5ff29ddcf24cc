"""Small networks of refnet, each with its weights, its data and its loss: what a twin is to be."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

import refnet as rn

HEADS = 2  # of the GPT and the transformer
STEPS = 64  # of the deep equilibrium
MOVED = 0.05  # how far the weights of a drawn point are from those of the network
NOISE = jax.random.key(7)  # of the variational autoencoder


class Network(NamedTuple):
    """loss(params, *data); a twin takes the same weights and the same data."""

    name: str
    loss: Callable
    params: Any
    data: tuple[np.ndarray, ...]

    def ours(self, params) -> Any:
        """The loss, of the weights alone, in their dtype."""
        dtype = jax.tree.leaves(params)[0].dtype
        return self.loss(params, *(jnp.asarray(like(x, dtype)) for x in self.data))

    def points(self, rng: np.random.Generator) -> tuple[Any]:
        """Weights nearby: one point cannot tell a slope that is always 0 from one that happens."""
        moved = lambda p: (p + MOVED * rng.normal(size=p.shape)).astype(np.float32)
        return (jax.tree.map(moved, self.params),)


def like(x: np.ndarray, dtype) -> np.ndarray:
    """Data in the dtype of the weights; classes and symbols as they are."""
    return x.astype(dtype) if x.dtype.kind == "f" else x


def noise(shape) -> np.ndarray:
    """What the variational autoencoder draws, for a library that cannot."""
    return np.array(jax.random.normal(NOISE, shape, jnp.float32))


def waves(length: int, width: int) -> np.ndarray:
    """Sines and cosines in turn, as a table of constants."""
    angle = np.arange(length)[:, None] / 10000 ** (np.arange(0, width, 2) / width)
    table = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(length, width)
    return table.astype(np.float32)


def squares(a, y):
    return jnp.mean(optax.squared_error(a, y))


def cross_entropy(logits, y):
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, y))


def classes(network: Callable) -> Callable:
    """Cross-entropy of what network(params, x) says."""
    return lambda params, x, y: rn.softmax_cross_entropy_with_integer_labels(network(params, x), y)


def variational(params, x):
    return rn.variational_loss(rn.variational_autoencoder(params, x, NOISE), x)


def physics(params, x, source):
    return rn.poisson_loss(rn.physics_informed(params, x), source)


def equilibrium(params, x, y):
    return rn.mse(rn.equilibrium_network(params, x, STEPS), y)


def translated(params, source, target, y):
    logits = rn.transformer(params, source, target, HEADS)
    return rn.softmax_cross_entropy_with_integer_labels(logits, y)


def networks() -> dict[str, Network]:
    key = jax.random.key(1)
    rng = np.random.default_rng(1)
    numbers = lambda *shape: rng.normal(size=shape).astype(np.float32)
    images = np.array(jax.random.uniform(key, (4, 8, 8, 1)))
    labels, answers = np.arange(4, dtype=np.int32) % 3, np.linspace(-1, 1, 3, dtype=np.float32)
    symbols = np.array([[1, 4, 2, 0, 3], [3, 3, 0, 1, 2]], np.int32)
    residual, running = rn.init_resnet(key, 1, 3, (2, 3))
    small, halved = images[:, :6, :6], lambda params, x: rn.resnet(params, x, running, True)[0]
    same = lambda params, x: rn.mse(rn.autoencoder(params, x), x)
    read = lambda network: lambda p, x, y: rn.mse(rn.recurrent_classifier(p, x, network), y)
    sequences = (numbers(3, 5, 2), answers[:, None])
    graph = np.array(rn.graph_shares(jnp.asarray(rng.integers(0, 2, (6, 6)) * 1.0)), np.float32)
    nodes = lambda params, s, x, y: classes(lambda p, x: rn.graph_network(p, s, x))(params, x, y)
    small_gpt = partial(rn.gpt, heads=HEADS)
    inside = np.linspace(0.1, 0.9, 5, dtype=np.float32)[:, None]
    ones = (rng.random((5, 4)) < 0.5).astype(np.float32)
    every = (
        Network(
            *("MLP", lambda p, x, y: rn.mse(rn.mlp(p, x), y), rn.init_mlp(key, (3, 5, 2))),
            (numbers(4, 3), numbers(4, 2)),
        ),
        Network(
            *("LeNet", classes(rn.lenet), rn.init_lenet(key, (8, 8, 1), 3, (2, 3), 4)),
            (images, labels),
        ),
        Network("ResNet", classes(halved), residual, (small, labels)),
        Network("RNN", read(rn.rnn), rn.init_recurrent_classifier(key, 2, 4, 1, 1), sequences),
        Network("LSTM", read(rn.lstm), rn.init_recurrent_classifier(key, 2, 4, 1), sequences),
        Network("GRU", read(rn.gru), rn.init_recurrent_classifier(key, 2, 4, 1, 3), sequences),
        Network(
            *("character model", classes(rn.character_model), rn.init_character_model(key, 5, 3)),
            (symbols[:, :-1], symbols[:, 1:]),
        ),
        Network(
            *("GPT", classes(small_gpt), rn.init_gpt(key, 5, 4, 1, HEADS, 4)),
            (symbols[:, :-1], symbols[:, 1:]),
        ),
        Network(
            *("transformer", translated, rn.init_transformer(key, 5, 1, HEADS, 4)),
            (symbols[:, ::-1].copy(), symbols[:, :-1], symbols[:, 1:]),
        ),
        Network("autoencoder", same, rn.init_autoencoder(key, (4, 3, 2)), (numbers(5, 4),)),
        Network(
            *("variational autoencoder", variational, rn.init_autoencoder(key, (4, 3, 2), True)),
            (ones,),
        ),
        Network(
            *("graph convolution", nodes, rn.init_mlp(key, (3, 4, 3))),
            (graph, numbers(6, 3), np.arange(6, dtype=np.int32) % 3),
        ),
        Network(
            *("physics-informed", physics, rn.init_mlp(key, (1, 4, 3, 1))),
            (inside, np.float32(np.pi**2) * np.sin(np.float32(np.pi) * inside)),
        ),
        Network(
            *("deep equilibrium", equilibrium, rn.init_equilibrium_network(key, 2, 3, 1)),
            (numbers(4, 2), numbers(4, 1)),
        ),
    )
    return {one.name: one for one in every}
