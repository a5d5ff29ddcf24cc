"""Edges made from the structure of somebody's sample: the places that users do not think of.

near   one entry 0, two entries tied, an index twice
far    all zeros, all equal, a singular matrix, every scale, the order of all entries reversed at
       the largest, one index everywhere
beyond all entries far below 0, or far above: only whether the answer is a number is asked
shape  a batch of 1, one example fewer: the sampler draws no such shape

What is moved: the float arrays differentiated by, other float arrays that are free of any law,
integers, and what `vary` names, where each keeps the law that the draws have in common.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from ..vocabulary import Case
from . import moves
from .domain import Law, is_float, is_key, keeps
from .leaves import Leaf, Sampled, sampled
from .ranges import restored
from .scales import VANISHING, scales

PAIRS = 3  # of arrays that meet in an entry


class Region(StrEnum):
    """How an edge lies to the domain, which is what the sampler draws."""

    NEAR = "near"
    FAR = "far"
    BEYOND = "beyond"
    SHAPE = "shape"


class Edge(NamedTuple):
    """A case off the draws, how it was come by, and the scale where it is one."""

    case: Case
    region: Region
    what: str  # "all zeros"
    position: int = -1  # of the argument that was moved
    scale: float = 0.0


def edges(
    point: tuple, argnums: tuple[int, ...], named: tuple[int, ...], dtype: str, laws: list[Law]
) -> Iterator[Edge]:
    """Every edge around a drawn point, near ones first; `named` are the positions of `vary`."""
    one = sampled(point, argnums, named, laws)
    positions = range(len(point))
    for position in positions:
        yield from _near(one, position, position in (*argnums, *named))
    yield from _meetings(one, argnums)
    for position in positions:
        yield from _indices(one, position, position in named)
        yield from _numbers(point, position, position in named)
    yield from _rows(one, named)
    for position in positions:
        few = None if position in (*argnums, *named) else 1
        yield from _far(one, position, dtype, few)
    for position in dict.fromkeys((*argnums, *named)):
        yield from _beyond(one, position, dtype)
    yield from _shapes(one, argnums)


def _moved(one: Sampled, chosen: Callable[[Leaf], bool], move: Callable) -> tuple | None:
    """The point with the chosen leaves moved; None where nothing changes."""
    values = {}
    for k, leaf in enumerate(one.leaves):
        if chosen(leaf):
            after = restored(leaf.law.numbers, move(leaf.value, leaf.law))
            if _is_moved(after, leaf):
                values[k] = after
    return one.where(values) if values else None


def _is_moved(after: np.ndarray, leaf: Leaf) -> bool:
    """Whether it is another array, under the same law."""
    return not np.array_equal(after, leaf.value) and keeps(leaf.law, after)


def _movable(leaf: Leaf, position: int) -> bool:
    mine = isinstance(leaf.value, np.ndarray) and leaf.position == position
    return mine and leaf.free and is_float(leaf.value) and leaf.value.size > 0


def _edge(point: tuple | None, region: Region, position: int, what: str, scale: float = 0.0):
    if point is not None:
        yield Edge(Case(f"edge: args[{position}] {what}", point), region, what, position, scale)


# --- values ---------------------------------------------------------------------------------------


def _near(one: Sampled, position: int, with_ties: bool) -> Iterator[Edge]:
    """One zero, two tied: where it makes a matrix singular it is as far as any singular one."""
    chosen = partial(_movable, position=position)
    moved = [("with a zero", _moved(one, chosen, moves.one_zero))]
    for k, leaf in enumerate(one.leaves if with_ties else ()):
        if chosen(leaf):
            found = moves.ties(leaf.value, leaf.law)
            moved += [(what, one.where({k: x})) for what, x in found if _is_moved(x, leaf)]
    for what, point in moved:
        is_singular = point is not None and _is_singular(one, point)
        yield from _edge(point, Region.FAR if is_singular else Region.NEAR, position, what)


def _is_singular(one: Sampled, point: tuple) -> bool:
    """Whether a matrix is singular that was not."""
    pairs = zip(jax.tree.leaves(point), one.leaves, strict=True)
    return any(moves.is_singular(x) and not moves.is_singular(leaf.value) for x, leaf in pairs)


def _meetings(one: Sampled, argnums: tuple[int, ...]) -> Iterator[Edge]:
    """Two arrays with the same number in an entry: where one is compared with the other."""
    seen: set[frozenset[int]] = set()
    for a, b in ((a, b) for a in range(len(one.leaves)) for b in range(len(one.leaves))):
        mine, other = one.leaves[a], one.leaves[b]
        is_known = frozenset((a, b)) in seen or len(seen) == PAIRS
        if is_known or a == b or not _comparable(mine, other, argnums):
            continue
        after = moves.met(mine.value, other.value, mine.law)
        if _is_moved(after, mine):
            seen.add(frozenset((a, b)))
            what = f"and {other.path} tied in an entry"
            case = Case(f"edge: {mine.path} {what}", one.where({a: after}))
            yield Edge(case, Region.NEAR, what, mine.position)


def _comparable(mine: Leaf, other: Leaf, argnums: tuple[int, ...]) -> bool:
    """Whether they are as large, or the other is one number; and one is differentiated by."""
    if not (_movable(mine, mine.position) and isinstance(other.value, np.ndarray)):
        return False
    alike = mine.value.shape == other.value.shape or other.value.ndim == 0
    return alike and is_float(other.value) and bool({mine.position, other.position} & {*argnums})


def _far(one: Sampled, position: int, dtype: str, few: int | None) -> Iterator[Edge]:
    chosen = partial(_movable, position=position)
    for what, move in FAR:
        yield from _edge(_moved(one, chosen, move), Region.FAR, position, what)
    arrays = [leaf.value for leaf in one.leaves if chosen(leaf)]
    several = scales(arrays, dtype) if arrays else ()
    for scale in several[:few]:
        power = f"{scale:.0f}" if scale >= 1.0 else f"2^{np.log2(scale):.0f}"
        point = _moved(one, chosen, lambda x, _, s=scale: moves.times(x, s))
        yield from _edge(point, Region.FAR, position, f"times {power}", scale)
    if several and few is None:
        scale = max(several)
        point = _moved(one, chosen, lambda x, law: moves.times(moves.turned(x, law), scale))
        what = f"times {scale:.0f}, its order reversed"
        yield from _edge(point, Region.FAR, position, what, scale)


def _beyond(one: Sampled, position: int, dtype: str) -> Iterator[Edge]:
    """Every entry so far on one side of 0 that e^x is 0 at all of them, or e^-x is."""
    for what, far in (("below", -VANISHING[dtype]), ("above", VANISHING[dtype])):
        move = lambda x, _, far=far: moves.aside(x, far)
        point = _moved(one, partial(_movable, position=position), move)
        yield from _edge(point, Region.BEYOND, position, f"all entries far {what} 0")


FAR = (
    ("all zeros", moves.zeros),
    ("all equal", moves.all_equal),
    ("a singular matrix", moves.singular),
)


# --- integers -------------------------------------------------------------------------------------


def _indices(one: Sampled, position: int, named: bool) -> Iterator[Edge]:
    """Duplicates, within what the draws showed; what is named has them whatever its law."""
    chosen = lambda leaf: leaf.position == position and _is_index(leaf, named)
    point = _moved(one, chosen, moves.one_duplicate)
    yield from _edge(point, Region.NEAR, position, "with a duplicate")
    point = _moved(one, chosen, moves.all_one)
    yield from _edge(point, Region.FAR, position, "all one index")


def _rows(one: Sampled, named: tuple[int, ...]) -> Iterator[Edge]:
    """The same place twice: integers that index together, in several arrays or in one's rows."""
    found = {k: x for k, x in enumerate(one.leaves) if _is_index(x, x.position in named)}
    for size in dict.fromkeys(len(leaf.value) for leaf in found.values()):
        mine = {k: leaf for k, leaf in found.items() if len(leaf.value) == size > 1}
        values = moves.one_row_twice({k: leaf.value for k, leaf in mine.items()})
        if values and all(keeps(one.leaves[k].law, x) for k, x in values.items()):
            what, names = "with a row twice", " and ".join(leaf.path for leaf in mine.values())
            case = Case(f"edge: {names} {what}", one.where(values))
            yield Edge(case, Region.NEAR, what, one.leaves[min(mine)].position)


