"""A program without complex numbers: every equation that has some, on real and imaginary parts.

Loops and branches carry both parts; calls are opened.  What is read by nobody needs no rule.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from ...vocabulary import NoRule
from ..inner_programs import CALLS, bodies, program_of
from ..interpreter import live, scan_parts, solve_parts
from ..known import with_known_parts
from ..linear import bind
from ..moves import MOVES
from ..references import without_references
from . import pairs
from .fourier import fft
from .functions import ELEMENTWISE, integer_power
from .matrices import MATRICES
from .pairs import Pair, pair


def real_program(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same function, without writes; raises NoRule where an argument or a result is complex."""
    program = with_known_parts(without_references(program))
    if not has_complex(program.jaxpr):
        return program
    return _real(program)


@lru_cache(maxsize=256)
def _real(program: ClosedJaxpr) -> ClosedJaxpr:
    ends = [v.aval for v in (*program.jaxpr.invars, *program.jaxpr.outvars)]
    if any(map(is_complex, ends)):
        raise NoRule("an argument or a result is complex")
    flat = lambda *args: known(walk(program, list(args)))
    shapes = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in program.jaxpr.invars]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1]:
        return jax.make_jaxpr(flat)(*shapes)


def is_complex(aval) -> bool:
    return jnp.issubdtype(getattr(aval, "dtype", np.dtype(bool)), jnp.complexfloating)


@lru_cache(maxsize=4096)
def has_complex(jaxpr: Jaxpr) -> bool:
    return any(map(_is_complex, jaxpr.eqns))


def _is_complex(eqn) -> bool:
    ends = any(is_complex(v.aval) for v in (*eqn.invars, *eqn.outvars))
    return ends or any(map(has_complex, bodies(eqn.params)))


class Missing(NamedTuple):
    """What has no rule: an error only where it is read."""

    why: str


