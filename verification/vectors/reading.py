"""What a file of test vectors says, or an answer to one of its tests, as trees of arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..adapters import vector_files
from ..adapters.layouts import EITHER, kind
from ..adapters.layouts import read as read_tree
from ..adapters.strict_json import Improper
from ..arithmetic.formats import PRECISIONS

UNASKED = "answers in a file cannot be computed again in higher precision"


def answered(said: Any, expected: Any, dtype: str) -> Any:
    """What was answered, as the tree that was expected.  Raises Improper for anything else."""
    if not isinstance(said, dict):
        raise Improper(f"is {kind(said)}, not an object with {', '.join(expected)}")
    return read_tree(said, expected, "answer", PRECISIONS[dtype].results, EITHER)


def tree(value: Any) -> Any:
    """A member of a file: objects and lists of objects as they are, anything else an array."""
    if isinstance(value, dict):
        return {name: tree(item) for name, item in value.items()}
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, dict):
        return [tree(item) for item in value]
    return np.array(_numbers(value), np.float64)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return vector_files.number(value) if isinstance(value, str) else value


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array, with its path, in the order of the file."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from leaves(item, f"{path}[{k}]")
    else:
        yield path, value
