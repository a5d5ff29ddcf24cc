"""Networks to judge at: sizes and scales evenly in their logarithms, drawn by a seed.

A network (its sizes, activation and loss) is met at a few points, each with numbers and an input
scale of its own: programs are compiled for shapes, and serve all points of a network.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from refnet import Dense

WIDEST, MOST, DEEPEST = 1024, 512, 6  # units of a layer, examples, layers
SCALES = (1e-3, 1e3)  # of the inputs
POINTS = 4
ACTIVATIONS = ("tanh", "relu", "sigmoid", "softplus", "gelu")
LOSSES = (
    "mse",
    "softmax_cross_entropy_with_integer_labels",
    "binary_cross_entropy_with_logits",
)


class Network(NamedTuple):
    """What a program is compiled for."""

    sizes: tuple[int, ...]
    batch: int
    activation: str
    loss: str

    @property
    def work(self) -> int:
        """Products of one pass forward."""
        return self.batch * sum(m * n for m, n in pairwise(self.sizes))


class Configuration(NamedTuple):
    """A network, the scale of its inputs, and the seed of all its numbers."""

    network: Network
    scale: float
    seed: int

    def __str__(self) -> str:
        sizes, batch, activation, loss = self.network
        return (
            f"{'-'.join(map(str, sizes))} {activation}, {loss}, batch {batch}, "
            f"inputs of size {self.scale:.1e}, seed {self.seed}"
        )


def configurations(
    count: int,
    seed: int,
    widest: int = WIDEST,
    most: int = MOST,
    points: int = POINTS,
) -> list[Configuration]:
    """`count` of them, `points` to a network; widths 1 to `widest`, batches 1 to `most`.

    Widths, batches and scales are log-uniform, depths 1 to 6 uniform.  One network after the
    other has the next activation, so that a few networks have them all.
    """
    rng = np.random.default_rng(seed)
    found: list[Configuration] = []
    while len(found) < count:
        network = _network(rng, len(found) // points, widest, most)
        for _ in range(min(points, count - len(found))):
            scale = float(np.exp(rng.uniform(*np.log(SCALES))))
            found.append(Configuration(network, scale, int(rng.integers(2**31))))
    return found


def corners(seed: int) -> list[Configuration]:
    """The widest layer, the deepest network and the smallest, at both ends of the scales."""
    rng = np.random.default_rng(seed)
    mse, classes, labels = LOSSES
    networks = (
        Network((WIDEST, 24, WIDEST), MOST, "relu", classes),
        Network((32,) * (DEEPEST + 1), MOST, "tanh", classes),
        Network((1, 1), 1, "relu", labels),
        Network((1,) * (DEEPEST + 1), 1, "sigmoid", mse),
    )
    return [
        Configuration(network, scale, int(rng.integers(2**31)))
        for network in networks
        for scale in SCALES
    ]


def _network(rng: np.random.Generator, number: int, widest: int, most: int) -> Network:
    depth = int(rng.integers(1, DEEPEST + 1))
    sizes = tuple(_log_uniform(rng, widest) for _ in range(depth + 1))
    batch = _log_uniform(rng, most)
    return Network(sizes, batch, ACTIVATIONS[number % len(ACTIVATIONS)], str(rng.choice(LOSSES)))


def _log_uniform(rng: np.random.Generator, most: int) -> int:
    return int(np.round(np.exp(rng.uniform(0.0, np.log(most)))))


def drawn(configuration: Configuration) -> tuple[tuple[Dense, ...], np.ndarray, np.ndarray]:
    """params, x, y in float64: weights of variance 1 / inputs, biases of a tenth."""
    (sizes, batch, _, loss), scale, seed = configuration
    rng = np.random.default_rng(seed)
    layer = lambda m, n: (rng.normal(size=(m, n)) / np.sqrt(m), 0.1 * rng.normal(size=n))
    layers: Any = [layer(m, n) for m, n in pairwise(sizes)]
    params = tuple(Dense(w, b) for w, b in layers)
    return params, scale * rng.normal(size=(batch, sizes[0])), _targets(rng, loss, batch, sizes[-1])


def _targets(rng: np.random.Generator, loss: str, batch: int, outputs: int) -> np.ndarray:
    """Real numbers, classes, or labels: hard ones, or soft ones as often."""
    if loss == "mse":
        return rng.normal(size=(batch, outputs))
    if loss == "softmax_cross_entropy_with_integer_labels":
        return rng.integers(0, outputs, batch)
    soft = rng.random(size=(batch, outputs))
    return np.round(soft) if rng.random() < 0.5 else soft


def coverage(met: Sequence[Configuration]) -> dict[str, list]:
    """The smallest and the largest of each parameter that was met."""
    seen = {
        "width": [n for c in met for n in c.network.sizes],
        "batch": [c.network.batch for c in met],
        "depth": [len(c.network.sizes) - 1 for c in met],
        "scale": [c.scale for c in met],
        "parameters": [sum((m + 1) * n for m, n in pairwise(c.network.sizes)) for c in met],
    }
    return {name: [min(values), max(values)] for name, values in seen.items()}
