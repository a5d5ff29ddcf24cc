"""Random rounding (Monte Carlo arithmetic): every rounding replaced by a random one, many times.

A number is its undisturbed value and up to 32 draws, in float64; the model of a rounding is in
noise.py.  Results below the smallest normal number are shaken by the subnormal grid in one half of
the draws and flushed to 0 in the other (in float16 only those of elementary functions: see
underflow); what is beyond the largest number is infinite.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..vocabulary import Undecided
from . import gamma_draws
from .any_order import joined, rounding, terms
from .arrays import matrices
from .bounds import bounds
from .complex_numbers import roots_of_unity
from .elementary import ELEMENTARY
from .formats import Format, has_digits
from .interpreter import Arithmetic
from .linear_algebra.backward import DRAWN
from .loops import InOrder, along, in_order, of_products
from .moves import landing
from .namespaces import cumsum as cumulative
from .namespaces import dot, scatter_sum, special
from .noise import DRAWS, Noise, sum_spread, underflow
from .recalled import room
from .samples import UNROUNDED, Samples, apply, decide, level, sampled, whole, wide
from .special_floats import TABLE as SPECIAL
from .special_floats import Special
from .ulps import ULPS, power_ulps, whole_below


def random_rounding(target: Format, count: int = DRAWS, seed: int = 0, first: int = 0):
    """The arithmetic of `count` draws in one target format; the same seed, the same draws."""
    noise = Noise(target, first, count, seed)
    rules = {name: partial(rule, noise) for name, rule in ROUNDED.items()}
    name = f"random roundings in {target.name}"
    return Arithmetic(name, partial(lift, noise), UNROUNDED | rules, decide)


def lift(noise: Noise, array) -> Samples:
    """A literal: exact where the format holds it, else one rounding.  Arguments are held."""
    array = np.asarray(array, np.float64)
    held = has_digits(noise.target, array)
    size = abs(array)
    beyond = (size < noise.target.tiny) & (size > 0.0)
    beyond |= (size > noise.target.largest) & (size < np.inf)  # an infinity is held
    if held.all() and not beyond.any():
        return Samples(array)
    draw = noise.draw(array)
    error = np.where(held, 0.0, noise.target.unit * draw)
    return Samples(array, noise.settle(array * (1.0 + error), draw))


# --- arithmetic ------------------------------------------------------------------------------


def rounded(noise: Noise, x: Samples, ulps: Any = 1.0, flushed: bool = False) -> Samples:
    """One rounding of `ulps` units, uniform."""
    draw = noise.draw(x.value)
    spread = (noise.target.unit / 3**0.5) * ulps
    return Samples(x.value, noise.settle(x.rows * (1.0 + spread * draw), draw, flushed))


def operation(f: Callable, ulps: float = 1.0) -> Callable:
    """+ - * /, and whatever is rounded relative to its result."""
    return lambda noise, *operands, **_: rounded(noise, apply(f, *operands), ulps)


def added(noise, x, y, **_) -> Samples:
    """x + y, and what another order of several terms rounds: see any_order.py."""
    x, y = sampled(x), sampled(y)
    total = apply(np.add, x, y)
    parts = joined(terms(x.value, x.parts, 0.0), terms(y.value, y.parts, 0.0), np.hypot)
    more, parts = rounding(total.value, parts)
    draw = noise.draw(total.value)
    spread = np.copysign(np.hypot(total.rows, more), total.rows)
    spread = np.where(np.isfinite(total.rows), spread, 0.0)
    draws = total.rows + noise.target.unit / 3**0.5 * spread * draw
    return Samples(total.value, noise.settle(draws, draw), parts)


def elementary(name: str, f: Callable) -> Callable:
    def rule(noise, x, **_):
        # flushed in any format: 1 / (1 + e^-x) is 0 once e^-x overflows
        return rounded(noise, apply(f, x), ULPS[name](x.value), flushed=True)

    return rule


def special_function(f: Special) -> Callable:
    def rule(noise, *operands, **_):
        operands = tuple(map(sampled, operands))
        found = apply(f.value, *operands)
        units = f.units(found.value, *(x.value for x in operands))
        nothing = found.value == 0.0
        return rounded(
            noise, found, np.where(nothing, 0.0, units / np.where(nothing, 1.0, abs(found.value)))
        )

    return rule


def integer_pow(noise, x, y: int, **_):
    """x^y; of a negative y it is 1 / x^-y, and x^-y may leave the range on the way."""
    products, after = power_ulps(y)
    power = apply(lambda v: v ** float(abs(y)), x)
    power = rounded(noise, power, products) if products else power
    return power if y >= 0 else rounded(noise, apply(lambda v: 1.0 / v, power), after)


def power(noise, x, y, **_):
    x, y = sampled(x), sampled(y)
    if not y.exact:
        kept = whole_below(x.value, y.value)
        held = np.broadcast_to(y.value, kept.shape)
        y = Samples(held, np.where(kept, held, level(x, y)[1]))
    return rounded(noise, apply(lambda v, w: v**w, x, y), ULPS["pow"](x.value))


def one_minus_square(noise, x, **_):
    square = rounded(noise, apply(lambda v: v * v, x))
    return rounded(noise, apply(lambda v: 1.0 - v, square))


def recalled(noise, product, above, at, program):
    """The slope was read back from a stored value: see recalled.py."""
    off = abs(above.value) * room(noise.target, bounds(noise.target), at.value, program) / 3**0.5
    draw = noise.draw(product.value)
    return Samples(product.value, noise.settle(product.rows + off * draw, draw))


# --- sums ------------------------------------------------------------------------------------

NO_LOOP = InOrder(np.zeros(()), np.zeros(()))  # sums that go by another order


def summed(noise: Noise, x: Samples, n: int, root, loop: InOrder, products=False) -> Samples:
    """A sum of n terms; root: sqrt V.  Its terms' sizes add up to sqrt(n V) at most."""
    if n < 2 and not products:
        return x
    target = noise.target
    spread = sum_spread(target, n, x.value, root, products, loop.path, loop.drift)
    if products:
        spread = spread + np.sqrt(n) * np.minimum(underflow(target), root)
    rows = noise.rows(x.rows)
    draw = noise.draw(x.value, np.sign(rows))
    draws = rows + spread * draw
    draws = np.where(np.sqrt(n) * root > target.largest, np.inf, draws)
    return Samples(x.value, noise.settle(draws, draw))


