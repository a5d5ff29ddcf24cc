"""A function of a shared library as a gradient on NumPy arrays, by its declaration in C.

The call is made in a process of its own, within limits: a segfault, a hang or a write beyond an
array is an exception here, and the next call starts afresh.  That costs a hundredth of a second
once, and a fraction of a millisecond for each call, so it is always done.
"""

import dataclasses
import json
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .c_header import signature_in
from .c_layout import BY_ROWS, RESULT, Layout, Shapes, layout
from .c_signature import DTYPES, Parameter, signature_of
from .channel import Channel
from .limits import Limits
from .strict_json import Improper, strict

WORKER = Path(__file__).with_name("c_worker.py")
DEFAULT = Limits()
NOTHING: Mapping[str, Any] = MappingProxyType({})


class CallFailed(Exception):
    """The library did not answer properly; the message says how."""


def function(
    path: str | Path,
    signature: str,
    *,
    header: str | Path | None = None,
    shapes: Shapes = NOTHING,
    types: Mapping[str, str] = NOTHING,
    sizes: Mapping[str, str] = NOTHING,
    inputs: Iterable[str | None] | None = None,
    outputs: Iterable[str] | None = None,
    constants: Mapping[str, Any] = NOTHING,
    order: str | Mapping[str, str] = BY_ROWS,
    zeroed: bool = False,
    limits: Limits = DEFAULT,
) -> Callable:
    """gradient(*args) -> the outputs of the C function, an array or a tuple of them.

    signature  as in the header: `void f(size_t n, float w, const float x[n], float dx[n])`; or its
               name alone, where it is read from `header`, a C header or file (pycparser)
    inputs     the parameters that take the leaves of the arguments, in their order, a cotangent
               last (None for one that it does not take); by itself const arrays and numbers, in
               the order of the declaration
    outputs    the parameters that are answered, in the order of argnums; by itself the arrays that
               are not const, "return" what a function returns.  One that is an input, too, is
               changed in place.  Arrays that are neither are room to work in, and zero
    shapes     those that the declaration does not say: {"x": "B, T, 3 * C"}; none: one number
    types      of what is passed as `void *` or as bits: {"x": "double", "w": "__bf16"}
    sizes      of parameters that are no dimension themselves: {"N": "B * T"}; dimensions are found
               from the shapes of the inputs
    constants  what is always passed: numbers, enumerators by name, None for a null pointer
    order      "F" for arrays that lie column by column, or {"w": "F"}
    zeroed     outputs are 0 before the call; otherwise NaN, so that an unwritten entry is seen

    A member of a struct is a parameter: `sizes.n`.  `float *y` is one number, `float **w` a pointer
    to each row.  `int f(...)` returns 0 where it succeeded, unless it is an output.  Inputs are
    copied and aligned, so that any array of the right dtype and shape will do; integers are passed
    in the declared type.  The gradient raises TypeError for another dtype or number of arrays,
    ValueError for shapes that contradict each other, CallFailed where the library crashes, hangs,
    writes beyond an array or into one that is an input only, or returns another status than 0.
    Raises FileNotFoundError for a library that is not there, ValueError for a signature that
    cannot be read and for names that it does not have.
    """
    place = Path(path).resolve()
    if not place.is_file():
        raise FileNotFoundError(f"path is {str(path)!r}; there is no such library")
    read = signature_of(signature) if header is None else signature_in(header, signature)
    said = layout(read, shapes, types, sizes, inputs, outputs, constants, order, zeroed)
    return Function(place, said, limits)


class Function:
    """The C function as a callable; its process ends with it."""

    def __init__(self, path: Path, layout: Layout, limits: Limits):
        self.path, self.layout, self.limits = path, layout, limits
        self.signature = layout.signature
        self.__name__ = f"{path.name}:{self.signature.name}"
        self._running: list[Channel] = []  # none or one
        weakref.finalize(self, _close, self._running)

    def __call__(self, *args: Any) -> Any:
        arrays = list(_leaves(args))
        wanted = self.layout.inputs
        if len(arrays) != len(wanted):
            names = ", ".join("None" if p is None else p.name for p in wanted)
            raise TypeError(f"{len(arrays)} arrays were given; {len(wanted)} are declared: {names}")
        message, shapes = self.layout.said(arrays)
        answer = self._ask(json.dumps(message).encode())
        if "error" in answer:
            raise CallFailed(answer["error"])
        is_status = self.signature.result == "int" and RESULT not in self.layout.outputs
        if is_status and answer["status"] != 0:
            raise CallFailed(f"it returned the status {answer['status']}")
        first, *others = (self._output(name, answer, shapes) for name in self.layout.outputs)
        return (first, *others) if others else first

    def _output(self, name: str, answer: dict[str, Any], shapes: dict) -> np.ndarray:
        if name == RESULT:
            said = answer["status"]
            number = float.fromhex(said) if isinstance(said, str) else said
            return np.asarray(number, DTYPES[self.signature.result])
        return self.layout.read(name, answer["outputs"][name], shapes[name])

    def close(self) -> None:
        """End the process; another call starts a new one."""
        _close(self._running)

    def _ask(self, line: bytes) -> dict[str, Any]:
        if not self._running:
            result = self.signature.result
            specs = [result, *map(_specification, self.signature.parameters)]
            words = [sys.executable, "-I", "-S", str(WORKER), str(self.path), self.signature.name]
            self._running.append(Channel([*words, json.dumps(specs)], self.limits))
        try:
            return strict(self._running[0].ask(line, self.limits.seconds))
        except Improper as error:
            said = self._running[0].said()
            self.close()
            raise CallFailed(f"it {error}" + (f"; its stderr ends: {said}" * bool(said))) from None


def _specification(p: Parameter) -> list[Any]:
    return [p.kind, p.pointers, p.inline, list(map(_specification, p.members))]


def _close(running: list[Channel]) -> None:
    while running:
        running.pop().close()


def _leaves(tree: Any):
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        tree = [getattr(tree, field.name) for field in dataclasses.fields(tree)]
    if isinstance(tree, dict):
        tree = [tree[key] for key in sorted(tree)]
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from _leaves(item)
    else:
        yield np.asarray(tree)
