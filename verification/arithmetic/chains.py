"""Functions of one number inside of a program, as nodes that lead back to where they begin."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .inner_programs import bodies, equations
from .linear import bind

MOVED = {"reshape", "squeeze", "broadcast_in_dim", "transpose"}
BENDING = {"exp", "exp2", "expm1", "logistic", "tanh", "sqrt", "rsqrt", "cbrt", "div", "log"}
BENDING |= {"integer_pow", "pow", "square", "log1p", "mul"}


class Node:
    """A number of a program: known, or an operation on other nodes that begins with a source.

    root    where all chains to it begin, whatever became a source after it
    ends    of a root: the numbers made of it that other operations use
    signs   of a root: where it is another number times 1 or -1, if that may be
    """

    __slots__ = ("ends", "eqn", "ins", "known", "root", "signs", "source")

    def __init__(
        self,
        known: Any = None,
        eqn: Any = None,
        ins: tuple = (),
        source: "Node | None" = None,
        signs: Callable | None = None,
    ):
        self.known, self.eqn, self.ins, self.source = known, eqn, ins, source or self
        self.root: Node = source.root if source else self
        self.ends: list[Node] = []
        self.signs = signs


class Constant:
    """A scalar that every entry meets."""

    __slots__ = ("known",)

    def __init__(self, known):
        self.known = known


def shaped(known, atom):
    """A constant at the shape that its place has."""
    return known if np.shape(known) == atom.aval.shape else jnp.full(atom.aval.shape, known)


def results(eqn, operands: list) -> list:
    """Of an operation, with the slope of |x| as programs take it."""
    if eqn.primitive.name == "abs" and jnp.issubdtype(eqn.outvars[0].aval.dtype, jnp.floating):
        return [size(*operands)]
    return bind(eqn, operands)


@jax.custom_jvp
def size(x):
    """|x|, whose slope is x / |x|, a division; 1 at 0."""
    return abs(x)


@size.defjvp
def _sides(xs, moves):
    (x,), (dx,) = xs, moves
    return size(x), dx * jnp.where(x == 0.0, 1.0, jnp.sign(x))


def bends(node: Node) -> bool:
    """Whether the slope of this operation may depend on the source."""
    name = node.eqn.primitive.name
    if scales(node):
        return False
    inside = (e.primitive.name for body in bodies(node.eqn.params) for e in equations(body))
    return name in BENDING or not BENDING.isdisjoint(inside)


def scales(node: Node) -> bool:
    """Whether it is its operand times a constant, or over one."""
    known = [isinstance(x, Constant) for x in node.ins]
    name = node.eqn.primitive.name
    return any(known) if name == "mul" else name == "div" and known[1]


def real(node: Node) -> bool:
    return bool(jnp.issubdtype(node.eqn.outvars[0].aval.dtype, jnp.floating))


def nodes_before(ends: list, source: Node) -> Iterator[Node]:
    """All operations of a chain, each once, the ends too."""
    seen, todo = set(), list(ends)
    while todo:
        node = todo.pop()
        if node is source or isinstance(node, Constant) or node in seen:
            continue
        seen.add(node)
        yield node
        todo.extend(node.ins)


def replayed(end: Node, source: Node, x):
    """The value of a node, at another value of its source."""
    made = {source: x}

    def at(node):
        if isinstance(node, Constant):
            return node.known
        if node not in made:
            pairs = zip(node.ins, node.eqn.invars, strict=True)
            made[node] = results(node.eqn, [shaped(at(n), v) for n, v in pairs])[0]
        return made[node]

    return at(end)


def signs(eqn, ins: list, operands: list) -> Callable | None:
    """Where the result is 1 or -1 times another number: asked for only where it matters."""
    name = eqn.primitive.name
    if name == "mul":
        return lambda: (abs(operands[0]) == 1.0) | (abs(operands[1]) == 1.0)
    if name == "select_n" and len(operands) == 3:
        return lambda: abs(operands[1]) == abs(operands[2])
    before = ins[0].signs if name in MOVED and isinstance(ins[0], Node) else None
    return before and (lambda: bind(eqn, [before()])[0])
