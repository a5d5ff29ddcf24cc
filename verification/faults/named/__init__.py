"""Mistakes of one function's own, by name."""

from . import functions, layers, mixing
from .named import Named as Named

NAMED: dict[str, Named] = {**functions.NAMED, **layers.NAMED, **mixing.NAMED}
