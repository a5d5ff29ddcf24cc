"""How the arguments and the gradient of a derivation are written as JSON: mechanically, by name.

An argument is the member of that name; a named tuple is an object, a tuple a list, an array a
nested list, row by row, a scalar a number.  A mask is of true and false.  The gradient has a member
for each argument that is differentiated.  Floats are numbers that round-trip, or, as agreed,
hexadecimal strings.
"""

import inspect
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..derivations import ALL
from ..derivations.layers import LAYERS
from ..vocabulary.names import unknown
from .strict_json import Improper, shown

FUNCTION = "gradient"
NUMBER, HEXADECIMAL, EITHER = "number", "hexadecimal", "either"
FLOATS = (NUMBER, HEXADECIMAL)  # how floats may be written
FORM = re.compile(r"-?0x[0-9a-fA-F]+(\.[0-9a-fA-F]*)?(p[+-]?\d{1,5})?|-?inf|nan")


class Layout(NamedTuple):
    """A derivation as a foreign program sees it: a module with one function."""

    module: str
    arguments: tuple[str, ...]  # the cotangent, if there is one, is the last
    wanted: tuple[str, ...]  # the members of the output
    argnums: tuple[int, ...]
    cotangent: str  # its name; empty for a scalar function
    function = FUNCTION

    def encoded(self, args: tuple, floats: str = NUMBER) -> dict[str, Any]:
        """The arguments by name.  Raises TypeError for what is no array of numbers."""
        pairs = zip(self.arguments, args, strict=True)
        return {name: written(value, floats) for name, value in pairs}

    def decoded(self, output: Any, args: tuple, dtype: str, floats: str = NUMBER) -> tuple:
        """The gradient, in the pytrees of the arguments and the dtype of results.

        Raises Improper for another layout, shape or kind of number.
        """
        members(output, self.wanted)
        result = PRECISIONS[dtype].results
        like = (args[i] for i in self.argnums)
        pairs = zip(self.wanted, like, strict=True)
        return tuple(read(output[name], tree, name, result, floats) for name, tree in pairs)


@cache
def layout(name: str) -> Layout:
    """The layout of a derivation.  Raises ValueError for an unknown name."""
    if name not in ALL:
        raise ValueError(unknown("against", name, ALL))
    derivation = ALL[name]
    names = tuple(inspect.signature(derivation.gradient).parameters)
    wanted = tuple(names[i] for i in derivation.argnums)
    return Layout(name, names, wanted, derivation.argnums, "" if derivation.scalar else names[-1])


def shapes(name: str) -> str:
    """The shape rules, in the words of the derivation itself."""
    folder = "derivations.layers" if name in LAYERS else "derivations"
    text = import_module(f"..{folder}.{name}", __package__).__doc__ or ""
    found = re.search(r"^Shapes +(.*?)(?=^[A-Z])", text, re.MULTILINE | re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""


def in_one_line(name: str) -> str:
    """gradient: params x da -> params x."""
    of = layout(name)
    return f"{FUNCTION}: {' '.join(of.arguments)} -> {' '.join(of.wanted)}"


# --- what is asked -----------------------------------------------------------------------------


def written(tree: Any, floats: str = NUMBER) -> Any:
    """A tree of arrays as JSON has it."""
    if hasattr(tree, "_fields"):
        return {name: written(getattr(tree, name), floats) for name in tree._fields}
    if isinstance(tree, dict):
        return {name: written(value, floats) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        return [written(item, floats) for item in tree]
    array = np.asarray(tree)
    if not jnp.issubdtype(array.dtype, jnp.floating):
        if array.dtype.kind not in "iub":
            raise TypeError(f"arrays of {array.dtype} cannot be written as JSON")
        return array.tolist()
    exact = array.astype(np.float64)
    if floats == HEXADECIMAL:
        return _mapped(float.hex, exact.tolist())
    if not np.isfinite(exact).all():
        raise TypeError("JSON has no infinities and no NaN; choose hexadecimal floats")
    return exact.tolist()


def _mapped(change: Callable, nested: Any) -> Any:
    return [_mapped(change, x) for x in nested] if isinstance(nested, list) else change(nested)


# --- what is answered ----------------------------------------------------------------------------


def members(output: Any, wanted: tuple[str, ...]) -> None:
    """Raises Improper for what is no object with these members and no others."""
    if not isinstance(output, dict):
        raise Improper(f"gave as output {kind(output)}, not an object with {_and(wanted)}")
    if set(output) != set(wanted):
        raise Improper(f"gave an output with {_and(tuple(output))}, not with {_and(wanted)}")


def read(given: Any, like: Any, path: str, dtype: str, floats: str = NUMBER) -> Any:
    """`given` as the tree that `like` is, its numbers rounded to dtype."""
    if names := member_names(like):
        if not isinstance(given, dict) or set(given) != set(names):
            raise Improper(f"gave {path} as {kind(given)}, not as an object with {_and(names)}")
        of = like if isinstance(like, dict) else like._asdict()
        parts = {m: read(given[m], of[m], f"{path}.{m}", dtype, floats) for m in names}
        return parts if isinstance(like, dict) else type(like)(**parts)
    if isinstance(like, tuple | list):
        if not isinstance(given, list) or len(given) != len(like):
            raise Improper(f"gave {path} as {kind(given)}, not as a list of {len(like)}")
        items = enumerate(zip(given, like, strict=True))
        return type(like)(read(g, l, f"{path}[{k}]", dtype, floats) for k, (g, l) in items)
    numbers: list[float] = []
    _gather(given, np.shape(like), path, floats, numbers)
    with np.errstate(over="ignore"):
        return np.array(numbers, np.float64).astype(dtype).reshape(np.shape(like))


def member_names(like: Any) -> tuple[str, ...]:
    return tuple(like) if isinstance(like, dict) else getattr(like, "_fields", ())


def _gather(given: Any, shape: tuple[int, ...], path: str, floats: str, into: list[float]) -> None:
    """The entries in row order; every list must have the length that its shape says."""
    if not shape:
        into.append(_number(given, path, floats))
        return
    if not isinstance(given, list) or len(given) != shape[0]:
        raise Improper(f"gave {path} as {kind(given)}, not as a list of {shape[0]}")
    for k, item in enumerate(given):
        _gather(item, shape[1:], f"{path}[{k}]", floats, into)


def _number(given: Any, path: str, floats: str) -> float:
    if floats == HEXADECIMAL or floats == EITHER and isinstance(given, str):
        if isinstance(given, str) and FORM.fullmatch(given):
            return _from_hex(given, path)
        raise Improper(f"gave {path} as {kind(given)}, not as a hexadecimal string")
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Improper(f"gave {path} as {kind(given)}, not as a number")
    return float(given)


def _from_hex(text: str, path: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        raise Improper(f"gave {path} as {shown(text)}, which is beyond float64") from None


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return f"an object with {_and(tuple(value))}"
        case str():
            return f"the string {shown(value)}"
    return f"the number {value}"


def _and(names: tuple[str, ...]) -> str:
    said = ", ".join(shown(str(name)).strip("'") for name in names[:8])
    return (said or "nothing") + (", ..." if len(names) > 8 else "")
