"""ATen's reductions, sums along an axis and orders."""

import jax
import jax.numpy as jnp
from jax.scipy import special

from .aten_arithmetic import as_float


def axes(x, dim):
    """No axes, or an empty list of them, are all axes; a number has an axis by courtesy."""
    if dim is None or dim == [] or x.ndim == 0:
        return None
    return tuple(dim) if isinstance(dim, list | tuple) else dim


def extreme(of, name):
    """max or min; of a number it is that number."""

    def reduced(x, dim=None, keepdim=False):
        return of(x, axes(x, dim), keepdims=keepdim) if x.ndim else x

    reduced.__name__ = name
    return reduced


largest, smallest = extreme(jnp.max, "largest"), extreme(jnp.min, "smallest")


def product(x, dim=None, keepdim=False, dtype=None):
    return jnp.prod(x, axes(x, dim), keepdims=keepdim) if x.ndim else x


def summed(x, dim=None, keepdim=False, dtype=None):
    x = x if dtype is None else x.astype(dtype)
    return jnp.sum(x, axes(x, dim), keepdims=keepdim)


def mean(x, dim=None, keepdim=False, dtype=None):
    return jnp.mean(x if dtype is None else x.astype(dtype), axes(x, dim), keepdims=keepdim)


def variance(x, dim=None, correction=1, keepdim=False):
    """sum |x - mean|^2 / (n - correction), and the mean."""
    dim = axes(x, dim)
    middle = jnp.mean(x, dim, keepdims=True)
    n = x.size // middle.size
    squares = jnp.sum(jnp.square(jnp.abs(x - middle)), dim, keepdims=keepdim)
    correction = 1 if correction is None else correction
    return squares / max(n - correction, 0), jnp.mean(x, dim, keepdims=keepdim)


