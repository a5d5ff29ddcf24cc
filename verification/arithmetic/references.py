"""Programs that write into arrays (`jax.new_ref`), as the same functions of arrays that stay.

JAX makes them so itself before it compiles, by a pass that has no public name.  Where a JAX has
none by this name the program is left as it is, and its writes have no rule.
"""

import importlib
from functools import lru_cache

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr

from .inner_programs import bodies

PASS, NAME = "jax._src.state.discharge", "discharge_state"
KERNELS = {"pallas_call"}  # they write, too, and JAX's pass does not enter them


def without_references(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same function without writing; itself where it writes into nothing of its own."""
    given = (*program.jaxpr.invars, *program.jaxpr.constvars)
    if not has_references(program.jaxpr) or any(map(_is_reference, given)):
        return program
    return _discharged(program)


@lru_cache(maxsize=256)
def _discharged(program: ClosedJaxpr) -> ClosedJaxpr:
    try:
        discharge = getattr(importlib.import_module(PASS), NAME)
        with jax.enable_x64(True):
            return discharge(program)
    except Exception:  # of another JAX: what it has no name for, or does not take
        return program


@lru_cache(maxsize=4096)
def has_references(jaxpr: Jaxpr) -> bool:
    return any(
        eqn.primitive.name not in KERNELS
        and (any(map(_is_reference, eqn.outvars)) or any(map(has_references, bodies(eqn.params))))
        for eqn in jaxpr.eqns
    )


def _is_reference(v) -> bool:
    return type(v.aval).__name__ == "AbstractRef"
