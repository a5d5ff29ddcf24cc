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
from . import gamma_draws, observed, rooms_ahead
from .any_order import Terms, joined, rounding, terms
from .bounded import times
from .bounds import bounds
from .complex_numbers import roots_of_unity
from .drawn_sums import SUMS
from .elementary import ELEMENTARY
from .formats import Format, are_plain, has_digits
from .interpreter import Arithmetic
from .linear_algebra.backward import DRAWN
from .namespaces import special
from .noise import DRAWS, Noise
from .recalled import room
from .samples import UNROUNDED, Samples, apply, decide, level, sampled, select, whole, wide
from .shaken import ADDED, RELATIVE, is_large, is_slim, shaken
from .special_floats import TABLE as SPECIAL
from .special_floats import Special
from .ulps import ULPS, power_ulps, whole_below


def random_rounding(
    target: Format,
    count: int = DRAWS,
    seed: int = 0,
    first: int = 0,
    kept: dict | None = None,
    coarser: float = 1.0,
):
    """The arithmetic of `count` draws in one target format; the same seed, the same draws.

    `kept`: an empty dict for all parts of the draws of one program at one point: see noise.py.
    `coarser`: how much coarser the target is than the format that is meant.
    """
    noise = Noise(target, first, count, seed, kept)
    rules = {name: partial(rule, noise) for name, rule in ROUNDED.items()}
    name = f"random roundings in {target.name}"
    chosen = {"select_n": partial(select, coarser=coarser)}
    # what the first of several runs has kept, later ones do not ask for: see `recalled`
    control = {} if noise.kept else rooms_ahead.control(target, bounds)
    return Arithmetic(name, partial(lift, noise), UNROUNDED | chosen | rules, decide, control)


def lift(noise: Noise, array) -> Samples:
    """A literal: exact where the format holds it, else one rounding.  Arguments are held."""
    array = np.asarray(array, np.float64)
    held = noise.once(lambda: _held(noise.target, array))
    if held is None:
        return Samples(array)
    draw = noise.draw(array)
    error = np.where(held, 0.0, noise.target.unit * draw)
    return Samples(array, noise.settle(array * (1.0 + error), draw))


def _held(target: Format, array: np.ndarray) -> np.ndarray | None:
    """Which numbers the format holds; None for all of them, and for those within its range."""
    if are_plain(target, array):
        return None
    held, size = has_digits(target, array), abs(array)
    beyond = (size < target.tiny) & (size > 0.0)
    beyond |= (size > target.largest) & (size < np.inf)  # an infinity is held
    return None if held.all() and not beyond.any() else held


# --- arithmetic ------------------------------------------------------------------------------


def rounded(noise: Noise, x: Samples, ulps: Any = 1.0, flushed: bool = False) -> Samples:
    """One rounding of `ulps` units, uniform."""
    spread = (noise.target.unit / 3**0.5) * ulps
    if is_large(x.value):
        return Samples(x.value, shaken(noise, x.rows, spread, RELATIVE, flushed))
    draw = noise.draw(x.value)
    return Samples(x.value, noise.settle(x.rows * (1.0 + spread * draw), draw, flushed))


def operation(f: Callable, ulps: float = 1.0) -> Callable:
    """+ - * /, and whatever is rounded relative to its result."""
    return lambda noise, *operands, **_: rounded(noise, apply(f, *operands), ulps)


def multiplied(noise, x, y, **_) -> Samples:
    """x y, and 0 where nothing is taken of what is infinite by itself: see bounded.product."""
    x, y = sampled(x), sampled(y)
    out = operation(np.multiply)(noise, x, y)
    if not np.isnan(out.value).any():
        return out
    nothing = ((x.value == 0) & np.isinf(y.value)) | ((y.value == 0) & np.isinf(x.value))
    value = np.where(nothing, 0.0, out.value)
    return Samples(value, np.where(nothing & np.isnan(out.rows), 0.0, out.rows))


def added(noise, x, y, **_) -> Samples:
    """x + y, and what another order of several terms rounds: see any_order.py."""
    x, y = sampled(x), sampled(y)
    total = apply(np.add, x, y)
    pair = ((x.value, x.parts, 0.0), (y.value, y.parts, 0.0))
    more, parts = noise.once(
        lambda: _slim(*rounding(total.value, joined(terms(*pair[0]), terms(*pair[1]), np.hypot)))
    )
    if is_large(total.value):
        return Samples(total.value, shaken(noise, total.rows, more, ADDED), parts)
    draw = noise.draw(total.value)
    spread = np.copysign(np.hypot(total.rows, more), total.rows)
    spread = np.where(np.isfinite(total.rows), spread, 0.0)
    draws = total.rows + noise.target.unit / 3**0.5 * spread * draw
    return Samples(total.value, noise.settle(draws, draw), parts)


def _slim(more: Any, parts: Terms) -> tuple[Any, Terms]:
    """Of large arrays in half the memory."""
    if not is_slim(parts.plus, parts.minus):
        return more, parts
    more = np.float32(more) if more.any() else np.zeros(())
    return more, parts._replace(
        plus=np.float32(parts.plus), minus=np.float32(parts.minus), error=np.float32(parts.error)
    )


def elementary(name: str, f: Callable) -> Callable:
    def rule(noise, x, **_):
        # flushed in any format: 1 / (1 + e^-x) is 0 once e^-x overflows
        return rounded(noise, apply(f, x), ULPS[name](x.value), flushed=True)

    return rule


def special_function(f: Special) -> Callable:
    def rule(noise, *operands, **_):
        operands = tuple(map(sampled, operands))
        found = apply(f.value, *operands)
        unit = noise.target.unit
        units = f.error(unit, found.value, *(x.value for x in operands)) / unit
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
    target = noise.target
    off = noise.once(
        lambda: times(abs(above.value), room(target, bounds(target), at.value, program)) / 3**0.5
    )
    draw = noise.draw(product.value)
    return Samples(product.value, noise.settle(product.rows + off * draw, draw))


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
    "mul": multiplied,
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
    "convert_element_type": convert,
    "recalled": recalled,
    "roots_of_unity": roots_of_unity.drawn,
    observed.NAME: observed.drawn,
    "sign": lambda noise, x, **_: rounded(noise, apply(np.sign, wide(sampled(x))), 2.0),  # x / |x|
    "atan2": lambda noise, y, x, **_: rounded(noise, apply(np.arctan2, y, x), ULPS["atan2"](y)),
} | {name: elementary(name, lambda v, f=f: f.value(np, v)) for name, f in ELEMENTARY.items()}
ROUNDED |= SUMS | DRAWN | {gamma_draws.NAME: gamma_draws.drawn}
ROUNDED |= {name: special_function(f) for name, f in SPECIAL.items()}
