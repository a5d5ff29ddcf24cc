"""What PyTorch's own decompositions end in: prims, entry by entry as ATen, and a few that move."""

from jax import lax

from .aten_pointwise import POINTWISE

ALIKE = (
    *("abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign"),
    *("cos", "cosh", "digamma", "eq", "erf", "erfc", "exp", "exp2", "expm1", "floor", "fmax"),
    *("fmin", "ge", "gt", "hypot", "isfinite", "le", "lgamma", "log", "log10", "log1p", "log2"),
    *("lt", "maximum", "minimum", "mul", "ne", "neg", "pow", "reciprocal", "rsqrt", "sign"),
    *("sin", "sinh", "sqrt", "sub", "tan", "tanh", "trunc", "where"),
)
PRIMS = {name: POINTWISE[name] for name in ALIKE if name in POINTWISE} | {
    "clone": lambda x, **_: x,
    "view_of": lambda x: x,
    "convert_element_type": lambda x, dtype: x,  # cast where its shape is checked
    "reshape": lambda x, shape: x.reshape(tuple(shape)),
    "broadcast_in_dim": lambda x, shape, dims: lax.broadcast_in_dim(x, tuple(shape), tuple(dims)),
    "transpose": lambda x, order: lax.transpose(x, tuple(order)),
    "rev": lambda x, dims: lax.rev(x, tuple(dims)),
}
