"""Where the draws of first-order random rounding come from, and how they are added up.

An error is a sum of sources, each entry with a weight of its own: the random signs of a rounding,
or what an operation made of other errors.  Operations on entries change weights only.  Draws exist
where entries meet, in products and sums, a group of them at a time, so that they stay in the cache.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from .noise import DRAWS

GROUP = 2**18  # numbers of one array that are drawn at once: a megabyte
SIGN, ONE = np.uint32(2**31), np.float32(1.0).view(np.uint32)


class Rounding:
    """One operation's, by number, and whether anything was drawn from it."""

    __slots__ = ("drawn", "number")

    def __init__(self, number: int):
        self.number, self.drawn = number, False


class Signs:
    """The signs of a rounding, half of the variance common to all of its entries.

    Errors are small, so that only their variance counts, and one random word gives an entry all of
    its signs: `word` has the words of the entries where they are now.
    """

    __slots__ = ("rounding", "word")

    def __init__(self, rounding: Rounding, word):
        self.rounding, self.word = rounding, word

    def times(self, weight, numbers, shape: tuple[int, ...]):
        """The draws `numbers`, scaled, of an array of this shape."""
        places = raised(numbers, (), shape)
        own = (beside(self.word, shape) << places) & SIGN | ONE
        own = lax.bitcast_convert_type(own, np.float32)
        common = (
            mixed(mixed(np.array([self.rounding.number], np.uint32)) + np.uint32(1))[0] << places
        )
        common = 1.0 - 2.0 * (common >> 31).astype(jnp.float32)
        half = jnp.asarray(weight, jnp.float32) * np.float32(0.5**0.5)
        return beside(half, shape) * (own + common)


def signs(number: int, shape: tuple[int, ...]) -> Signs:
    """The signs of rounding `number`, which has just been made."""
    places = jnp.arange(int(np.prod(shape, dtype=int)), dtype=jnp.uint32)
    own = mixed(mixed(places) ^ mixed(np.array([number], np.uint32)))
    return Signs(Rounding(number), own.reshape(shape))


def mixed(x):
    """A bijection of 32-bit words in which every bit of x moves half of the bits."""
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


class Drawn:
    """What an operation makes of errors: of(numbers, *draws of the sources) -> those draws of it.

    Draws run along axis(shape).  `moved` is not None where entries of one source have moved only.
    """

    __slots__ = ("moved", "number", "of", "rows", "shape", "sources")
    numbers = count()
    rows: Any

    def __init__(
        self, shape: tuple[int, ...], of: Callable, sources: Iterable["Drawn"], moved=None
    ):
        self.shape, self.of, self.sources, self.moved = shape, of, tuple(sources), moved
        self.number, self.rows = next(Drawn.numbers), None


def axis(shape: tuple[int, ...]) -> int:
    """Where draws run: after the first axis, so that weights and matrices are read once for all."""
    return int(len(shape) > 1)


def beside(x, shape: tuple[int, ...]):
    """What all draws of an array of this shape share: a scalar, or one for each entry."""
    return jnp.expand_dims(x, axis(shape)) if x.ndim else x


def raised(rows, of_shape: tuple[int, ...], shape: tuple[int, ...]):
    """Draws of a scalar, at the rank of draws of what they are added to."""
    if len(of_shape) == len(shape):
        return rows
    return rows.reshape([-1 if i == axis(shape) else 1 for i in range(len(shape) + 1)])


class Part(NamedTuple):
    """One source of an error, and its weight; None where that is 1."""

    source: Signs | Drawn
    weight: Any


def scaled(parts: Iterable[Part], slope) -> tuple[Part, ...]:
    return tuple(Part(p.source, slope if p.weight is None else p.weight * slope) for p in parts)


def added(*errors: Iterable[Part]) -> tuple[Part, ...]:
    """The sum of errors: weights of one source add up."""
    total: dict[int, Part] = {}
    for part in (part for error in errors for part in error):
        known = total.get(id(part.source))
        if known is not None:
            one = lambda p: jnp.float32(1.0) if p.weight is None else p.weight
            part = Part(part.source, one(known) + one(part))
        total[id(part.source)] = part
    return tuple(total.values())


