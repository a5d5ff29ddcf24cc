"""A number that was observed, not computed: its value, how far off it may be, what it rounds.

observed(value, error, units)    value + e, |e| <= error; a program that computes it is off by
                                 `units` of the unit roundoff of its format

Balls have the error; running bounds and random roundings have the units.  It is the identity on
`value` elsewhere, and has no slope: all three are constants of a program.
"""

import numpy as np
from flint import arb
from jax.extend.core import ClosedJaxpr, Primitive
from jax.interpreters import batching, mlir

from .arrays import box
from .bounded import Bounded
from .inner_programs import equations
from .samples import Samples

NAME = "observed"

observed = Primitive(NAME)
observed.def_impl(lambda value, error, units: value)
observed.def_abstract_eval(lambda value, error, units: value)
mlir.register_lowering(observed, lambda _, value, error, units: [value])


def _batched(operands, axes):
    (size,) = {x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None}
    front = lambda x, axis: batching.bdim_at_front(x, axis, size)
    return observed.bind(*map(front, operands, axes)), 0


batching.primitive_batchers[observed] = _batched


def is_in(program: ClosedJaxpr) -> bool:
    """Whether a part of the program was observed."""
    return any(eqn.primitive is observed for eqn in equations(program.jaxpr))


def _around(value: arb, error: arb) -> arb:
    return arb(value.mid(), error.mid()) if error.is_finite() else arb("nan")


def balls(value: np.ndarray, error: np.ndarray, units: np.ndarray) -> np.ndarray:
    return box(np.frompyfunc(_around, 2, 1)(value, error))


def bounded(target, value: Bounded, error: Bounded, units: Bounded) -> Bounded:
    return Bounded(value.value, target.unit * units.value)


def drawn(noise, value: Samples, error: Samples, units: Samples) -> Samples:
    spread = noise.target.unit / 3**0.5 * units.value
    return Samples(value.value, value.value + spread * noise.draw(value.value))


def tangents(ledger, name, value, error, units):
    return ledger.round(value.value, (), units.value / 3**0.5)
