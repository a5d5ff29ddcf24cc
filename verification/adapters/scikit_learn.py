"""scikit-learn's hand-written backpropagation, asked at weights and data of our choosing.

Its conventions: half the squared error, summed over outputs and averaged over examples (the
loss it prints is averaged over outputs too: with several, it is not what its gradient descends),
and alpha / (2 n) times the sum of squared weights (not biases), n the examples in the batch.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from refnet import ACTIVATIONS as SLOPES
from refnet import LOSSES, Dense, mlp

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


# --- an estimator that somebody hands over -----------------------------------------------------


def recognised(candidate: Any) -> Callable | None:
    """The backpropagation of an MLPClassifier or MLPRegressor, with its own settings."""
    networks = sys.modules.get("sklearn.neural_network")
    if networks is None:
        return None
    kinds = networks.MLPClassifier, networks.MLPRegressor
    return of_estimator(candidate) if isinstance(candidate, kinds) else None


def of_estimator(estimator: Any) -> Callable:
    """gradient(params, x, y) of an estimator's loss, fitted or not; params are Dense layers.

    Targets are real for an MLPRegressor, class numbers (n,) or labels (n, 1) for an MLPClassifier.
    """

    def gradient(params: Sequence[Dense], x, y) -> tuple[Dense, ...]:
        return backpropagation(loss_of(estimator, y), activation_of(estimator), estimator.alpha)(
            params, x, y
        )

    gradient.__name__ = type(estimator).__name__
    return gradient


def objective_of(estimator: Any) -> Callable:
    """of(params, x, y): what the estimator says that it differentiates, traceable by JAX."""

    def of(params, x, y):
        name = loss_of(estimator, y)
        network = partial(mlp, activation=SLOPES[activation_of(estimator)])
        return objective(LOSSES[name], name, estimator.alpha, network)(params, x, y)

    return of


def weights(estimator: Any) -> tuple[Dense, ...]:
    """The layers of a fitted estimator.  Raises ValueError where it is not fitted."""
    if not hasattr(estimator, "coefs_"):
        raise ValueError(f"{type(estimator).__name__} is not fitted: it has no weights yet")
    return tuple(map(Dense, estimator.coefs_, estimator.intercepts_))


def loss_of(estimator: Any, y) -> str:
    """refnet's name of the loss, from the estimator's class and the targets."""
    if type(estimator).__name__ == "MLPRegressor":
        return "mse"
    if np.dtype(y.dtype).kind in "iu":
        return "softmax_cross_entropy_with_integer_labels"
    return "binary_cross_entropy_with_logits"


def activation_of(estimator: Any) -> str:
    """refnet's name of the activation."""
    return next(ours for ours, theirs in ACTIVATIONS.items() if theirs == estimator.activation)


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
