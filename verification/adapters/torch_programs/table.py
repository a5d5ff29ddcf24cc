"""The line that each ATen operator has: operator -> an expression of JAX, by name.

A name is that of the operator with its overload ("max.dim"), or without, where all overloads have
one line.  An operator that writes in place ("add_") has the line of the one that does not ("add").
"""

import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from .aten_distances import DISTANCES
from .aten_fourier import FOURIER
from .aten_indexing import INDEXING
from .aten_interpolation import INTERPOLATION
from .aten_linalg import LINALG
from .aten_linear import LINEAR
from .aten_norms import NORMS, running
from .aten_pointwise import POINTWISE
from .aten_prims import PRIMS
from .aten_reductions import REDUCTIONS
from .aten_sampling import SAMPLING
from .aten_sequences import SEQUENCES
from .aten_spectra import SPECTRA
from .aten_views import VIEWS
from .aten_windows import WINDOWS

TABLES = (
    *(POINTWISE, REDUCTIONS, VIEWS, INDEXING, LINEAR),
    *(LINALG, NORMS, WINDOWS, DISTANCES, SAMPLING, SPECTRA, FOURIER),
    *(INTERPOLATION, SEQUENCES),
)
LINES: dict[str, Callable] = {name: line for each in TABLES for name, line in each.items()}

HUGE, MASK = 2.0**127, 2.0**15  # torch.finfo(...).min, but for float16; e^-MASK is 0 everywhere
CONCRETE = {  # they may need numbers of their indices, masks and lengths while they are traced
    *("index", "_unsafe_index", "index_put", "_unsafe_index_put", "_index_put_impl"),
    *("masked_select", "_embedding_bag", "_embedding_bag_forward_only", "segment_reduce"),
    *("_ctc_loss", "_pack_padded_sequence", "_pad_packed_sequence", "fractional_max_pool2d"),
    "fractional_max_pool3d",
}


@functools.cache
def rule(name: str) -> Callable | None:
    """The line for an operator such as "add.Tensor" or "add_.Scalar"; None where there is none."""
    packet, _, overload = name.partition(".")
    if packet == "prims":
        return PRIMS.get(overload.partition(".")[0])
    plain = packet[:-1] if packet.endswith("_") and not packet.endswith("__") else packet
    tried = (name, f"{plain}.{overload}", packet, plain)
    return next((LINES[one] for one in tried if one in LINES), None)


def written(name: str, args: list) -> list[tuple[int, Any]]:
    """What an operator writes into its arguments without a word in its schema: place, value."""
    if name != "aten.native_batch_norm.default" or not args[5]:
        return []
    x, _, _, mean, var, _, momentum, _ = args
    if mean is None:
        return []
    return list(zip((3, 4), running(x, mean, var, momentum), strict=True))


@functools.cache
def decomposition(func: Any) -> Callable | None:
    """What PyTorch itself takes an operator apart into; None where it does not."""
    from torch._decomp import decomposition_table  # pyright: ignore[reportMissingImports]

    if func in decomposition_table:
        return decomposition_table[func]
    if func._can_decompose():
        return func.decompose
    return None


def in_python(func: Any) -> Callable | None:
    """The Python that a custom operator was made of, by torch.library.custom_op."""
    try:
        from torch._library.custom_ops import OPDEFS  # pyright: ignore[reportMissingImports]
    except ImportError:  # of another version of PyTorch
        return None
    own = OPDEFS.get(func._schema.name)
    return None if own is None or func.namespace in ("aten", "prims") else own._init_fn


def dtype_of(name: Any) -> Any:
    """NumPy's dtype for one of PyTorch's."""
    said = str(name).removeprefix("torch.")
    return jnp.bfloat16 if said == "bfloat16" else np.dtype(said)


def within_range(x: Any) -> Any:
    """A constant; where it is the largest or the least number of a dtype, a mask in all of them.

    Such a number plus another is out of the range of its dtype, and of narrower ones.
    """
    if type(x) is float:
        return float(np.copysign(MASK, x)) if HUGE <= abs(x) < np.inf else x
    if not isinstance(x, np.ndarray) or not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    with np.errstate(invalid="ignore"):
        is_huge = (np.abs(x.astype(np.float64)) >= HUGE) & np.isfinite(x)
    return np.where(is_huge, np.copysign(MASK, x), x).astype(x.dtype) if is_huge.any() else x
