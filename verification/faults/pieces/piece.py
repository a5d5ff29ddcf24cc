"""One arrow of a forward program, its pullback, and the same program with a wrong pullback there.

The program keeps its values: the equation at the site becomes a function with a derivative of its
own, and reverse autodiff does the rest.  So a mistake is made in any derivation at any arrow.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from ...arithmetic.inner_programs import BODY, PLAIN_CALLS, RULED_CALLS, program_of


class Site(NamedTuple):
    """An equation that the gradient goes through, by its way into nested programs."""

    path: tuple[int, ...]
    eqn: Any
    active: tuple[bool, ...]  # operand by operand: does a gradient go there
    shared: tuple[bool, ...]  # operand by operand: does another equation read it too

    @property
    def name(self) -> str:
        return self.eqn.primitive.name

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [atom.aval.shape for atom in self.eqn.invars]

    @property
    def out(self) -> tuple[int, ...]:
        return self.eqn.outvars[0].aval.shape

    @property
    def place(self) -> str:
        called = self.eqn.params.get("name", self.name) if self.name in RULED_CALLS else self.name
        return f"{called}, {where}" if (where := location(self.eqn)) else called


class Piece(NamedTuple):
    """The equation at hand: its operands, its value, and its pullback."""

    site: Site
    inputs: list
    value: Any
    bind: Callable

    @property
    def params(self) -> dict:
        return self.site.eqn.params

    def pull(self, d, at: list | None = None) -> list:
        """The right cotangents of the operands; at other operands, where `at` is given."""
        inputs = self.inputs if at is None else at
        floats = [k for k, x in enumerate(inputs) if is_float(x)]

        def only(*chosen):
            merged = dict(enumerate(inputs)) | dict(zip(floats, chosen, strict=True))
            return self.bind(*(merged[k] for k in range(len(inputs))))

        found = jax.vjp(only, *(inputs[k] for k in floats))[1](d)
        return [dict(zip(floats, found, strict=True)).get(k) for k in range(len(inputs))]

    def scaled(self, slope, d) -> list:
        """The cotangents of a function of one operand whose slope is `slope`."""
        return [slope * d, *([None] * (len(self.inputs) - 1))]


Wrong = Callable[[Piece, Any], list]


def holds_floats(variable: Any) -> bool:
    return jnp.issubdtype(variable.aval.dtype, jnp.floating)


def is_float(x) -> bool:
    return jnp.issubdtype(jnp.result_type(x), jnp.floating)


# --- where the gradient goes ---------------------------------------------------------------------


def sites(program: ClosedJaxpr, wanted: list[bool]) -> list[Site]:
    """The equations between the wanted inputs and the outputs, in order."""
    return list(_sites(program.jaxpr, wanted, ()))


def _sites(jaxpr: Jaxpr, wanted: list[bool], path: tuple[int, ...]) -> Iterator[Site]:
    active = {v for v, w in zip(jaxpr.invars, wanted, strict=True) if w}
    readers: dict[Any, int] = {}
    for eqn in jaxpr.eqns:
        for atom in {v for v in eqn.invars if not isinstance(v, Literal)}:
            readers[atom] = readers.get(atom, 0) + 1
    live = _live(jaxpr)
    for i, eqn in enumerate(jaxpr.eqns):
        on = tuple(not isinstance(v, Literal) and v in active for v in eqn.invars)
        if not any(on) or eqn.primitive.name == "stop_gradient" or i not in live:
            continue
        floats = [v for v in eqn.outvars if holds_floats(v)]
        active.update(floats)
        body = _body(eqn)
        if body is not None:
            yield from _sites(body, list(on), (*path, i))
        elif len(eqn.outvars) == 1 and floats:
            many = tuple(o and readers[v] > 1 for o, v in zip(on, eqn.invars, strict=True))
            yield Site((*path, i), eqn, on, many)


def _live(jaxpr: Jaxpr) -> set[int]:
    """The equations that a gradient may come down to: no comparison, and nothing held constant."""
    read, kept = {v for v in jaxpr.outvars if not isinstance(v, Literal)}, set()
    for i, eqn in reversed(list(enumerate(jaxpr.eqns))):
        if eqn.primitive.name == "stop_gradient" or not any(map(holds_floats, eqn.outvars)):
            continue
        if any(v in read for v in eqn.outvars):
            read.update(v for v in eqn.invars if not isinstance(v, Literal))
            kept.add(i)
    return kept


def _body(eqn) -> Jaxpr | None:
    if eqn.primitive.name in PLAIN_CALLS | {"scan"}:
        return program_of(eqn.params).jaxpr
    return None


def body_of(eqn) -> Iterator[Any]:
    """The equations inside a call, and inside the calls there."""
    for name in BODY:
        if (body := eqn.params.get(name)) is not None:
            for inner in getattr(body, "jaxpr", body).eqns:
                yield inner
                yield from body_of(inner)
            return


def location(eqn) -> str:
    """file.py:line of the nearest frame that is not the framework's."""
    own = str(Path(jax.__file__).parent)
    traceback = eqn.source_info.traceback
    frames = traceback.frames if traceback is not None else ()
    for frame in frames:
        if not frame.file_name.startswith((own, str(Path(__file__).parent))):
            return f"{Path(frame.file_name).name}:{frame.line_num}"
    return ""


