"""The numbers cos(2 pi k / n) or sin(2 pi k / n), k = 0 ... n - 1, as a primitive without operands.

A table, as an FFT has one; the budget has room for roots that are made from rounded angles.
"""

import numpy as np
from flint import arb, fmpq
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import mlir

from ..bounded import Bounded
from ..samples import Samples

roots_of_unity = Primitive("roots_of_unity")


def floats(count: int, sine: bool) -> np.ndarray:
    """The nearest ones, by balls."""
    return np.array([float(v.mid()) for v in balls(count=count, sine=sine)])


def balls(*, count: int, sine: bool) -> np.ndarray:
    out = np.empty(count, object)
    for k in range(count):
        turns = fmpq(2 * k, count)
        out[k] = (arb.sin_pi_fmpq if sine else arb.cos_pi_fmpq)(turns)
    return out


def units(count: int, value: np.ndarray) -> np.ndarray:
    """How far off a root may be: it is rounded, and without a table its angle is, twice."""
    angle = 2.0 * np.pi * np.arange(count) / count
    return np.where(angle == 0.0, 0.0, abs(value) + 2.0 * angle)


def bounded(target, *, count: int, sine: bool) -> Bounded:
    value = floats(count, sine)
    return Bounded(value, target.unit * units(count, value))


def drawn(noise, *, count: int, sine: bool) -> Samples:
    value = floats(count, sine)
    spread = noise.target.unit / 3**0.5 * units(count, value)
    return Samples(value, value + spread * noise.draw(value))


def _lowered(context, *, count: int, sine: bool):
    return [mlir.ir_constant(floats(count, sine))]


roots_of_unity.def_impl(floats)
roots_of_unity.def_abstract_eval(lambda *, count, sine: ShapedArray((count,), np.dtype(np.float64)))
mlir.register_lowering(roots_of_unity, _lowered)
