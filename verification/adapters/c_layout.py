"""Which parameter of a C function is what: an input, an output, both, a size, or a constant.

By itself arrays that are const and numbers are inputs, in the order of the declaration; other
arrays are outputs.  Sizes are found from the shapes of the inputs.
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.names import nearest, unknown
from .c_signature import DTYPES, FLOATS, OPAQUE, Parameter, Signature, names_in, solved, value

RESULT = "return"  # among the outputs: what the function returns
BY_ROWS, BY_COLUMNS = "C", "F"
Shapes = Mapping[str, Any]  # parameter -> "B, T, 3 * C", or a sequence of such


class Layout(NamedTuple):
    """A signature, and what is passed for each of its parameters."""

    signature: Signature
    inputs: tuple[Parameter | None, ...]  # None: a leaf that the function does not take
    outputs: tuple[str, ...]
    sizes: Mapping[str, str]  # parameter -> a sum or product of sizes
    constants: Mapping[str, Any]
    columns: frozenset[str]  # arrays that lie column by column
    zeroed: bool

    def said(self, arrays: list[np.ndarray]) -> tuple[list[Any], dict[str, tuple[int, ...]]]:
        """What the worker is told of each parameter, and the shapes of all arrays.

        Raises TypeError for another dtype, ValueError for shapes that contradict each other.
        """
        pairs = zip(self.inputs, arrays, strict=True)
        given = {p.name: _typed(p, x) for p, x in pairs if p is not None}
        known = {k: int(v) for k, v in self.constants.items() if isinstance(v, int | np.integer)}
        sizes = _sizes([p for p in self.inputs if p is not None], given, known)
        for _ in self.sizes:  # one may be made of another
            found = {name: value(text, sizes) for name, text in self.sizes.items()}
            sizes |= {name: number for name, number in found.items() if number is not None}
        shapes = {p.name: _shape(p, sizes) for p in self.signature.leaves if self._is_held(p)}
        said = [self._said(p, given, sizes, shapes) for p in self.signature.parameters]
        return said, shapes

    def _is_held(self, p: Parameter) -> bool:
        """Whether memory is set aside for it."""
        is_named = p in self.inputs or p.name in self.outputs or p.shape != ()
        is_room = "." not in p.name and not p.is_const  # one number that nobody asks for
        return p.pointers > 0 and p.kind != OPAQUE and (is_named or is_room)

    def _said(self, p: Parameter, given: dict, sizes: dict[str, int], shapes: dict) -> Any:
        """One parameter as the worker wants it."""
        if p.members:
            return [self._said(member, given, sizes, shapes) for member in p.members]
        if p.name in self.constants and self.constants[p.name] is None:
            return None
        if p.name in given:
            content = given[p.name]
        elif p.name in self.constants:
            content = np.asarray(self.constants[p.name], DTYPES[p.kind])
        elif _size_of(p, sizes) is not None:
            content = np.asarray(_size_of(p, sizes), DTYPES[p.kind])
        elif p.name in shapes:
            count = int(np.prod(shapes[p.name], dtype=int))
            is_out, zeroed = p.name in self.outputs, self.zeroed or p.name not in self.outputs
            width = np.dtype(DTYPES[p.kind]).itemsize
            return {"bytes": count * width, "zeroed": zeroed, "name": p.name, "is_output": is_out,
                    "rows": self._rows(p, shapes[p.name])}  # fmt: skip
        elif p.is_array:  # a member that nobody speaks of
            return None
        else:
            raise ValueError(f"{p.name} has no value; give it: constants={{{p.name!r}: ...}}")
        if p.inline:
            return np.ravel(content).tolist()
        if not p.pointers:
            return content.item()
        order = BY_COLUMNS if p.name in self.columns else BY_ROWS
        data = base64.b64encode(content.tobytes(order)).decode()
        return {"data": data, "name": p.name, "is_output": p.name in self.outputs,
                "is_const": p.is_const, "rows": self._rows(p, content.shape)}  # fmt: skip

    @staticmethod
    def _rows(p: Parameter, shape: tuple[int, ...]) -> int:
        return shape[0] if p.pointers == 2 and shape else 0

    def read(self, name: str, text: str, shape: tuple[int, ...]) -> np.ndarray:
        """An output, as the worker gave it back."""
        kinds = {p.name: p.kind for p in self.signature.leaves}
        flat = np.frombuffer(base64.b64decode(text), DTYPES[kinds[name]])
        order = BY_COLUMNS if name in self.columns else BY_ROWS
        return np.array(flat.reshape(shape, order=order), order=BY_ROWS)


def layout(
    signature: Signature,
    shapes: Shapes,
    types: Mapping[str, str],
    sizes: Mapping[str, str],
    inputs: Iterable[str | None] | None,
    outputs: Iterable[str] | None,
    constants: Mapping[str, Any],
    order: str | Mapping[str, str],
    zeroed: bool,
) -> Layout:
    """The layout that these say.  Raises ValueError for a name that there is not."""
    signature = _shaped(signature, shapes, types)
    leaves = {p.name: p for p in signature.leaves}
    returned = () if signature.result in ("void", "struct", "pointer") else (RESULT,)
    for what, names, more in (
        ("sizes", sizes, ()),
        ("constants", constants, ()),
        ("inputs", filter(None, inputs or ()), ()),
        ("outputs", outputs or (), returned),
        ("order", order if isinstance(order, Mapping) else (), ()),
    ):
        _among(what, names, [*leaves, *more])
    constants = {k: _number(k, v, signature.constants) for k, v in constants.items()}
    spoken = set(constants) | set(sizes)
    used = {size for p in signature.leaves for size in names_in(p.shape)}
    is_size = lambda p: p.kind not in FLOATS and not p.shape and _short(p.name) & used
    if outputs is None:
        outputs = [p.name for p in leaves.values() if _is_output(p) and p.name not in spoken]
    if inputs is None:
        free = [p for p in leaves.values() if p.name not in spoken and not is_size(p)]
        kept = [p for p in free if p.is_const or not p.is_array]
        inputs = [p.name for p in kept if p.kind != OPAQUE and not p.inline]
    taken = tuple(None if name is None else leaves[name] for name in inputs)
    columns = frozenset(_by_columns(order, leaves))
    found = Layout(signature, taken, tuple(outputs), sizes, constants, columns, zeroed)
    _check(found)
    return found


def _shaped(signature: Signature, shapes: Shapes, types: Mapping[str, str]) -> Signature:
    """The signature with the shapes and types that are said beside it."""
    _among("shapes", shapes, [p.name for p in signature.leaves])
    _among("types", types, [p.name for p in signature.leaves])
    for name, kind in types.items():
        if kind not in DTYPES:
            raise ValueError(unknown(f"types: that of {name}", kind, DTYPES))

    def put(p: Parameter) -> Parameter:
        if p.members:
            return p._replace(members=tuple(map(put, p.members)))
        p = p._replace(kind=types.get(p.name, p.kind))
        if p.name not in shapes:
            return p
        said = shapes[p.name]
        words = said.split(",") if isinstance(said, str) else [said] if type(said) is int else said
        return p._replace(shape=tuple(w for word in words if (w := str(word).strip())))

    return signature._replace(parameters=tuple(map(put, signature.parameters)))


def _among(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            listed = ", ".join(known)
            raise ValueError(f"{what} has {name!r}; {nearest(name, known)}declared: {listed}")


def _number(name: str, given: Any, enumerators: Mapping[str, int]) -> Any:
    """A constant; an enumerator by its name, a letter such as 'N' by its code."""
    if not isinstance(given, str):
        return given
    if len(given) == 1 and given not in enumerators:
        return ord(given)
    if given not in enumerators:
        listed = ", ".join(enumerators) or "none"
        guess = nearest(given, enumerators)
        raise ValueError(
            f"constants: {name} is {given!r}; {guess}the header's enumerators: {listed}"
        )
    return enumerators[given]


def _by_columns(order: str | Mapping[str, str], leaves: Iterable[str]) -> list[str]:
    said = dict.fromkeys(leaves, order) if isinstance(order, str) else dict(order)
    for name, which in said.items():
        if which not in (BY_ROWS, BY_COLUMNS):
            raise ValueError(f"order of {name} is {which!r}; it must be 'C' or 'F', as in NumPy")
    return [name for name, which in said.items() if which == BY_COLUMNS]


def _is_output(p: Parameter) -> bool:
    return p.pointers > 0 and not p.is_const and p.kind != OPAQUE


def _short(name: str) -> set[str]:
    """What a size may be called: with the struct that it is a member of, or without."""
    return {name, name.rpartition(".")[2]}


def _size_of(p: Parameter, sizes: Mapping[str, int]) -> int | None:
    if p.kind in FLOATS or p.shape:
        return None
    return next((sizes[name] for name in (p.name, *_short(p.name)) if name in sizes), None)


def _check(found: Layout) -> None:
    """Raises ValueError where a size can never be known, or nothing is answered."""
    if not found.outputs:
        raise ValueError("signature: there is no output; arrays that are not const are outputs")
    known = {name for p in found.inputs if p is not None for name in names_in(p.shape)}
    known |= {short for name in (*found.constants, *found.sizes) for short in _short(name)}
    wanted = {name for p in found.signature.leaves for name in names_in(p.shape)}
    wanted |= {name for text in found.sizes.values() for name in names_in((text,))}
    for size in sorted(wanted - known):
        raise ValueError(
            f"signature: the size {size!r} is in the shape of no input, so its value is not known; "
            f"give it: constants={{{size!r}: ...}}"
        )


def _typed(p: Parameter, array: np.ndarray) -> np.ndarray:
    """The array in the declared dtype: integers where they fit, floats as they are."""
    wanted = np.dtype(DTYPES[p.kind])
    if array.dtype == wanted:
        return array
    counts = array.dtype.kind in "iub" and wanted.kind in "iub"
    if counts and (array.astype(wanted) == array).all():
        return array.astype(wanted)
    if counts:
        raise TypeError(f"{p.name} has numbers that {p.kind} does not hold")
    alone = array.dtype == np.float64 and wanted == np.float32
    advice = "; the library has no other format: judge it with dtype='float32'" if alone else ""
    raise TypeError(f"{p.name} is {array.dtype}; {wanted} is declared{advice}")


def _sizes(
    inputs: Iterable[Parameter], given: Mapping[str, np.ndarray], known: dict[str, int]
) -> dict[str, int]:
    """What each size is, by all the shapes it stands in."""
    sizes = {short: number for name, number in known.items() for short in _short(name)}
    arrays = [(p, given[p.name]) for p in inputs if p.is_array or p.shape or given[p.name].ndim]
    for p, array in arrays:
        if array.ndim != len(p.shape):
            declared = "".join(f"[{word}]" for word in p.shape) or "a number"
            advice = "" if p.shape else f"; say its shape: shapes={{{p.name!r}: 'n, m'}}"
            raise ValueError(f"{p.name} has shape {array.shape}; {declared} is declared{advice}")
    pairs = [pair for p, array in arrays for pair in zip(p.shape, array.shape, strict=True)]
    for _ in pairs:  # each round finds one more, or all that can be
        for dimension, length in sorted(pairs, key=lambda pair: not pair[0].isidentifier()):
            sizes |= {k: v for k, v in solved(dimension, length, sizes).items() if k not in sizes}
    for p, array in arrays:
        for dimension, length in zip(p.shape, array.shape, strict=True):
            if (wanted := value(dimension, sizes)) != length:
                is_there = "not whole" if wanted is None else str(wanted)
                raise ValueError(
                    f"{p.name} has shape {array.shape}; {dimension} is {is_there} there"
                )
    return sizes


def _shape(p: Parameter, sizes: Mapping[str, int]) -> tuple[int, ...]:
    found = tuple(value(dimension, sizes) for dimension in p.shape)
    for dimension, length in zip(p.shape, found, strict=True):
        if length is None or length < 0:
            raise ValueError(f"the size {dimension!r} of {p.name} is not known at these shapes")
    return tuple(length for length in found if length is not None)