# --- the program with a wrong pullback -----------------------------------------------------------


def planted(function: Callable, choose: Callable[..., Site | None], wrong: Wrong) -> Callable:
    """The function with the pullback `wrong` at the site that choose(program) names, if any."""

    def changed(*args):
        leaves, tree = jax.tree.flatten(args)
        program, shape = traced(function, tree, tuple(map(signature, leaves)))
        site = choose(program, tree)
        plant = None if site is None else (site, wrong)
        outs = _walk(program.jaxpr, program.consts, leaves, (), plant)
        return jax.tree.unflatten(jax.tree.structure(shape), outs)

    return changed


def signature(leaf) -> tuple:
    return jnp.shape(leaf), jnp.result_type(leaf)


@lru_cache(maxsize=1024)
def traced(function: Callable, tree, shapes: tuple) -> tuple[ClosedJaxpr, Any]:
    """The program of function(*args), flat, and the tree of its value."""
    flat = lambda *leaves: function(*jax.tree.unflatten(tree, leaves))
    return jax.make_jaxpr(flat, return_shape=True)(*(jax.ShapeDtypeStruct(*s) for s in shapes))


def _walk(jaxpr: Jaxpr, consts, args, path, plant) -> list:
    env = dict(zip(jaxpr.invars, args, strict=True)) | dict(
        zip(jaxpr.constvars, consts, strict=True)
    )
    constant = lambda atom: np.asarray(atom.val, atom.aval.dtype)
    read = lambda atom: constant(atom) if isinstance(atom, Literal) else env[atom]
    for i, eqn in enumerate(jaxpr.eqns):
        here, ins = (*path, i), list(map(read, eqn.invars))
        outs = _evaluated(eqn, ins, here, plant)
        env.update(zip(eqn.outvars, outs, strict=True))
    return list(map(read, jaxpr.outvars))


def _evaluated(eqn, ins: list, here: tuple[int, ...], plant) -> list:
    target = plant[0].path if plant else ()
    if here == target:
        return [_with_wrong_pullback(eqn, plant)(*ins)]
    if here == target[: len(here)]:
        body = program_of(eqn.params)
        if eqn.primitive.name == "scan":
            return _scanned(eqn, body, ins, here, plant)
        return _walk(body.jaxpr, body.consts, ins, here, plant)
    out = bound(eqn)(*ins)
    return list(out) if eqn.primitive.multiple_results else [out]


def _scanned(eqn, body: ClosedJaxpr, ins: list, here, plant) -> list:
    consts, carry, rows = scan_parts(eqn.params, ins)

    def step(state, row):
        outs = _walk(body.jaxpr, body.consts, [*consts, *state, *row], here, plant)
        return tuple(outs[: len(carry)]), tuple(outs[len(carry) :])

    order = {"length": eqn.params["length"], "reverse": eqn.params["reverse"]}
    last, out = lax.scan(step, tuple(carry), tuple(rows), **order)
    return [*last, *out]


def scan_parts(params, ins: list) -> tuple[list, list, list]:
    """What every step sees, what it hands on, and what it takes a row of."""
    if "ft_in" in params:  # JAX 0.12 keeps a tree where 0.10 counts
        consts, carry, rows = map(list, params["ft_in"].update(ins).unpack())
        return consts, carry, rows
    first, carried = params["num_consts"], params["num_carry"]
    return ins[:first], ins[first : first + carried], ins[first + carried :]


def bound(eqn) -> Callable:
    """The equation as a function of its operands."""
    found = eqn.primitive.get_bind_params(eqn.params)
    functions, params = ((), found) if isinstance(found, dict) else found  # a pair before JAX 0.10
    return lambda *ins: eqn.primitive.bind(*functions, *ins, **params)


def _with_wrong_pullback(eqn, plant) -> Callable:
    site, wrong = plant
    single = lambda out: out[0] if eqn.primitive.multiple_results else out
    bind = lambda *ins: single(bound(eqn)(*ins))

    @jax.custom_vjp
    def call(*ins):
        return bind(*ins)

    def pull(ins, d):
        found = wrong(Piece(site, list(ins), bind(*ins), bind), d)
        return tuple(_cotangent(x, c) for x, c in zip(ins, found, strict=True))

    call.defvjp(lambda *ins: (call(*ins), ins), pull)
    return call


def _cotangent(x, found):
    if not is_float(x):
        return np.zeros(jnp.shape(x), jax.dtypes.float0)
    zero = jnp.zeros(jnp.shape(x), jnp.result_type(x))
    return zero if found is None else jnp.asarray(found, zero.dtype)


def gradient_of(function: Callable, argnums: tuple[int, ...], scalar: bool) -> Callable:
    """gradient(*args[, cotangent]) by reverse autodiff, in the signature of a derivation's."""

    def gradient(*args):
        inputs, d = (args, None) if scalar else (args[:-1], args[-1])
        inputs = jax.tree.map(jnp.asarray, inputs)

        def only(*chosen):
            merged = dict(enumerate(inputs)) | dict(zip(argnums, chosen, strict=True))
            return function(*(merged[i] for i in range(len(inputs))))

        value, pull = jax.vjp(only, *(inputs[i] for i in argnums))
        return pull(jnp.ones_like(value) if scalar else jax.tree.map(jnp.asarray, d))

    return gradient