def _is_index(leaf: Leaf, named: bool) -> bool:
    x = leaf.value
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu" or x.size < 2 or is_key(x):
        return False
    return named or not (leaf.law.permutation or leaf.law.constrained or leaf.law.symmetric)


def _numbers(point: tuple, position: int, named: bool) -> Iterator[Edge]:
    """Of a single number that is named: its neighbours, and special ones."""
    arg = point[position]
    number = arg.item() if isinstance(arg, np.ndarray) and arg.ndim == 0 else arg
    number = getattr(number, "value", number)  # as inward trees hold it
    if not named or not isinstance(number, int | float):
        return
    for value in moves.neighbours(number):
        held = np.asarray(value, arg.dtype) if isinstance(arg, np.ndarray) else type(arg)(value)
        after = (*point[:position], held, *point[position + 1 :])
        yield from _edge(after, Region.NEAR, position, f"= {value!r}")


# --- shapes ---------------------------------------------------------------------------------------


def _shapes(one: Sampled, argnums: tuple[int, ...]) -> Iterator[Edge]:
    """A batch of 1, and one example fewer where the sample is square; never below an index."""
    found = batch(one, argnums)
    if found is None:
        return
    size, leaves, alone = found
    fewer = 1 if alone else size - 1
    if fewer < 1 or fewer == size or (fewer == 1 and not alone) or _is_indexed(one, fewer):
        return
    what, cut = f"a batch of {fewer}", {k: one.leaves[k].value[:fewer] for k in leaves}
    yield Edge(Case(f"edge: {what}", one.where(cut)), Region.SHAPE, what)


