"""A function of a shared library as a gradient on NumPy arrays, by its declaration in C.

The call is made in a process of its own, within limits: a segfault, a hang or a write beyond an
array is an exception here, and the next call starts afresh.  That costs a hundredth of a second
once, and a fraction of a millisecond for each call, so it is always done.
"""

import base64
import json
import re
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .channel import Channel
from .limits import Limits
from .strict_json import Improper, strict

WORKER = Path(__file__).with_name("c_worker.py")
DTYPES = {
    "float": "float32",
    "double": "float64",
    "int32_t": "int32",
    "int64_t": "int64",
    "int": "int32",
    "long": "int64",
    "size_t": "uint64",
}
FLOATS = ("float", "double")
WHOLE = re.compile(r"\s*(void|int)\s+(\w+)\s*\((.*)\)\s*;?\s*", re.DOTALL)
ONE = re.compile(
    r"(const\s+)?(\w+)\s*(\*?)\s*(?:const\s+|restrict\s+)*(\w+)\s*((?:\[\s*\w+\s*\])*)"
)
DEFAULT = Limits()


class CallFailed(Exception):
    """The library did not answer properly; the message says how."""


class Parameter(NamedTuple):
    """One parameter of the declaration."""

    name: str
    kind: str
    is_array: bool
    is_output: bool
    shape: tuple[str, ...]  # names of sizes, or numbers


