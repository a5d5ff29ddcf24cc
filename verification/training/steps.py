"""What a training loop leaves behind, step by step: taken as it comes, and copied at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.recorded import array, as_step, read
from ..vocabulary.progress import counted
from ..vocabulary.raised import in_words


class Step(NamedTuple):
    """Leaves in the order of the parameters; loss and gradient None where not told."""

    weights: list[np.ndarray]
    loss: np.ndarray | None
    gradient: list[np.ndarray] | None


class Taken(NamedTuple):
    """The steps, and why there are no more of them, where there should be."""

    steps: list[Step]
    failure: str


class Parameters(NamedTuple):
    """All parameters of a loop; those that are trained are its floats."""

    whole: Any
    floats: tuple[bool, ...]  # for each leaf

    @classmethod
    def of(cls, params: Any) -> "Parameters":
        floating = lambda x: jnp.issubdtype(np.asarray(x).dtype, np.floating)
        return cls(params, tuple(bool(floating(x)) for x in jax.tree.leaves(params)))

    @property
    def trained(self) -> Any:
        """The same tree; None where nothing is trained."""
        leaves, tree = jax.tree.flatten(self.whole)
        pairs = zip(leaves, self.floats, strict=True)
        return jax.tree.unflatten(tree, [x if trained else None for x, trained in pairs])

    def filled(self, trained: Any) -> Any:
        """The whole tree with other values of what is trained."""
        leaves, tree = jax.tree.flatten(self.whole)
        new = iter(jax.tree.leaves(trained))
        pairs = zip(leaves, self.floats, strict=True)
        return jax.tree.unflatten(tree, [next(new) if mine else x for x, mine in pairs])

    def picked(self, tree: Any) -> list:
        """The trained leaves of weights, or of a gradient that has None for some."""
        leaves = jax.tree.leaves(tree, is_leaf=lambda x: x is None)
        if len(leaves) != len(self.floats):
            return jax.tree.leaves(tree)
        return [x for x, trained in zip(leaves, self.floats, strict=True) if trained]


def taken(
    train: Any, params: Any, batches: Sequence[tuple], whole: Parameters | None = None
) -> Taken:
    """Run the loop, or read what it recorded, no further than there are batches."""
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(params)]
    whole = Parameters.of(params) if whole is None else whole
    steps: list[Step] = []
    held: list[Any] = []
    try:
        # what overflows is judged by its result
        with jax.enable_x64(True), np.errstate(all="ignore"):
            given = islice(_told(train, params, batches, whole), len(batches))
            for record in counted("steps made", given, range(len(batches))):
                step = as_step(record)
                held.append(jax.tree.leaves(step.weights))
                steps.append(_checked(step, shapes, whole))
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        return Taken(steps, _raised(error, len(steps), train))
    if _is_one_buffer(steps, held, params):
        return Taken(
            [], "every record holds the same arrays, as they were at the end: yield copies"
        )
    short = f"it made {len(steps)} steps; there are {len(batches)} batches"
    return Taken(steps, short if len(steps) < len(batches) else "")


def _raised(error: Exception, steps: int, train: Any) -> str:
    how = "; it is called as train(params, batches)" if callable(train) and not steps else ""
    return f"after {steps} steps it raised {in_words(error)}{how}"


def _told(train: Any, params: Any, batches: Sequence[tuple], whole: Parameters) -> Iterable[Any]:
    if isinstance(train, str | Path):
        return read(train, params)
    if not isinstance(train, Callable):
        return train
    own = lambda tree: jax.tree.map(np.array, tree)  # it may write into what it is given
    answer = train(own(whole.filled(params)), own(list(batches)))
    if not isinstance(answer, Iterable) or isinstance(answer, Mapping) or hasattr(answer, "dtype"):
        kind = type(answer).__name__
        raise TypeError(f"it returned {kind}; yield the weights after each step, or return a list")
    return answer


def _checked(step: Any, shapes: list[tuple], whole: Parameters) -> Step:
    weights = list(map(array, whole.picked(step.weights)))
    gradient = None
    if step.gradient is not None:
        told = whole.picked(step.gradient)
        shaped = zip(told, shapes, strict=True) if len(told) == len(shapes) else ()
        gradient = [_slope(leaf, shape) for leaf, shape in shaped] or list(map(array, told))
    for name, leaves in (("weights", weights), ("gradient", gradient)):
        got = None if leaves is None else [leaf.shape for leaf in leaves]
        if got not in (None, shapes):
            raise ValueError(f"its {name} have shapes {got}; the parameters have {shapes}")
    loss = None if step.loss is None else array(step.loss)
    if loss is not None and loss.size != 1:
        raise ValueError(f"its loss has shape {loss.shape}; it must be one number")
    return Step(weights, None if loss is None else loss.reshape(()), gradient)


def _slope(leaf: Any, shape: tuple) -> np.ndarray:
    """A gradient; None and float0 say that nothing depends on the parameter."""
    nothing = leaf is None or getattr(leaf, "dtype", None) == jax.dtypes.float0
    return np.zeros(shape) if nothing else array(leaf)


def _is_one_buffer(steps: list[Step], held: list[Any], start: Any) -> bool:
    """Whether the records are one and the same arrays, which a loop wrote into step by step."""
    if len(steps) < 2 or not all(a is b for a, b in zip(held[0], held[-1], strict=True)):
        return False
    arrays = all(isinstance(leaf, np.ndarray) or hasattr(leaf, "detach") for leaf in held[0])
    return arrays and _equal(steps[0], steps[-1].weights) and not _equal(steps[0], start)


def _equal(step: Step, weights: Any) -> bool:
    pairs = zip(step.weights, jax.tree.leaves(weights), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)
