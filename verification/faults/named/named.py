"""A mistake of one function's own: its class, where people meet it, what explains it."""

from typing import NamedTuple

ANY = ("fault", "slope", "reduction", "edge", "dropped path", "factor", "sign")


class Named(NamedTuple):
    """A mistake that some derivations have a twin of, under this name."""

    kind: str  # one of CLASSES
    description: str
    kinds: tuple[str, ...] = ANY
