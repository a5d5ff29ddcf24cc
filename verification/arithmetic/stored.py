"""Functions of one number inside of a program, and what of them may be stored for the way back.

A chain is a run of operations on entries that begins with one array, its source, and ends where
another array comes in: the stable sigmoid of z, whatever it is made of.  Its slope is that of
autodiff, with the room of recalled.py for each stored value: one that is strictly monotone in the
source, and no sum.  (What adding a constant to a value loses is lost by whoever adds it: 1 + e^x is
no place to keep x.)  A value that levels out on both sides may be a sum, and may be stored as its
complement: 1 - s(z), 1 + tanh(z), 1 + erf(z) in the slope of GELU.  Functions whose slopes nobody
takes from the output (erf alone, sin) keep nothing.  The source may be rounded once, too.

Programs inside of equations have the same room: of loops each step, of branches each.  Softplus
has room for both of its tails, where its source is used otherwise: see tails.py.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun

from . import gamma_draws
from .chains import (
    Constant,
    Node,
    bends,
    nodes_before,
    real,
    replayed,
    results,
    scales,
    shaped,
    signs,
)
from .inner_programs import PLAIN_CALLS, program_of
from .interpreter import scan_parts
from .linear import bind
from .one_way import are_alike, both_ends, keeps, slopes, turns
from .recalled import Stored, recalled
from .rewrites import rewritten
from .tails import is_used_otherwise, of_softplus, tail

KEEPING = {"exp", "exp2", "expm1", "logistic", "tanh", "sqrt", "rsqrt", "cbrt", "div", "select_n"}
KEEPING |= {"integer_pow", "pow", "square"}
ERRORS = {"erf", "erfc"}  # their own slope is taken from the argument
Limits = tuple[float, float] | None  # of what is stored as a complement: see Stored
LEVEL = {"add", "add_any", "sub"} | ERRORS  # these keep what levels out on both sides
ENTRYWISE = (
    KEEPING | ERRORS | {"add", "add_any", "sub", "mul", "neg", "abs", "max", "min", "log", "log1p"}
)
ENTRYWISE |= {"lt", "gt", "le", "ge", "eq", "ne", "and", "or", "not", "convert_element_type"}
ENTRYWISE |= {"stop_gradient", "copy", "copy_p", "is_finite"}
OWN_SLOPES = {"custom_jvp_call"}
UNDERIVED = {"scatter-mul"}  # JAX has no slopes of it where updates may meet
TURNING = {"max", "min", "abs", "select_n", "square", "integer_pow", "mul"} | OWN_SLOPES


def run_with_room(program: ClosedJaxpr, leaves: list, ends: dict | None = None) -> list:
    """The outputs of a program, whose slopes by reverse autodiff have room for stored values.

    ends    input -> what is used of it, of all programs that are given the same dictionary
    """
    ins = [Node(jnp.asarray(x)) for x in leaves]
    for k, node in enumerate(ins):
        node.ends = node.ends if ends is None else ends.setdefault(k, node.ends)
    outs = _walk(program, ins)
    _used([] if ends is None else outs)
    return list(map(shaped, map(value, outs), program.jaxpr.outvars))


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
            known = [shaped(x.known, v) for x, v in zip(ins, eqn.invars, strict=True)]
            return [Constant(np.asarray(out)) for out in bind(eqn, known)]
    if _entrywise(eqn) and (source := _source(eqn, ins)) is not None:
        return [Node(eqn=eqn, ins=tuple(ins), source=source)]
    _used(ins)
    operands = [shaped(value(x), v) for x, v in zip(ins, eqn.invars, strict=True)]
    given = signs(eqn, ins, operands)
    return [Node(out, signs=given) for out in applied(eqn, operands)]


def _used(numbers: list) -> None:
    for node in (x for x in numbers if isinstance(x, Node)):
        node.root.ends.append(node)


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
    """The one array that the operands begin with; None where there are more.

    What was looked at on the way has become a source; of several the chain begins at their root.
    """
    (out,) = eqn.outvars
    nodes = [x for x in ins if isinstance(x, Node)]
    sources = {x.source for x in nodes}
    if len(sources) > 1:
        sources = {x.root for x in nodes}
    if len(sources) != 1:
        return None
    (source,) = sources
    alike = source.known.shape == out.aval.shape and source.known.size > 0
    return source if alike and jnp.issubdtype(source.known.dtype, jnp.floating) else None


def applied(eqn, operands: list) -> list:
    if eqn.primitive.name == "cond":
        index, *given = operands
        ends: dict = {}
        ways = [partial(run_with_room, branch, ends=ends) for branch in eqn.params["branches"]]
        return jax.lax.switch(index, [lambda *x, way=way: way([*x]) for way in ways], *given)
    if eqn.primitive.name == gamma_draws.NAME:
        drawn = lambda key, a: bind(eqn, [key, a])[0]
        return [gamma_draws.with_slope(drawn, *operands, log_space=eqn.params["log_space"])]
    if eqn.primitive.name in UNDERIVED and not eqn.params["unique_indices"]:
        return jaxpr_as_fun(rewritten(eqn, (True,)))(*operands)
    return looped(operands, eqn.params) if eqn.primitive.name == "scan" else results(eqn, operands)


def looped(operands: list, params) -> list:
    """A loop, with the room of stored values in each step."""
    consts, carry, rows = scan_parts(params, operands)

    def step(carry, row):
        outs = run_with_room(params["jaxpr"], [*consts, *carry, *row])
        return outs[: len(carry)], outs[len(carry) :]

    last, each = jax.lax.scan(step, carry, rows, params["length"], params["reverse"])
    return [*last, *each]


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
    chain, nodes = partial(replayed, end, begin), list(nodes_before([end], begin))
    if not (real(end) and any(map(bends, nodes))):
        return chain
    shape, maps = value(begin).shape, _stored(chain, begin, nodes)
    r = of_softplus(end, begin, shape)
    kept = _program(chain, maps, shape, r)
    if r is None:
        return _recalling(chain, lambda product, *at: recalled.bind(product, *at, program=kept))
    return _with_tails(chain, kept, _program(chain, [*maps, (tail(r), None)], shape, r), end, begin)


def _program(chain: Callable, maps: list[tuple[Callable, Limits]], shape: tuple, r=None) -> Stored:
    """What may be stored: values on the way, and the logarithm that a softplus of r is."""
    kept = [value for value, _ in maps] + ([] if r is None else [r])
    return Stored(slopes(chain, kept, shape), tuple(ends for _, ends in maps), r is not None)


def _turn(end: Node) -> Node | None:
    """The last value that all goes through and that is no one-way function of the source.

    What is stored after relu(x) or x^2 tells that value, not x; so the chain begins anew there.
    """
    source, nodes = end.source, list(nodes_before([end], end.source))
    for node in nodes:
        if node is end or node.eqn.primitive.name not in TURNING or not real(node):
            continue
        after = list(nodes_before([end], node))
        if source in {x for n in after for x in n.ins} or not any(map(bends, after)):
            continue
        if turns(partial(replayed, node, source), source.known.shape):
            return node
    return None


def _stored(chain: Callable, source: Node, nodes: list[Node]) -> list[tuple[Callable, Limits]]:
    """Those that may be stored; of a function with a slope of its own, else, what it is made of.

    What levels out on both sides may be stored as its complement: s(z) as 1 - s(z), or as tanh.
    """
    shape, own = value(source).shape, lambda node: node.eqn.primitive.name in OWN_SLOPES
    nodes = [n for n in nodes if real(n) and (own(n) or _is_kept(n))]
    if not nodes:
        return []
    maps = [partial(replayed, node, source) for node in nodes]
    program = slopes(chain, maps, shape)
    told = list(zip(nodes, maps, keeps(program, shape), both_ends(program, shape), strict=True))
    found = [(m, None) for n, m, yes, _ in told if yes and n.eqn.primitive.name not in LEVEL]
    for node, kept, yes, ends in told:
        if yes and ends is not None and not (_of_error(node) and are_alike(chain, kept, shape)):
            found += [(kept, ends)] if node.eqn.primitive.name in LEVEL else []
            found += [(partial(_complement, kept, sum(ends)), ends)] if sum(ends) else []
    within = [out for n, _, yes, _ in told if own(n) and not yes for out in _made(n)]
    inside = [node for node in nodes_before(within, source) if node not in nodes]
    return found + _stored(chain, source, inside)


def _is_kept(node: Node) -> bool:
    """What is only scaled is as good a place as what it is made of: a sum over n is a sum."""
    return node.eqn.primitive.name in KEEPING | LEVEL and not scales(node)


def _complement(kept: Callable, both: float, x):
    return both - kept(x)


def _of_error(node: Node) -> bool:
    """Whether it is erf, or made of it: 1 + erf(z / sqrt 2)."""
    return any(n.eqn.primitive.name in ERRORS for n in nodes_before([node], node.source))


def _made(node: Node) -> list:
    """The results of a call, as nodes of what is called."""
    return _walk(node.eqn.params["call_jaxpr"], list(node.ins))


def _with_tails(chain: Callable, kept: Stored, more: Stored, end: Node, begin: Node) -> Callable:
    """With more room where the source is used otherwise: that is known once all has been walked."""

    def room(product, above, x, signed):
        if is_used_otherwise(end):
            return recalled.bind(product, above, x, program=more)
        product = recalled.bind(product, above, x, program=kept)
        return recalled.bind(product, above * signed, x, program=more)

    with_signs = _recalling(chain, room)
    signed = jnp.zeros(begin.known.shape) if begin.signs is None else begin.signs()
    return lambda x: with_signs(x, jax.lax.stop_gradient(signed.astype(x.dtype)))


def _recalling(chain: Callable, room: Callable) -> Callable:
    """The chain of x, the first argument; room(slope times what comes from above, above, *args)."""

    @jax.custom_vjp
    def function(x, *more):
        return chain(x)

    def forward(x, *more):
        out, back = jax.vjp(chain, x)
        return out, (back, x, more)

    def backward(kept, above):
        back, x, more = kept
        return room(*back(above), above, x, *more), *map(jnp.zeros_like, more)

    function.defvjp(forward, backward)
    return function
