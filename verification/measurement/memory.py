"""What an answer's memory is shared with: a note, for memory is no part of mathematics.

Values are copied as soon as they are returned, and judged as copied.  Rejected is only an answer
whose values change while they are looked at, although nothing was asked in between.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from ..adapters.trees import inward
from ..oracles.question import as_exact

ADVICE = "copy it if you accumulate in place"
READINGS = 2  # of the same answer: the first is judged, the others must be the same


class Unsettled(Exception):
    """The values of an answer changed although nothing was asked."""


def settled(leaves: Sequence) -> list[np.ndarray]:
    """Copies of the leaves.  Raises Unsettled where another reading of one is not the same."""
    copies, *again = [[np.asarray(leaf).copy() for leaf in leaves] for _ in range(READINGS)]
    for reading in again:
        for one, other in zip(copies, reading, strict=True):
            if not np.array_equal(as_exact(one), as_exact(other), equal_nan=True):
                raise Unsettled("its answer changes after it was returned, with no call in between")
    return copies


def notes(answer: Any, given: tuple, inputs: int) -> tuple[str, ...]:
    """What the arrays of one answer share memory with; `inputs` of the given are no cotangent."""
    leaves = arrays(answer)
    said = [
        f"shares memory with {called(path, inputs)}"
        for path, x in named(given)
        if isinstance(x, np.ndarray) and any(shared(leaf, x) for leaf in leaves)
    ]
    if any(shared(a, b) for k, a in enumerate(leaves) for b in leaves[:k]):
        said.append("has two arrays that share memory")
    if any(map(overlaps_itself, leaves)):
        said.append("has an array whose entries share memory, as an expanded one's do")
    return (f"its answer {', and '.join(said)}: {ADVICE}",) if said else ()


def kept(first: Any, second: Any) -> tuple[str, ...]:
    """Whether two answers are in the same memory, so that the second overwrote the first."""
    if any(shared(a, b) for a in arrays(first) for b in arrays(second)):
        return ("it answers in the same memory every time: copy an answer that you keep",)
    return ()


def arrays(answer: Any) -> list[np.ndarray]:
    """Those leaves whose memory a caller could see and write to, or expand."""
    return [x for x in map(_memory, jax.tree.leaves(inward(answer))) if x is not None]


def _memory(leaf: Any) -> np.ndarray | None:
    if isinstance(leaf, np.ndarray):
        return leaf
    if isinstance(leaf, jax.Array) or not hasattr(leaf, "__array__"):
        return None
    try:
        return np.asarray(leaf)
    except (TypeError, RuntimeError):  # a tensor elsewhere, or one of a format NumPy does not know
        return None


def shared(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether some entry of one is an entry of the other."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=10**6)  # pyright: ignore[reportArgumentType]
    except RuntimeError:  # too hard to tell: nothing is said
        return False


def overlaps_itself(x: np.ndarray) -> bool:
    steps = zip(x.shape, x.strides, strict=True)
    return x.size > 0 and any(n > 1 and step == 0 for n, step in steps)


def named(args: tuple) -> Iterator[tuple[str, Any]]:
    """(path, leaf) of every argument."""
    paths = jax.tree_util.tree_flatten_with_path(args)[0]
    return ((jax.tree_util.keystr(path), leaf) for path, leaf in paths)


def called(path: str, inputs: int) -> str:
    """args[1]['w'], or the cotangent, which follows the arguments."""
    return "the cotangent" if path.startswith(f"[{inputs}]") else f"args{path}"
