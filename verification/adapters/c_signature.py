"""A declaration in C, read: its parameters, and the shapes that stand in their brackets.

One line is read here, `void f(size_t n, const float x[n][3 * n], float dx[n])`; what has structs,
enums or names of types of its own is in a header: c_header.py.
"""

import ast
import operator
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

DTYPES = {  # type in C -> dtype of NumPy
    "float": "float32",
    "double": "float64",
    "_Float16": "float16",
    "__bf16": "bfloat16",
    "bool": "bool",
    "_Bool": "bool",
    "char": "int8",
    "int8_t": "int8",
    "uint8_t": "uint8",
    "int16_t": "int16",
    "uint16_t": "uint16",
    "short": "int16",
    "int32_t": "int32",
    "uint32_t": "uint32",
    "int64_t": "int64",
    "uint64_t": "uint64",
    "int": "int32",
    "unsigned": "uint32",
    "unsigned int": "uint32",
    "unsigned char": "uint8",
    "long": "int64",
    "long long": "int64",
    "unsigned long": "uint64",
    "size_t": "uint64",
    "ptrdiff_t": "int64",
}
FLOATS = ("float", "double", "_Float16", "__bf16")
OPAQUE = "void"  # what is pointed to and not looked into
RESULTS = ("void", *(kind for kind in DTYPES if kind not in ("_Float16", "__bf16")))
WHOLE = re.compile(r"\s*(\w+)\s+(\w+)\s*\((.*)\)\s*;?\s*", re.DOTALL)
WORDS = r"(?:const|restrict|__restrict__|__restrict|volatile)"
ONE = re.compile(
    rf"((?:{WORDS}\s+)*)((?:unsigned\s+|signed\s+)?(?:long\s+long|\w+))\s*((?:\*|\s|{WORDS}\b)*)"
    r"\b(\w+)\s*((?:\[[^\]]*\]\s*)*)"
)
NAME = re.compile(r"[A-Za-z_][\w.]*")
SUMS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
SUMS |= {ast.Div: operator.floordiv, ast.FloorDiv: operator.floordiv}


class Parameter(NamedTuple):
    """One parameter, or one member of a struct that is one."""

    name: str  # of a member with the names above it: `sizes.n`
    kind: str
    pointers: int = 0  # 2: a pointer to each row
    is_const: bool = False
    shape: tuple[str, ...] = ()  # sums and products of names of sizes
    members: tuple["Parameter", ...] = ()
    inline: int = 0  # entries of an array that lies inside of a struct

    @property
    def is_array(self) -> bool:
        return self.pointers > 0 or self.inline > 0

    @property
    def leaves(self) -> Iterator["Parameter"]:
        """Itself, or the members of a struct at every depth."""
        if not self.members:
            yield self
        for member in self.members:
            yield from member.leaves


class Signature(NamedTuple):
    """A declaration in C, read."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    constants: Mapping[str, int] = {}  # enumerators, by name

    @property
    def leaves(self) -> tuple[Parameter, ...]:
        return tuple(leaf for p in self.parameters for leaf in p.leaves)


def signature_of(declaration: str) -> Signature:
    """The declaration of one line, read.  Raises ValueError with what cannot be read."""
    whole = WHOLE.fullmatch(declaration)
    if whole is None or whole[1] not in RESULTS:
        raise ValueError(
            f"signature is {declaration!r}; write it as in a header: void name(size_t n, "
            "const float x[n], float dx[n])"
        )
    result, name, inside = whole.groups()
    signature = Signature(name, result, tuple(_parameter(part) for part in inside.split(",")))
    declared = {p.name for p in signature.parameters if p.kind not in FLOATS and not p.shape}
    for p in signature.parameters:
        for size in names_in(p.shape):
            if size not in declared:
                raise ValueError(
                    f"signature: the size {size!r} is not declared; add the parameter size_t {size}"
                )
    return signature


def _parameter(text: str) -> Parameter:
    found = ONE.fullmatch(text.strip())
    kind = " ".join(found[2].split()).removeprefix("signed ") if found else ""
    is_known = kind in DTYPES or (kind == OPAQUE and found is not None and "*" in found[3])
    if found is None or not is_known:
        known = ", ".join(DTYPES)
        raise ValueError(
            f"signature: {text.strip()!r} cannot be read; types are {known}; a declaration with "
            "others is read from its header: header=FILE.h"
        )
    before, _, after, name, dimensions = found.groups()
    shape = tuple(re.sub(WORDS + "|static", "", d).strip()
                  for d in re.findall(r"\[([^\]]*)\]", dimensions))  # fmt: skip
    constant = "const" in before or re.match(r"\s*const\b", after) is not None
    pointers = after.count("*") + (bool(dimensions) and "*" not in after)
    return Parameter(name, kind, pointers, constant, tuple(filter(None, shape)))


# --- sizes --------------------------------------------------------------------------------------


def names_in(shape: tuple[str, ...]) -> set[str]:
    """The sizes that a shape speaks of."""
    return {name for dimension in shape for name in NAME.findall(dimension)}


def value(dimension: str, sizes: Mapping[str, int]) -> int | None:
    """`3 * C` where C is known; None where a name is not.  Raises ValueError for no such sum."""
    if any(name not in sizes for name in NAME.findall(dimension)):
        return None
    try:
        return _value(ast.parse(NAME.sub(lambda m: str(sizes[m[0]]), dimension), mode="eval").body)
    except (SyntaxError, KeyError, ZeroDivisionError):
        raise ValueError(
            f"the size {dimension!r} cannot be read; write sums and products, such as 3 * n + 1"
        ) from None


def _value(node: ast.AST) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp(left=left, op=op, right=right):
            return SUMS[type(op)](_value(left), _value(right))
    raise KeyError(node)


def solved(dimension: str, length: int, sizes: Mapping[str, int]) -> dict[str, int]:
    """The one unknown of a dimension, such that it is `length`; empty where there are two."""
    unknown = {name for name in NAME.findall(dimension) if name not in sizes}
    if len(unknown) != 1:
        return {}
    (name,) = unknown
    if dimension.strip() == name:
        return {name: length}
    fits = [n for n in range(length + 1) if value(dimension, {**sizes, name: n}) == length]
    return {name: fits[0]} if len(fits) == 1 else {}