def _top(x) -> float:
    """The largest size: squares are taken over it, or those of small numbers would be 0."""
    largest = float(np.max(abs(x), initial=0.0))
    return largest if 0.0 < largest < np.inf else 1.0


def reduce_sum(noise, x, axes, **_):
    axes = tuple(map(int, axes))
    n = int(np.prod([x.shape[i] for i in axes], dtype=int))
    top = _top(x.value)
    root = top * np.sqrt(((x.value / top) ** 2).sum(axes))
    total = apply(
        lambda v: v.sum(axes), x, of_rows=lambda rows: rows.sum(tuple(axis + 1 for axis in axes))
    )
    return summed(noise, total, n, root, in_order(noise.target, along(x.value, axes), top))


def cumsum(noise, x, axis, reverse, **_):
    total = lambda v: cumulative(v, axis, reverse)
    top = _top(x.value)
    root = top * np.sqrt(total((x.value / top) ** 2))
    of_rows = lambda rows: cumulative(rows, axis + 1, reverse)
    return summed(noise, apply(total, x, of_rows=of_rows), x.shape[axis], root, NO_LOOP)


def scatter_add(noise, x, indices, updates, **params):
    total = lambda a, b: scatter_sum(a, indices, b, params)
    top = max(_top(x.value), _top(updates.value))
    root = top * np.sqrt(total((x.value / top) ** 2, (updates.value / top) ** 2))
    into = landing(x.shape, indices, updates.shape, params)
    n = 1 + int(np.bincount(into[into >= 0], minlength=1).max())
    value = total(x.value, updates.value)
    if x.exact and updates.exact:
        return summed(noise, Samples(value), n, root, NO_LOOP)
    rows = zip(noise.rows(x.rows), noise.rows(updates.rows), strict=True)
    draws = np.stack([total(a, b) for a, b in rows])
    return summed(noise, Samples(value, draws), n, root, NO_LOOP)


