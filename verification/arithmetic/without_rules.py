"""A function without its custom rules: JAX then differentiates the program itself.

A rule of custom_jvp or custom_vjp is what somebody says of the first derivative.  Where the second
one is judged, the truth must not be made of it.  JAX's own rules of max, min and |x| share a tie by
an equality, which no enclosure beside the tie decides; as a choice they are differentiated by side.
Behind stop_gradient there is no side to tell apart: what is made for that alone stays as it is.
A rule of a program that takes the bits of its numbers, as jnp.frexp does, is kept: without it the
program has no derivative.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from .inner_programs import CALLS, bodies, program_of
from .interpreter import scan_parts
from .linear import bind

OPENED = CALLS | {"core_call"}


def without_rules(of: Callable) -> Callable:
    """The same function of arrays, whose derivatives by JAX are those of its program."""

    def function(*args):
        leaves, tree = jax.tree.flatten(args)
        flat = lambda *flat_leaves: of(*jax.tree.unflatten(tree, flat_leaves))
        program, out = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        return jax.tree.unflatten(jax.tree.structure(out), _run(program, leaves))

    return function


def _run(program: ClosedJaxpr, args: list, sloped: bool = True) -> list:
    """The outputs; `sloped` where a derivative is taken through them."""
    jaxpr = program.jaxpr
    through = _through(jaxpr) if sloped else set()
    env: dict[Any, Any] = dict(zip(jaxpr.invars, args, strict=True))
    env |= zip(jaxpr.constvars, program.consts, strict=True)
    read = lambda atom: atom.val if isinstance(atom, Literal) else env[atom]
    for eqn in jaxpr.eqns:
        is_sloped = any(out in through for out in eqn.outvars)
        outs = _outputs(eqn, list(map(read, eqn.invars)), is_sloped)
        env.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))


def _through(jaxpr: Jaxpr) -> set:
    """The variables through which an output has a derivative, but for those behind a stop."""
    found = {atom for atom in jaxpr.outvars if not isinstance(atom, Literal)}
    for eqn in reversed(jaxpr.eqns):
        if eqn.primitive.name != "stop_gradient" and found.intersection(eqn.outvars):
            found.update(atom for atom in eqn.invars if not isinstance(atom, Literal))
    return found


def _outputs(eqn, ins: list, sloped: bool) -> list:
    name, params = eqn.primitive.name, eqn.params
    if name in OPENED and not (name.startswith("custom_") and _takes_bits(eqn)):
        return _run(program_of(params), ins, sloped)
    if name == "scan" and _has_rules(params["jaxpr"].jaxpr):
        return _scanned(params, ins)
    if name == "cond" and any(_has_rules(branch.jaxpr) for branch in params["branches"]):
        index, *operands = ins
        runs = [lambda *xs, branch=branch: _run(branch, list(xs)) for branch in params["branches"]]
        return jax.lax.switch(index, runs, *operands)
    return [CHOICES[name](*ins, **params)] if name in CHOICES and sloped else bind(eqn, ins)


def _larger(a, b):
    return jnp.where(a > b, a, b)


def _smaller(a, b):
    return jnp.where(a < b, a, b)


def _over(choose: Callable, axes: tuple[int, ...], x):
    """The choice of all along the axes: halves against halves, as in a tournament."""
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    rows = x.transpose(*axes, *rest).reshape(-1, *(x.shape[i] for i in rest))
    while len(rows) > 1:
        half = len(rows) // 2
        rows = jnp.concatenate([choose(rows[:half], rows[half : 2 * half]), rows[2 * half :]])
    return rows[0]


CHOICES: dict[str, Callable] = {
    "max": lambda a, b, **_: _larger(a, b),
    "min": lambda a, b, **_: _smaller(a, b),
    "abs": lambda x, **_: jnp.where(x > 0, x, -x) if _is_real(x) else jnp.abs(x),
    "reduce_max": lambda x, axes, **_: _over(_larger, tuple(axes), x),
    "reduce_min": lambda x, axes, **_: _over(_smaller, tuple(axes), x),
}


def _is_real(x) -> bool:
    return jnp.issubdtype(x.dtype, jnp.floating)


def _scanned(params, ins: list) -> list:
    consts, carry, xs = scan_parts(params, ins)

    def step(carry, row):
        outs = _run(params["jaxpr"], [*consts, *carry, *row])
        return outs[: len(carry)], outs[len(carry) :]

    last, rows = jax.lax.scan(
        step, list(carry), list(xs), length=params["length"], reverse=params["reverse"]
    )
    return [*last, *rows]


def _takes_bits(eqn) -> bool:
    inner = (one for body in bodies(eqn.params) for one in body.eqns)
    return eqn.primitive.name == "bitcast_convert_type" or any(map(_takes_bits, inner))


def _has_rules(jaxpr: Jaxpr) -> bool:
    return any(map(_is_rule, jaxpr.eqns))


def _is_rule(eqn) -> bool:
    return eqn.primitive.name.startswith("custom_") or any(map(_has_rules, bodies(eqn.params)))
