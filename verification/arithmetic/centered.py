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
So is it with sum c d of two deviations, as in a covariance, whether the sum is written as one or is
that of a product of matrices, c' d; and with deviations over what is the same for all of a row, as
z-scores are.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from .inner_programs import PLAIN_CALLS, bodies
from .linear import bind
from .shifts import anew, opened, within_steps

MOVED = frozenset({"broadcast_in_dim", "reshape", "squeeze", "convert_element_type", "copy"})
SCALED = frozenset({"mul", "div"})
KEPT = frozenset({"neg", "convert_element_type", "copy"})  # a deviation remains one
Axes = frozenset[int]


def centered(program: ClosedJaxpr) -> ClosedJaxpr:
    """The same program; no slope comes back through the means of its sums of squared deviations."""
    subtracts, _ = _subtracts_sums(program.jaxpr, ())
    if not subtracts:  # most programs: they are not written anew
        return program
    flat = opened(program, PLAIN_CALLS)
    within = {id(eqn): within_steps(eqn, centered) for eqn in flat.jaxpr.eqns}
    deviations = _deviations(flat.jaxpr)
    products = {id(eqn) for eqn in _products(flat.jaxpr, deviations)}
    if not products and all(within[id(eqn)] is eqn for eqn in flat.jaxpr.eqns):
        return program
    still = _before(flat.jaxpr, products, deviations)
    return anew(flat, _with_still_means(still, products, within))


def _subtracts_sums(jaxpr: Jaxpr, given: Sequence[bool]) -> tuple[bool, list[bool]]:
    """Whether a sum, or what is made of one, is subtracted anywhere; and which results are such.

    given    the same of the inputs; of the inputs of a loop or a branch none is
    """
    sums = {v for v, is_sum in zip(jaxpr.invars, given, strict=False) if is_sum}
    found, is_sum = False, lambda atom: not isinstance(atom, Literal) and atom in sums
    for eqn in jaxpr.eqns:
        name, met = eqn.primitive.name, list(map(is_sum, eqn.invars))
        within = [_subtracts_sums(p, met * (name in PLAIN_CALLS)) for p in bodies(eqn.params)]
        found |= any(yes for yes, _ in within) or (name == "sub" and met[1])
        made = name == "reduce_sum" or (name in MOVED | SCALED and any(met))
        of_outs = within[0][1] if name in PLAIN_CALLS else [made] * len(eqn.outvars)
        sums |= {v for v, yes in zip(eqn.outvars, of_outs, strict=True) if yes}
    return found, list(map(is_sum, jaxpr.outvars))


def _before(jaxpr: Jaxpr, products: set[int], deviations: dict[Any, Axes]) -> set:
    """The deviations that the products are of, and those that these are made of."""
    found = {v for eqn in jaxpr.eqns if id(eqn) in products for v in eqn.invars}
    for eqn in reversed(jaxpr.eqns):
        if not found.isdisjoint(eqn.outvars):
            found |= {v for v in eqn.invars if not isinstance(v, Literal) and v in deviations}
    return found


def _with_still_means(deviations: set, products: set[int], within: dict) -> Callable:
    """The outputs of each equation; products are of deviations from means that are held."""
    still: dict[Any, Any] = {}

    def outputs(eqn: JaxprEqn, ins: list) -> list:
        kept = [x if isinstance(v, Literal) else still.get(v, x) for v, x in _pairs(eqn, ins)]
        if id(eqn) in products:
            return bind(within[id(eqn)], kept)
        for out in deviations.intersection(eqn.outvars):
            held = eqn.primitive.name == "sub"
            still[out] = kept[0] - jax.lax.stop_gradient(ins[1]) if held else bind(eqn, kept)[0]
        return bind(within[id(eqn)], ins)

    return outputs


def _pairs(eqn: JaxprEqn, ins: list) -> Iterator[tuple]:
    return zip(eqn.invars, ins, strict=True)


# --- where they are --------------------------------------------------------------------------


def _deviations(jaxpr: Jaxpr) -> dict[Any, Axes]:
    """Each x - mean(x), and each that is made of one, with the axes of the mean."""
    made, one = {v: eqn for eqn in jaxpr.eqns for v in eqn.outvars}, _same(jaxpr)
    found: dict[Any, Axes] = {}
    for eqn in jaxpr.eqns:
        is_difference = eqn.primitive.name == "sub"
        axes = _axes_of_mean(eqn, made, one) if is_difference else None
        if axes := axes or _axes_of_same(eqn, found, made):
            found[eqn.outvars[0]] = axes
    return found


