"""Running error bounds: every number carries how far rounding may have moved it so far.

Assumes IEEE rounding to nearest in the target format, the ulp bounds of ULPS for elementary
functions, sums and products in any order, and that results below the smallest normal number
may be flushed to zero.  Values are float64 at the target's inputs; bounds are per entry.
Where a correct program in the target format may overflow, the bound is infinite.
"""

import ml_dtypes
import numpy as np
from scipy import special

from ..vocabulary import Undecided
from .arrays import MOVES, landing
from .bounded import COMPARISONS, Bounded, Format, Predicate, decide, move, select
from .interpreter import Arithmetic


ULPS = {  # largest error of an elementary function on any device we judge, in units of u |f(x)|
    "exp": lambda x: 4,
    "exp2": lambda x: 4 + 2 * np.abs(x),  # e^(x log 2) with the product rounded
    "expm1": lambda x: 6,
    "log": lambda x: 4,
    "log1p": lambda x: np.where((-0.415 < x) & (x < -0.29), 300, 6),  # XLA leaves its fit there
    "sqrt": lambda x: 2,
    "rsqrt": lambda x: 4,
    "sin": lambda x: 4,
    "cos": lambda x: 4,
    "tanh": lambda x: 10,
    "logistic": lambda x: 10,
    "erf": lambda x: 8,
    "erfc": lambda x: 8 + 4 * x * x,  # e^(-x^2) with x^2 rounded
    "pow": lambda x: 8,
}


