"""Random rounding (Monte Carlo arithmetic): every rounding replaced by a random one, many times.

A number is a sample along a leading axis, in float64; sample 0 is never disturbed, and an axis
of length 1 says that all samples are alike.  The model of one rounding in a format of unit u:

    elementary operation   relative error uniform on [-k u, k u], k its bound in ulps (1 for + - *)
    sum of n terms         s.d. u sqrt((n/9 + 1/6) S^2 + (n/18) V), S the sum, V the sum of squares
    dot product            the same with S = A.B, V = A^2.B^2, and V/3 more for the products

The sums are those of a walk that ends at S and wanders by V: over random signs S^2 is V on average
and the variance n/6 V; terms of one sign add n/9 S^2, as they do in a loop that adds in order.
Half of the variance of each operation is one draw for the whole array: equal operands are rounded
alike, so that errors of equal rows add up.  Results below the smallest normal number are rounded to
the subnormal grid in one half of the samples and flushed to 0 in the other (in float16 only those
of elementary functions: see underflow); what is beyond the
largest number is infinite.

Source: Parker, Monte Carlo Arithmetic (1997); Higham & Mary, A new approach to probabilistic
rounding error analysis (2019).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from ..vocabulary import Undecided
from .arrays import landing
from .bounded import Format
from .bounds import ULPS
from .interpreter import Arithmetic
from .samples import UNROUNDED, Samples, decide, level


class Noise:
    """The format that rounds, and the draws: `count` samples besides the undisturbed one."""

    def __init__(self, target: Format, count: int, rng: np.random.Generator):
        self.target, self.count, self.rng = target, count, rng
        self.grid = 2.0 * target.unit * target.tiny  # spacing of the subnormal numbers
        self.flushed = underflow(target) == target.tiny

    def draw(self, shape: tuple[int, ...], kind: str, sign: Any = 1.0) -> np.ndarray:
        """(1 + count, *shape): zero, then draws of unit scale, half of the variance shared."""
        own, shared = self._draw((self.count, *shape), kind), self._draw((self.count,), kind)
        out = np.zeros((1 + self.count, *shape))
        out[1:] = own
        out[1:] += shared.reshape(-1, *(1,) * len(shape)) * (sign[1:] if np.ndim(sign) else sign)
        out *= 0.5**0.5
        return out

    def _draw(self, shape, kind: str) -> np.ndarray:
        if kind == "normal":
            return self.rng.standard_normal(shape, np.float32)
        return 2.0 * self.rng.random(shape, np.float32) - 1.0

    def settle(self, value: np.ndarray, flushed: bool = False) -> np.ndarray:
        """Underflow and overflow of a result; sample 0 stays as it is."""
        size = np.abs(value)
        if not (size <= self.target.largest).all():
            value = self.overflow(value, size)
        small = (size < self.target.tiny) & (size > 0.0)
        if small.any():
            value = self._underflow(np.array(self.spread(value)), self.spread(small), flushed)
        return value

    def overflow(self, value: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Infinite where `size` is beyond the largest number; sample 0 stays as it is."""
        over = np.array(self.spread(size)) > self.target.largest
        over[0] = False
        return np.where(over, np.copysign(np.inf, value), value)

    def _underflow(self, value, small, flushed: bool) -> np.ndarray:
        small = small.copy()
        small[0] = False
        dither = self.rng.random(int(small.sum()), np.float32) - 0.5
        flush = np.arange(len(value)).reshape(-1, *(1,) * (value.ndim - 1)) % 2 == 1
        value[small] = self.grid * np.rint(value[small] / self.grid + dither)
        return np.where(small & flush, 0.0, value) if flushed or self.flushed else value

    def spread(self, value: np.ndarray) -> np.ndarray:
        """All samples, also where they are alike."""
        return np.broadcast_to(value, (1 + self.count, *value.shape[1:]))


def underflow(target: Format) -> float:
    """What underflow may take: the smallest normal number, or one step of the subnormal grid.

    float16 keeps its subnormals in arithmetic: it is computed in float32, or gradually.
    """
    return 2.0 * target.unit * target.tiny if target.name == "float16" else target.tiny


def random_rounding(target: Format, count: int, seed: int | list[int]) -> Arithmetic:
    """The arithmetic of 1 + count samples in one target format; the same seed, the same draws."""
    noise = Noise(target, count, np.random.default_rng(seed))
    rules = {name: partial(rule, noise) for name, rule in ROUNDED.items()}
    name = f"random roundings in {target.name}"
    return Arithmetic(name, partial(lift, noise), UNROUNDED | rules, decide)