def _axes_of_same(eqn: JaxprEqn, found: dict[Any, Axes], made: dict) -> Axes | None:
    """The axes of a deviation that is moved, or met by what is the same for all of a row."""
    name = eqn.primitive.name
    axes = [None if isinstance(v, Literal) else found.get(v) for v in eqn.invars]
    if name in KEPT:
        return axes[0]
    if name == "transpose" and axes[0]:
        return frozenset(k for k, i in enumerate(eqn.params["permutation"]) if i in axes[0])
    if name not in SCALED or (axes[0] is None) == (axes[1] is None):
        return None
    mine = int(axes[0] is None)
    along = axes[mine] or frozenset()
    if (name == "div" and mine) or not _is_same_along(eqn.invars[1 - mine], along, made):
        return None
    return along


def _is_same_along(atom, axes: Axes, made: dict) -> bool:
    """Whether an operand has the same number at all entries of such a row."""
    if all(size == 1 for i, size in enumerate(_shape(atom)) if i in axes):
        return True
    eqn = _making(atom, made)
    if eqn is None or eqn.primitive.name != "broadcast_in_dim":
        return False
    places, shape = eqn.params["broadcast_dimensions"], _shape(eqn.invars[0])
    return all(shape[k] == 1 for k, i in enumerate(places) if i in axes)


def _same(jaxpr: Jaxpr) -> dict:
    """Of each result the first that is made in the same way of the same: x + b may stand twice."""
    first: dict[Any, Any] = {}
    one: dict[Any, Any] = {}
    of = lambda v: (str(v.val), str(v.aval)) if isinstance(v, Literal) else one.get(v, v)
    for eqn in (e for e in jaxpr.eqns if not bodies(e.params)):
        how = eqn.primitive.name, *map(of, eqn.invars), str(eqn.params)
        one |= {v: first.setdefault((how, k), v) for k, v in enumerate(eqn.outvars)}
    return one


def _axes_of_mean(difference: JaxprEqn, made: dict, one: dict) -> Axes | None:
    """The axes of x along which what is subtracted is its mean; None where it is none."""
    x, mean = difference.invars
    if isinstance(x, Literal):
        return None  # 1 - sum(p): a number, which is no array with a mean
    count, atom = 1.0, mean
    while (eqn := _making(atom, made)) is not None:
        name = eqn.primitive.name
        if name == "reduce_sum":
            axes = frozenset(map(int, eqn.params["axes"]))
            is_x = one.get(eqn.invars[0], eqn.invars[0]) is one.get(x, x)
            is_mean = is_x and round(count) == prod(_shape(x)[i] for i in axes)
            return axes if is_mean and _meets(x, mean, axes, made) else None
        atom = eqn.invars[0]
        if name in SCALED:
            numbers = [_number(v, made) for v in eqn.invars]
            atom = eqn.invars[int(name == "mul" and numbers[1] is None)]
            number = numbers[1] or (numbers[0] if name == "mul" else None)
            if not number:
                return None
            count *= number if name == "div" else 1.0 / number
        elif name not in MOVED:
            return None
    return None


def _shape(atom: Any) -> tuple[int, ...]:
    return atom.aval.shape


def _making(atom, made: dict) -> JaxprEqn | None:
    return None if isinstance(atom, Literal) else made.get(atom)


def _number(atom, made: dict) -> float | None:
    """A literal, also where it was broadcast."""
    while not isinstance(atom, Literal):
        eqn = made.get(atom)
        if eqn is None or eqn.primitive.name not in MOVED:
            return None
        atom = eqn.invars[0]
    return float(atom.val) if _shape(atom) == () else None


def _meets(x, mean, axes: Axes, made: dict) -> bool:
    """Whether the mean of a row meets the entries of that row: what moves numbers keeps their
    order, so this is a matter of shapes."""
    shape = _shape(x)
    row = tuple(1 if i in axes else n for i, n in enumerate(shape))
    if _shape(mean) == row:
        return True
    eqn = made[mean]
    if _shape(mean) != shape or eqn.primitive.name != "broadcast_in_dim":
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
        given = [None if isinstance(v, Literal) else deviations.get(v) for v in eqn.invars]
        axes = [a for a in given if a]
        if eqn.primitive.name == "dot_general" and len(axes) == 2:
            sums = _sums_both(eqn, *axes)
        elif _is_product(eqn) and axes == given and len(set(axes)) == 1:
            (out,) = eqn.outvars
            sums = out not in outs and all(_sums(user, axes[0]) for user in used.get(out, ()))
        else:
            sums = False
        if sums:
            yield eqn


def _sums_both(eqn: JaxprEqn, one: Axes, other: Axes) -> bool:
    """Whether a product of matrices sums along the means of both."""
    (left, right), _ = eqn.params["dimension_numbers"]
    across = dict(zip(left, right, strict=True))
    return one <= across.keys() and {across[i] for i in one} == other


def _is_product(eqn: JaxprEqn) -> bool:
    name = eqn.primitive.name
    return name in {"square", "mul"} or (name == "integer_pow" and eqn.params["y"] == 2)


def _sums(eqn: JaxprEqn, axes: Axes) -> bool:
    return eqn.primitive.name == "reduce_sum" and frozenset(eqn.params["axes"]) >= axes
