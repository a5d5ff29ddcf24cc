"""What draws the points, as one text: a sampler that has changed draws from another domain.

The code of a function counts, and all that it reads: its defaults, what it closes over, the names
of its module that it uses.  What is installed counts by its name.  Where something cannot be told
from what it was before there is no fingerprint.
"""

import functools
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import jax
import numpy as np

from ..arithmetic.integers import is_key

PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
ARRAYS = (np.ndarray, np.generic, jax.Array)
INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))


class Unknown(Exception):
    """An object that may be another one the next time, and nobody could tell."""


def fingerprint(value: Any) -> str:
    """Empty where there is none."""
    digest = hashlib.sha256()
    try:
        for word in _words(value, set()):
            digest.update(word.encode() + b"\0")
    except Unknown:
        return ""
    return digest.hexdigest()


def _plain(array: Any) -> Any:
    """Of random keys their words."""
    return jax.random.key_data(array) if is_key(array) else array


def _words(value: Any, seen: set[int]) -> Iterator[str]:
    match value:
        case _ if isinstance(value, PLAIN):
            yield f"{type(value).__name__} {value!r}"
        case _ if isinstance(value, ARRAYS):
            array = np.asarray(_plain(value))
            yield f"array {array.dtype} {array.shape} {array.tobytes().hex()}"
        case tuple() | list() | frozenset() | set():
            yield f"{type(value).__name__} {len(value)}"
            for one in sorted(value, key=repr) if isinstance(value, set | frozenset) else value:
                yield from _words(one, seen)
        case dict():
            yield from _words(tuple(value.items()), seen)
        case functools.partial():
            yield from _words((value.func, value.args, value.keywords), seen)
        case FunctionType():
            yield from _of_function(value, seen)
        case CodeType():
            yield value.co_code.hex()
            yield from _words((value.co_consts, value.co_names), seen)
        case BuiltinFunctionType() | np.ufunc():
            yield f"{getattr(value, '__module__', '')} {value.__name__}"
        case ModuleType() if _is_installed(value):
            yield f"module {value.__name__}"
        case type() if _is_installed(sys.modules.get(value.__module__)):
            yield f"class {value.__module__}.{value.__qualname__}"
        case _:
            raise Unknown(type(value).__name__)


def _of_function(f: FunctionType, seen: set[int]) -> Iterator[str]:
    yield f"{f.__module__} {f.__qualname__}"
    if id(f) in seen or f.__code__.co_filename.startswith(INSTALLED):
        return
    seen.add(id(f))
    try:
        cells = [cell.cell_contents for cell in f.__closure__ or ()]
    except ValueError:  # one that is not filled yet
        raise Unknown(f.__qualname__) from None
    yield from _words((f.__code__, f.__defaults__, f.__kwdefaults__, cells), seen)
    for name in sorted(_names(f.__code__)):
        if name in f.__globals__:
            yield from _words((name, f.__globals__[name]), seen)


def _is_installed(module: ModuleType | None) -> bool:
    """Whether it stays as it is while somebody works; what is built into Python has no file."""
    if module is None or module.__name__ == "__main__":
        return False
    file = getattr(module, "__file__", None)
    return file is None or file.startswith(INSTALLED)


def _names(code: CodeType) -> set[str]:
    """Those that the code reads, and the functions inside of it."""
    inner = (_names(const) for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*inner)