def whole(parts: Sequence[Part], shape: tuple[int, ...]) -> Drawn:
    """All parts in one."""
    if len(parts) == 1 and isinstance(parts[0].source, Drawn) and parts[0].weight is None:
        return parts[0].source
    drawn = [(p.source, p.weight) for p in parts if isinstance(p.source, Drawn)]
    random = [(p.source, p.weight) for p in parts if isinstance(p.source, Signs)]
    for source, _ in random:
        source.rounding.drawn = True

    def of(numbers, *rows):
        # a branch that is always taken: what is inside is not fused with what reads it, where the
        # compiler would take one loop over entries and draws together, ten times as slow
        full = (*shape[: axis(shape)], len(numbers), *shape[axis(shape) :])
        nothing = lambda *_: jnp.zeros(full, jnp.float32)
        return lax.cond(numbers[0] < DRAWS, together, nothing, numbers, *rows)

    def together(numbers, *rows):
        total = [source.times(weight, numbers, shape) for source, weight in random]
        for (source, weight), row in zip(drawn, rows, strict=True):
            row = raised(row, source.shape, shape)
            total.append(row if weight is None else beside(weight, shape) * row)
        full = (*shape[: axis(shape)], len(numbers), *shape[axis(shape) :])
        return jnp.broadcast_to(sum(total[1:], total[0]), full).astype(jnp.float32)

    return Drawn(shape, of, [source for source, _ in drawn])


def needed(wanted: Iterable[Drawn]) -> list[Drawn]:
    """All that they are made of, in the order it was made."""
    found, todo = {}, list(wanted)
    while todo:
        if (here := todo.pop()).number not in found:
            found[here.number] = here
            todo.extend(here.sources)
    return [found[number] for number in sorted(found)]


def rows_of(wanted: Sequence[Drawn], numbers) -> list:
    """The draws `numbers` of each."""
    rows: dict[int, Any] = {}
    for node in needed(wanted):
        rows[node.number] = node.of(numbers, *(rows[s.number] for s in node.sources))
    return [rows[node.number] for node in wanted]


def group_of(wanted: Iterable[Drawn]) -> int:
    """How many draws at once: a power of 2."""
    largest = max((int(np.prod(node.shape, dtype=int)) for node in needed(wanted)), default=1)
    room = max(GROUP // max(largest, 1), 1)
    return min(DRAWS, 1 << (room.bit_length() - 1))


def mean_squares(wanted: Sequence[Drawn]) -> list:
    """Over all draws, of each."""
    if not wanted:
        return []
    group = group_of(wanted)

    def more(step, totals):
        first = step.astype(jnp.uint32) * np.uint32(group)
        rows = rows_of(wanted, first + jnp.arange(group, dtype=np.uint32))
        draws = [jnp.moveaxis(r, axis(n.shape), 0) for n, r in zip(wanted, rows, strict=True)]
        squares = [sum(jnp.square(draw[k]) for k in range(group)) for draw in draws]
        return [total + square for total, square in zip(totals, squares, strict=True)]

    zeros = [jnp.zeros(node.shape, jnp.float32) for node in wanted]
    totals = lax.fori_loop(0, DRAWS // group, more, zeros)
    return [total / DRAWS for total in totals]


def stored(node: Drawn) -> Any:
    """All draws at once, kept: what is made of this node starts from here."""
    if node.rows is None:
        along, numbers = axis(node.shape), np.arange(DRAWS, dtype=np.uint32)
        groups = jnp.asarray(numbers.reshape(-1, group_of([node])))
        rows = jnp.moveaxis(lax.map(lambda some: rows_of([node], some)[0], groups), 0, along)
        shape = (*node.shape[:along], DRAWS, *node.shape[along:])
        node.rows, node.sources = (every := rows.reshape(shape)), ()
        node.of = lambda some: lax.dynamic_slice_in_dim(every, some[0], len(some), along)
    return node.rows


def alone(parts: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """The roundings of which nothing else was made, and the other parts."""
    made = [p.source.rounding if isinstance(p.source, Signs) else None for p in parts]
    among = Counter(made)
    is_alone = [bool(r and not r.drawn and among[r] == 1) for r in made]
    pairs = list(zip(parts, is_alone, strict=True))
    return [p for p, yes in pairs if yes], [p for p, yes in pairs if not yes]
