"""Constants that the function holds in fewer digits than are asked for: JAX makes arrays float32.

The function is then another one than it is meant to be, and the right gradient of what was meant is
outside its budget.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from ..arithmetic.formats import format_of
from ..arithmetic.inner_programs import inner

FLOATS = ("float32", "float16", "bfloat16")
SHORT = 2 / 3  # of a format's digits: a number that needs more of them has probably been rounded


def warning(program: ClosedJaxpr, dtype: str) -> str:
    """Which constants of the program are narrower than dtype; empty where none is."""
    found = [c for c in _constants(program) if _is_narrow(c, dtype)]
    if not found:
        return ""
    kinds = sorted({f"{c.dtype}{list(np.shape(c)) or ''}" for c in found})
    return (
        f"`of` holds constants in fewer digits ({', '.join(kinds)}): where {dtype} is meant, make "
        f"them with NumPy in {dtype}, or pass them as arguments"
    )


def _constants(program: ClosedJaxpr | Jaxpr) -> Iterator[Any]:
    """Of the program and of the programs inside it, numbers written into it among them."""
    whole = isinstance(program, ClosedJaxpr)
    yield from program.consts if whole else ()
    for eqn in (program.jaxpr if whole else program).eqns:
        yield from (x.val for x in eqn.invars if isinstance(x, Literal))
        for within in inner(eqn.params):
            yield from _constants(within)


def _is_narrow(constant: Any, dtype: str) -> bool:
    name = str(getattr(constant, "dtype", ""))
    if name not in FLOATS or format_of(name).unit <= format_of(dtype).unit:
        return False
    digits = int(-np.log2(format_of(name).unit) * SHORT)
    fraction = np.ldexp(np.frexp(np.asarray(constant, np.float64))[0], digits)
    return bool((np.isfinite(fraction) & (fraction != np.round(fraction))).any())
