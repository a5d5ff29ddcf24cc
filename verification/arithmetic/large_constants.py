"""Large arrays that a program holds, handed to it as arguments: a compiler computes with constants.

A loss that reads its data from around it holds them; XLA folds what is made of them alone, entry by
entry, before the program runs once.
"""

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from .formats import Format, are_plain
from .inner_programs import PLAIN_CALLS, constants
from .shifts import opened

LARGE = 2**12  # entries


@lru_cache(maxsize=32)
def apart(program: ClosedJaxpr, target: Format) -> tuple[ClosedJaxpr, tuple[Any, ...]]:
    """The program with its large constants as its first arguments; and these.

    Numbers that the format does not hold stay where they are: a literal is rounded, and whoever
    hands over an argument has rounded it before.
    """
    inside = constants(program)[len(program.consts) :]
    flat = opened(program, PLAIN_CALLS) if any(map(_is_large, inside)) else program
    pairs = list(zip(flat.jaxpr.constvars, flat.consts, strict=True))
    moved = [
        (v, c) for v, c in pairs if _is_large(c) and are_plain(target, np.asarray(c, np.float64))
    ]
    if not moved:
        return program, ()
    out = {v for v, _ in moved}
    kept = [(v, c) for v, c in pairs if v not in out]
    invars = [*(v for v, _ in moved), *flat.jaxpr.invars]
    jaxpr = flat.jaxpr.replace(constvars=[v for v, _ in kept], invars=invars)
    return ClosedJaxpr(jaxpr, [c for _, c in kept]), tuple(c for _, c in moved)


def _is_large(constant: Any) -> bool:
    return np.size(constant) >= LARGE and jnp.issubdtype(jnp.result_type(constant), jnp.floating)