def walk(program: ClosedJaxpr, args: list) -> list:
    """The outputs; complex numbers are Pairs."""
    jaxpr = program.jaxpr
    env: dict = dict(zip(jaxpr.invars, args, strict=True))
    env |= zip(jaxpr.constvars, map(pairs.constant, program.consts), strict=True)
    read = lambda atom: pairs.constant(atom.val) if isinstance(atom, Literal) else env[atom]
    for eqn, _ in live(jaxpr):
        ins = [read(atom) for atom in eqn.invars]
        env.update(zip(eqn.outvars, _outputs(eqn, ins), strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _outputs(eqn, ins: list) -> list:
    missing = [x for x in ins if isinstance(x, Missing)]
    if missing and eqn.primitive.name not in CONTROL:
        return [missing[0]] * len(eqn.outvars)
    try:
        return evaluate(eqn, ins) if _is_complex(eqn) else bind(eqn, ins)
    except NoRule as why:
        return [Missing(str(why))] * len(eqn.outvars)


def known(outs: list) -> list:
    """Raises NoRule where one of them is missing."""
    for out in outs:
        if isinstance(out, Missing):
            raise NoRule(out.why)
    return outs


def evaluate(eqn, ins: list) -> list:
    """The outputs of one equation that has complex numbers."""
    name = eqn.primitive.name
    if name in CONTROL:
        return list(CONTROL[name](eqn.params, ins))
    if name in ELEMENTWISE:
        return [ELEMENTWISE[name](*map(pair, ins))]
    if name in WHOLE:
        out = WHOLE[name](*ins, **eqn.params)
        return list(out) if eqn.primitive.multiple_results else [out]
    if name in LINEAR:
        return _by_parts(eqn, ins)
    raise NoRule(f"complex numbers have no rule for the primitive {name!r}")


def _by_parts(eqn, ins: list) -> list:
    """What is linear in its float operands, on each part alone."""
    is_float = lambda x: jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)
    re = lambda x: x.re if isinstance(x, Pair) else x
    im = lambda x: x.im if isinstance(x, Pair) else jnp.zeros_like(x) if is_float(x) else x
    real, imaginary = (bind(eqn, [part(x) for x in ins]) for part in (re, im))
    return [Pair(*both) for both in zip(real, imaginary, strict=True)]


# --- control ---------------------------------------------------------------------------------


def _call(params, ins):
    return walk(program_of(params), ins)


def _scan(params, ins):
    consts, carry, xs = scan_parts(params, ins)
    carry = _as(params["jaxpr"].jaxpr.invars[len(consts) :], carry)

    def step(before, row):
        outs = known(walk(params["jaxpr"], [*consts, *before, *row]))
        return outs[: len(carry)], outs[len(carry) :]

    known([*ins])
    last, rows = lax.scan(step, carry, xs, params["length"], params["reverse"])
    return [*last, *rows]


def _as(variables, values) -> list:
    """Where a program has a complex number, a Pair, though what comes in is real."""
    of = zip(variables, values, strict=False)
    return [pair(x) if is_complex(v.aval) else x for v, x in of]


def _while(params, ins):
    first, last = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    for_cond, for_body, carry = ins[:first], ins[first:last], ins[last:]
    holds = lambda now: known(walk(params["cond_jaxpr"], [*for_cond, *now]))[0]
    step = lambda now: known(walk(params["body_jaxpr"], [*for_body, *now]))
    return lax.while_loop(holds, step, carry)


def _cond(params, ins):
    index, *operands = known(ins)
    return lax.switch(index, [partial(_branch, b) for b in params["branches"]], *operands)


def _branch(program, *operands):
    return known(walk(program, list(operands)))


def _linear_solve(params, ins):
    """Of the real system of both parts, as one matrix: the map at every unit vector."""
    consts, b = solve_parts(params, ins)
    right, tree = jax.tree.flatten([pair(x) for x in b])
    sizes = np.cumsum([x.size for x in right])[:-1]
    join = lambda leaves: jnp.concatenate([jnp.ravel(x) for x in leaves])

    def apart(flat):
        parts = zip(jnp.split(flat, sizes), right, strict=True)
        return jax.tree.unflatten(tree, [part.reshape(x.shape) for part, x in parts])

    def reached(flat):
        outs = walk(params["jaxprs"].matvec, [*consts.matvec, *apart(flat)])
        return join(jax.tree.leaves([pair(x) for x in outs]))

    total = sum(x.size for x in right)
    matrix = jax.vmap(reached, out_axes=1)(jnp.eye(total))
    return apart(jnp.linalg.solve(matrix, join(right)))


CONTROL: dict[str, Callable] = {
    **dict.fromkeys(CALLS, _call),
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "custom_linear_solve": _linear_solve,
}


# --- whole arrays ----------------------------------------------------------------------------


def _convert(x, new_dtype, **_):
    """A complex number that becomes real leaves its imaginary part."""
    if jnp.issubdtype(new_dtype, jnp.complexfloating):
        return pair(x) if isinstance(x, Pair) else pair(lax.convert_element_type(x, jnp.float64))
    return lax.convert_element_type(x.re, new_dtype)


def _dot(a, b, *, dimension_numbers, **_):
    of = lambda x, y: lax.dot_general(x, y, dimension_numbers)
    if not (isinstance(a, Pair) and isinstance(b, Pair)):
        x, y = pair(a), pair(b)
        return Pair(of(x.re, y.re), of(x.im, y.re) if isinstance(a, Pair) else of(x.re, y.im))
    return Pair(of(a.re, b.re) - of(a.im, b.im), of(a.re, b.im) + of(a.im, b.re))


def _product(z, *, axes, **_):
    kept = [i for i in range(z.ndim) if i not in axes]
    shape = [z.shape[i] for i in kept]
    flat = lambda x: x.transpose(*kept, *axes).reshape(*shape, -1)
    z, total = Pair(flat(z.re), flat(z.im)), None
    for k in range(z.shape[-1]):
        row = Pair(z.re[..., k], z.im[..., k])
        total = row if total is None else pairs.mul(total, row)
    return Pair(jnp.ones(shape), jnp.zeros(shape)) if total is None else total


WHOLE: dict[str, Callable] = {
    "complex": lambda re, im: Pair(*jnp.broadcast_arrays(re, im)),  # a scalar stretches
    "convert_element_type": _convert,
    "integer_pow": lambda z, *, y, **_: integer_power(z, y),
    "dot_general": _dot,
    "fft": fft,
    "reduce_prod": _product,
    "stop_gradient": lambda z, **_: Pair(lax.stop_gradient(z.re), lax.stop_gradient(z.im)),
    "device_put": lambda *numbers, **_: numbers,
    "name": lambda z, **_: z,
    "empty2": lambda **_: Pair(jnp.zeros(()), jnp.zeros(())),
} | MATRICES
LINEAR = {*MOVES, "reduce_sum", "cumsum", "neg", "split", "unstack", "conv_general_dilated"} - {
    "convert_element_type"
}
