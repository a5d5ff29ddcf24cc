"""Keras's update rules: which variant each of them is.  Keras is imported when one is made."""

from collections.abc import Callable
from typing import Any

from ..keras_optimizer import keras_optimizer
from .cell import Cell

NAMES = {"b1": "beta_1", "b2": "beta_2", "eps": "epsilon"}  # ours -> Keras's
CLIPPED = {"max_delta": "clipvalue", "max_norm": "global_clipnorm"}
SGD = {"decay": "momentum"}


def optimizer(
    name: str, renamed: dict[str, str] | None = None, without: tuple[str, ...] = (), **more: Any
) -> Callable:
    """make(**hyperparameters) of keras.optimizers.<name>, with these further arguments."""
    names = NAMES | (renamed or {})

    def make(**h):
        import keras  # pyright: ignore[reportMissingImports]

        given = {names.get(key, key): value for key, value in h.items() if key not in without}
        return keras_optimizer(lambda: getattr(keras.optimizers, name)(**given, **more))

    return make


CELLS = (
    Cell("gradient_descent", "SGD(r)", optimizer("SGD")),
    Cell("gradient_descent_l2", "SGD(r, weight_decay=l)", optimizer("SGD")),
    Cell("momentum_rate_inside", "SGD(r, momentum=b)", optimizer("SGD", SGD)),
    Cell(
        "nesterov_rate_inside",
        "SGD(r, momentum=b, nesterov=True)",
        optimizer("SGD", SGD, nesterov=True),
    ),
    Cell("adagrad", "Adagrad(r, initial_accumulator_value=a, epsilon=e)", optimizer("Adagrad")),
    Cell("adadelta", "Adadelta(r, rho=rho, epsilon=e)", optimizer("Adadelta")),
    Cell("rmsprop", "RMSprop(r, rho=b, epsilon=e)", optimizer("RMSprop", {"decay": "rho"})),
    Cell(
        "rmsprop_centred",
        "RMSprop(r, rho=b, epsilon=e, centered=True)",
        optimizer("RMSprop", {"decay": "rho"}, centered=True),
    ),
    Cell(
        "rmsprop_momentum_rate_inside",
        "RMSprop(r, rho=b, epsilon=e, momentum=m)",
        optimizer("RMSprop", {"decay": "rho"}),
    ),
    Cell(
        "rmsprop_centred_momentum_rate_inside",
        "RMSprop(r, rho=b, epsilon=e, momentum=m, centered=True)",
        optimizer("RMSprop", {"decay": "rho"}, centered=True),
    ),
    Cell("adam_eps_hat", "Adam(r, beta_1=b1, beta_2=b2, epsilon=e)", optimizer("Adam")),
    Cell(
        "adamw_eps_hat",
        "AdamW(r, beta_1=b1, beta_2=b2, epsilon=e, weight_decay=l)",
        optimizer("AdamW"),
    ),
    Cell(
        "amsgrad_eps_hat",
        "Adam(r, beta_1=b1, beta_2=b2, epsilon=e, amsgrad=True)",
        optimizer("Adam", amsgrad=True),
    ),
    Cell(
        "nadam_scheduled",
        "Nadam(r, beta_1=b1, beta_2=b2, epsilon=e), psi = 1",
        optimizer("Nadam", without=("momentum_decay",)),
        {"momentum_decay": 1.0},
    ),
    Cell("adamax_outside", "Adamax(r, beta_1=b1, beta_2=b2, epsilon=e)", optimizer("Adamax")),
    Cell("lion", "Lion(r, beta_1=b1, beta_2=b2)", optimizer("Lion")),
    Cell("lion_decoupled", "Lion(r, beta_1=b1, beta_2=b2, weight_decay=l)", optimizer("Lion")),
    Cell(
        "lamb",
        "Lamb(r, beta_1=b1, beta_2=b2, epsilon=e), l = 0",
        optimizer("Lamb", without=("weight_decay",)),
        {"weight_decay": 0.0},
    ),
    Cell("clip_value", "SGD(r, clipvalue=c)", optimizer("SGD", CLIPPED)),
    Cell("clip_norm", "SGD(r, clipnorm=c)", optimizer("SGD", {"max_norm": "clipnorm"})),
    Cell("clip_global_norm", "SGD(r, global_clipnorm=c)", optimizer("SGD", CLIPPED)),
    Cell(
        "accumulation",
        "SGD(r, gradient_accumulation_steps=n)",
        optimizer("SGD", {"every": "gradient_accumulation_steps"}),
    ),
)
