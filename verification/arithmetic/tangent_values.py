"""Numbers with tangents: how the draws of first-order random rounding move."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive

from .formats import Format
from .moves import MOVES
from .namespaces import moves, scatter_sum
from .noise import DRAWS

PRIMITIVES = {p.name: p for p in vars(lax).values() if isinstance(p, Primitive)}
PRIMITIVES |= {"add_any": lax.add_p}


class Tangents:
    """A value in float64, its draws (32 rows, in units of u), and a rounding not yet drawn."""

    __slots__ = ("fresh", "key", "rows", "value")

    def __init__(self, value, rows=None, fresh=None, key=0):
        self.value, self.rows, self.fresh, self.key = jnp.asarray(value), rows, fresh, key

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    def drawn(self):
        """All rows, the last rounding among them; None for an exact number."""
        if self.fresh is None:
            return self.rows
        noise = self.fresh * signs(self.shape, self.key)
        return noise if self.rows is None else self.rows + noise

    def variance(self):
        """The mean square of the draws, in units of u^2."""
        total = jnp.zeros(self.shape, jnp.float32)
        if self.rows is not None:
            total = total + jnp.mean(jnp.square(self.rows), 0)
        return total if self.fresh is None else total + jnp.square(self.fresh)


class Gate(NamedTuple):
    """A comparison, and where a draw may come near to turning it."""

    value: Any
    unsure: Any

    @property
    def shape(self):
        return self.value.shape


class Ledger:
    """One run: the format, the roundings so far, and whether first order has been enough."""

    def __init__(self, target: Format):
        self.target, self.operations = target, 0
        self.settled = jnp.asarray(True)

    def round(self, value, rows, spread) -> Tangents:
        """One rounding of standard deviation `spread`, in units of u, besides underflow."""
        self.operations += 1
        size = abs(value)
        self.settled &= jnp.all(size < self.target.largest / 1024)
        lost = jnp.where((size < self.target.tiny) & (size > 0), self.target.tiny, 0.0)
        # with the value's sign: the half of the noise that an array shares leans as its numbers do
        fresh = jnp.copysign(spread + lost / self.target.unit, value).astype(jnp.float32)
        return Tangents(value, rows, fresh, self.operations)


def signs(shape: tuple[int, ...], number: int):
    """(DRAWS, *shape) of unit variance, half of it common to all entries: the signs of operation
    `number`.  Errors are small, so that only their variance counts, and one random word gives an
    entry all of its signs.
    """
    word = _mixed(np.array([number], np.uint32))
    places = jnp.arange(int(np.prod(shape, dtype=int)), dtype=jnp.uint32)
    own = _bits(_mixed(_mixed(places) ^ word[0]).reshape(shape))
    return own + _bits(_mixed(word + np.uint32(1))).reshape(-1, *(1,) * len(shape))


def _mixed(x):
    """A bijection of 32-bit words in which every bit of x moves half of the bits."""
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


def _bits(word):
    """Bit k of a word, as a sign over sqrt 2."""
    shifts = np.arange(DRAWS, dtype=np.uint32).reshape(-1, *(1,) * word.ndim)
    bits = ((word[None] >> shifts) & np.uint32(1)).astype(np.float32)
    return np.float32(0.5**0.5) - np.float32(2.0**0.5) * bits


def pushed(name: str, ins, params) -> tuple[Any, Any]:
    """The value, and the draws carried over by the derivative there."""
    bind = operation(name, params)
    values = [x.value if isinstance(x, Tangents) else x for x in ins]
    value = bind(*values)
    rows = {
        i: r for i, x in enumerate(ins) if isinstance(x, Tangents) and (r := x.drawn()) is not None
    }
    if not rows:
        return value, None
    narrow = [
        jnp.asarray(v, jnp.float32) if isinstance(x, Tangents) else v
        for v, x in zip(values, ins, strict=True)
    ]

    def of_drawn(*moving):
        here = list(narrow)
        for i, number in zip(rows, moving, strict=True):
            here[i] = number
        return bind(*here)

    push = lambda *rows_: jax.jvp(of_drawn, tuple(narrow[i] for i in rows), rows_)[1]
    return value, jax.vmap(push)(*rows.values())


def operation(name: str, params) -> Callable:
    """The primitive as a function of arrays of any float dtype."""
    if name in MOVES:
        return lambda *operands: moves(name, jnp.zeros(()))(*operands, **params)
    if name == "scatter-add":
        return lambda x, indices, updates: scatter_sum(jnp.asarray(x), indices, updates, params)
    if "preferred_element_type" in params:
        params = params | {"preferred_element_type": None}
    return partial(PRIMITIVES[name].bind, **params)


def exact(ledger, name, *ins, **params):
    """No rounding: entries move, or one of them is chosen."""
    if any(isinstance(x, Gate) for x in ins):
        part = lambda k: operation(name, params)(*(x[k] if isinstance(x, Gate) else x for x in ins))
        return Gate(part(0), part(1))
    return Tangents(*pushed(name, ins, params))


def kept(ledger, name, x, **params):
    """Every entry goes to one place: a rounding not yet drawn goes with it."""
    if isinstance(x, Gate):
        return exact(ledger, name, x, **params)
    bind = operation(name, params)
    rows = None if x.rows is None else jax.vmap(bind)(x.rows)
    return Tangents(bind(x.value), rows, None if x.fresh is None else bind(x.fresh), x.key)


def negated(ledger, name, x, **_) -> Tangents:
    return Tangents(-x.value, None if x.rows is None else -x.rows, x.fresh, x.key)
