"""How the arguments of one's own function are named to a foreign program: a small JSON signature.

    {"module": "loss", "arguments": ["w", "x"], "sizes": {"n": ["x", 0]}, "output": "bare"}

Every member may be left out.  What is not said is that of the function: its name, and those of its
parameters.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..vocabulary.names import nearest
from .layouts import FUNCTION, NUMBER, member_names, members, read, written

BARE, ONE_LIST = "bare", "list"  # outputs without names


def _text(x: Any) -> bool:
    return isinstance(x, str) and x != ""


def _texts(x: Any) -> bool:
    return isinstance(x, list) and all(map(_text, x))


def _sizes(x: Any) -> bool:
    pair = lambda v: isinstance(v, list) and len(v) == 2 and _text(v[0]) and type(v[1]) is int
    return isinstance(x, dict) and all(_text(v) or pair(v) for v in x.values())


MEMBERS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {  # what each is, in words and as a test
    "module": ("a name", _text),
    "function": ("a name", _text),
    "arguments": ("a list of names, one for each argument", _texts),
    "cotangent": ("a name", _text),
    "flat": ("a list of arguments that are written as one list of numbers", _texts),
    "columns": ("a list of arguments that are written column by column", _texts),
    "spread": ("a list of arguments whose members stand beside the others", _texts),
    "sizes": ('an object such as {"n": ["x", 0]}, argument and axis', _sizes),
    "constants": ("an object of values that are always sent", lambda x: isinstance(x, dict)),
    "output": (
        '"bare", "list", or an object from arguments to names, such as {"w": "dw"}',
        lambda x: x in (BARE, ONE_LIST) or isinstance(x, dict) and _texts([*x, *x.values()]),
    ),
    "beside": ("a list of names in the answer that are not looked at", _texts),
    "input": ('"bare": the one argument, and nothing around it', lambda x: x == BARE),
    "jacobian": ("true or false", lambda x: isinstance(x, bool)),
}


class Wire(NamedTuple):
    """A function of one's own as a foreign program sees it: a module with one function."""

    module: str
    function: str
    arguments: tuple[str, ...]
    argnums: int | tuple[int, ...]
    cotangent: str = "cotangent"
    flat: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[str, int]] = {}
    constants: Mapping[str, Any] = {}
    output: Any = {}  # "bare", "list", or a mapping from arguments to names
    beside: tuple[str, ...] = ()  # members of the answer that are not looked at
    input: str = ""  # "bare": the one argument is the input
    jacobian: bool = False  # it answers that, and not the pullback of a cotangent

    @property
    def moved(self) -> tuple[int, ...]:
        """The arguments differentiated by."""
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums

    def encoded(self, args: tuple, floats: str = NUMBER) -> Any:
        """The arguments by name, the cotangent last.

        Raises TypeError for what is no array of numbers, ValueError for another number of them.
        """
        count = len(self.arguments)
        if len(args) not in (count, count + 1):
            named = ", ".join(self.arguments)
            raise ValueError(f"{len(args)} arguments were given; {count} are named: {named}")
        if self.input == BARE:
            return written(self._shaped(self.arguments[0], args[0]), floats)
        asked = dict(self.constants)
        for name, value in zip(self.arguments, args, strict=False):
            said = written(self._shaped(name, value), floats)
            asked |= said if name in self.spread else {name: said}
        given = dict(zip(self.arguments, args, strict=False))
        asked |= {size: _size(given, *place) for size, place in self.sizes.items()}
        if len(args) > count and not self.jacobian:
            asked[self.cotangent] = written(args[-1], floats)
        return asked

    def decoded(self, output: Any, args: tuple, dtype: str, floats: str = NUMBER) -> Any:
        """The gradient, in the pytrees of the arguments and the dtype of results.

        Raises Improper for another layout, shape or kind of number.
        """
        likes = {self.arguments[i]: args[i] for i in self.moved}
        above = args[-1] if self.jacobian and len(args) > len(self.arguments) else None
        wide = {name: self._asked_for(name, tree, above) for name, tree in likes.items()}
        found = self._named(output, wide, floats)
        narrow = lambda x: np.asarray(x).astype(PRECISIONS[dtype].results)
        with np.errstate(over="ignore"):
            trees = tuple(
                jax.tree.map(narrow, self._back(name, found[name], like, above))
                for name, like in likes.items()
            )
        return trees[0] if isinstance(self.argnums, int) else trees

    def _named(self, output: Any, likes: dict[str, Any], floats: str) -> dict[str, Any]:
        """The answer to each argument, as it was written."""
        if self.output == BARE:
            trees = list(likes.values())
            like, path = (trees[0], next(iter(likes))) if len(trees) == 1 else (trees, "output")
            found = read(output, like, path, "float64", floats)
            return dict(zip(likes, [found] if len(trees) == 1 else found, strict=True))
        if self.output == ONE_LIST:
            leaves, tree = jax.tree.flatten(list(likes.values()))  # a dict would be sorted
            sizes = [np.size(leaf) for leaf in leaves]
            flat = read(output, np.zeros(sum(sizes)), "output", "float64", floats)
            parts = np.split(flat, np.cumsum(sizes)[:-1])
            shaped = [p.reshape(np.shape(leaf)) for p, leaf in zip(parts, leaves, strict=True)]
            return dict(zip(likes, jax.tree.unflatten(tree, shaped), strict=True))
        if isinstance(output, dict):
            output = {name: x for name, x in output.items() if name not in self.beside}
        names = {name: self.output.get(name, name) for name in likes}
        spread = {name: member_names(likes[name]) for name in likes if name in self.spread}
        wanted = [m for name in likes for m in spread.get(name, (names[name],))]
        members(output, tuple(wanted))
        given = {n: {m: output[m] for m in spread[n]} if n in spread else output[names[n]]
                 for n in likes}  # fmt: skip
        return {n: read(given[n], likes[n], names[n], "float64", floats) for n in likes}

    def _shaped(self, name: str, tree: Any) -> Any:
        """As it is written: turned over, or as one list of numbers."""
        if name in self.columns:
            tree = jax.tree.map(lambda x: np.asarray(x).T, tree)
        return jax.tree.map(np.ravel, tree) if name in self.flat else tree

    def _asked_for(self, name: str, tree: Any, above: Any) -> Any:
        """Arrays of the shapes that are to be answered."""
        ahead = () if above is None else np.shape(above)
        return jax.tree.map(lambda x: np.zeros((*ahead, *np.shape(x))), self._shaped(name, tree))

    def _back(self, name: str, found: Any, like: Any, above: Any) -> Any:
        """In the shapes of the argument; of a Jacobian the pullback."""
        if above is not None:
            found = jax.tree.map(lambda j: pulled(above, j), found)
        turned = name in self.columns
        shaped = lambda x, l: np.reshape(x, np.shape(l)[:: -1 if turned else 1])
        found = jax.tree.map(shaped, found, like)
        return jax.tree.map(np.transpose, found) if turned else found


