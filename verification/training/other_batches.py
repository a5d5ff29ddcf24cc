"""Gradients on batches of which a part is that of another step, or a mask that lets all through.

A loop that draws a mask once, or comes back from a checkpoint without its random key or its place
in the data, goes on with parts of batches that were there before.  Which of these it was is seen in
a later step.
"""

from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np

from ..vocabulary import Explanation
from .single_steps import WrongStep, slopes

NEXT = 4  # steps after the wrong one in which it is looked at again


def mixed(wrong: WrongStep, k: int, source: int, parts: Sequence[int]) -> tuple | None:
    """The batch of step k with some of its parts from another; None where they do not fit."""
    batches = wrong.reference.batches
    if not 0 <= source < k < len(batches):
        return None
    mine, tree = jax.tree.flatten(batches[k])
    theirs, other = jax.tree.flatten(batches[source])
    if tree != other:
        return None
    whole = len(parts) == len(mine)
    if not whole and any(np.shape(a) != np.shape(b) for a, b in zip(mine, theirs, strict=True)):
        return None
    return jax.tree.unflatten(tree, [theirs[i] if i in parts else x for i, x in enumerate(mine)])


def seen_at(
    wrong: WrongStep, near: Callable, k: int, source: int, parts: Sequence[int]
) -> bool | None:
    """Whether step k, from 0, is taken on that mixture; None where it cannot be told."""
    batch = mixed(wrong, k, source, parts)
    if batch is None or k >= len(wrong.steps) or wrong.steps[k].gradient is None:
        return None
    before = wrong.reference.weights(wrong.steps, k)
    (sample,) = slopes(wrong.reference, [(before, batch)])
    return bool(near(wrong._replace(k=k), sample)["fits"])


def of_other_parts(wrong: WrongStep, near: Callable, say: Callable) -> Iterator[Explanation]:
    """One part of the batch, or all but one, as in the first step of all."""
    count = len(jax.tree.leaves(wrong.batch))
    if count < 2 or not wrong.k:
        return
    every = range(count)
    choices = [(i,) for i in every] + [tuple(j for j in every if j != i) for i in every]
    batches = {parts: mixed(wrong, wrong.k, 0, parts) for parts in choices}
    known = {parts: batch for parts, batch in batches.items() if batch is not None}
    samples = slopes(wrong.reference, [(wrong.before, batch) for batch in known.values()])
    for parts, sample in zip(known, samples, strict=True):
        one = say("", "", sample)
        if one.fits:
            name, said = named(wrong, near, parts, count)
            yield say(name, said, sample)


def named(wrong: WrongStep, near: Callable, parts: Sequence[int], count: int) -> tuple[str, str]:
    """What it is that parts of step k are those of the first step."""
    k, later = wrong.k, range(wrong.k + 1, wrong.k + 1 + NEXT)
    ever = first_told(seen_at(wrong, near, n, 0, parts) for n in later)
    again = first_told(seen_at(wrong, near, n, n - k, parts) for n in later)
    which = ", ".join(str(i) for i in parts)
    if len(parts) == 1 and count > 1:
        if again and not ever:
            said = f"part {which} of the batch begins again with that of step 1: the random state "
            return "key not restored", f"{said}is not restored on resuming"
        said = f"part {which} of the batch is that of step 1 still: a mask or key that is never "
        return "first mask for ever", f"{said}drawn again"
    return order_of(wrong, near, parts)


def order_of(wrong: WrongStep, near: Callable, parts: Sequence[int]) -> tuple[str, str]:
    """Data that begin again at step k: in every epoch, or once, after a checkpoint."""
    k, later = wrong.k, range(wrong.k + 1, 2 * wrong.k + 1 + NEXT)
    over = lambda source: [seen_at(wrong, near, n, source(n), parts) for n in later]
    follow = lambda told: False not in told and True in told
    if follow(over(lambda n: n - k)) and not follow(over(lambda n: n % k)):
        return "order not restored", (
            f"the data begin again with those of step 1, and go on from there: at step {2 * k + 1} "
            f"they are those of step {k + 1}: the place in the data is not restored on resuming"
        )
    if k == 1 and follow(over(lambda n: 0)):
        return "first batch for ever", "it is taken on the batch of step 1, as all that follow are"
    if follow(over(lambda n: n % k)):
        said = f"the data begin again with those of step 1: the same order every {k} steps"
        return "same order every epoch", said
    return "wrong order", f"it is taken on batch 1, not on batch {k + 1}"


def first_told(answers: Iterator[bool | None]) -> bool | None:
    return next((answer for answer in answers if answer is not None), None)


def without_masks(wrong: WrongStep) -> Iterator[tuple[str, str, tuple]]:
    """(name, what is said, batch) for every part of two values, 0 and another: all through."""
    leaves, tree = jax.tree.flatten(wrong.batch)
    for at, leaf in enumerate(leaves):
        values = np.unique(np.asarray(leaf)) if np.asarray(leaf).dtype.kind in "bfiu" else []
        if np.ndim(leaf) == 0 or len(values) != 2 or values[0] != 0 or values[1] <= 0:
            continue
        through = [np.ones_like(leaf) if i == at else x for i, x in enumerate(leaves)]
        name, said = "padding in the loss", "what it masks is counted: padding is in the loss"
        if values[1] != 1:
            name, said = "evaluation mode left on", "nothing is dropped: as in evaluation"
        yield (
            name,
            f"part {at} of the batch lets all through, {said}",
            jax.tree.unflatten(tree, through),
        )
