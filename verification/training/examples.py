"""Which examples a wrong gradient was made of, where the weights outnumber the examples.

The gradient of a mean over examples is the mean of theirs.  Least squares over the gradients of all
examples of the run, and of those held out, proposes a batch; only a gradient of that batch that is
within its budget is an explanation.
"""

from collections.abc import Iterator

import jax
import numpy as np

from ..measurement.sample import Sample
from ..oracles.question import as_exact
from .local import Reference, loose, sloped
from .steps import Step


def others(
    reference: Reference, before: list, batch: tuple, step: Step, held_out: tuple | None
) -> Iterator[tuple[str, Sample]]:
    """What is said, and loss and gradient, of the batch that least squares proposes.

    With held_out only a batch that has some of its examples, without only one of the run's own.
    """
    pool, known = _pool(reference.batches, held_out)
    sizes = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(batch)}
    count = sum(np.size(leaf) for leaf in before)
    if step.gradient is None or len(sizes) != 1 or not pool or len(pool[0]) > count:
        return
    (size,) = sizes.pop()
    rows = each(reference, before, pool, reference.batches[0])
    if rows is None:
        return
    target = np.concatenate([np.asarray(g, np.float64).ravel() for g in step.gradient])
    if not np.isfinite(target).all():
        return
    shares = np.linalg.lstsq(rows.T, target, rcond=None)[0]
    times = np.rint(shares * size).clip(0, 4 * size).astype(int)
    chosen = np.repeat(np.arange(len(times)), times)
    leaked = chosen[chosen >= known] - known
    if not 0 < len(chosen) <= 4 * size or bool(len(leaked)) is not (held_out is not None):
        return
    picked = jax.tree.unflatten(jax.tree.structure(batch), [leaf[chosen] for leaf in pool])
    sample = sloped(reference.slopes, reference, before, picked)
    if len(leaked):
        listed = ", ".join(map(str, leaked))
        yield f"it is taken on examples {listed} of those held out", sample
    else:
        said = "it is taken on other examples of the run than those of its batch"
        yield f"{said}: dealt by another seed, or in another order", sample


def _pool(batches, held_out) -> tuple[list[np.ndarray], int]:
    """All examples, leaf by leaf, each once; and how many of them are of the run."""
    columns = [jax.tree.leaves(tuple(batch)) for batch in batches]
    if held_out is not None:
        columns.append(jax.tree.leaves(tuple(held_out)))
    if not all(is_batch(column) for column in columns):
        return [], 0
    whole = [np.concatenate(list(map(np.asarray, parts))) for parts in zip(*columns, strict=True)]
    seen: dict[bytes, int] = {}
    last = len(whole[0]) - (len(columns[-1][0]) if held_out is not None else 0)
    for row in range(len(whole[0])):
        seen.setdefault(b"".join(leaf[row].tobytes() for leaf in whole), row)
    rows = np.array(sorted(seen.values()))
    return [leaf[rows] for leaf in whole], int((rows < last).sum())


def is_batch(column: list) -> bool:
    """Whether all arrays have one first axis of one length: examples."""
    sizes = {np.shape(leaf)[:1] for leaf in column}
    return len(sizes) == 1 and sizes != {()}


def each(
    reference: Reference, before: list, pool: list[np.ndarray], like: tuple
) -> np.ndarray | None:
    """The gradient of every example alone, one row for each; None where a batch is needed."""
    tree = jax.tree.structure(tuple(like))
    one = lambda leaves: jax.tree.unflatten(tree, [leaf[None] for leaf in leaves])
    try:
        with loose():
            params = reference.tree(list(map(as_exact, before)))
            single = lambda leaves: reference.slopes(params, *one(leaves))[1]
            found = jax.vmap(single)([as_exact(leaf) for leaf in pool])
            parts = [np.asarray(leaf).reshape(len(pool[0]), -1) for leaf in jax.tree.leaves(found)]
    except Exception:  # foreign code that wants a whole batch may say so in any way
        return None
    rows = np.concatenate(parts, axis=1)
    return rows if np.isfinite(rows).all() else None