def bounds(target: Format) -> Arithmetic:
    """The arithmetic of running error bounds in one target format."""
    u, tiny = target.unit, target.tiny

    def rounded(value, error, roundings=1.0) -> Bounded:
        out = Bounded(value, error + roundings * u * np.abs(value) + tiny)
        size = np.abs(out.value) + out.error
        return Bounded(out.value, np.where(size <= target.largest, out.error, np.inf))

    def gamma(n: int) -> float:
        return n * u / (1.0 - n * u) if n * u < 1.0 else np.inf

    def lift(array) -> Bounded:
        array = np.asarray(array, np.float64)
        with np.errstate(over="ignore"):
            stored = array.astype(ml_dtypes.bfloat16 if target.name == "bfloat16" else target.name)
        inexact = stored.astype(np.float64) != array
        small = (np.abs(array) < tiny) & (array != 0)
        return Bounded(array, np.where(inexact, u * np.abs(array), 0.0) + np.where(small, tiny, 0.0))

    def product(x: Bounded, y: Bounded) -> Bounded:
        spread = _times(np.abs(x.value), y.error) + _times(x.error, np.abs(y.value))
        return rounded(x.value * y.value, spread + _times(x.error, y.error))

    def quotient(x: Bounded, y: Bounded) -> Bounded:
        value = x.value / y.value
        room = np.maximum(np.abs(y.value) - y.error, 0.0)
        # two roundings: compilers turn a division by a constant into a product
        return rounded(value, (x.error + np.abs(value) * y.error) / room, 2.0)

    def function(name: str, f, spread):
        """An elementary function; spread(x, e) bounds |f(x + d) - f(x)| for |d| <= e."""
        return lambda x, **_: rounded(
            f(x.value), np.where(x.error == 0, 0.0, spread(x.value, x.error)), ULPS[name](x.value)
        )

    def dot(a: Bounded, b: Bounded, dimension_numbers, **_) -> Bounded:
        multiply = lambda p, q: _dot(p, q, dimension_numbers)
        n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
        size = multiply(np.abs(a.value), np.abs(b.value))
        spread = multiply(np.abs(a.value), b.error) + multiply(a.error, np.abs(b.value))
        spread = spread + multiply(a.error, b.error)
        return rounded(multiply(a.value, b.value), spread + gamma(n) * size + n * tiny, 0.0)

    def total(x: Bounded, axes, **_) -> Bounded:
        axes = tuple(axes)
        n = int(np.prod([x.shape[i] for i in axes], dtype=int))
        spread = x.error.sum(axes) + gamma(max(n - 1, 0)) * np.abs(x.value).sum(axes)
        return rounded(x.value.sum(axes), spread, 0.0)

    def power(x: Bounded, y: int, **_) -> Bounded:
        slope = np.abs(y) * np.maximum(np.abs(x.value) - np.sign(y - 1) * -x.error, 0.0) ** (y - 1)
        return rounded(x.value**y, slope * x.error, max(abs(y) - 1, 1) + (y < 0))

    def any_power(x: Bounded, y: Bounded, **_) -> Bounded:
        value = x.value**y.value
        shift = np.abs(y.value) * x.error / np.maximum(x.value - x.error, 0.0)
        shift = shift + np.abs(np.log(x.value)) * y.error
        return rounded(value, np.abs(value) * np.expm1(shift), ULPS["pow"](x.value))

    def running_sum(x: Bounded, axis, reverse, **_) -> Bounded:
        flip = (lambda a: np.flip(a, axis)) if reverse else (lambda a: a)
        add = lambda a: flip(np.cumsum(flip(a), axis))
        spread = add(x.error) + gamma(x.shape[axis] - 1) * add(np.abs(x.value))
        return rounded(add(x.value), spread, 0.0)

    def scatter(x: Bounded, indices, updates: Bounded, **params) -> Bounded:
        into = landing(x.shape, indices, updates.shape, params)
        kept = into >= 0
        n = int(np.bincount(into[kept], minlength=1).max())

        def add(a, b):
            out = a.copy()
            np.add.at(out.reshape(-1), into[kept], b.ravel()[kept])
            return out

        size = add(np.abs(x.value), np.abs(updates.value))
        error = add(x.error, updates.error) + gamma(n) * size
        return rounded(add(x.value, updates.value), error, 0.0)

    def enter(x, new_dtype, **_):
        if isinstance(x, Bounded) and not np.issubdtype(new_dtype, np.floating):
            raise Undecided("a real number is turned into an integer: its digits decide a path")
        if isinstance(x, Predicate):
            if not np.all(x.sure):
                raise Undecided("a comparison within rounding becomes a number")
            x = x.value
        return x if isinstance(x, Bounded) else lift(np.asarray(x, np.float64))

    pull_in = lambda x, e: np.maximum(np.abs(x) - e, 0.0)
    gauss = lambda x, e: 2.0 / np.sqrt(np.pi) * np.exp(-(pull_in(x, e) ** 2)) * e
    sech2 = lambda x: 4.0 * _sigma(2.0 * x) * _sigma(-2.0 * x)
    plus = lambda x, y, **_: rounded(x.value + y.value, x.error + y.error)
    rules = {
        "add": plus,
        "add_any": plus,
        "sub": lambda x, y, **_: rounded(x.value - y.value, x.error + y.error),
        "mul": lambda x, y, **_: product(x, y),
        "div": lambda x, y, **_: quotient(x, y),
        "square": lambda x, **_: product(x, x),
        "neg": lambda x, **_: Bounded(-x.value, x.error),
        "abs": lambda x, **_: Bounded(np.abs(x.value), x.error),
        "sign": lambda x, **_: Bounded(np.sign(x.value), 2.0 * (np.abs(x.value) < x.error)),
        "integer_pow": power,
        "pow": any_power,
        "exp": function("exp", np.exp, lambda x, e: np.exp(x) * np.expm1(e)),
        "exp2": function("exp2", np.exp2, lambda x, e: np.exp2(x) * np.expm1(np.log(2) * e)),
        "expm1": function("expm1", np.expm1, lambda x, e: np.exp(x) * np.expm1(e)),
        "log": function("log", np.log, lambda x, e: -np.log1p(-np.minimum(e / np.abs(x), 1.0))),
        "log1p": function("log1p", np.log1p, lambda x, e: -np.log1p(-np.minimum(e / (1 + x), 1.0))),
        "sqrt": function("sqrt", np.sqrt, lambda x, e: e / (np.sqrt(x) + np.sqrt(pull_in(x, e)))),
        "rsqrt": function(
            "rsqrt", lambda x: x**-0.5, lambda x, e: pull_in(x, e) ** -0.5 - x**-0.5
        ),
        "sin": function("sin", np.sin, lambda x, e: e),
        "cos": function("cos", np.cos, lambda x, e: e),
        "tanh": function("tanh", np.tanh, lambda x, e: sech2(pull_in(x, e)) * e),
        "logistic": function("logistic", _sigma, lambda x, e: sech2(pull_in(x, e) / 2.0) / 4.0 * e),
        "erf": function("erf", special.erf, gauss),
        "erfc": function("erfc", special.erfc, gauss),
        "max": lambda x, y, **_: Bounded(
            np.maximum(x.value, y.value), np.maximum(x.error, y.error)
        ),
        "min": lambda x, y, **_: Bounded(
            np.minimum(x.value, y.value), np.maximum(x.error, y.error)
        ),
        "clamp": lambda low, x, high: Bounded(
            np.clip(x.value, low.value, high.value),
            np.maximum(x.error, np.maximum(low.error, high.error)),
        ),
        "stop_gradient": lambda x, **_: x,
        "reduce_sum": total,
        "reduce_max": lambda x, axes, **_: Bounded(
            x.value.max(tuple(axes)), x.error.max(tuple(axes))
        ),
        "reduce_min": lambda x, axes, **_: Bounded(
            x.value.min(tuple(axes)), x.error.max(tuple(axes))
        ),
        "cumsum": running_sum,
        "dot_general": dot,
        "scatter-add": scatter,
    }
    rules |= {name: move(name) for name in MOVES} | COMPARISONS
    rules |= {"select_n": select, "convert_element_type": enter}
    return Arithmetic(f"running error bounds in {target.name}", lift, rules, decide)


def _times(a, b):
    """a b, with 0 times infinity 0: an exact zero has no error to hand on."""
    with np.errstate(invalid="ignore"):
        product = a * b
    return np.where((a == 0) | (b == 0), 0.0, product)


def _dot(a, b, numbers):
    (contract_a, contract_b), (batch_a, batch_b) = numbers
    if batch_a:
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        sa = [next(letters) for _ in range(a.ndim)]
        sb = [next(letters) for _ in range(b.ndim)]
        for i, j in [*zip(contract_a, contract_b), *zip(batch_a, batch_b)]:
            sb[j] = sa[i]
        free_a = [sa[i] for i in range(a.ndim) if i not in (*contract_a, *batch_a)]
        free_b = [sb[j] for j in range(b.ndim) if j not in (*contract_b, *batch_b)]
        out = [sa[i] for i in batch_a] + free_a + free_b
        return np.einsum(f"{''.join(sa)},{''.join(sb)}->{''.join(out)}", a, b)
    return np.tensordot(a, b, (contract_a, contract_b))


def _sigma(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))