def by_flag(x, dim=None, unbiased=True, keepdim=False):
    """The older spelling: `unbiased` for a correction of 1."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return variance(x, dim, int(unbiased), keepdim)


def standard_deviation(pair):
    return jnp.sqrt(pair[0]), pair[1]


def norm(x, p=2.0, dim=None, keepdim=False, dtype=None):
    """(sum |x|^p)^(1/p), its limits at 0 and infinity."""
    x = jnp.abs(x if dtype is None else x.astype(dtype))
    dim, p = axes(x, dim), 2 if p is None else p
    if p == 0:
        return jnp.sum(x != 0, dim, keepdims=keepdim)
    if abs(p) == float("inf"):
        return (largest if p > 0 else smallest)(x, dim, keepdim)
    if p == 1:
        return jnp.sum(x, dim, keepdims=keepdim)
    if p == 2:
        return jnp.sqrt(jnp.sum(x * x, dim, keepdims=keepdim))
    return jnp.sum(x**p, dim, keepdims=keepdim) ** (1 / p)


def best(pick, value):
    """Values and indices along an axis, such as max.dim."""

    def pair(x, dim, keepdim=False):
        if x.ndim == 0:
            return x, jnp.zeros((), int)
        return value(x, dim, keepdims=keepdim), pick(x, axis=dim, keepdims=keepdim)

    return pair


def ordered(x, dim=-1, descending=False, stable=True):
    """Values and indices in order; equal ones stay in theirs."""
    if x.ndim == 0:
        return x, jnp.zeros((), int)
    places = jnp.argsort(x, dim, stable=True, descending=descending)
    return jnp.take_along_axis(x, places, dim), places


def top(x, k, dim=-1, largest=True, sorted=True):
    values, places = ordered(x, dim, largest)
    if x.ndim == 0:
        return values, places
    first = lambda v: jax.lax.slice_in_dim(v, 0, k, axis=dim % x.ndim)
    return first(values), first(places)


def kth(x, k, dim=-1, keepdim=False):
    if x.ndim == 0:
        return x, jnp.zeros((), int)
    found = [jax.lax.index_in_dim(v, k - 1, dim, keepdim) for v in ordered(x, dim)]
    return found[0], found[1]


def nan_median(x, dim=None, keepdim=False):
    """The median of those that are numbers: NaN come last in an order."""
    row = jnp.ravel(x) if dim is None else jnp.moveaxis(jnp.atleast_1d(x), dim, -1)
    values, places = ordered(row)
    middle = jnp.maximum(jnp.sum(~jnp.isnan(row), -1, keepdims=True) - 1, 0) // 2
    found = [jnp.take_along_axis(v, middle, -1) for v in (values, places)]
    if dim is None:
        return found[0][0]
    back = lambda v: jnp.moveaxis(v, -1, dim) if keepdim and x.ndim else v[..., 0]
    return back(found[0]), back(found[1])


def safe_softmax(x, dim, dtype=None):
    """Rows of nothing but -inf are 0."""
    empty = jnp.all(x == -jnp.inf, dim, keepdims=True) if x.ndim else x == -jnp.inf
    return jnp.where(empty, 0.0, softmax(jnp.where(empty, 0.0, x), dim))


def commonest(x, dim=-1, keepdim=False):
    """The smallest of the values that come most often, and the last of its places."""
    if x.ndim == 0:
        return x, jnp.zeros((), int)
    row = jnp.moveaxis(x, dim, -1)
    counts = jnp.sum(row[..., :, None] == row[..., None, :], -1)
    top = counts == jnp.max(counts, -1, keepdims=True)
    value = jnp.min(jnp.where(top, row, jnp.inf), -1, keepdims=True)
    last = jnp.max(jnp.where(row == value, jnp.arange(row.shape[-1]), 0), -1, keepdims=True)
    back = lambda v: jnp.moveaxis(v, -1, dim) if keepdim else v[..., 0]
    return back(value), back(last)


def median(x, dim=None, keepdim=False):
    """The lower of the two in the middle."""
    if dim is None:
        return kth(jnp.ravel(x), (x.size + 1) // 2, 0)[0]
    return kth(x, (x.shape[dim] + 1) // 2 if x.ndim else 1, dim, keepdim)


def log_sum_exp(x, dim, keepdim=False):
    return special.logsumexp(as_float(x), axes(x, dim), keepdims=keepdim) if x.ndim else as_float(x)


def softmax(x, dim, to_float=False, dtype=None):
    if x.ndim == 0:
        return jnp.ones(())
    return jax.nn.softmax(x, dim)


def log_softmax(x, dim, to_float=False, dtype=None):
    return jax.nn.log_softmax(x, dim) if x.ndim else jnp.zeros(())


def softmax_backward(d, a, dim, dtype=None):
    return a * (d - jnp.sum(a * d, dim, keepdims=True)) if a.ndim else 0 * d


def log_softmax_backward(d, a, dim, dtype=None):
    return d - jnp.exp(a) * jnp.sum(d, dim, keepdims=True) if a.ndim else 0 * d


def along(f):
    """A cumulative operator; a number is a row of one."""
    return lambda x, dim, dtype=None: f(x, dim) if x.ndim else x


def running(f, better):
    """cummax and cummin: values and the last place of each."""

    def pair(x, dim):
        if x.ndim == 0:
            return x, jnp.zeros((), int)
        places = jnp.broadcast_to(
            jnp.expand_dims(
                jnp.arange(x.shape[dim]), [k for k in range(x.ndim) if k != dim % x.ndim]
            ),
            x.shape,
        )
        values = f(x, axis=dim % x.ndim)
        here = jnp.where(better(x, values), places, 0)
        return values, jax.lax.cummax(here, axis=dim % x.ndim)

    return pair


def count(x, dim=None):
    return jnp.count_nonzero(x, axes(x, dim))


def aminmax(x, dim=None, keepdim=False):
    return smallest(x, dim, keepdim), largest(x, dim, keepdim)


def argbest(pick):
    def places(x, dim=None, keepdim=False):
        if x.ndim == 0:
            return jnp.zeros((), int)
        return pick(x, axis=dim, keepdims=keepdim)

    return places


REDUCTIONS = {
    "sum": summed,
    "mean": mean,
    "prod": lambda x, dtype=None: product(x),
    "prod.dim_int": product,
    "nansum": lambda x, *more, **named: summed(jnp.where(jnp.isnan(x), 0, x), *more, **named),
    "var": lambda *a, **k: by_flag(*a, **k)[0],
    "std": lambda *a, **k: standard_deviation(by_flag(*a, **k))[0],
    "var.correction": lambda *a, **k: variance(*a, **k)[0],
    "std.correction": lambda *a, **k: standard_deviation(variance(*a, **k))[0],
    "var_mean": by_flag,
    "std_mean": lambda *a, **k: standard_deviation(by_flag(*a, **k)),
    "var_mean.correction": variance,
    "std_mean.correction": lambda *a, **k: standard_deviation(variance(*a, **k)),
    "norm": norm,
    "linalg_vector_norm": norm,
    "max": largest,
    "min": smallest,
    "max.dim": best(jnp.argmax, jnp.max),
    "min.dim": best(jnp.argmin, jnp.min),
    "amax": largest,
    "amin": smallest,
    "aminmax": aminmax,
    "argmax": argbest(jnp.argmax),
    "argmin": argbest(jnp.argmin),
    "any": lambda x, dim=None, keepdim=False: jnp.any(x, axes(x, dim), keepdims=keepdim),
    "all": lambda x, dim=None, keepdim=False: jnp.all(x, axes(x, dim), keepdims=keepdim),
    "_is_all_true": lambda x: jnp.all(x),
    "_is_any_true": lambda x: jnp.any(x),
    "count_nonzero": count,
    "logsumexp": log_sum_exp,
    "_softmax": softmax,
    "_log_softmax": log_softmax,
    "_safe_softmax": safe_softmax,
    "_softmax_backward_data": softmax_backward,
    "_log_softmax_backward_data": log_softmax_backward,
    "cumsum": along(jnp.cumsum),
    "cumprod": along(jnp.cumprod),
    "logcumsumexp": along(lambda x, dim: jax.lax.cumlogsumexp(x, axis=dim % x.ndim)),
    "cummax": running(jax.lax.cummax, lambda x, top: x >= top),
    "cummin": running(jax.lax.cummin, lambda x, low: x <= low),
    "sort": ordered,
    "sort.stable": lambda x, stable=True, dim=-1, descending=False: ordered(x, dim, descending),
    "argsort": lambda x, dim=-1, descending=False: ordered(x, dim, descending)[1],
    "topk": top,
    "kthvalue": kth,
    "median": median,
    "nanmedian": nan_median,
    "mode": commonest,
}
