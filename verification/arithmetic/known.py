"""What depends on no argument is known when a program is traced, and proven over balls.

An index, a jump or a comparison that is made of constants (`jnp.quantile(x, 0.5)`, the weights of
an image that is resized, random bits of a fixed key) must not be left to rounding: there it becomes
a constant of the program.  What else is made of constants stays as it is written.

JAX makes e^(-x^2), the slope of erf, from the bits of x since 0.12: here it is e^(-x^2) again.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import flint
import jax
import jax.numpy as jnp
import numpy as np
from flint import arb
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from ..vocabulary import Silent
from .balls import BALLS
from .devices import everywhere
from .inner_programs import CALLS, bodies, equations, program_of
from .integers import is_key
from .interpreter import evaluate, live
from .linear import bind

JUMPS = ("floor", "ceil", "round", "sign")
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne", "is_finite")
SHIFTS = ("shift_right_arithmetic", "shift_right_logical")
SIGNS = [[["bitcast_convert_type", shift, "convert_element_type"]] for shift in SHIFTS]
LARGEST = 4096  # entries of an array that is computed over balls
BITS = 256
GAUSSIAN = "exp_neg_sq at "  # JAX's e^(-x^2), and where it stands
GRID = np.concatenate([np.linspace(-5.0, 5.0, 31), [0.001, -0.7071, 8.5]])


class Known(NamedTuple):
    """A float array that depends on no argument: as it is traced, and over balls when asked."""

    traced: Any
    over_balls: Callable[[], np.ndarray | None]


def with_known_parts(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same function, its constants decided, and run on all devices of a mesh at once."""
    return _made(program) if _asks(program.jaxpr) else program


@lru_cache(maxsize=4096)
def _asks(jaxpr: Jaxpr) -> bool:
    """Whether an index may be made of numbers, or an array be split over devices."""
    return any(map(_is_reason, equations(jaxpr)))


def _is_reason(eqn) -> bool:
    if eqn.primitive.name in ("shard_map", "bitcast_convert_type"):
        return True
    if eqn.primitive.name != "convert_element_type":
        return False
    before, after = (v.aval.dtype for v in (eqn.invars[0], eqn.outvars[0]))
    return jnp.issubdtype(before, jnp.floating) and jnp.issubdtype(after, jnp.integer)


@lru_cache(maxsize=256)
def _made(program: ClosedJaxpr) -> ClosedJaxpr:
    shapes = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in program.jaxpr.invars]
    flat = lambda *args: [_plain(x) for x in _walk(program, list(args))]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1]:
        return jax.make_jaxpr(flat)(*shapes)


