"""A value as Python source that makes it again, or nothing where that would not be it.

Arrays of at most MOST entries, numbers, strings, containers, NamedTuples and dataclasses whose
class can be imported.  Floats are written so that they are read back as they are.
"""

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

MOST = 400  # entries of all arrays together
FEW = 8  # entries that are written out though they are all the same
PLAIN = (bool, int, float, complex, str, bytes, type(None))


class Code(NamedTuple):
    """An expression, and the imports that it needs."""

    text: str
    imports: tuple[str, ...] = ()


class NoCode(Exception):
    """There is no short source of this value."""


def as_code(value: Any) -> Code:
    """Raises NoCode for what is too large, or is no such value."""
    if sum(np.size(x) for x in jax.tree.leaves(value) if hasattr(x, "dtype")) > MOST:
        raise NoCode
    return _of(value)


def importable(value: Any) -> str:
    """The line that imports a function or class by name; empty where none does."""
    module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
    here = sys.modules.get(module or "")
    is_there = str(name).isidentifier() and getattr(here, name, None) is value
    if not is_there or module == "__main__":
        return ""
    return f"from {_public(module, name, value)} import {name}"


def _public(module: str, name: str, value: Any) -> str:
    """Where the package shows it, if it is made in a private module: jax.nn, not jax._src.nn."""
    is_private = lambda path: any(part.startswith("_") for part in path.split("."))
    if not is_private(module):
        return module
    top = module.partition(".")[0]
    inside = [m for m in list(sys.modules) if m == top or m.startswith(f"{top}.")]
    has = lambda m: vars(sys.modules[m]).get(name) is value
    found = [m for m in inside if not is_private(m) and has(m)]
    return min(found, key=lambda m: (m.count("."), len(m), m), default=module)


def _of(value: Any) -> Code:
    if isinstance(value, float) and not np.isfinite(value):
        return Code(f'float("{float(value)}")')
    if type(value) in PLAIN:
        return Code(repr(value))
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return _array(value)
    if isinstance(value, Mapping) and type(value) is dict:
        return _joined("{", "}", [(f"{_of(k).text}: ", v) for k, v in value.items()])
    if type(value) is list:
        return _joined("[", "]", [("", v) for v in value])
    if type(value) is tuple:
        return _joined("(", ",)" if len(value) == 1 else ")", [("", v) for v in value])
    return _called(value)


def _called(value: Any) -> Code:
    """A NamedTuple or a dataclass, by its fields."""
    line = importable(type(value))
    if not line or isinstance(value, type):
        raise NoCode
    named = getattr(value, "_fields", None)
    if isinstance(value, tuple) and named:
        pairs = [(f"{name}=", x) for name, x in zip(named, value, strict=True)]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = [(f"{f.name}=", getattr(value, f.name)) for f in dataclasses.fields(value)]
    else:
        raise NoCode
    inner = _joined(f"{type(value).__name__}(", ")", pairs)
    return Code(inner.text, (line, *inner.imports))


def _array(value: Any) -> Code:
    if jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise NoCode
    dtype = np.asarray(value).dtype
    is_own = dtype.isbuiltin == 1
    if not (is_own or jax.numpy.issubdtype(dtype, jax.numpy.floating)):
        raise NoCode
    array = np.asarray(value) if is_own else np.asarray(value, np.float32)
    numbers = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    if array.size == 0:
        made = f"np.zeros({array.shape}, {array.dtype.name!r})"
    else:
        plain = array.dtype.name in ("float64", "int64", "bool")
        typed = "" if plain else f", {array.dtype.name!r}"
        made = f"np.array({numbers}{typed})"
        each = set(map(repr, array.ravel().tolist()))
        if array.size > FEW and len(each) == 1:
            one = each.pop().replace("nan", "np.nan").replace("inf", "np.inf")
            made = f"np.full({array.shape}, {one}{typed})"
            short = {"0.0": "zeros", "1.0": "ones"}.get(one) if not typed else None
            made = f"np.{short}({array.shape})" if short else made
    return Code(made if is_own else f"{made}.astype({dtype.name!r})", _imports(is_own))


def _imports(is_own: bool) -> tuple[str, ...]:
    return ("import numpy as np",) if is_own else ("import numpy as np", "import ml_dtypes")


def _joined(start: str, end: str, pairs: list[tuple[str, Any]]) -> Code:
    parts = [(head, _of(value)) for head, value in pairs]
    text = start + ", ".join(f"{head}{code.text}" for head, code in parts) + end
    return Code(text, tuple(line for _, code in parts for line in code.imports))
