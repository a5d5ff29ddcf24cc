"""scikit-learn's hand-written backpropagation, asked at weights and data of our choosing.

Its conventions: half the squared error, summed over outputs and averaged over examples (the
loss it prints is averaged over outputs too: with several, it is not what its gradient descends),
and alpha / (2 n) times the sum of squared weights (not biases), n the examples in the batch.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from refnet import Dense

CONVENTION = "alpha / (2 n) times the sum of squared weights is added"
HALF = "half the squared error, summed over outputs, mean over examples; " + CONVENTION
ACTIVATIONS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}


class Output(NamedTuple):
    """Which estimator answers for a loss, with which output unit, and how targets are laid out."""

    estimator: str
    unit: str
    squares: bool  # whether the loss is refnet's, or half of it times the number of outputs
    convention: str


OUTPUTS = {
    "mse": Output("MLPRegressor", "identity", True, HALF),
    "binary_cross_entropy_with_logits": Output("MLPClassifier", "logistic", False, CONVENTION),
    "softmax_cross_entropy_with_integer_labels": Output(
        "MLPClassifier", "softmax", False, CONVENTION
    ),
}


def backpropagation(loss: str, activation: str, alpha: float) -> Callable:
    """gradient(params, x, y) -> d loss / d params, computed by scikit-learn in the dtype of x.

    Raises ValueError for a loss or an activation that scikit-learn does not have.
    """
    for name, value, known in (("loss", loss, OUTPUTS), ("activation", activation, ACTIVATIONS)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; scikit-learn has {', '.join(known)}")

    def gradient(params: Sequence[Dense], x, y) -> tuple[Dense, ...]:
        layers = [(np.array(layer.w), np.array(layer.b)) for layer in params]
        estimator = prepared(OUTPUTS[loss], layers, ACTIVATIONS[activation], alpha)
        x, y = np.array(x), _columns(np.asarray(y), layers[-1][1].size, np.asarray(x).dtype)
        room = [np.empty((len(x), len(b)), x.dtype) for _, b in layers]
        _, dw, db = estimator._backprop(  # noqa: SLF001 - the backward pass has no public door
            x,
            y,
            None,
            [x, *room],
            [None] * len(layers),
            [None] * len(layers),
            [None] * len(layers),
        )
        return tuple(Dense(w, b) for w, b in zip(dw, db, strict=True))

    return gradient


def prepared(output: Output, layers: list, activation: str, alpha: float):
    """An estimator that holds these weights, as it would after fitting."""
    from sklearn import neural_network

    sizes = [w.shape[1] for w, _ in layers[:-1]]
    make = getattr(neural_network, output.estimator)
    estimator = make(hidden_layer_sizes=sizes, activation=activation, alpha=alpha)
    estimator.n_layers_, estimator.n_outputs_ = len(layers) + 1, layers[-1][1].size
    estimator.out_activation_ = output.unit
    estimator.coefs_, estimator.intercepts_ = map(list, zip(*layers, strict=True))
    return estimator


def _columns(y: np.ndarray, classes: int, dtype) -> np.ndarray:
    """Integer labels as indicator columns; other targets as they are."""
    return np.eye(classes, dtype=dtype)[y] if y.ndim == 1 else y.astype(dtype)


def objective(loss: Callable, name: str, alpha: float, network: Callable) -> Callable:
    """The function scikit-learn differentiates, from refnet's parts and its conventions."""

    def value(params, x, y):
        squares = sum(jnp.sum(layer.w * layer.w) for layer in params)
        fit = factor(name, y) * loss(network(params, x), y)
        return fit + (0.5 * alpha / x.shape[0]) * squares

    return value


def reference(by_hand: Callable, name: str, alpha: float) -> Callable:
    """The gradient of `objective`, from a gradient of the plain loss by hand."""

    def gradient(params, x, y):
        decay, half = alpha / x.shape[0], factor(name, y)
        fits = by_hand(params, x, y)
        return tuple(
            Dense(half * g.w + decay * layer.w, half * g.b)
            for g, layer in zip(fits, params, strict=True)
        )

    return gradient


def factor(name: str, y) -> float:
    """What multiplies refnet's loss in scikit-learn's."""
    return 0.5 * y.shape[-1] if OUTPUTS[name].squares else 1.0
