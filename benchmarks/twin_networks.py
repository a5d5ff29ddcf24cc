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
        moved = lambda p: (np.asarray(p) + MOVED * rng.normal(size=p.shape)).astype(np.float32)
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


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


KEY = jax.random.key(1)
LABELS = np.arange(4, dtype=np.int32) % 3
SYMBOLS = np.array([[1, 4, 2, 0, 3], [3, 3, 0, 1, 2]], np.int32)
READ, NEXT = SYMBOLS[:, :-1], SYMBOLS[:, 1:]
SEQUENCES = numbers(3, 5, 2), np.linspace(-1, 1, 3, dtype=np.float32)[:, None]
INSIDE = np.linspace(0.1, 0.9, 5, dtype=np.float32)[:, None]


def images(size: int) -> np.ndarray:
    return np.random.default_rng(1).random((4, size, size, 1), np.float32)


def of_rows(name: str) -> Network:
    loss = lambda params, x, y: rn.mse(rn.mlp(params, x), y)
    return Network(name, loss, rn.init_mlp(KEY, (3, 5, 2)), (numbers(4, 3), numbers(4, 2)))


def of_images(name: str) -> Network:
    params = rn.init_lenet(KEY, (8, 8, 1), 3, (2, 3), 4)
    return Network(name, classes(rn.lenet), params, (images(8), LABELS))


def of_small_images(name: str) -> Network:
    params, running = rn.init_resnet(KEY, 1, 3, (2, 3))
    said = lambda params, x: rn.resnet(params, x, running, True)[0]
    return Network(name, classes(said), params, (images(6), LABELS))


def of_sequences(network: Callable, gates: int) -> Callable[[str], Network]:
    loss = lambda p, x, y: rn.mse(rn.recurrent_classifier(p, x, network), y)
    params = lambda: rn.init_recurrent_classifier(KEY, 2, 4, 1, gates)
    return lambda name: Network(name, loss, params(), SEQUENCES)


def of_symbols(name: str) -> Network:
    params = rn.init_character_model(KEY, 5, 3)
    return Network(name, classes(rn.character_model), params, (READ, NEXT))


def of_text(name: str) -> Network:
    said = partial(rn.gpt, heads=HEADS)
    return Network(name, classes(said), rn.init_gpt(KEY, 5, 4, 1, HEADS, 4), (READ, NEXT))


def of_two_texts(name: str) -> Network:
    def loss(params, source, target, y):
        logits = rn.transformer(params, source, target, HEADS)
        return rn.softmax_cross_entropy_with_integer_labels(logits, y)

    turned = SYMBOLS[:, ::-1].copy()
    return Network(name, loss, rn.init_transformer(KEY, 5, 1, HEADS, 4), (turned, READ, NEXT))


def said_again(name: str) -> Network:
    loss = lambda params, x: rn.mse(rn.autoencoder(params, x), x)
    return Network(name, loss, rn.init_autoencoder(KEY, (4, 3, 2)), (numbers(5, 4),))


def drawn_again(name: str) -> Network:
    loss = lambda p, x: rn.variational_loss(rn.variational_autoencoder(p, x, NOISE), x)
    ones = (numbers(5, 4) > 0.0).astype(np.float32)
    return Network(name, loss, rn.init_autoencoder(KEY, (4, 3, 2), True), (ones,))


def of_nodes(name: str) -> Network:
    said = lambda params, s, x, y: classes(lambda p, x: rn.graph_network(p, s, x))(params, x, y)
    links = np.random.default_rng(1).integers(0, 2, (6, 6)).astype(np.float32)
    shares = np.array(rn.graph_shares(jnp.asarray(links)))
    data = shares, numbers(6, 3), np.arange(6, dtype=np.int32) % 3
    return Network(name, said, rn.init_mlp(KEY, (3, 4, 3)), data)


def of_points(name: str) -> Network:
    loss = lambda params, x, source: rn.poisson_loss(rn.physics_informed(params, x), source)
    source = np.float32(np.pi**2) * np.sin(np.float32(np.pi) * INSIDE)
    return Network(name, loss, rn.init_mlp(KEY, (1, 4, 3, 1)), (INSIDE, source))


def settled(name: str) -> Network:
    loss = lambda params, x, y: rn.mse(rn.equilibrium_network(params, x, STEPS), y)
    params = rn.init_equilibrium_network(KEY, 2, 3, 1)
    return Network(name, loss, params, (numbers(4, 2), numbers(4, 1)))


NETWORKS: dict[str, Callable[[str], Network]] = {
    "MLP": of_rows,
    "LeNet": of_images,
    "ResNet": of_small_images,
    "RNN": of_sequences(rn.rnn, 1),
    "LSTM": of_sequences(rn.lstm, 4),
    "GRU": of_sequences(rn.gru, 3),
    "character model": of_symbols,
    "GPT": of_text,
    "transformer": of_two_texts,
    "autoencoder": said_again,
    "variational autoencoder": drawn_again,
    "graph convolution": of_nodes,
    "physics-informed": of_points,
    "deep equilibrium": settled,
}


def network(name: str) -> Network:
    return NETWORKS[name](name)