def _walk(program: ClosedJaxpr, args: list) -> list:
    jaxpr = program.jaxpr
    env: dict = dict(zip(jaxpr.invars, args, strict=True))
    env |= zip(jaxpr.constvars, map(_constant, program.consts), strict=True)
    read = lambda atom: _constant(atom.val) if isinstance(atom, Literal) else env[atom]
    for eqn, wanted in live(jaxpr):
        outs = _outputs(eqn, [read(atom) for atom in eqn.invars], wanted)
        env.update(zip(eqn.outvars, outs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _constant(number):
    """A number of the program itself; integers and keys are known as they are.

    Where a program is traced inside of another, an argument of that one may stand there.
    """
    if isinstance(number, Tracer) or is_key(number):
        return number
    array = np.asarray(number)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        return array
    return Known(number, lambda: BALLS.lift(array) if array.size <= LARGEST else None)


def _outputs(eqn, ins: list, wanted) -> list:
    name, params = eqn.primitive.name, eqn.params
    if name in CALLS and _takes_sign(eqn) and not _is_known(ins[0]):
        return [ins[0] < 0.0]
    if name == "custom_jvp_call" and _is_gaussian(params["call_jaxpr"]):
        (x,) = map(_plain, ins)
        return [jnp.exp(-(x * x))]
    if name in CALLS:
        return _walk(program_of(params), ins)
    if name == "shard_map":
        return everywhere(params, list(map(_plain, ins)))
    if all(map(_is_known, ins)) and not bodies(params) and not eqn.effects:
        return _of_constants(eqn, ins, wanted)
    return bind(eqn, list(map(_plain, ins)))


def _takes_sign(eqn) -> bool:
    """Whether a call is `signbit`: the first bit of a number.  Of a zero it is a choice."""
    steps = [[inner.primitive.name for inner in body.eqns] for body in bodies(eqn.params)]
    is_one = len(eqn.invars) == 1 and jnp.issubdtype(eqn.invars[0].aval.dtype, jnp.floating)
    return is_one and steps in SIGNS


@lru_cache(maxsize=64)
def _is_gaussian(body: Any) -> bool:
    """Whether a function that has JAX's name for it has those values, too: a name is anybody's.

    e^(-x^2) by itself rounds x^2, by half a unit of x^2, and the exponential; so may the other.
    """
    said = getattr(getattr(body, "jaxpr", body), "debug_info", None)
    if not (getattr(said, "func_src_info", None) or "").startswith(GAUSSIAN):
        return False
    size = int(np.prod(body.in_avals[0].shape, dtype=int))
    points = np.resize(GRID, (-(-len(GRID) // max(size, 1)), *body.in_avals[0].shape))
    points = points.astype(body.in_avals[0].dtype)
    with jax.ensure_compile_time_eval():
        (found,) = zip(*(jaxpr_as_fun(body)(jnp.asarray(x)) for x in points), strict=True)
    unit, wanted = np.finfo(points.dtype).eps, np.exp(-points * points)
    return bool((np.abs(np.asarray(found) - wanted) <= unit * (points**2 + 2) * wanted).all())


def _is_known(x) -> bool:
    return not isinstance(x, Tracer)


def _plain(x):
    return x.traced if isinstance(x, Known) else x


def _of_constants(eqn, ins: list, wanted) -> list:
    """Integers at once; floats when somebody asks; a jump is a constant where it is decided."""
    if not any(isinstance(x, Known) for x in ins):
        with jax.ensure_compile_time_eval():
            return [_constant(out) for out in bind(eqn, ins)]
    decided = _decided(eqn, ins, wanted) if _is_decision(eqn) else None
    if decided is not None:
        return [_constant(decided)]
    outs = bind(eqn, list(map(_plain, ins)))
    if len(outs) != 1 or not jnp.issubdtype(eqn.outvars[0].aval.dtype, jnp.floating):
        return outs
    return [Known(outs[0], lru_cache(lambda: _over_balls(eqn, ins, wanted)))]


def _is_decision(eqn) -> bool:
    name, out = eqn.primitive.name, eqn.outvars[0].aval
    cut = name == "convert_element_type" and not jnp.issubdtype(out.dtype, jnp.floating)
    return cut or name in JUMPS or name in COMPARISONS


def _over_balls(eqn, ins: list, wanted) -> np.ndarray | None:
    """None where balls have no rule for it, or it is large."""
    values = [x.over_balls() if isinstance(x, Known) else x for x in ins]
    if any(x is None for x in values) or eqn.outvars[0].aval.size > LARGEST:
        return None
    try:
        with flint.ctx.workprec(BITS):
            return np.asarray(evaluate(eqn, values, BALLS, wanted)[0])
    except Silent:
        return None


def _decided(eqn, ins: list, wanted) -> np.ndarray | None:
    """The one array that the balls leave; None where they leave several."""
    found = _over_balls(eqn, ins, wanted)
    if found is None:
        return None
    numbers = [_one(x) for x in found.ravel()]
    if None in numbers:
        return None
    aval = eqn.outvars[0].aval
    return np.array(numbers, dtype=aval.dtype).reshape(aval.shape)


def _one(x):
    """The number that a ball is; a truth, or an integer, as it is."""
    if not isinstance(x, arb):
        return x
    return float(x) if x.is_exact() and arb(float(x)) == x else None
