"""Random rounding to first order, for many cases under one compilation.

The model is that of rounding.py.  Errors are small, so each draw is a tangent: it moves through
an operation by that operation's derivative at the undisturbed value, in float32 and in units of u.
Nothing transcendental is computed per draw, and a draw costs less than a gradient in float32.
A comparison that rounding may turn leaves both cases open.  Where first order does not do, for a
number near the end of the format's range, the case is unsettled, and rounding.py has the word.
An infinity that the program has itself, as that of a mask, is no such number.
"""

from collections.abc import Callable
from functools import partial, reduce
from itertools import accumulate, pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..vocabulary import Undecided
from . import observed
from .any_order import joined, opposite, rounding, terms, unrounded
from .arrays import MOVES
from .bounded import decided
from .bounded_sums import largest_share
from .bounds import bounds
from .formats import Format, has_digits
from .interpreter import Arithmetic, is_plain
from .loops import along
from .noise import sum_spread
from .recalled import room
from .tangent_draws import axis, raised, stored
from .tangent_values import (
    PRIMITIVES,
    Gate,
    Ledger,
    Tangents,
    exact,
    kept,
    operation,
    pushed,
)
from .ulps import ULPS, power_ulps

STRETCHES = 8  # of a sum, whose ends say how far it wanders
TURNS = 8.0  # a comparison counts as settled beyond so many times the largest of the draws


def tangents(target: Format) -> tuple[Arithmetic, Ledger]:
    """The arithmetic of first-order draws, and the ledger of one run in it."""
    ledger = Ledger(target)
    rules = {name: partial(rule, ledger, name) for name, rule in TABLE.items()}
    name = f"random roundings in {target.name}, to first order"
    return Arithmetic(name, partial(_lift, ledger), rules, _decide), ledger


def _decide(number):
    if isinstance(number, Gate):
        raise Undecided("a comparison within rounding steers a branch or a loop")
    return decided(number)


def _lift(ledger: Ledger, array) -> Tangents:
    """Arguments are held by the format; a literal is, or has one rounding."""
    if isinstance(array, jax.Array):
        return Tangents(array)
    array = np.asarray(array, np.float64)
    ledger.endless |= bool(np.isinf(array).any())
    if has_digits(ledger.target, array).all():
        return Tangents(array)
    return ledger.round(array, (), abs(array))


# --- rules -----------------------------------------------------------------------------------


def rounded(ulps: Callable) -> Callable:
    """One rounding of so many units."""

    def rule(ledger, name, *ins, **params):
        value, parts = pushed(name, ins, params)
        return ledger.round(value, parts, abs(value) * (ulps(*ins, **params) / 3**0.5), ins)

    return rule


def added(ledger, name, x, y, **params) -> Tangents:
    """A sum, and what another order of several terms rounds: see any_order.py."""
    value, parts = pushed(name, (x, y), params)
    one, other = terms(x.value, x.terms, 0.0), terms(y.value, y.terms, 0.0)
    more, every = rounding(value, joined(one, other, jnp.hypot))
    total = ledger.round(value, parts, jnp.hypot(value, more) / 3**0.5, (x, y))
    return Tangents(total.value, total.parts, every)


def negated(ledger, name, x, **params) -> Tangents:
    value, parts = pushed(name, (x,), params)
    return Tangents(value, parts, x.terms and opposite(x.terms))


def compare(ledger, name, x, y, **_) -> Gate:
    holds = PRIMITIVES[name].bind(*jnp.broadcast_arrays(x.value, y.value))
    noisy = [(side, node) for side, n in ((1.0, x), (-1.0, y)) if (node := n.drawn()) is not None]
    if not noisy:
        return Gate(holds, jnp.zeros_like(holds))
    near: Any = 0.0
    for side, node in noisy:
        near = near + side * raised(stored(node), node.shape, holds.shape)
    reach = TURNS * ledger.target.unit * jnp.max(abs(near), axis(holds.shape))
    return Gate(holds, (abs(x.value - y.value) <= reach) & (reach > 0))


def choose(ledger, name, which, *cases, **params):
    """Where a draw may turn the gate, the other case is as likely: half the distance is noise."""
    if not isinstance(which, Gate):
        return exact(ledger, name, which, *cases, **params)
    value, parts = pushed(name, (which.value, *cases), params)
    apart = abs(cases[0].value - cases[-1].value) * which.unsure
    return ledger.round(value, parts, apart / (2.0 * ledger.target.unit))


def logic(f: Callable) -> Callable:
    def rule(ledger, name, *ins, **_) -> Gate:
        gates = [x if isinstance(x, Gate) else Gate(x, jnp.zeros_like(x)) for x in ins]
        unsure = reduce(jnp.logical_or, [g.unsure for g in gates])
        return Gate(f(*(g.value for g in gates)), unsure)

    return rule


def sign(ledger, name, x, **_) -> Tangents:
    gate = compare(ledger, "gt", x, Tangents(jnp.zeros(())))
    side = jnp.sign(x.value)
    division = abs(side) * (2.0 / 3**0.5)  # x / |x|
    return ledger.round(side, (), jnp.hypot(gate.unsure / ledger.target.unit, division))


def one_minus_square(ledger, name, x, **_):
    return ONE(ledger, "sub", Tangents(1.0), ONE(ledger, "square", x))


def recalled(ledger, name, product, above, at, program) -> Tangents:
    """The slope was read back from a stored value: see recalled.py."""
    off = abs(above.value) * room(ledger.target, bounds(ledger.target), at.value, program) / 3**0.5
    return ledger.round(product.value, product.parts, off / ledger.target.unit, (product,))


