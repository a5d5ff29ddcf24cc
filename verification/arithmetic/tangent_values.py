"""Numbers with tangents: how the errors of first-order random rounding move."""

import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive

from .any_order import Terms
from .formats import Format
from .moves import MOVES
from .namespaces import moves, scatter_sum
from .tangent_draws import (
    Drawn,
    Part,
    Signs,
    added,
    alone,
    axis,
    mean_squares,
    scaled,
    signs,
    whole,
)
from .ulps import ULPS

PRIMITIVES = {p.name: p for p in vars(lax).values() if isinstance(p, Primitive)}
PRIMITIVES |= {"add_any": lax.add_p}
ENTRYWISE = {  # operations on entries, alone or in pairs; those of ULPS too
    *("add", "add_any", "sub", "mul", "div", "square", "integer_pow", "neg", "abs"),
    *("max", "min", "clamp", "select_n", "rem", *ULPS),
}
PARTS = 16  # of an error, before it is drawn and becomes one


class Tangents:
    """A value in float64, and its error in units of u, in parts.

    `terms`: what was added up one by one for it, see any_order.py; None elsewhere.
    """

    __slots__ = ("parts", "terms", "value")

    def __init__(self, value, parts: tuple[Part, ...] = (), terms: Terms | None = None):
        self.value, self.terms = jnp.asarray(value), terms
        self.parts = parts if len(parts) <= PARTS else (Part(whole(parts, self.shape), None),)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    def drawn(self) -> Drawn | None:
        """The error in one; None for an exact number."""
        if not self.parts:
            return None
        node = whole(self.parts, self.shape)
        self.parts = (Part(node, None),)
        return node


class Gate(NamedTuple):
    """A comparison, and where a draw may come near to turning it."""

    value: Any
    unsure: Any

    @property
    def shape(self):
        return self.value.shape


class Ledger:
    """One run: the format, the roundings so far, and whether first order has been enough.

    `endless`: whether the program has an infinity of its own, as that of a mask.
    """

    def __init__(self, target: Format):
        self.target, self.operations, self.endless = target, 0, False
        self.settled = jnp.asarray(True)

    def round(self, value, parts: tuple[Part, ...], spread, ins: Sequence = ()) -> Tangents:
        """One rounding of standard deviation `spread`, in units of u, besides underflow.

        What is infinite because one of the operands `ins` was is not rounded, and has no error.
        """
        self.operations += 1
        size = abs(value)
        if self.endless and ins:
            still = (size == np.inf) & endless(ins)
            size, spread = jnp.where(still, 0.0, size), jnp.where(still, 0.0, spread)
            parts = tuple(Part(p.source, _unless(still, p.weight)) for p in parts)
        self.settled &= jnp.all(size < self.target.largest / 1024)
        lost = jnp.where((size < self.target.tiny) & (size > 0), self.target.tiny, 0.0)
        # with the value's sign: the half of the noise that an array shares leans as its numbers do
        fresh = jnp.copysign(spread + lost / self.target.unit, value).astype(jnp.float32)
        return Tangents(value, (*parts, Part(signs(self.operations, value.shape), fresh)))


def endless(ins: Sequence) -> Any:
    """Where one of the operands is infinite."""
    return reduce(operator.or_, (abs(x.value) == np.inf for x in ins if isinstance(x, Tangents)))


def _unless(still, weight):
    return jnp.where(still, 0.0, 1.0 if weight is None else weight).astype(jnp.float32)


def variances(numbers: list[Tangents]) -> list:
    """The mean square of the draws, in units of u^2.

    A rounding that nothing else was made of is not drawn: its square is known.
    """
    found = []
    split = [alone(number.parts) for number in numbers]
    nodes = [
        whole(rest, n.shape) if rest else None for n, (_, rest) in zip(numbers, split, strict=True)
    ]
    before = [node and _unmoved(node) for node in nodes]
    drawn = iter(mean_squares([pair[0] for pair in before if pair]))
    for number, pair, (free, _) in zip(numbers, before, split, strict=True):
        total = pair[1](next(drawn)) if pair else jnp.zeros(number.shape, jnp.float32)
        found.append(sum((jnp.square(part.weight) for part in free), total))
    return found


