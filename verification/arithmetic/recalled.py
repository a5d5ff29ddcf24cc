"""The room that a stored output leaves: a slope that is read back from a rounded value.

A program may keep a = f(z) and take the slope from it: a (1 - a), 1 - a^2, a.  Where a is off by
its own running error e, that is the slope at another argument, off by e / |da/dz|; so the slope of
the whole is off by

    |f''(z)| e / |da/dz|

`recalled` is the identity on a slope times what comes from above; it has this room for an error in
arithmetics that count errors.  Where all arguments near z have the same a, all of it is room.
"""

from functools import reduce
from typing import Any

import numpy as np
from jax.extend.core import ClosedJaxpr, Primitive
from jax.interpreters import batching, mlir

from .bounded import Bounded
from .interpreter import Arithmetic, run
from .namespaces import namespace, where

recalled = Primitive("recalled")
recalled.def_impl(lambda product, above, at, *, program: product)
recalled.def_abstract_eval(lambda product, above, at, *, program: product)
mlir.register_lowering(recalled, lambda _, product, above, at, *, program: [product])
batching.primitive_batchers[recalled] = lambda operands, axes, *, program: (operands[0], axes[0])


def with_room(bounds: Arithmetic, product: Bounded, above: Bounded, at: Bounded, program):
    """The product, in running error bounds."""
    size = abs(above.value) + above.error
    return Bounded(product.value, product.error + size * room(bounds, at.value, program))


def room(bounds: Arithmetic, at, program: ClosedJaxpr) -> Any:
    """What the slope may be off by, at arguments in float64.

    `program` has the slope and its slope, and then each value that may be kept and its slope;
    `bounds` are the running error bounds of the format.
    """
    with np.errstate(all="ignore"):
        slope, bend, *kept = run(program, [Bounded(at)], bounds)
        pairs = zip(kept[::2], kept[1::2], strict=True)
        rooms = [_room(slope.value, bend.value, a, da.value) for a, da in pairs]
    return reduce(namespace(at).maximum, rooms)


def _room(slope, bend, a: Bounded, da):
    flat = (da == 0.0) & namespace(da).isfinite(a.value)
    off = abs(bend) * a.error / where(flat, 1.0, abs(da))
    off = where(flat, abs(slope), off)
    return where(namespace(off).isfinite(off), off, 0.0)
