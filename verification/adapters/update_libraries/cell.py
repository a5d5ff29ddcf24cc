"""One rule of a library: the variant that it implements, and the arguments that make it so."""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Cell(NamedTuple):
    """make(learning_rate=..., **hyperparameters) -> (init, update), or an optax transformation."""

    variant: str
    arguments: str  # how a user writes it
    make: Callable
    fixed: Mapping[str, int | float] = {}  # hyperparameters that the library has no argument for
