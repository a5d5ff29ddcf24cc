"""Other people's implementations: what each is a gradient of, and where it is asked."""

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import refnet

from ..adapters import course_network, jax_function, scikit_learn
from ..adapters.torch_function import derivative
from ..inputs import draws

LOWEST, HIGHEST = -126.0, 127.9  # binades of float32's normal numbers
SQUARED = 63.0  # from where on z^2 overflows in a correct implementation, too
EXPONENTIAL = 6.0  # and e^2z


class Other(NamedTuple):
    """One implementation: its library and name, whose gradient it is, and where it is asked."""

    library: str
    implementation: str
    function: str
    candidate: Any
    of: Callable
    sample: Callable
    dtypes: tuple[str, ...] = ("float64", "float32")
    argnums: int | tuple[int, ...] = 0
    cases: int = 4


def others(quick: bool = False, library: str = "") -> Iterator[Other]:
    """Everything that is judged, of the libraries that are here, or of one of them."""
    for name in [library] if library else LIBRARIES:
        if importlib.util.find_spec(MODULES[name]):
            yield from LIBRARIES[name](quick)


def absent() -> list[str]:
    """The libraries that are not installed."""
    return [name for name in LIBRARIES if not importlib.util.find_spec(MODULES[name])]


# --- a course, and scikit-learn -----------------------------------------------------------------


def classifier(parameters, x, labels):
    """What the course's network computes."""
    layers = (
        refnet.Dense(parameters["W1"], parameters["b1"]),
        refnet.Dense(parameters["W2"], parameters["b2"]),
    )
    return refnet.softmax_cross_entropy_with_integer_labels(refnet.mlp(layers, x), labels)


def course_sample(rng: np.random.Generator) -> tuple:
    parameters = {
        "W1": rng.normal(size=(5, 6)) / 2,
        "b1": rng.normal(size=6),
        "W2": rng.normal(size=(6, 3)) / 2,
        "b2": rng.normal(size=3),
    }
    return parameters, rng.normal(size=(8, 5)), rng.integers(0, 3, size=8)


def course() -> Iterator[Other]:
    of = "softmax cross-entropy of two layers"
    for name in ("backward", "summed"):
        gradient = getattr(course_network, name)
        yield Other("NumPy", f"a course's network, {name}", of, gradient, classifier, course_sample)


def estimators() -> Iterator[Other]:
    from sklearn import neural_network

    settings = {"hidden_layer_sizes": (6,), "activation": "tanh", "alpha": 0.01}
    for kind, targets in (
        ("MLPRegressor", lambda rng: rng.normal(size=(8, 3))),
        ("MLPClassifier", lambda rng: rng.integers(0, 3, size=8)),
    ):
        made = getattr(neural_network, kind)(**settings)
        of = scikit_learn.objective_of(made)
        sample = partial(estimator_sample, targets)
        yield Other("scikit-learn", kind, "its loss of two layers", made, of, sample)


def estimator_sample(targets: Callable, rng: np.random.Generator) -> tuple:
    dense: Any = refnet.Dense  # of NumPy arrays here
    layer = lambda m, n: dense(rng.normal(size=(m, n)), rng.normal(size=n))
    return (layer(5, 6), layer(6, 3)), rng.normal(size=(8, 5)), targets(rng)


# --- optax ----------------------------------------------------------------------------------------


def optax_losses() -> Iterator[Other]:
    import optax

    mean = lambda f: lambda z, y: jnp.mean(f(z, y))
    logits = lambda rng: (draws.reals(rng, 6, high=8.0), draws.labels(rng, 6))
    reals = lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 4, 3))
    rows_of = lambda rng: (draws.reals(rng, 4, 3), draws.targets(rng, 4, 3))
    classes = lambda rng: (draws.reals(rng, 4, 3), draws.classes(rng, 4, count=3))
    of = refnet.LOSSES
    table = (  # optax's function, refnet's name or None for itself, what draws the arguments
        (optax.squared_error, "mse", reals),
        (optax.l2_loss, "mse", reals),
        (optax.sigmoid_binary_cross_entropy, "binary_cross_entropy_with_logits", logits),
        (optax.softmax_cross_entropy, "softmax_cross_entropy", rows_of),
        (
            optax.softmax_cross_entropy_with_integer_labels,
            "softmax_cross_entropy_with_integer_labels",
            classes,
        ),
        (optax.huber_loss, None, reals),
        (optax.log_cosh, None, reals),
        (optax.hinge_loss, None, logits),
    )
    for f, name, sample in table:
        candidate = jax_function.derivative(mean(f))
        target = of[name] if name else mean(f)
        said = f"the mean of {f.__name__}"
        yield Other("optax", said, name or "itself", candidate, target, sample, ("float32",))


# --- JAX's own, over all of float32 ---------------------------------------------------------------


