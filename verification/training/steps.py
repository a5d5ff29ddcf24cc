"""What a training loop leaves behind, step by step: taken as it comes, and copied at once."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from ..adapters.recorded import array, as_step, read


class Step(NamedTuple):
    """Leaves in the order of the parameters; loss and gradient None where not told."""

    weights: list[np.ndarray]
    loss: np.ndarray | None
    gradient: list[np.ndarray] | None


class Taken(NamedTuple):
    """The steps, and why there are no more of them, where there should be."""

    steps: list[Step]
    failure: str


def taken(train: Any, params: Any, batches: Sequence[tuple]) -> Taken:
    """Run the loop, or read what it recorded, no further than there are batches."""
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(params)]
    steps: list[Step] = []
    held: list[Any] = []
    try:
        # what overflows is judged by its result
        with jax.enable_x64(True), np.errstate(all="ignore"):
            for given in islice(_told(train, params, batches), len(batches)):
                step = as_step(given)
                held.append(jax.tree.leaves(step.weights))
                steps.append(_checked(step, shapes))
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        return Taken(steps, f"after {len(steps)} steps it raised {type(error).__name__}: {error}")
    return Taken(steps, _failure(steps, held, len(batches)))


def _told(train: Any, params: Any, batches: Sequence[tuple]) -> Iterable[Any]:
    if isinstance(train, str | Path):
        return read(train, params)
    if not isinstance(train, Callable):
        return train
    own = lambda tree: jax.tree.map(np.array, tree)  # it may write into what it is given
    answer = train(own(params), own(list(batches)))
    if not isinstance(answer, Iterable):
        raise TypeError(f"it returned {type(answer).__name__}; yield or return one record per step")
    return answer


def _checked(step: Any, shapes: list[tuple]) -> Step:
    weights = list(map(array, jax.tree.leaves(step.weights)))
    gradient = None if step.gradient is None else list(map(array, jax.tree.leaves(step.gradient)))
    for name, leaves in (("weights", weights), ("gradient", gradient)):
        got = None if leaves is None else [leaf.shape for leaf in leaves]
        if got not in (None, shapes):
            raise ValueError(f"its {name} have shapes {got}; the parameters have {shapes}")
    loss = None if step.loss is None else array(step.loss)
    if loss is not None and loss.size != 1:
        raise ValueError(f"its loss has shape {loss.shape}; it must be one number")
    return Step(weights, None if loss is None else loss.reshape(()), gradient)


def _failure(steps: list[Step], held: list[Any], wanted: int) -> str:
    if len(steps) < wanted:
        return f"it made {len(steps)} steps; there are {wanted} batches"
    same = len(steps) > 1 and all(a is b for a, b in zip(held[0], held[-1], strict=True))
    arrays = all(isinstance(leaf, np.ndarray) or hasattr(leaf, "detach") for leaf in held[0])
    first, last = (step.weights for step in (steps[0], steps[-1]))
    alike = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, last, strict=True))
    if same and arrays and alike:
        return "every record holds the same arrays, as they were at the end: yield copies"
    return ""
