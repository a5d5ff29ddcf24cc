"""Both tails of a softplus: s(-z) is 1 - s(z), where a program has a use for s(z).

Binary cross-entropy from logits is y softplus(-z) + (1 - y) softplus(z), or softplus(z) - y z, or
max(z, 0) - y z + softplus(-|z|).  Its slope is s(z) - y however it is written, and programs of all
kinds compute just that: they keep s(z), so the slope of softplus(-z) is read back from it.  The
room is that of recalled.py, for s(|z|) as one more value that is stored.

It is given where z is used otherwise: in a softplus of the other side, or as it is, in y z.  A
softplus that stands alone has none: 1 - 1 / (1 + e^z) loses the digits of a small e^z, and no other
term of the program has lost them already.  Labels of -1 and 1 choose a side: softplus(-y z) has
that room at each entry whose other factor is 1 or -1.

Every softplus is a logarithm L of a sum that may be stored, as that of softmax is: its slope is
e^(r - L), whose exponent is off by u (|L| + |r - L|): see normalizers.py.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from .chains import Node, nodes_before, real, replayed
from .inner_programs import bodies, equations
from .one_way import Column, in_proportion, on_the_grid

LOGARITHMS = {"log", "log1p"}


def of_softplus(end: Node, begin: Node, shape: tuple[int, ...]) -> Callable | None:
    """r of x, where the end is c softplus(r) + d of an x at the beginning; else None.

    r is straight, or straight on each side of 0: a value on the way, or minus its size.
    """
    nodes = list(nodes_before([end], begin))
    if not any(map(_has_logarithm, nodes)):
        return None
    chain = partial(replayed, end, begin)
    maps = [lambda x: x, *(partial(replayed, n, begin) for n in nodes if real(n) and n is not end)]
    maps += [lambda x, r=r: -abs(r(x)) for r in maps]
    _, first, *rest = on_the_grid(_slopes(chain, maps), shape)
    columns = zip(maps, rest[::3], rest[1::3], rest[2::3], strict=True)
    for r, bend, *sides in columns:
        if _is_zero(bend) and any(in_proportion(first, side) for side in sides):
            return r
    return None


def tail(r: Callable) -> Callable:
    """s(|r|)."""
    return lambda x: _logistic(abs(r(x)))


def is_used_otherwise(end: Node) -> bool:
    """Whether the root is used as it is, too, or in a softplus that is steep on another side."""
    shape = end.root.known.shape
    return any(_is_other(node, end, shape) for node in dict.fromkeys(end.root.ends))


def _is_other(node: Node, end: Node, shape: tuple[int, ...]) -> bool:
    if node is node.root:
        return True
    if node is end or not real(node):
        return False
    one, mine = (partial(replayed, n, n.root) for n in (node, end))
    if of_softplus(node, node.root, shape):
        return _side(one, shape) != _side(mine, shape)
    return _is_straight(one, shape)


def _has_logarithm(node: Node) -> bool:
    inside = (e.primitive.name for body in bodies(node.eqn.params) for e in equations(body))
    return not LOGARITHMS.isdisjoint({node.eqn.primitive.name, *inside})


def _is_straight(f: Callable, shape: tuple[int, ...]) -> bool:
    """Whether a function is made of straight lines, and not of level ones alone."""
    _, first, bend, *_ = on_the_grid(_slopes(f, [f]), shape)
    return bool(first.value.any() and _is_zero(bend))


def _is_zero(bend: Column) -> bool:
    return bool((bend.value == 0.0).all())


def _side(f: Callable, shape: tuple[int, ...]) -> float:
    """On which side of 0 it is steeper: 1, -1, or 0 for neither."""
    x, first = on_the_grid(_slopes(f, []), shape)
    size = abs(first.value)
    return float(np.sign(size[x == x.max()].max() - size[x == x.min()].max()))


def _slopes(f: Callable, maps: list[Callable]):
    """The slope of f; and of each map its bend, and its slope times s of it and of minus it."""

    def program(x):
        one = jnp.ones_like(x)
        slope = lambda g: lambda v: jax.jvp(g, (v,), (one,))[1]
        parts = []
        for r in maps:
            at, rate = jax.jvp(r, (x,), (one,))
            parts += [jax.jvp(slope(r), (x,), (one,))[1], rate * _logistic(at)]
            parts += [rate * _logistic(-at)]
        return slope(f)(x), *parts

    return program


def _logistic(x):
    return 1.0 / (1.0 + jnp.exp(-x))