def convert(ledger, name, x, new_dtype, **_):
    if isinstance(x, Gate):
        if not jnp.issubdtype(new_dtype, np.floating):
            raise Undecided("a comparison within rounding becomes a number that counts")
        spread = x.unsure / (2.0 * ledger.target.unit)
        return ledger.round(x.value.astype(jnp.float64), (), spread)
    if not isinstance(x, Tangents):
        return Tangents(jnp.asarray(x, jnp.float64))
    if not jnp.issubdtype(new_dtype, np.floating):
        raise Undecided("a real number is turned into an integer: its digits decide a path")
    return x


# --- sums ------------------------------------------------------------------------------------


def summed(squares: Callable, terms: Callable, loop: Callable, products: bool = False) -> Callable:
    """A sum of `terms` terms.

    squares  the same sum over the squares of its terms
    loop     the sums of a few stretches of it, in turn
    """

    def rule(ledger, name, *ins, **params):
        value, parts = pushed(name, ins, params)
        n = terms(*ins, **params)
        if isinstance(n, int) and n < 2 and not products:
            return Tangents(value, parts)
        floats = [x.value if isinstance(x, Tangents) else x for x in ins]
        root, unit = jnp.sqrt(squares(name, floats, params)), ledger.target.unit
        narrow = [x if is_plain(x) else x.astype(jnp.float32) for x in floats]
        drift = abs(operation(name, params)(*narrow) - value) * (ledger.target.sums / 2.0**-24)
        pieces = loop(*narrow, **params)
        reached = sum(jnp.square(part) for part in accumulate(pieces))
        path = ledger.target.sums * jnp.sqrt(n / len(pieces) / 3.0 * reached)
        spread = sum_spread(ledger.target, n, value, root, products, path, drift)
        if name == "reduce_sum" and not ins[0].parts:
            spread = jnp.where(unrounded(ledger.target, floats[0], params["axes"]), 0.0, spread)
        return ledger.round(value, parts, spread / unit)

    return rule


def stretches(a, b, dimension_numbers, **_) -> list:
    """A product over one axis in STRETCHES parts; over several axes, whole."""
    (contract_a, contract_b), (batch_a, _) = dimension_numbers
    whole = lambda p, q: lax.dot_general(p, q, dimension_numbers)
    if len(contract_a) != 1 or batch_a or a.shape[contract_a[0]] < 2 * STRETCHES:
        return [whole(a, b)]
    return [
        whole(*pair) for pair in zip(_cut(a, contract_a[0]), _cut(b, contract_b[0]), strict=True)
    ]


def stretches_of_sum(x, axes, **_) -> list:
    """Of a sum over axes, in row order; term by term where they are few."""
    terms = along(x, axes)
    if len(terms) < 2 * STRETCHES:
        return list(terms)
    return [part.sum(0) for part in _cut(terms, 0)]


def _cut(x, axis: int) -> list:
    """STRETCHES pieces of x along an axis."""
    edges = np.linspace(0, x.shape[axis], STRETCHES + 1).astype(int).tolist()
    return [lax.slice_in_dim(x, *pair, axis=axis) for pair in pairwise(edges)]


def _of_squares(name: str, ins, params):
    square = lambda x: x if is_plain(x) else jnp.square(x)
    return operation(name, params)(*map(square, ins))


def _contracted(a, b, dimension_numbers, **_) -> int:
    return int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))


sums = partial(summed, _of_squares)
WHOLE = lambda *ins, **_: [jnp.zeros(())]
ONE = rounded(lambda *_, **__: 1.0)
TABLE = (
    {name: exact for name in MOVES if name in PRIMITIVES}
    | dict.fromkeys(("reshape", "squeeze", "transpose", "rev", "copy"), kept)
    | dict.fromkeys(("max", "min", "abs", "reduce_max", "reduce_min", "clamp"), exact)
    | dict.fromkeys(("lt", "gt", "le", "ge", "eq", "ne"), compare)
    | dict.fromkeys(("sub", "mul", "square"), ONE)
    | dict.fromkeys(("add", "add_any"), added)
    | {
        name: rounded(lambda x, *_, name=name, **__: ULPS[name](x.value))
        for name in ULPS
        if name in PRIMITIVES
    }
    | {
        "div": rounded(lambda *_, **__: 2.0),
        "integer_pow": rounded(lambda *_, y, **__: sum(power_ulps(y))),
        "one_minus_square": one_minus_square,
        "select_n": choose,
        "and": logic(jnp.logical_and),
        "or": logic(jnp.logical_or),
        "not": logic(jnp.logical_not),
        "is_finite": lambda ledger, name, x, **_: jnp.isfinite(x.value),
        "neg": negated,
        "sign": sign,
        "convert_element_type": convert,
        "recalled": recalled,
        observed.NAME: observed.tangents,
        "stop_gradient": lambda ledger, name, x, **_: x,
        "copy_p": lambda ledger, name, x, **_: x,
        "dot_general": sums(_contracted, stretches, products=True),
        "reduce_sum": sums(
            lambda x, axes, **_: int(np.prod([x.shape[i] for i in axes], dtype=int)),
            stretches_of_sum,
        ),
        "cumsum": sums(lambda x, axis, **_: x.shape[axis], WHOLE),
        "scatter-add": sums(
            lambda x, indices, updates, **params: (
                1.0 + largest_share(x.shape, indices, updates.value, params)
            ),
            WHOLE,
        ),
    }
)
