"""A mistake of one function's own: its class, where people meet it, what explains it."""

from typing import NamedTuple

ANY = (  # whatever fits to rounding at every entry is as true as the name of the mistake
    *("fault", "slope", "reduction", "edge", "dropped path", "factor", "sign", "zero"),
    *("transposed", "permuted", "shifted", "flipped", "swapped", "one example", "axis"),
    *("broadcast", "reordered", "cast"),
)


class Named(NamedTuple):
    """A mistake that some derivations have a twin of, under this name."""

    kind: str  # one of CLASSES
    description: str
    kinds: tuple[str, ...] = ANY