def _unmoved(node: Drawn) -> tuple[Drawn, Callable]:
    """What a node was before its entries moved, and how they did: squares move alike."""
    if node.moved is None or node.rows is not None:
        return node, lambda x: x
    before, how = _unmoved(node.sources[0])
    move = node.moved
    return before, lambda x: move(how(x))


def pushed(name: str, ins, params) -> tuple[Any, tuple[Part, ...]]:
    """The value, and the error carried over by the derivative there."""
    bind = operation(name, params)
    values = [x.value if isinstance(x, Tangents) else x for x in ins]
    value = bind(*values)
    errors = {i: x for i, x in enumerate(ins) if isinstance(x, Tangents) and x.parts}
    if not errors:
        return value, ()
    narrow = [
        jnp.asarray(v, jnp.float32) if isinstance(x, Tangents) else v
        for v, x in zip(values, ins, strict=True)
    ]

    def along(*indices: int) -> Callable:
        """The derivative in the operands of these indices."""

        def moving(*numbers):
            here = list(narrow)
            for i, number in zip(indices, numbers, strict=True):
                here[i] = number
            return bind(*here)

        return lambda *rows: jax.jvp(moving, tuple(narrow[i] for i in indices), rows)[1]

    if name in ENTRYWISE:
        ones = {i: along(i)(jnp.ones_like(narrow[i])) for i in errors}
        return value, added(*(scaled(x.parts, ones[i]) for i, x in errors.items()))
    push = along(*errors)
    nodes = [x.drawn() for x in errors.values()]
    nodes = [node for node in nodes if node is not None]
    if name == "dot_general":
        sides = {i: narrow[1 - i] for i in errors}
        of = partial(_products, value.shape, sides, nodes, params["dimension_numbers"])
    else:
        axes = tuple(axis(node.shape) for node in nodes)
        of = lambda _, *rows: jax.vmap(push, axes, axis(value.shape))(*rows)
    return value, (Part(Drawn(value.shape, of, nodes), None),)


def _products(shape, others: dict, nodes: list[Drawn], dimension_numbers, _, *rows):
    """The draws of a product: those of each operand by the other's value."""
    total = []
    for (side, other), node, row in zip(others.items(), nodes, rows, strict=True):
        draws = axis(node.shape)
        contract: Any
        batch: Any
        contract, batch = ([list(pair) for pair in pairs] for pairs in dimension_numbers)
        for axes in (contract, batch):
            axes[side] = [i + (i >= draws) for i in axes[side]]
        operands = (row, other) if side == 0 else (other, row)
        product = lax.dot_general(*operands, (contract, batch))
        free = [i for i in range(row.ndim) if i not in (*contract[side], *batch[side])]
        place = len(batch[0]) + free.index(draws)
        if side == 1:
            place += other.ndim - len(contract[0]) - len(batch[0])
        total.append(jnp.moveaxis(product, place, axis(shape)))
    return sum(total[1:], total[0])


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
    """Entries go to other places, and the weights and signs of a rounding go with them."""
    if isinstance(x, Gate):
        return exact(ledger, name, x, **params)
    bind = operation(name, params)

    def part(source, weight) -> Part:
        full = None if weight is None else bind(jnp.broadcast_to(weight, x.shape))
        if isinstance(source, Signs):
            return Part(Signs(source.rounding, bind(jnp.broadcast_to(source.word, x.shape))), full)
        spread = lambda row: bind(jnp.broadcast_to(row, x.shape))
        axes = axis(source.shape), axis(value.shape)
        of = lambda _, rows: jax.vmap(spread, *axes)(rows)
        return Part(Drawn(value.shape, of, [source], spread), full)

    value = bind(x.value)
    return Tangents(value, tuple(part(*p) for p in x.parts))
