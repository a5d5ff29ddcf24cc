"""Functions of one number inside of a program, and what of them may be stored for the way back.

A chain is a run of operations on entries that begins with one array, its source, and ends where
another array comes in: the stable sigmoid of z, whatever it is made of.  Its slope is that of
autodiff, with the room of recalled.py for each stored value: one that is strictly monotone in the
source, and no sum.  (What adding a constant to a value loses is lost by whoever adds it: 1 + e^x is
no place to keep x.)  Functions whose slopes nobody takes from the output (erf, sin) keep nothing.
The source may be rounded once, too.

Programs inside of equations have the same room: of loops each step, of branches each.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, Literal

from . import gamma_draws
from .inner_programs import PLAIN_CALLS, bodies, equations, program_of
from .interpreter import scan_parts
from .linear import bind
from .one_way import keeps, slopes, turns
from .recalled import recalled

KEEPING = {"exp", "exp2", "expm1", "logistic", "tanh", "sqrt", "rsqrt", "cbrt", "div", "select_n"}
KEEPING |= {"integer_pow", "pow", "square"}
ENTRYWISE = KEEPING | {"add", "add_any", "sub", "mul", "neg", "abs", "max", "min", "log", "log1p"}
ENTRYWISE |= {"lt", "gt", "le", "ge", "eq", "ne", "and", "or", "not", "convert_element_type"}
ENTRYWISE |= {"stop_gradient", "copy", "copy_p", "is_finite"}
OWN_SLOPES = {"custom_jvp_call"}
TURNING = {"max", "min", "abs", "select_n", "square", "integer_pow", "mul"} | OWN_SLOPES
BENDING = KEEPING - {"select_n"} | {"log", "log1p", "mul"}


class Node:
    """A number of a program: known, or an operation on other nodes that begins with a source."""

    __slots__ = ("eqn", "ins", "known", "source")

    def __init__(self, known: Any = None, eqn=None, ins: tuple = (), source: "Node | None" = None):
        self.known, self.ins, self.source = known, ins, source or self
        self.eqn: Any = eqn


class Constant:
    """A scalar that every entry meets."""

    __slots__ = ("known",)

    def __init__(self, known):
        self.known = known


def run_with_room(program: ClosedJaxpr, leaves: list) -> list:
    """The outputs of a program, whose slopes by reverse autodiff have room for stored values."""
    outs = _walk(program, [Node(jnp.asarray(x)) for x in leaves])
    return list(map(_shaped, map(value, outs), program.jaxpr.outvars))


def _walk(program: ClosedJaxpr, ins: list) -> list:
    jaxpr = program.jaxpr
    env: dict = dict(zip(jaxpr.invars, ins, strict=True))
    env |= zip(jaxpr.constvars, map(_constant, program.consts), strict=True)
    read = lambda atom: _constant(atom.val) if isinstance(atom, Literal) else env[atom]
    for eqn in jaxpr.eqns:
        env.update(zip(eqn.outvars, _nodes(eqn, list(map(read, eqn.invars))), strict=True))
    return list(map(read, jaxpr.outvars))


def _constant(number) -> Any:
    """A number of the program; an argument that is held still is none, and is known later."""
    is_number = np.ndim(number) == 0 and not isinstance(number, Tracer)
    return Constant(number) if is_number else Node(jnp.asarray(number))


def _nodes(eqn, ins: list) -> list:
    name = eqn.primitive.name
    if name in PLAIN_CALLS:
        return _walk(program_of(eqn.params), ins)
    if name == "broadcast_in_dim" and isinstance(ins[0], Constant):
        return ins
    if all(isinstance(x, Constant) for x in ins) and all(map(_is_scalar, eqn.outvars)):
        with jax.ensure_compile_time_eval():
            known = [_shaped(x.known, v) for x, v in zip(ins, eqn.invars, strict=True)]
            return [Constant(np.asarray(out)) for out in bind(eqn, known)]
    if _entrywise(eqn) and (source := _source(eqn, ins)) is not None:
        return [Node(eqn=eqn, ins=tuple(ins), source=source)]
    operands = [_shaped(value(x), v) for x, v in zip(ins, eqn.invars, strict=True)]
    return [Node(out) for out in applied(eqn, operands)]


def _is_scalar(v) -> bool:
    """A number that is no random key."""
    return v.aval.shape == () and not jnp.issubdtype(v.aval.dtype, jax.dtypes.extended)


def _entrywise(eqn) -> bool:
    """Whether every entry of the one result is made of the same entries of the operands."""
    body = eqn.params.get("call_jaxpr") or eqn.params.get("jaxpr")
    if eqn.primitive.name in OWN_SLOPES | PLAIN_CALLS and body is not None:
        inner = body.jaxpr if isinstance(body, ClosedJaxpr) else body
        return len(eqn.outvars) == 1 and all(map(_entrywise, inner.eqns))
    constant = eqn.primitive.name == "broadcast_in_dim" and eqn.invars[0].aval.shape == ()
    return eqn.primitive.name in ENTRYWISE or constant


def _source(eqn, ins: list) -> Node | None:
    """The one array that the operands begin with; None where there are more."""
    (out,) = eqn.outvars
    sources = {x.source for x in ins if isinstance(x, Node)}
    if len(sources) != 1:
        return None
    (source,) = sources
    alike = source.known.shape == out.aval.shape and source.known.size > 0
    return source if alike and jnp.issubdtype(source.known.dtype, jnp.floating) else None


def _shaped(known, atom):
    """A constant at the shape that its place has."""
    return known if np.shape(known) == atom.aval.shape else jnp.full(atom.aval.shape, known)


def applied(eqn, operands: list) -> list:
    if eqn.primitive.name == "abs" and jnp.issubdtype(eqn.outvars[0].aval.dtype, jnp.floating):
        return [size(*operands)]
    if eqn.primitive.name == "cond":
        index, *given = operands
        ways = [partial(run_with_room, branch) for branch in eqn.params["branches"]]
        return jax.lax.switch(index, [lambda *x, way=way: way([*x]) for way in ways], *given)
    if eqn.primitive.name == gamma_draws.NAME:
        drawn = lambda key, a: bind(eqn, [key, a])[0]
        return [gamma_draws.with_slope(drawn, *operands, log_space=eqn.params["log_space"])]
    return looped(operands, eqn.params) if eqn.primitive.name == "scan" else bind(eqn, operands)


def looped(operands: list, params) -> list:
    """A loop, with the room of stored values in each step."""
    consts, carry, rows = scan_parts(params, operands)

    def step(carry, row):
        outs = run_with_room(params["jaxpr"], [*consts, *carry, *row])
        return outs[: len(carry)], outs[len(carry) :]

    last, each = jax.lax.scan(step, carry, rows, params["length"], params["reverse"])
    return [*last, *each]


@jax.custom_jvp
def size(x):
    """|x|, whose slope is x / |x|, a division; 1 at 0."""
    return abs(x)


@size.defjvp
def _sides(xs, moves):
    (x,), (dx,) = xs, moves
    return size(x), dx * jnp.where(x == 0.0, 1.0, jnp.sign(x))


def value(node: Node | Constant) -> Any:
    """The number itself: the end of a chain is made here."""
    if isinstance(node, Node) and node.known is None:
        begin = _turn(node) or node.source
        node.known = _chained(node, begin)(value(begin))
        node.source = node
    return node.known


# --- the end of a chain ----------------------------------------------------------------------


def _chained(end: Node, begin: Node) -> Callable:
    """From a value on the way to the end, with room for what may be stored between them."""
    chain, nodes = partial(_replayed, end, begin), list(_nodes_before([end], begin))
    if not (_real(end) and any(map(_bends, nodes))):
        return chain
    maps = _stored(chain, begin, nodes)
    return _recalling(chain, slopes(chain, maps, value(begin).shape))


def _turn(end: Node) -> Node | None:
    """The last value that all goes through and that is no one-way function of the source.

    What is stored after relu(x) or x^2 tells that value, not x; so the chain begins anew there.
    """
    source, nodes = end.source, list(_nodes_before([end], end.source))
    for node in nodes:
        if node is end or node.eqn.primitive.name not in TURNING or not _real(node):
            continue
        after = list(_nodes_before([end], node))
        if source in {x for n in after for x in n.ins} or not any(map(_bends, after)):
            continue
        if turns(partial(_replayed, node, source), source.known.shape):
            return node
    return None


def _bends(node: Node) -> bool:
    """Whether the slope of this operation may depend on the source."""
    name = node.eqn.primitive.name
    if name == "mul" and any(isinstance(x, Constant) for x in node.ins):
        return False
    inside = (e.primitive.name for body in bodies(node.eqn.params) for e in equations(body))
    return name in BENDING or not BENDING.isdisjoint(inside)


def _stored(chain: Callable, source: Node, nodes: list[Node]) -> list[Callable]:
    """Those that may be stored; of a function with a slope of its own, else, what it is made of."""
    shape, own = value(source).shape, lambda node: node.eqn.primitive.name in OWN_SLOPES
    nodes = [n for n in nodes if _real(n) and (own(n) or n.eqn.primitive.name in KEEPING)]
    if not nodes:
        return []
    maps = [partial(_replayed, node, source) for node in nodes]
    may = keeps(slopes(chain, maps, shape), shape)
    found = [kept for kept, yes in zip(maps, may, strict=True) if yes]
    ends = [
        out for n, yes in zip(nodes, may, strict=True) if own(n) and not yes for out in _made(n)
    ]
    inside = [node for node in _nodes_before(ends, source) if node not in nodes]
    return found + _stored(chain, source, inside)


def _made(node: Node) -> list:
    """The results of a call, as nodes of what is called."""
    return _walk(node.eqn.params["call_jaxpr"], list(node.ins))


def _real(node: Node) -> bool:
    return bool(jnp.issubdtype(node.eqn.outvars[0].aval.dtype, jnp.floating))


def _recalling(chain: Callable, program: ClosedJaxpr) -> Callable:
    @jax.custom_vjp
    def function(x):
        return chain(x)

    def forward(x):
        out, back = jax.vjp(chain, x)
        return out, (back, x)

    def backward(kept, above):
        back, x = kept
        return (recalled.bind(*back(above), above, x, program=program),)

    function.defvjp(forward, backward)
    return function


def _nodes_before(ends: list, source: Node) -> Iterator[Node]:
    """All operations of a chain, each once, the ends too."""
    seen, todo = set(), list(ends)
    while todo:
        node = todo.pop()
        if node is source or isinstance(node, Constant) or node in seen:
            continue
        seen.add(node)
        yield node
        todo.extend(node.ins)


def _replayed(end: Node, source: Node, x):
    """The value of a node, at another value of its source."""
    made = {source: x}

    def at(node):
        if isinstance(node, Constant):
            return node.known
        if node not in made:
            pairs = zip(node.ins, node.eqn.invars, strict=True)
            made[node] = applied(node.eqn, [_shaped(at(n), v) for n, v in pairs])[0]
        return made[node]

    return at(end)
