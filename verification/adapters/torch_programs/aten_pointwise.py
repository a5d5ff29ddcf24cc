"""ATen's operators entry by entry, and those that make constants.

x, y are operands, `a` a number (alpha).  Integers go where PyTorch puts them: results are cast to
the dtype that it says.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from .aten_arithmetic import (
    as_float,
    copied_sign,
    divided,
    gelu,
    gelu_backward,
    is_integer,
    mantissa_and_exponent,
    power,
    softplus,
    softplus_backward,
    whole,
)

ARITHMETIC = {
    "add": lambda x, y, alpha=1: x | y if x_is_bool(x, y) else x + alpha * y,
    "sub": lambda x, y, alpha=1: x - alpha * y,
    "rsub": lambda x, y, alpha=1: y - alpha * x,
    "mul": lambda x, y: x * y,
    "div": divided,
    "true_divide": lambda x, y: as_float(x) / y,
    "floor_divide": lambda x, y: whole(jnp.floor_divide, x, y),
    "remainder": lambda x, y: jnp.remainder(x, y),
    "fmod": lambda x, y: jnp.fmod(x, y),
    "pow": power,
    "float_power": lambda x, y: power(as_float(x), y),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / as_float(x),
    "neg": lambda x: -x,
    "abs": lambda x: jnp.abs(x),
    "sign": lambda x: jnp.sign(x),
    "sgn": lambda x: jnp.sign(x),
    "signbit": lambda x: jnp.signbit(x) if not is_integer(x) else x < 0,
    "copysign": lambda x, y: copied_sign(as_float(x), as_float(y)),
    "frexp": lambda x: mantissa_and_exponent(x),
    "heaviside": lambda x, y: jnp.where(x == 0, y, (x > 0).astype(x.dtype)),
    "addcmul": lambda x, y, z, value=1: x + value * y * z,
    "addcdiv": lambda x, y, z, value=1: x + value * (y / z),
    "lerp": lambda x, y, w: x + w * (y - x),
    "hypot": lambda x, y: jnp.hypot(x, y),
    "ldexp": lambda x, y: as_float(x) * 2.0 ** as_float(y),
    "frac": lambda x: x - jnp.trunc(x),
    "maximum": lambda x, y: jnp.maximum(x, y),
    "minimum": lambda x, y: jnp.minimum(x, y),
    "fmax": lambda x, y: jnp.fmax(x, y),
    "fmin": lambda x, y: jnp.fmin(x, y),
    "clamp": lambda x, min=None, max=None: _clamp(x, min, max),
    "clamp_min": lambda x, y: jnp.maximum(x, y),
    "clamp_max": lambda x, y: jnp.minimum(x, y),
    "where": lambda c, x, y: jnp.where(c, x, y),
    "masked_fill": lambda x, mask, value: jnp.where(mask, jnp.asarray(value, x.dtype), x),
    "nan_to_num": lambda x, nan=None, posinf=None, neginf=None: jnp.nan_to_num(
        x, nan=nan or 0.0, posinf=posinf, neginf=neginf
    ),
}
ELEMENTARY = {
    "exp": lambda x: jnp.exp(x),
    "exp2": lambda x: jnp.exp2(as_float(x)),
    "expm1": lambda x: jnp.expm1(x),
    "log": lambda x: jnp.log(x),
    "log2": lambda x: jnp.log(as_float(x)) / jnp.log(2.0),
    "log10": lambda x: jnp.log(as_float(x)) / jnp.log(10.0),
    "log1p": lambda x: jnp.log1p(x),
    "sqrt": lambda x: jnp.sqrt(x),
    "rsqrt": lambda x: lax.rsqrt(as_float(x)),
    "sin": lambda x: jnp.sin(x),
    "cos": lambda x: jnp.cos(x),
    "tan": lambda x: jnp.tan(x),
    "asin": lambda x: jnp.arcsin(x),
    "acos": lambda x: jnp.arccos(x),
    "atan": lambda x: jnp.arctan(x),
    "atan2": lambda x, y: jnp.arctan2(x, y),
    "sinh": lambda x: jnp.sinh(x),
    "cosh": lambda x: jnp.cosh(x),
    "tanh": lambda x: jnp.tanh(x),
    "asinh": lambda x: jnp.arcsinh(x),
    "acosh": lambda x: jnp.arccosh(x),
    "atanh": lambda x: jnp.arctanh(x),
    "sinc": lambda x: jnp.sinc(x),
    "deg2rad": lambda x: as_float(x) * (jnp.pi / 180),
    "rad2deg": lambda x: as_float(x) * (180 / jnp.pi),
    "logaddexp": lambda x, y: jnp.logaddexp(x, y),
    "logaddexp2": lambda x, y: jnp.logaddexp2(x, y),
    "xlogy": lambda x, y: special.xlogy(*map(as_float, (x, y))),
    "special_xlog1py": lambda x, y: special.xlog1py(*map(as_float, (x, y))),
    "special_entr": lambda x: special.entr(as_float(x)),
    "erf": lambda x: special.erf(as_float(x)),
    "erfc": lambda x: special.erfc(as_float(x)),
    "erfinv": lambda x: special.erfinv(as_float(x)),
    "lgamma": lambda x: special.gammaln(as_float(x)),
    "digamma": lambda x: special.digamma(as_float(x)),
    "polygamma": lambda n, x: special.polygamma(n, as_float(x)),
    "mvlgamma": lambda x, p: special.multigammaln(as_float(x), p),
    "igamma": lambda a, x: special.gammainc(a, x),
    "igammac": lambda a, x: special.gammaincc(a, x),
    "i0": lambda x: special.i0(as_float(x)),
    "special_i0e": lambda x: special.i0e(as_float(x)),
    "special_i1": lambda x: special.i1(as_float(x)),
    "special_i1e": lambda x: special.i1e(as_float(x)),
    "special_ndtri": lambda x: special.ndtri(as_float(x)),
    "special_log_ndtr": lambda x: special.log_ndtr(as_float(x)),
    "special_zeta": lambda x, y: special.zeta(as_float(x), as_float(y)),
    "special_erfcx": lambda x: jnp.exp(x * x) * special.erfc(as_float(x)),
    "logit": lambda x, eps=None: _logit(x if eps is None else jnp.clip(x, eps, 1 - eps)),
}
ACTIVATIONS = {
    "relu": lambda x: jnp.maximum(x, 0),
    "sigmoid": lambda x: jax.nn.sigmoid(as_float(x)),
    "log_sigmoid_forward": lambda x: (-jnp.logaddexp(-x, 0.0), None),
    "silu": lambda x: x * jax.nn.sigmoid(x),
    "mish": lambda x: x * jnp.tanh(softplus(x)),
    "gelu": gelu,
    "softplus": softplus,
    "elu": lambda x, alpha=1, scale=1, input_scale=1: jnp.where(
        x > 0, scale * x, scale * alpha * jnp.expm1(input_scale * jnp.minimum(x, 0))
    ),
    "hardtanh": lambda x, low=-1, high=1: jnp.clip(x, low, high),
    "hardsigmoid": lambda x: jnp.clip(x + 3, 0, 6) / 6,
    "hardswish": lambda x: x * jnp.clip(x + 3, 0, 6) / 6,
    "leaky_relu": lambda x, slope=0.01: jnp.where(x > 0, x, slope * x),
    "_prelu_kernel": lambda x, w: jnp.where(x > 0, x, w * x),
    "threshold": lambda x, threshold, value: jnp.where(x <= threshold, value, x),
    "hardshrink": lambda x, a=0.5: jnp.where((x >= -a) & (x <= a), 0, x),
    "softshrink": lambda x, a=0.5: jnp.where(x > a, x - a, jnp.where(x < -a, x + a, 0 * x)),
    "glu": lambda x, dim=-1: _glu(*jnp.split(x, 2, dim)),
    "threshold_backward": lambda d, x, threshold: jnp.where(x <= threshold, 0, d),
    "sigmoid_backward": lambda d, a: d * (a * (1 - a)),
    "tanh_backward": lambda d, a: d * (1 - a * a),
    "gelu_backward": gelu_backward,
    "softplus_backward": softplus_backward,
}
WHOLE = {
    "floor": lambda x: jnp.floor(x) if not is_integer(x) else x,
    "ceil": lambda x: jnp.ceil(x) if not is_integer(x) else x,
    "trunc": lambda x: jnp.trunc(x) if not is_integer(x) else x,
    "round": lambda x, decimals=0: jnp.round(x, decimals) if not is_integer(x) else x,
    "eq": lambda x, y: jnp.equal(x, y),
    "ne": lambda x, y: jnp.not_equal(x, y),
    "lt": lambda x, y: jnp.less(x, y),
    "le": lambda x, y: jnp.less_equal(x, y),
    "gt": lambda x, y: jnp.greater(x, y),
    "ge": lambda x, y: jnp.greater_equal(x, y),
    "isnan": lambda x: jnp.isnan(x),
    "isinf": lambda x: jnp.isinf(x),
    "isfinite": lambda x: jnp.isfinite(x),
    "logical_and": lambda x, y: jnp.logical_and(x, y),
    "logical_or": lambda x, y: jnp.logical_or(x, y),
    "logical_xor": lambda x, y: jnp.logical_xor(x, y),
    "logical_not": lambda x: jnp.logical_not(x),
    "bitwise_and": lambda x, y: jnp.bitwise_and(x, y),
    "bitwise_or": lambda x, y: jnp.bitwise_or(x, y),
    "bitwise_xor": lambda x, y: jnp.bitwise_xor(x, y),
    "bitwise_not": lambda x: jnp.bitwise_not(x),
    "__and__": lambda x, y: jnp.bitwise_and(x, y),
    "__or__": lambda x, y: jnp.bitwise_or(x, y),
    "__xor__": lambda x, y: jnp.bitwise_xor(x, y),
}
CONSTANTS = {  # those that read no tensor are PyTorch's own, see traced.py
    "full": lambda size, value, dtype=None: np.full(size, value),
    "full_like": lambda x, value, dtype=None: np.full(x.shape, value),
    "zeros": lambda size, dtype=None: np.zeros(size),
    "ones": lambda size, dtype=None: np.ones(size),
    "zeros_like": lambda x, dtype=None: np.zeros(x.shape),
    "ones_like": lambda x, dtype=None: np.ones(x.shape),
    "_new_zeros_with_same_feature_meta": lambda x, other, **_: np.zeros(other.shape),
    "new_zeros": lambda x, size, dtype=None: np.zeros(size),
    "new_ones": lambda x, size, dtype=None: np.ones(size),
    "new_full": lambda x, size, value, dtype=None: np.full(size, value),
    "empty": lambda size, dtype=None: np.zeros(size),
    "empty_like": lambda x, dtype=None: np.zeros(x.shape),
    "new_empty": lambda x, size, dtype=None: np.zeros(size),
    "empty_strided": lambda size, stride, dtype=None: np.zeros(size),
    "new_empty_strided": lambda x, size, stride, dtype=None: np.zeros(size),
    "fill": lambda x, value: jnp.broadcast_to(jnp.asarray(value), x.shape),
    "zero": lambda x: np.zeros(x.shape),
    "copy": lambda x, y, non_blocking=False: jnp.broadcast_to(y, x.shape),
    "lift_fresh": lambda x: x,
    "lift_fresh_copy": lambda x: x,
}


def x_is_bool(x, y) -> bool:
    return all(jnp.asarray(v).dtype == bool for v in (x, y))


def _clamp(x, low, high):
    x = x if low is None else jnp.maximum(x, low)
    return x if high is None else jnp.minimum(x, high)


def _logit(x):
    x = as_float(x)
    return jnp.log(x / (1 - x))


def _glu(x, gate):
    return x * jax.nn.sigmoid(gate)


POINTWISE = ARITHMETIC | ELEMENTARY | ACTIVATIONS | WHOLE | CONSTANTS