def whole_range(size: int, top: float, rng: np.random.Generator) -> tuple:
    """Normal numbers of float32, both signs, evenly in their exponents; half of them ordinary."""
    ordinary = rng.uniform(-6, min(top, 7), size // 2)
    exponents = np.concatenate([rng.uniform(LOWEST, top, size // 2), ordinary])
    signs = rng.choice([-1.0, 1.0], len(exponents))
    return (np.asarray(signs * np.exp2(exponents), np.float32).astype(np.float64),)


def jax_nn(size: int) -> Iterator[Other]:
    """Against refnet's where there is one, whose slopes keep their digits; else against itself."""
    nn = jax.nn
    tops = {"gelu": SQUARED, "gelu, tanh": SQUARED, "squareplus": SQUARED, "mish": EXPONENTIAL}
    exact = lambda z: nn.gelu(z, approximate=False)
    table: tuple[tuple[str, Callable, Callable | None], ...] = (
        ("sigmoid", nn.sigmoid, refnet.sigmoid),
        ("tanh", nn.tanh, refnet.tanh),
        ("relu", nn.relu, refnet.relu),
        ("leaky_relu", nn.leaky_relu, refnet.leaky_relu),
        ("softplus", nn.softplus, refnet.softplus),
        ("silu", nn.silu, refnet.silu),
        ("gelu", exact, refnet.gelu),
        ("gelu, tanh", nn.gelu, refnet.gelu_tanh),
        ("log_sigmoid", nn.log_sigmoid, lambda z: -refnet.softplus(-z)),
        ("relu6", nn.relu6, None),
        ("elu", nn.elu, None),
        ("celu", nn.celu, None),
        ("selu", nn.selu, None),
        ("soft_sign", nn.soft_sign, None),
        ("hard_tanh", nn.hard_tanh, None),
        ("hard_sigmoid", nn.hard_sigmoid, None),
        ("hard_silu", nn.hard_silu, None),
        ("mish", nn.mish, None),
        ("squareplus", nn.squareplus, None),
    )
    for name, f, of in table:
        candidate = jax_function.derivative(f)
        top = tops.get(name, HIGHEST)
        said = f"jax.nn.{name}" + (f", |z| < 2^{top:.0f}" if name in tops else "")
        sample = partial(whole_range, size, top)
        yield Other("JAX", said, name, candidate, of or f, sample, ("float32",), cases=2)


# --- PyTorch's version of every activation, loss and layer that refnet has ------------------------


Piece = tuple[str, str, Any, Callable, Callable]  # implementation, function, candidate, of, sample


def torch_functions() -> Iterator[Other]:
    for piece in torch_pieces():
        yield Other("PyTorch", *piece, dtypes=("float32",))  # float64 tells lost digits apart


def torch_pieces() -> Iterator[Piece]:
    """Raises ImportError without PyTorch."""
    import torch  # pyright: ignore[reportMissingImports]

    f = torch.nn.functional
    for name, theirs in torch_activations(torch, f).items():
        yield f"torch {name}", name, derivative(theirs), refnet.ACTIVATIONS[name], ordinary
    for name, (theirs, sample) in torch_losses(f).items():
        yield f"torch {name}", name, derivative(theirs), refnet.LOSSES[name], sample
    linear = derivative(lambda layer, x: f.linear(x, layer.w.T, layer.b))
    yield "torch linear", "dense", linear, refnet.dense, dense_sample


def ordinary(rng) -> tuple:
    """From 1/32 to 4: beyond, the slopes of tanh and gelu lose their digits in float64, too."""
    return (draws.reals(rng, 3, 5),)


def torch_activations(torch, f) -> dict[str, Callable]:
    return {
        "identity": lambda z: z * 1.0,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": f.leaky_relu,
        "softplus": f.softplus,
        "gelu": f.gelu,
        "gelu_tanh": lambda z: f.gelu(z, approximate="tanh"),
        "silu": f.silu,
    }


def torch_losses(f) -> dict[str, tuple[Callable, Callable]]:
    classes = lambda rng: (draws.reals(rng, 4, 3), draws.classes(rng, 4, count=3))
    return {
        "mse": (f.mse_loss, lambda rng: (draws.reals(rng, 4, 3), draws.reals(rng, 4, 3))),
        "binary_cross_entropy": (
            f.binary_cross_entropy,
            lambda rng: (draws.probabilities(rng, 6), draws.labels(rng, 6)),
        ),
        "binary_cross_entropy_with_logits": (
            f.binary_cross_entropy_with_logits,
            lambda rng: (draws.reals(rng, 6, high=8.0), draws.labels(rng, 6)),
        ),
        "softmax_cross_entropy": (
            f.cross_entropy,
            lambda rng: (draws.reals(rng, 4, 3), draws.targets(rng, 4, 3)),
        ),
        "softmax_cross_entropy_with_integer_labels": (f.cross_entropy, classes),
    }


def dense_sample(rng) -> tuple:
    return refnet.Dense(draws.reals(rng, 5, 3), draws.reals(rng, 3)), draws.reals(rng, 4, 5)


# --- all of them ----------------------------------------------------------------------------------


MODULES = {
    "NumPy": "numpy",
    "scikit-learn": "sklearn",
    "PyTorch": "torch",
    "optax": "optax",
    "JAX": "jax",
}
LIBRARIES: dict[str, Callable[[bool], Iterator[Other]]] = {
    "NumPy": lambda quick: course(),
    "scikit-learn": lambda quick: estimators(),
    "PyTorch": lambda quick: torch_functions(),
    "optax": lambda quick: optax_losses(),
    "JAX": lambda quick: jax_nn(64 if quick else 128),
}