def lift(noise: Noise, array) -> Samples:
    """An input or a literal: exact where the format holds it, else one rounding."""
    array = np.asarray(array, np.float64)[None]
    fraction = np.frexp(array)[0] / noise.target.unit  # of the numbers held: an integer
    held = (fraction == np.rint(fraction)) | ~np.isfinite(array)
    if held.all():
        return Samples(noise.settle(array))
    error = np.where(held, 0.0, noise.target.unit * noise.draw(array.shape[1:], "uniform"))
    return Samples(noise.settle(array * (1.0 + error)))


# --- arithmetic ------------------------------------------------------------------------------


def rounded(noise: Noise, value: np.ndarray, ulps=1.0, flushed: bool = False) -> Samples:
    error = noise.draw(value.shape[1:], "uniform")
    error *= noise.target.unit * ulps
    error += 1.0
    error *= value
    disturbed = error if np.isfinite(value).all() else _kept(error, value)
    return Samples(noise.settle(disturbed, flushed))


def _kept(disturbed, value):
    return np.where(np.isfinite(value), disturbed, value)


def operation(f: Callable, ulps: float = 1.0) -> Callable:
    """+ - * /, and whatever is rounded relative to its result."""
    return lambda noise, *operands, **_: rounded(noise, f(*level(*operands)), ulps)


def elementary(name: str, f: Callable) -> Callable:
    def rule(noise, x, **_):
        # flushed in any format: 1 / (1 + e^-x) is 0 once e^-x overflows
        return rounded(noise, f(x.value), ULPS[name](x.value), flushed=True)

    return rule


def integer_pow(noise, x, y: int, **_):
    return rounded(noise, x.value ** float(y), max(abs(y) - 1, 1) + (y < 0))


def power(noise, x, y, **_):
    x, y = level(x, y)
    return rounded(noise, x**y, ULPS["pow"](x))


# --- sums ------------------------------------------------------------------------------------


def summed(noise: Noise, value, n: int, root, sizes, products=False) -> Samples:
    """A sum of n terms; root: sqrt V of the undisturbed sample, sizes: the sum of |terms|."""
    if n < 2 and not products:
        return Samples(value)
    whole, walk = np.sqrt(n / 9 + 1 / 6), np.sqrt(n / 18 + products / 3)
    spread = noise.target.unit * np.hypot(whole * np.abs(value[:1]), walk * root)
    if products:
        spread = spread + np.sqrt(n) * np.minimum(underflow(noise.target), root)
    value = noise.spread(value)
    sign = np.sign(value)
    value = value + spread * noise.draw(value.shape[1:], "normal", sign)
    if np.any(sizes > noise.target.largest):
        value = noise.overflow(value, sizes)
    return Samples(noise.settle(value))


def top(value: np.ndarray) -> float:
    """The largest size: squares are taken over it, or those of small numbers would be 0."""
    largest = float(np.abs(value).max(initial=0.0))
    return largest if 0.0 < largest < np.inf else 1.0


def root_of(total: Callable, *values: np.ndarray) -> np.ndarray:
    """sqrt of total(values^2), for a sum over arrays of one kind."""
    scale = max(map(top, values))
    return scale * np.sqrt(total(*((v / scale) ** 2 for v in values)))


def reduce_sum(noise, x, axes, **_):
    axes = tuple(axis + 1 for axis in axes)
    n = int(np.prod([x.value.shape[i] for i in axes], dtype=int))
    first = x.value[:1]
    root, sizes = root_of(lambda v: v.sum(axes), first), np.abs(first).sum(axes)
    return summed(noise, x.value.sum(axes), n, root, sizes)


def cumsum(noise, x, axis, reverse, **_):
    flip = (lambda a: np.flip(a, axis + 1)) if reverse else (lambda a: a)
    total = lambda a: flip(np.cumsum(flip(a), axis + 1))
    first = x.value[:1]
    root, sizes = root_of(total, first), total(np.abs(first))
    return summed(noise, total(x.value), x.shape[axis], root, sizes)