def _size(given: Mapping[str, Any], name: str, axis: int) -> int:
    shape = () if isinstance(given[name], dict | tuple | list) else np.shape(given[name])
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"signature: sizes has axis {axis} of {name!r}, which has shape {shape}")
    return shape[axis]


def pulled(above: Any, jacobian: np.ndarray) -> np.ndarray:
    """sum_k above[k] jacobian[k], in the widest floats that there are."""
    axes = np.ndim(above)
    wide = np.asarray(above, np.longdouble), np.asarray(jacobian, np.longdouble)
    return np.tensordot(*wide, axes=axes).astype(np.float64)


def wire(
    given: str | Path | Mapping[str, Any] | None,
    of: Callable,
    argnums: int | tuple[int, ...],
    count: int,
) -> Wire:
    """The signature of a function of `count` arguments: an object, JSON text, or a file of it.

    Raises ValueError, in a sentence, for what cannot be one.
    """
    said = _checked(_object(given))
    names = tuple(said.pop("arguments", ())) or _parameters(of, count)
    if len(names) != count or len(set(names)) < count:
        listed = ", ".join(names) or "none"
        raise ValueError(
            f"signature: arguments are {listed}, but `of` takes {count}; "
            "name each once, in their order"
        )
    if said.get("input") == BARE and count != 1:
        raise ValueError(f'signature: input is "bare", but `of` takes {count} arguments, not one')
    said: dict[str, Any] = {k: tuple(x) if isinstance(x, list) else x for k, x in said.items()}
    for key in ("flat", "columns", "spread", "sizes", "output"):
        _among(key, said.get(key, ()), names)
    place = lambda x: (x, 0) if isinstance(x, str) else tuple(x)
    sizes = {size: place(x) for size, x in said.pop("sizes", {}).items()}
    usual = {"module": getattr(of, "__name__", "mine"), "function": FUNCTION, "sizes": sizes}
    return Wire(**{**usual, **said}, arguments=names, argnums=argnums)


def _object(given: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    text = str(given)
    try:
        if not text.lstrip().startswith("{"):
            text = Path(given).read_text("utf-8")
        found = json.loads(text)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ValueError(f"signature is {str(given)!r}, which cannot be read ({why})") from None
    except ValueError as error:
        raise ValueError(f"signature is {str(given)!r}, which is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"signature is {str(given)!r}; write an object of JSON")
    return found


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    for name, value in said.items():
        if name not in MEMBERS:
            known = ", ".join(MEMBERS)
            raise ValueError(f"signature has {name!r}; {nearest(name, MEMBERS)}known: {known}")
        wanted, fits = MEMBERS[name]
        if not fits(value):
            raise ValueError(f"signature: {name} is {json.dumps(value)}; give {wanted}")
    return said


def _parameters(of: Callable, count: int) -> tuple[str, ...]:
    """The names of the first parameters of a function, where it tells them."""
    try:
        parameters = inspect.signature(of).parameters.values()
    except (TypeError, ValueError):  # some callables tell nobody
        return ()
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return tuple(p.name for p in parameters if p.kind in kinds)[:count]


def _among(key: str, value: Any, names: tuple[str, ...]) -> None:
    """Raises ValueError where a member speaks of an argument that there is not."""
    if isinstance(value, str):
        return
    spoken = value
    if isinstance(value, dict) and key == "sizes":
        spoken = [x if isinstance(x, str) else x[0] for x in value.values()]
    for name in spoken:
        if name not in names:
            guess = nearest(name, names)
            known = ", ".join(names)
            raise ValueError(f"signature: {key} has {name!r}; {guess}the arguments are {known}")
