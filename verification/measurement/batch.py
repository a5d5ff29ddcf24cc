"""The budgets of many cases, or of large ones, under one compilation.

Reference, radius and deviations come out of one program: the running bound in float64 around the
reference, and first-order draws in the format judged.  Only the formats where first order does are
judged so; a case that it does not settle is left to budget.py.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounded import Bounded
from ..arithmetic.bounds import bounds
from ..arithmetic.formats import format_of
from ..arithmetic.interpreter import is_plain, run
from ..arithmetic.large_constants import apart
from ..arithmetic.noise import DRAWS
from ..arithmetic.tangent_values import Tangents, variances
from ..arithmetic.tangents import tangents
from ..oracles.question import as_exact
from ..oracles.work import numbers, products
from ..vocabulary import NoRule, Undecided
from ..vocabulary.progress import during
from . import stages
from .ahead import budget_known
from .budget import RANDOM, RUNNING, Budget, budget, floored, floored_deviations, traced
from .stages import Kept
from .tolerance import allowances, is_sharp, lost

FIRST_ORDER = ("float64", "float32", "float16_float32")
# of all draws at one point; a verdict asks at several, so that a compilation is paid back
COMPILED = 2**29  # products: NumPy takes a few seconds for them, a compilation twice as long
DRAWN = 2**25  # numbers: likewise
LONG = 256  # equations: a program that is longer takes minutes to compile


class Judgement(NamedTuple):
    """Of every case, leaf by leaf: the reference in float64, its error, and what is allowed."""

    value: list[Any]
    radius: list[Any]
    allowed: list[Any]
    settled: Any  # whether first order was enough; else only budget.py can tell
    sharp: Any  # whether the running bound would do


def budgets(gradient: Callable, points: list[tuple], dtype: str) -> list[Budget]:
    """The budget of every point: compiled together where that is less work, in NumPy elsewhere."""
    program, _ = traced(gradient, points[0])
    times = len(points) * DRAWS
    few = products(program) * times < COMPILED and numbers(program) * times < DRAWN
    if dtype not in FIRST_ORDER or few or len(program.jaxpr.eqns) > LONG:
        return [budget(gradient, point, dtype) for point in points]
    try:
        return [_settled(gradient, point, dtype) for point in points]
    except (NoRule, Undecided):
        return [budget(gradient, point, dtype) for point in points]


def budget_at(gradient: Callable, args: tuple, dtype: str) -> Budget:
    """What gradient(*args) may be off by: of a large program compiled, of a small one in NumPy."""
    find = lambda: budget_known(gradient, args, dtype) or budgets(gradient, [args], dtype)[0]
    if not stages.STORES:
        return find()
    where = stages.place("budget", *traced(gradient, args), dtype)
    if kept := stages.known(where):
        return Budget(kept.arrays, tuple(kept.said["kinds"]))
    found = find()
    stages.keep(where, Kept(found.allowed, {"kinds": found.kinds}))
    return found


def _settled(gradient: Callable, point: tuple, dtype: str) -> Budget:
    one = jax.tree.map(lambda leaf: as_exact(leaf)[None], point)
    with during("bounds and draws, compiled"):
        found = jax.block_until_ready(judged(gradient, point, dtype)(one))
    if not bool(found.settled[0]) or bool(found.sharp[0]) is not (dtype == "float64"):
        return budget(gradient, point, dtype)
    allowed = [np.asarray(leaf[0]) for leaf in found.allowed]
    return Budget(allowed, (RUNNING if dtype == "float64" else RANDOM,) * len(allowed))


def judged(gradient: Callable, args: tuple, dtype: str) -> Callable:
    """cases -> Judgement, compiled once; cases is `args` with one more axis in front.

    Float arguments must be numbers that `dtype` holds.  Raises Undecided or NoRule where the
    program branches on a number, or has a primitive without a derivative.
    """
    program, held = apart(traced(gradient, args)[0], format_of(dtype))
    compiled = _compiled(program, dtype)

    def judge(cases) -> Judgement:
        # literals meet arrays here: the caller's strictness is for the caller's code
        loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
        with jax.enable_x64(True), loose[0], loose[1]:
            known = tuple(as_exact(np.asarray(x)) for x in held)
            return compiled(known, tuple(map(as_exact, jax.tree.leaves(cases))))

    return judge


@lru_cache(maxsize=32)
def _compiled(program: ClosedJaxpr, dtype: str) -> Callable:
    one = lambda known: lambda leaves: _one(program, dtype, known, leaves)
    return jax.jit(lambda known, cases: lax.map(one(known), cases))


def _one(program: ClosedJaxpr, dtype: str, known, leaves) -> Judgement:
    """One case; `known` is what all cases have in common, see large_constants.py."""
    values, radii = _reference(program, (*known, *leaves))
    coarser = format_of(dtype).unit / format_of("float64").unit
    target = format_of(dtype)
    flushed, both = lost(target, leaves), zip(values, radii, strict=True)
    bound = [floored(v, r * coarser, program, target, flushed) for v, r in both]
    pairs = zip(values, bound, strict=True)
    sharp = jnp.all(jnp.stack([is_sharp(value, error, dtype) for value, error in pairs]))
    held = _held(leaves, dtype)
    if dtype == "float64":
        return Judgement(values, radii, bound, held, sharp)
    sigmas, settled = _sigmas(program, dtype, (*known, *leaves))
    sigmas = floored_deviations(sigmas, values, program, target)
    return Judgement(values, radii, allowances(sigmas, bound, flushed), settled & held, sharp)


def _held(leaves, dtype: str):
    """Whether every argument is 0 or a normal number of the format."""
    target = format_of(dtype)
    normal = lambda x: jnp.all((x == 0) | (abs(x) >= target.tiny) & (abs(x) <= target.largest))
    return jnp.all(jnp.stack([normal(x) for x in leaves if not is_plain(x)]))


def _reference(program: ClosedJaxpr, leaves) -> tuple[list, list]:
    """Value and running bound in float64; NaN, from infinities that met, is no bound at all."""
    outs = _run(program, leaves, Bounded, bounds(format_of("float64")))
    outs = [o if isinstance(o, Bounded) else Bounded(o) for o in outs]
    unknown = lambda o: jnp.isnan(o.error) | jnp.isnan(o.value)
    return [o.value for o in outs], [jnp.where(unknown(o), jnp.inf, o.error) for o in outs]


def _sigmas(program: ClosedJaxpr, dtype: str, leaves) -> tuple[list, Any]:
    arithmetic, ledger = tangents(format_of(dtype))
    outs = _run(program, leaves, Tangents, arithmetic)
    outs = [o if isinstance(o, Tangents) else Tangents(o) for o in outs]
    unit = format_of(dtype).unit
    return [unit * jnp.sqrt(v.astype(jnp.float64)) for v in variances(outs)], ledger.settled


def _run(program: ClosedJaxpr, leaves, lift: Callable, arithmetic) -> list:
    return run(program, [x if is_plain(x) else lift(x) for x in leaves], arithmetic)