def scatter_add(noise, x, indices, updates, **params):
    into = landing(x.shape, indices, updates.shape, params)
    kept = into >= 0
    n = 1 + int(np.bincount(into[kept], minlength=1).max())

    def total(a, b):
        out = np.array(np.broadcast_to(a, (max(len(a), len(b)), *a.shape[1:])))
        flat, more = out.reshape(len(out), -1), b.reshape(len(b), -1)
        for row, terms in zip(flat, np.broadcast_to(more, (len(flat), into.size)), strict=True):
            np.add.at(row, into[kept], terms[kept])
        return flat.reshape(out.shape)

    first = x.value[:1], updates.value[:1]
    root, sizes = root_of(total, *first), total(*map(np.abs, first))
    return summed(noise, total(x.value, updates.value), n, root, sizes)


def dot_general(noise, a, b, dimension_numbers, **_):
    n = int(np.prod([a.shape[i] for i in dimension_numbers[0][0]], dtype=int))
    product = lambda p, q: _dot(p, q, dimension_numbers)
    one_a, one_b = a.value[:1], b.value[:1]
    with np.errstate(all="ignore"):
        reach = n * np.abs(one_a).max(initial=0.0) * np.abs(one_b).max(initial=0.0)
        sizes = product(abs(one_a), abs(one_b)) if not reach < noise.target.largest else np.zeros(1)
    of_a, of_b = top(one_a), top(one_b)
    root = of_a * of_b * np.sqrt(product((one_a / of_a) ** 2, (one_b / of_b) ** 2))
    return summed(noise, product(a.value, b.value), n, root, sizes, products=True)


def _dot(a, b, dimension_numbers):
    """A general product of samples: axes as in dot_general, which does not count the first."""
    (contract_a, contract_b), (batch_a, batch_b) = dimension_numbers
    a4, free_a = _matrices(a, batch_a, contract_a, last=True)
    b4, free_b = _matrices(b, batch_b, contract_b, last=False)
    batch = tuple(a.shape[i + 1] for i in batch_a)
    out = a4 @ b4
    return out.reshape(len(out), *batch, *free_a, *free_b)


def _matrices(x, batch, contract, last: bool):
    """x as (samples, batch, free, contracted), or with the last two swapped; the free sizes."""
    free = [i for i in range(x.ndim - 1) if i not in (*batch, *contract)]
    inner = [*free, *contract] if last else [*contract, *free]
    count = lambda axes: int(np.prod([x.shape[i + 1] for i in axes], dtype=int))
    sizes = (count(free), count(contract)) if last else (count(contract), count(free))
    stack = x.transpose([0, *(i + 1 for i in (*batch, *inner))])
    return stack.reshape(len(x), count(batch), *sizes), tuple(x.shape[i + 1] for i in free)


def convert(noise, x, new_dtype, **_):
    if not isinstance(x, Samples):
        return lift(noise, x)
    if x.value.dtype.kind == "b":
        wide = np.float64 if np.issubdtype(new_dtype, np.floating) else new_dtype
        return Samples(x.value.astype(wide))
    if not np.issubdtype(new_dtype, np.floating):
        raise Undecided("a real number is turned into an integer: its digits decide a path")
    return x


# --- the tables ------------------------------------------------------------------------------

ROUNDED = {
    "add": operation(np.add),
    "add_any": operation(np.add),
    "sub": operation(np.subtract),
    "mul": operation(np.multiply),
    "div": operation(np.divide, 2.0),  # compilers turn a division by a constant into a product
    "square": operation(np.square),
    "one_minus_square": lambda noise, x, **_: rounded(
        noise, 1.0 - rounded(noise, np.square(x.value)).value
    ),
    "integer_pow": integer_pow,
    "pow": power,
    "exp": elementary("exp", np.exp),
    "exp2": elementary("exp2", np.exp2),
    "expm1": elementary("expm1", np.expm1),
    "log": elementary("log", np.log),
    "log1p": elementary("log1p", np.log1p),
    "sqrt": elementary("sqrt", np.sqrt),
    "rsqrt": elementary("rsqrt", lambda x: x**-0.5),
    "sin": elementary("sin", np.sin),
    "cos": elementary("cos", np.cos),
    "tanh": elementary("tanh", np.tanh),
    "logistic": elementary("logistic", special.expit),
    "erf": elementary("erf", special.erf),
    "erfc": elementary("erfc", special.erfc),
    "reduce_sum": reduce_sum,
    "cumsum": cumsum,
    "scatter-add": scatter_add,
    "dot_general": dot_general,
    "convert_element_type": convert,
}