class Signature(NamedTuple):
    """A declaration in C, read."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]

    @property
    def sizes(self) -> set[str]:
        return {word for p in self.parameters for word in p.shape if not word.isdigit()}

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """What the caller passes: all but outputs and sizes."""
        sizes = self.sizes
        return tuple(p for p in self.parameters if not p.is_output and p.name not in sizes)


def signature_of(declaration: str) -> Signature:
    """The declaration, read.  Raises ValueError with what cannot be read."""
    whole = WHOLE.fullmatch(declaration)
    if whole is None:
        raise ValueError(
            f"signature is {declaration!r}; write it as in a header: void name(size_t n, "
            "const float x[n], float dx[n])"
        )
    result, name, inside = whole.groups()
    parameters = tuple(_parameter(part) for part in inside.split(","))
    signature = Signature(name, result, parameters)
    declared = {p.name for p in parameters if not p.is_array and p.kind not in FLOATS}
    found = {word for p in signature.inputs for word in p.shape}
    for size in sorted(signature.sizes - found):
        raise ValueError(
            f"signature: the size {size!r} is in the shape of no input, so its value is not known"
        )
    for size in sorted(signature.sizes - declared):
        raise ValueError(
            f"signature: the size {size!r} is not declared; add the parameter size_t {size}"
        )
    if not any(p.is_output for p in parameters):
        raise ValueError("signature: there is no output; arrays that are not const are outputs")
    return signature


def _parameter(text: str) -> Parameter:
    found = ONE.fullmatch(text.strip())
    if found is None or found[2] not in DTYPES:
        known = ", ".join(DTYPES)
        raise ValueError(f"signature: {text.strip()!r} cannot be read; types are {known}")
    constant, kind, pointer, name, dimensions = found.groups()
    shape = tuple(re.findall(r"\w+", dimensions))
    return Parameter(
        name, kind, bool(pointer or shape), bool(pointer or shape) and not constant, shape
    )


def function(
    path: str | Path, signature: str, *, zeroed: bool = False, limits: Limits = DEFAULT
) -> Callable:
    """gradient(*args) -> the outputs of the C function, an array or a tuple of them.

    signature   as in the header: `void f(size_t n, float w, const float x[n], float dx[n])`.
                const arrays and numbers are inputs, in this order, and take the leaves of the
                arguments; other arrays are outputs, in theirs; `float *y` is one number; sizes are
                found from the shapes.  `int f(...)` returns 0 where it succeeded.
    zeroed      outputs are 0 before the call; otherwise NaN, so that an unwritten entry is seen

    Inputs are copied, row by row and aligned, so that any array of the right dtype and shape will
    do.  The gradient raises TypeError for another dtype or number of arrays, ValueError for
    shapes that contradict each other, CallFailed where the library crashes, hangs, writes
    beyond an array or into one that is const, or returns another status than 0.
    Raises FileNotFoundError for a library that is not there, ValueError for a signature that
    cannot be read.
    """
    place = Path(path).resolve()
    if not place.is_file():
        raise FileNotFoundError(f"path is {str(path)!r}; there is no such library")
    return Function(place, signature_of(signature), zeroed, limits)


class Function:
    """The C function as a callable; its process ends with it."""

    def __init__(self, path: Path, signature: Signature, zeroed: bool, limits: Limits):
        self.path, self.signature, self.zeroed, self.limits = path, signature, zeroed, limits
        self.__name__ = f"{path.name}:{signature.name}"
        self._running: list[Channel] = []  # none or one
        weakref.finalize(self, _close, self._running)

    def __call__(self, *args: Any) -> Any:
        arrays = list(_leaves(args))
        wanted = self.signature.inputs
        if len(arrays) != len(wanted):
            names = ", ".join(p.name for p in wanted)
            raise TypeError(f"{len(arrays)} arrays were given; {len(wanted)} are declared: {names}")
        given = dict(zip((p.name for p in wanted), arrays, strict=True))
        sizes = _sizes(wanted, given)
        message = [_said(p, given, sizes, self.zeroed) for p in self.signature.parameters]
        answer = self._ask(json.dumps(message).encode())
        if "error" in answer:
            raise CallFailed(answer["error"])
        if self.signature.result == "int" and answer["status"] != 0:
            raise CallFailed(f"it returned the status {answer['status']}")
        outputs = [p for p in self.signature.parameters if p.is_output]
        pairs = zip(outputs, answer["outputs"], strict=True)
        first, *others = (_read(p, text, sizes) for p, text in pairs)
        return (first, *others) if others else first

    def close(self) -> None:
        """End the process; another call starts a new one."""
        _close(self._running)

    def _ask(self, line: bytes) -> dict[str, Any]:
        if not self._running:
            kinds = [self.signature.result, *(p[:4] for p in self.signature.parameters)]
            words = [sys.executable, "-I", "-S", str(WORKER), str(self.path), self.signature.name]
            self._running.append(Channel([*words, json.dumps(kinds)], self.limits))
        try:
            return strict(self._running[0].ask(line, self.limits.seconds))
        except Improper as error:
            said = self._running[0].said()
            self.close()
            raise CallFailed(f"it {error}" + (f"; its stderr ends: {said}" * bool(said))) from None


def _close(running: list[Channel]) -> None:
    while running:
        running.pop().close()


def _leaves(tree: Any):
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from _leaves(item)
    else:
        yield np.asarray(tree)


def _sizes(wanted: tuple[Parameter, ...], given: dict[str, np.ndarray]) -> dict[str, int]:
    """What each size is, by all the shapes it stands in."""
    sizes: dict[str, int] = {}
    for p in wanted:
        array = given[p.name]
        if array.dtype != DTYPES[p.kind]:
            raise TypeError(f"{p.name} is {array.dtype}; {DTYPES[p.kind]} is declared")
        if array.ndim != len(p.shape):
            declared = "".join(f"[{word}]" for word in p.shape) or "a number"
            raise ValueError(f"{p.name} has shape {array.shape}; {declared} is declared")
        for word, length in zip(p.shape, array.shape, strict=True):
            known = int(word) if word.isdigit() else sizes.setdefault(word, length)
            if known != length:
                raise ValueError(f"{p.name} has shape {array.shape}; {word} is {known} there")
    return sizes


def _shape(p: Parameter, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(int(word) if word.isdigit() else sizes[word] for word in p.shape)


def _said(p: Parameter, given: dict, sizes: dict[str, int], zeroed: bool) -> Any:
    """One argument as the worker wants it."""
    if p.is_output:
        return [int(np.prod(_shape(p, sizes))) * np.dtype(DTYPES[p.kind]).itemsize, zeroed]
    if p.name in sizes and p.name not in given:
        return sizes[p.name]
    array = given[p.name]
    return base64.b64encode(array.tobytes()).decode() if p.is_array else array.item()


def _read(p: Parameter, text: str, sizes: dict[str, int]) -> np.ndarray:
    flat = np.frombuffer(base64.b64decode(text), DTYPES[p.kind])
    return flat.reshape(_shape(p, sizes)).copy()