def dot_general(noise, a, b, dimension_numbers, **_):
    n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
    product = lambda p, q: dot(p, q, dimension_numbers)
    of_a, of_b = _top(a.value), _top(b.value)
    root = of_a * of_b * np.sqrt(product((a.value / of_a) ** 2, (b.value / of_b) ** 2))
    draws = None if a.exact and b.exact else _dot(a.rows, b.rows, dimension_numbers)
    total = Samples(product(a.value, b.value), draws)
    (left, _), (right, _) = _stacks(a.value[None], b.value[None], dimension_numbers)
    loop = of_products(noise.target, left[0], right[0], of_a * of_b)
    loop = InOrder(*(part.reshape(total.shape) for part in loop))
    return summed(noise, total, n, root, loop, products=True)


def _dot(a, b, dimension_numbers):
    """A general product of samples: axes as in dot_general, which does not count the first."""
    (a4, free_a), (b4, free_b) = _stacks(a, b, dimension_numbers)
    batch = tuple(a.shape[i + 1] for i in dimension_numbers[1][0])
    out = a4 @ b4
    return out.reshape(len(out), *batch, *free_a, *free_b)


def _stacks(a, b, dimension_numbers):
    """Samples of matrices, (samples, batch, rows, columns), and the free sizes of each operand."""
    (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
    left = _sampled_matrices(a, batch_a, contract_a, contract_last=True)
    return left, _sampled_matrices(b, batch_b, contract_b, contract_last=False)


def _sampled_matrices(x, batch, contract, contract_last: bool):
    after = lambda axes: tuple(axis + 1 for axis in axes)
    stack, free = matrices(x, (0, *after(batch)), after(contract), contract_last)
    return stack.reshape(len(x), len(stack) // len(x), *stack.shape[1:]), free


def convert(noise, x, new_dtype, **_):
    if not isinstance(x, Samples):
        return lift(noise, x.astype(np.float64))
    if x.value.dtype.kind == "b":
        if not jnp.issubdtype(new_dtype, np.floating):
            return whole(x, new_dtype)
        return apply(lambda v: v.astype(np.float64), x)
    if not jnp.issubdtype(new_dtype, np.floating):
        whole_part = (lambda v: v != 0.0) if new_dtype == np.bool_ else np.trunc
        if (whole_part(x.rows) == whole_part(x.value)).all():
            return whole_part(x.value).astype(new_dtype)
        raise Undecided("a real number is turned into an integer: its digits decide a path")
    return x


# --- the tables ------------------------------------------------------------------------------

ROUNDED = {
    "add": added,
    "add_any": added,
    "sub": operation(np.subtract),
    "mul": operation(np.multiply),
    "div": operation(np.divide, 2.0),  # compilers turn a division by a constant into a product
    "square": operation(np.square),
    "one_minus_square": one_minus_square,
    "integer_pow": integer_pow,
    "pow": power,
    "exp": elementary("exp", np.exp),
    "exp2": elementary("exp2", np.exp2),
    "expm1": elementary("expm1", np.expm1),
    "log": elementary("log", np.log),
    "log1p": elementary("log1p", np.log1p),
    "sqrt": elementary("sqrt", np.sqrt),
    "rsqrt": elementary("rsqrt", lambda v: v**-0.5),
    "sin": elementary("sin", np.sin),
    "cos": elementary("cos", np.cos),
    "tanh": elementary("tanh", np.tanh),
    "logistic": elementary("logistic", special("expit")),
    "erf": elementary("erf", special("erf")),
    "erfc": elementary("erfc", special("erfc")),
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
    "dot_general": dot_general,
    "convert_element_type": convert,
    "recalled": recalled,
    "roots_of_unity": roots_of_unity.drawn,
    "sign": lambda noise, x, **_: rounded(noise, apply(np.sign, wide(sampled(x))), 2.0),  # x / |x|
    "atan2": lambda noise, y, x, **_: rounded(noise, apply(np.arctan2, y, x), ULPS["atan2"](y)),
} | {name: elementary(name, lambda v, f=f: f.value(np, v)) for name, f in ELEMENTARY.items()}
ROUNDED |= DRAWN | {gamma_draws.NAME: gamma_draws.drawn}
ROUNDED |= {name: special_function(f) for name, f in SPECIAL.items()}