def _is_indexed(one: Sampled, size: int) -> bool:
    """Whether an integer might point beyond the end of what is cut."""
    held = jax.tree.leaves(one.tree.unflatten([None] * len(one.leaves)), is_leaf=_holds)
    numbers = [getattr(x, "value", None) for x in held]
    if any(type(n) is int and n >= size for n in numbers):
        return True
    arrays = [leaf.value for leaf in one.leaves if not is_key(leaf.value)]
    integers = [x for x in map(np.asarray, arrays) if x.dtype.kind in "iu" and x.size]
    return any(int(x.max()) >= size for x in integers)


def _holds(x: Any) -> bool:
    return hasattr(x, "value")


def batch(one: Sampled, argnums: tuple[int, ...]) -> tuple[int, set[int], bool] | None:
    """The size of the batch, the leaves that have it, and whether no other axis is as long.

    It is the leading axis of the arrays that are not differentiated by; where there are none, of
    all of them, if they are several.  Another leaf whose leading axis is as long is cut as well.
    """
    shapes = [np.shape(leaf.value) for leaf in one.leaves]
    data = [k for k, leaf in enumerate(one.leaves) if leaf.position not in argnums and shapes[k]]
    shaped = data or _all_alike(shapes)
    if not shaped:
        return None
    sizes = [shapes[k][0] for k in shaped]
    size = max(set(sizes), key=sizes.count)
    mine = {k for k, shape in enumerate(shapes) if shape[:1] == (size,)}
    rest = (shape[1:] if k in mine else shape for k, shape in enumerate(shapes))
    return size, mine, not any(size in shape for shape in rest)


def _all_alike(shapes: Iterable[tuple[int, ...]]) -> list[int]:
    """All arrays, where there are several and their leading axes are equal."""
    shaped = {k: shape[0] for k, shape in enumerate(shapes) if shape}
    alike = len(shaped) > 1 and len(set(shaped.values())) == 1
    return list(shaped) if alike else []
