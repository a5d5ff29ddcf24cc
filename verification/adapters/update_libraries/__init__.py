"""Which variant of an update rule each library implements, with the arguments that make it so."""

from importlib.util import find_spec

from . import (
    in_keras,
    in_optax,
    in_optax_adafactor,
    in_optax_adam,
    in_optax_more,
    in_sklearn,
    in_torch,
    in_torch_schedules,
)
from .cell import Cell as Cell

LIBRARIES: dict[str, tuple[Cell, ...]] = {
    "optax": (
        *in_optax.CELLS,
        *in_optax_adam.CELLS,
        *in_optax_adafactor.CELLS,
        *in_optax_more.CELLS,
    ),  # fmt: skip
    "PyTorch": (*in_torch.CELLS, *in_torch_schedules.CELLS),
    "scikit-learn": in_sklearn.CELLS,
    "Keras": in_keras.CELLS,
}
MODULES = {"optax": "optax", "PyTorch": "torch", "scikit-learn": "sklearn", "Keras": "keras"}


def installed(library: str) -> bool:
    return find_spec(MODULES[library]) is not None
