"""A primitive that no arithmetic has a rule for: measured where a program comes to it.

At each point its value is what it answers there, and its slopes are measured (oracles/jacobian.py);
all that is around it is judged as ever.  A call with one in it is opened, and its own rule is not
consulted; a loop, a branch or a solve with one in it is measured as a whole.  Rows are run one
after the other in one compiled program, so that no rule of vmap is asked for.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

from ..arithmetic.bounds import bounds
from ..arithmetic.formats import format_of
from ..arithmetic.inner_programs import CALLS, bodies, equations, program_of
from ..arithmetic.interpreter import CONTROL
from ..arithmetic.linear import bind
from ..arithmetic.rewrites import REWRITES
from ..arithmetic.shifts import replayed
from ..oracles.beside import beside
from ..oracles.jacobian import Local, local
from ..vocabulary import Silent
from .answer import cast
from .moving import program_in
from .other_words import is_real

SAID = "{} is measured where the program comes to it, by differences; the rest is proven"
ROWS = 32  # of one compiled call
KNOWN = 256  # points that are remembered
STILL = "stop_gradient"


class Place(NamedTuple):
    """What an equation did at a point: beside it, and its outputs that are no real numbers."""

    beside: Local
    whole: list  # None for each output of real numbers


class InPlace:
    """of(*args); and at each point the same, with its primitives `names` as they were measured."""

    def __init__(self, of: Callable, names: frozenset[str]):
        self.of, self.names = of, names
        self.__name__ = getattr(of, "__name__", type(of).__name__)
        self._programs: dict[tuple, ClosedJaxpr] = {}  # the same equations for the same shapes
        self._rows: dict[int, Callable] = {}
        self._known: dict[tuple, Callable] = {}

    def __call__(self, *args):
        return self.of(*args)

    @property
    def notes(self) -> list[str]:
        """What was measured, by name."""
        found = (eqn for one in self._programs.values() for eqn in self._places(one.jaxpr))
        return [SAID.format(said) for said in sorted({self._said(eqn) for eqn in found})]

    def _said(self, eqn: JaxprEqn) -> str:
        name = eqn.primitive.name
        inside = {e.primitive.name for body in bodies(eqn.params) for e in equations(body)}
        mine = sorted(inside & self.names)
        return f"{name}, with {', '.join(mine)} in it," if mine else name

    def along(self, point: tuple) -> Callable:
        """The function as it is beside the point; itself where that cannot be measured."""
        leaves = [np.asarray(x) for x in jax.tree.leaves(point) if hasattr(x, "dtype")]
        key = tuple((x.shape, str(x.dtype), x.tobytes()) for x in leaves)
        if key not in self._known:
            if len(self._known) >= KNOWN:
                self._known.pop(next(iter(self._known)))
            try:
                self._known[key] = self._beside(self._seen(point))
            except Silent:
                self._known[key] = self.of
        return self._known[key]

    # --- at a point -------------------------------------------------------------------------------

    def _seen(self, point: tuple) -> list[Place]:
        """Every place of the program, in turn, in float64."""
        places: list[Place] = []
        with jax.enable_x64(True):
            program, _, numbers = program_in(_is_array, self.of, cast(point, "float64"))
            key = tuple((x.shape, str(x.dtype)) for x in numbers)
            program = self._programs.setdefault(key, program)
            replayed(program, numbers, partial(self._measured, places))
        return places

    def _measured(self, places: list[Place], eqn: JaxprEqn, ins: list) -> list:
        if self._opens(eqn):
            return replayed(program_of(eqn.params), ins, partial(self._measured, places))
        outs = bind(eqn, ins)
        if self._is_place(eqn):
            at, x = self._flat(eqn, list(map(jnp.asarray, ins)))
            found = local(at, x, np.random.default_rng(0))
            whole = [None if is_real(y) else np.asarray(y) for y in outs]
            places.append(Place(found, whole))
        return outs

    def _flat(self, eqn: JaxprEqn, ins: list) -> tuple[Callable, np.ndarray]:
        """The equation as a function of the real numbers that it takes, in one row."""
        _check_real(eqn)
        moving = [k for k, x in enumerate(ins) if is_real(x)]
        x = np.concatenate([np.zeros(0), *(np.asarray(ins[k], np.float64).ravel() for k in moving)])
        ends = np.cumsum([0, *(ins[k].size for k in moving)])

        def one(given: list, row) -> Any:
            put = list(given)
            for k, low in zip(moving, ends[:-1], strict=True):
                part = row[low : low + put[k].size].reshape(put[k].shape)
                put[k] = part.astype(put[k].dtype)
            outs = [jnp.ravel(y).astype(np.float64) for y in bind(eqn, put) if is_real(y)]
            return jnp.concatenate([jnp.zeros(0), *outs])

        if id(eqn) not in self._rows:
            self._rows[id(eqn)] = jax.jit(
                lambda rows, given: jax.lax.map(partial(one, given), rows)
            )
        compiled = self._rows[id(eqn)]
        values = lambda rows: _values(partial(compiled, given=ins), partial(one, ins), rows)
        return values, x

    # --- beside it --------------------------------------------------------------------------------

    def _beside(self, places: list[Place]) -> Callable:
        def function(*args):
            program, out, numbers = program_in(_is_array, self.of, args)
            left = iter(places)
            return jax.tree.unflatten(out, replayed(program, numbers, partial(self._instead, left)))

        return function

    def _instead(self, left: Iterator[Place], eqn: JaxprEqn, ins: list) -> list:
        if self._opens(eqn):
            return replayed(program_of(eqn.params), ins, partial(self._instead, left))
        if not self._is_place(eqn):
            return bind(eqn, ins)
        place, low, outs = next(left), 0, []
        dtype = jax.dtypes.canonicalize_dtype(np.float64)
        rows = [jnp.ravel(x).astype(dtype) for x in map(jnp.asarray, ins) if is_real(x)]
        flat = beside(place.beside, jnp.concatenate(rows))
        for v, whole in zip(eqn.outvars, place.whole, strict=True):
            if whole is not None:
                outs.append(jnp.asarray(whole))
                continue
            aval: Any = v.aval
            size = int(np.prod(aval.shape))
            outs.append(flat[low : low + size].reshape(aval.shape).astype(aval.dtype))
            low += size
        return outs

    # --- places -----------------------------------------------------------------------------------

    def _has(self, eqn: JaxprEqn) -> bool:
        inside = (e for body in bodies(eqn.params) for e in equations(body))
        return any(e.primitive.name in self.names for e in (eqn, *inside))

    def _opens(self, eqn: JaxprEqn) -> bool:
        return eqn.primitive.name in CALLS and self._has(eqn)

    def _is_place(self, eqn: JaxprEqn) -> bool:
        takes = any(is_real(v.aval) for v in eqn.invars)
        return takes and any(is_real(v.aval) for v in eqn.outvars) and self._has(eqn)

    def _places(self, jaxpr: Jaxpr) -> Iterator[JaxprEqn]:
        for eqn in jaxpr.eqns:
            if self._opens(eqn):
                yield from self._places(program_of(eqn.params).jaxpr)
            elif self._is_place(eqn):
                yield eqn


def in_place(of: Callable, point: tuple, dtype: str) -> InPlace | None:
    """The function with what has no rule in `dtype` measured in place; None where there is no such
    primitive, where it is all of the function, or where it cannot be measured at the point.
    """
    try:
        with jax.enable_x64(True):
            program = program_in(_is_array, of, cast(point, "float64"))[0].jaxpr
        if not (names := frozenset(without_a_rule(program, dtype))):
            return None
        found = InPlace(of, names)
        if _is_all(program, found):
            return None
        if found.along(point) is of:
            return None
    except Exception:  # somebody's primitive, which may not even be run by itself
        return None
    return found


def without_a_rule(program: Jaxpr, dtype: str) -> set[str]:
    """The primitives of real numbers of which no bound of rounding is known."""
    known = set(bounds(format_of(dtype)).rules) | set(REWRITES) | set(CONTROL)
    return {
        eqn.primitive.name
        for eqn in equations(program)
        if eqn.primitive.name not in known
        and any(is_real(v.aval) for v in eqn.invars)
        and any(is_real(v.aval) for v in eqn.outvars)
    }


def _is_all(program: Jaxpr, found: InPlace) -> bool:
    """Whether nothing is left to prove: the function is one such primitive, under whatever name."""
    calls = [eqn for eqn in program.eqns if found._has(eqn)]
    if len(program.eqns) != 1 or not calls:
        return False
    (eqn,) = calls
    return not found._opens(eqn) or _is_all(program_of(eqn.params).jaxpr, found)


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype")


def _check_real(eqn: JaxprEqn) -> None:
    """Raises Silent where differences of it would not be what is meant."""
    ends = [v.aval for v in (*eqn.invars, *eqn.outvars)]
    if any(jnp.issubdtype(getattr(a, "dtype", bool), jnp.complexfloating) for a in ends):
        raise Silent("it has complex numbers")
    inside = (e for body in bodies(eqn.params) for e in equations(body))
    if any(e.primitive.name == STILL for e in inside):
        raise Silent("a value is held still in it")


def _values(compiled: Callable, one: Callable, rows: np.ndarray) -> np.ndarray:
    """The values at each row; NaN where it raises at a row."""
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    found = []
    with jax.enable_x64(True), loose[0], loose[1]:
        for low in range(0, len(rows), ROWS):
            part = rows[low : low + ROWS]
            filled = np.concatenate([part, np.repeat(part[-1:], ROWS - len(part), axis=0)])
            try:
                found.append(np.asarray(compiled(filled))[: len(part)])
            except Exception:  # it cannot be compiled, or raises at some row
                found.append(_one_by_one(one, part))
    return np.concatenate(found)


def _one_by_one(one: Callable, rows: np.ndarray) -> np.ndarray:
    outs = []
    for row in rows:
        try:
            outs.append(np.asarray(one(jnp.asarray(row))))
        except Exception:  # somebody's primitive, where it was never meant to go
            outs.append(None)
    sizes = [out.size for out in outs if out is not None]
    if not sizes:
        raise Silent("it raises at the numbers that it was seen with")
    return np.array([np.full(sizes[0], np.nan) if out is None else out for out in outs])
