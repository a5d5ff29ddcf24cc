"""Random numbers that are others in each dtype: a function that draws in the dtype of its argument.

jax.random.normal(key, x.shape, x.dtype) takes 8 bits for a number of bfloat16, 64 for one of
float64: the function is another one in each dtype.  What is judged is the one of the dtype judged:
its numbers come from the bits drawn there, by the program that it has there, and only what is done
with them is taken in exact numbers.  Rounding of the draws is part of the budget, as of all else.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, JaxprEqn, Literal, Primitive, jaxpr_as_fun
from jax.interpreters import batching, mlir

from ..arithmetic.formats import PRECISIONS
from ..arithmetic.inner_programs import PLAIN_CALLS, bodies, equations, program_of
from ..arithmetic.interpreter import scan_parts
from ..arithmetic.linear import bind
from ..arithmetic.shifts import anew, begun, opened, read, replayed
from ..vocabulary import Undecided
from .answer import cast
from .other_words import traced_in_numbers

STEPS = 64  # of a loop that draws: so many are looked at one by one
BITS = {"random_bits", "random_gamma", "rng_bit_generator", "rng_uniform"}
OTHERS = (
    "random numbers are drawn in the dtype of an argument, and what they are depends on it there: "
    "the function is another one in each dtype, and nothing exact is known of that of {}; draw "
    "outside of branches, of loops whose end is not known and of derivatives of one's own, or in "
    "one dtype for all"
)


def in_own_draws(of: Callable, point: tuple, argnums: tuple[int, ...], dtype: str) -> Callable:
    """`of` with the numbers that it draws in `dtype`; itself where they are those of float64."""
    if dtype == "float64" or hasattr(of, "along"):  # PyTorch's are held: see random_numbers.py
        return of
    try:
        with jax.enable_x64(True):
            wide = traced_in_numbers(of, cast(point, "float64"))[0]
            if not draws(wide):
                return of
            narrow = traced_in_numbers(of, cast(point, dtype, argnums))[0]
    except Exception:  # somebody's function, which may raise anything: that is found elsewhere
        return of
    with jax.enable_x64(True):
        mine, theirs = walks(wide, narrow)
    if mine.is_like(theirs):
        return _drawing(of, argnums, dtype) if mine.held else of
    return of if draws(wide) == draws(narrow) else _unknown(of, dtype)


def _unknown(of: Callable, dtype: str) -> Callable:
    """The function, and in `unknown` why there is no truth of it."""
    function = lambda *args: of(*args)
    function.unknown = OTHERS.format(dtype)  # pyright: ignore[reportFunctionMemberAccess]
    return function


def draws(program: ClosedJaxpr) -> list[tuple]:
    """What is drawn, in turn: shapes, and how many bits."""
    return [drawn for eqn in equations(program.jaxpr) for drawn in _drawn_by(eqn)]


def _drawn_by(eqn: JaxprEqn) -> list[tuple]:
    name, kinds = eqn.primitive.name, [_typed(v) for v in eqn.outvars]
    return [(name, x.shape, str(x.dtype)) for x in kinds if name in BITS]


def _typed(v: Any) -> Any:
    return v.aval


def _drawing(of: Callable, argnums: tuple[int, ...], dtype: str) -> Callable:
    precision = PRECISIONS[dtype]

    def narrowed(args: tuple) -> tuple:
        kinds = (precision.weights if k in argnums else precision.inputs for k in range(len(args)))
        return tuple(jax.tree.map(partial(_as, k), a) for k, a in zip(kinds, args, strict=True))

    def function(*args):
        wide, out, numbers = traced_in_numbers(of, args)
        narrow = traced_in_numbers(of, narrowed(args))[0]
        mine, theirs = walks(wide, narrow)
        if not mine.is_like(theirs):  # at other shapes
            if draws(wide) == draws(narrow):
                return of(*args)
            raise Undecided(OTHERS.format(dtype))
        return jax.tree.unflatten(out, mine.outputs(numbers, theirs.drawn()))

    return function


def _as(dtype: str, leaf: Any) -> Any:
    is_float = hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
    return jnp.asarray(leaf).astype(dtype) if is_float else leaf


class Walk(NamedTuple):
    """A program, its variables that move with its arguments, and the drawn ones that others use."""

    program: ClosedJaxpr
    moving: set
    held: list  # drawn whatever the arguments are, in the order of their use
    inside: list  # what is drawn by equations that move

    @staticmethod
    def of(program: ClosedJaxpr) -> "Walk":
        moving, drawn, held, inside = set(program.jaxpr.invars), set(), {}, []
        for eqn in program.jaxpr.eqns:
            ins = [v for v in eqn.invars if not isinstance(v, Literal)]
            within = [e for body in bodies(eqn.params) for e in equations(body)]
            mine = [d for e in (eqn, *within) for d in _drawn_by(e)]
            if moving.intersection(ins):
                moving.update(eqn.outvars)
                held |= dict.fromkeys(v for v in ins if v in drawn)
                inside += mine
            elif mine or drawn.intersection(ins):
                drawn.update(eqn.outvars)
        held |= dict.fromkeys(v for v in program.jaxpr.outvars if v in drawn)
        return Walk(program, moving, list(held), inside)

    def is_like(self, other: "Walk") -> bool:
        """Whether both use as many drawn numbers, and draw the rest alike."""
        kinds = [[(v.aval.shape, _kind(v)) for v in walk.held] for walk in (self, other)]
        return kinds[0] == kinds[1] and self.inside == other.inside

    def drawn(self) -> list:
        """The numbers that are held, drawn by JAX itself from keys that it may have yet to see."""
        keys = [k for k, c in enumerate(self.program.consts) if isinstance(c, Tracer)]
        given = [self.program.consts[k] for k in keys]

        def body(*known):
            consts = dict(enumerate(self.program.consts)) | dict(zip(keys, known, strict=True))
            env = dict(zip(self.program.jaxpr.constvars, consts.values(), strict=True))
            for eqn in self.program.jaxpr.eqns:
                if not any(v in self.moving for v in eqn.outvars):
                    outs = bind(eqn, [read(env, v) for v in eqn.invars])
                    env.update(zip(eqn.outvars, outs, strict=True))
            return [env[v] for v in self.held]

        like = (jax.ShapeDtypeStruct(c.aval.shape, c.aval.dtype) for c in given)
        return from_keys.bind(*given, program=jax.make_jaxpr(body)(*like))

    def outputs(self, args: list, values: list) -> list:
        """Those of the program, with such numbers for its own."""
        env = begun(self.program, args)
        own = dict(zip(self.held, map(_rounded, values), strict=True))
        env |= {v: x.astype(v.aval.dtype) for v, x in own.items()}
        for eqn in self.program.jaxpr.eqns:
            outs = eqn.outvars
            if any(v in self.moving for v in outs) or not any(v in own for v in outs):
                found = bind(eqn, [read(env, v) for v in eqn.invars])
                env.update(zip(outs, found, strict=True))
        return [read(env, v) for v in self.program.jaxpr.outvars]


def _rounded(x: Any) -> Any:
    """A drawn number is rounded, by as much as the longest path to it: see arithmetic/paths.py."""
    return x * jnp.ones((), x.dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x


def walks(one: ClosedJaxpr, other: ClosedJaxpr) -> list[Walk]:
    """Those of two; step by step where they draw in loops."""
    whole = [Walk.of(opened(program, PLAIN_CALLS)) for program in (one, other)]
    if whole[0].is_like(whole[1]):
        return whole
    return [Walk.of(anew(program, _unrolled)) for program in (one, other)]


def _unrolled(eqn: JaxprEqn, ins: list) -> list:
    """The outputs of an equation, with the steps of a loop that draws one after the other."""
    if eqn.primitive.name in PLAIN_CALLS:
        return replayed(program_of(eqn.params), ins, _unrolled)
    within = (e for body in bodies(eqn.params) for e in equations(body))
    if not (eqn.primitive.name == "scan" and any(map(_drawn_by, within))):
        return bind(eqn, ins)
    length, backwards = eqn.params["length"], eqn.params["reverse"]
    if length > STEPS:
        return bind(eqn, ins)
    consts, carry, xs = scan_parts(eqn.params, ins)
    rows: list = [None] * length
    for k in reversed(range(length)) if backwards else range(length):
        row = [lax.index_in_dim(x, k, keepdims=False) for x in xs]
        outs = replayed(eqn.params["jaxpr"], [*consts, *carry, *row], _unrolled)
        carry, rows[k] = outs[: len(carry)], outs[len(carry) :]
    return [*carry, *map(jnp.stack, zip(*rows, strict=True))]


def _kind(v: Any) -> str:
    return "f" if jnp.issubdtype(v.aval.dtype, jnp.floating) else str(v.aval.dtype)


# What a program draws from keys alone: in every arithmetic the numbers that JAX draws.
from_keys = Primitive("from_keys")
from_keys.multiple_results = True
from_keys.def_impl(lambda *keys, program: _compiled(program)(*keys))
from_keys.def_abstract_eval(lambda *keys, program: program.out_avals)
mlir.register_lowering(from_keys, mlir.lower_fun(lambda *k, program: jaxpr_as_fun(program)(*k)))


def _each(keys, axes, *, program):
    outs = jax.vmap(jaxpr_as_fun(program), axes)(*keys)
    return outs, [0] * len(outs)


batching.primitive_batchers[from_keys] = _each


@lru_cache(maxsize=64)
def _compiled(program: ClosedJaxpr) -> Callable:
    return jax.jit(jaxpr_as_fun(program))
