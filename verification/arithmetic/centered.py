"""Deviations from a mean, whose sum is 0: no slope comes back through the mean of a variance.

With c = x - mean(x) the slope of sum c^2 is 2 c, and what would come back through the mean is
-2 sum c = 0.  Autodiff adds that 0 up, so that whatever the mean was off by cancels.  The formulas
of a normalization that others write,

    dx = (dy - mean(dy) - c mean(dy c) / var) / sqrt(var + eps)

leave it out: where the mean is off by e, so is every entry of c, and the entries of dx by
e mean(dy c) / (var sqrt(var + eps)), all to the same side.  That is all that is left where the
truth is 0, as in a bias before the normalization.

`centered` is the program that leaves it out.  It is the same function, with the same slopes, and it
rounds what both do: its error of the mean is that of a sum of x, and autodiff's that of a sum of c.
So is it with sum c d of two deviations, as in a covariance.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from .inner_programs import PLAIN_CALLS, equations
from .linear import bind
from .shifts import anew, opened, within_steps

NEEDED = frozenset({"sub", "reduce_sum"})
MOVED = frozenset({"broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "copy"})
Axes = frozenset[int]


def centered(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same program; no slope comes back through the means of its sums of squared deviations."""
    if not {eqn.primitive.name for eqn in equations(program.jaxpr)} >= NEEDED:
        return program
    flat = opened(program, PLAIN_CALLS)
    within = {id(eqn): within_steps(eqn, centered) for eqn in flat.jaxpr.eqns}
    deviations = _deviations(flat.jaxpr)
    products = {id(eqn) for eqn in _products(flat.jaxpr, deviations)}
    if not products and all(within[id(eqn)] is eqn for eqn in flat.jaxpr.eqns):
        return program
    return anew(flat, _with_still_means(deviations, products, within))


def _with_still_means(deviations: dict, products: set[int], within: dict) -> Callable:
    """The outputs of each equation; products are of deviations from means that are held."""
    still: dict[Any, Any] = {}

    def outputs(eqn: JaxprEqn, ins: list) -> list:
        if id(eqn) in products:
            ins = [still[v] for v in eqn.invars]
        elif eqn.outvars[0] in deviations:
            still[eqn.outvars[0]] = ins[0] - jax.lax.stop_gradient(ins[1])
        return bind(within[id(eqn)], ins)

    return outputs


# --- where they are --------------------------------------------------------------------------


def _deviations(jaxpr: Jaxpr) -> dict[Any, Axes]:
    """Each x - mean(x), and the axes of the mean."""
    made = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}
    pairs = ((eqn.outvars[0], eqn) for eqn in jaxpr.eqns if eqn.primitive.name == "sub")
    axes = {out: _axes_of_mean(*eqn.invars, made) for out, eqn in pairs}
    return {out: found for out, found in axes.items() if found}


def _axes_of_mean(x, mean, made: dict) -> Axes | None:
    """The axes of x along which a number is its mean; None where it is none."""
    count, atom = 1.0, mean
    while (eqn := _making(atom, made)) is not None:
        name = eqn.primitive.name
        if name == "reduce_sum":
            axes = frozenset(map(int, eqn.params["axes"]))
            is_mean = eqn.invars[0] is x and round(count) == prod(x.aval.shape[i] for i in axes)
            return axes if is_mean and _meets(x, mean, axes, made) else None
        atom = eqn.invars[0]
        if name in {"div", "mul"}:
            numbers = [_number(v, made) for v in eqn.invars]
            atom = eqn.invars[int(name == "mul" and numbers[1] is None)]
            number = numbers[1] or (numbers[0] if name == "mul" else None)
            if not number:
                return None
            count *= number if name == "div" else 1.0 / number
        elif name not in MOVED:
            return None
    return None


def _making(atom, made: dict) -> JaxprEqn | None:
    return None if isinstance(atom, Literal) else made.get(atom)


def _number(atom, made: dict) -> float | None:
    """A literal, also where it was broadcast."""
    while not isinstance(atom, Literal):
        eqn = made.get(atom)
        if eqn is None or eqn.primitive.name not in MOVED:
            return None
        atom = eqn.invars[0]
    return float(atom.val) if atom.aval.shape == () else None


def _meets(x, mean, axes: Axes, made: dict) -> bool:
    """Whether the mean of a row meets the entries of that row: what moves numbers keeps their
    order, so this is a matter of shapes."""
    shape = x.aval.shape
    row = tuple(1 if i in axes else n for i, n in enumerate(shape))
    if mean.aval.shape == row:
        return True
    eqn = made[mean]
    if mean.aval.shape != shape or eqn.primitive.name != "broadcast_in_dim":
        return False
    places, before = tuple(eqn.params["broadcast_dimensions"]), eqn.invars[0].aval.shape
    others = tuple(i for i in range(len(shape)) if i not in axes)
    return (places, before) in [
        (tuple(range(len(shape))), row),
        (others, tuple(shape[i] for i in others)),
    ]


def _products(jaxpr: Jaxpr, deviations: dict[Any, Axes]) -> Iterator[JaxprEqn]:
    """Products of deviations, of which only a sum along the axes of the means is used."""
    used: dict[Any, list] = {}
    for eqn in jaxpr.eqns:
        for v in (v for v in eqn.invars if not isinstance(v, Literal)):
            used.setdefault(v, []).append(eqn)
    outs = {v for v in jaxpr.outvars if not isinstance(v, Literal)}
    for eqn in jaxpr.eqns:
        axes = [None if isinstance(v, Literal) else deviations.get(v) for v in eqn.invars]
        (out, *_) = eqn.outvars
        if not all(axes) or out in outs or len(set(axes)) != 1:
            continue
        if _is_product(eqn) and all(_sums(user, axes[0]) for user in used.get(out, ())):
            yield eqn


def _is_product(eqn: JaxprEqn) -> bool:
    name = eqn.primitive.name
    return name in {"square", "mul"} or (name == "integer_pow" and eqn.params["y"] == 2)


def _sums(eqn: JaxprEqn, axes: Axes | None) -> bool:
    return eqn.primitive.name == "reduce_sum" and frozenset(eqn.params["axes"]) >= (axes or set())
