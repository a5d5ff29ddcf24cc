"""Gradients of parts of a batch: what was left out, weighed otherwise, or never cleared.

A loop that accumulates goes wrong in how it joins micro-batches; one over sequences in whether an
example or a token counts alike.  The gradients of parts and of single examples are the reference's
own, at the same weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import jax
import numpy as np

from ..measurement.sample import Sample
from .examples import each, is_batch
from .single_steps import WrongStep, slopes

MICRO = range(2, 9)  # micro-batches of a batch


def combined(samples: Sequence[Sample], shares: Sequence[float]) -> Sample:
    """sum share_i sample_i, each added gradient rounded once more."""
    first, more = samples[0], 2.0**-50 if len(samples) > 1 else 0.0
    add = lambda rows: sum(np.abs(c) * x for c, x in zip(shares, rows, strict=True))
    truth, allowed = [], []
    for k, ball in enumerate(first.truth):
        mids = [c * s.truth[k].mid for c, s in zip(shares, samples, strict=True)]
        rad = add([s.truth[k].rad for s in samples]) + more * sum(map(np.abs, mids))
        mid = np.asarray(sum(mids))
        truth.append(ball._replace(mid=mid, tail=ball.tail * 0, rad=np.asarray(rad)))
        room = add([s.allowed[k] for s in samples])
        allowed.append(np.asarray(2.0 * room))
    return replace(first, truth=truth, allowed=allowed)


def never_cleared(wrong: WrongStep) -> Iterator[tuple[str, Sample]]:
    """The gradients of all steps so far, or of the last two, added up."""
    if not wrong.k:
        return
    own = [*wrong.earlier, wrong.base]
    yield (
        "they pile up from the first step on: they are never cleared",
        combined(own, [1.0] * len(own)),
    )
    if wrong.k > 1:
        two = combined(own[-2:], [1.0, 1.0])
        yield "that of the step before is still in them: they are cleared too late", two


def of_micro_batches(wrong: WrongStep) -> Iterator[tuple[str, str, Sample]]:
    """(name, what is said, loss and gradient) of batches that were joined wrongly."""
    leaves, tree = jax.tree.flatten(wrong.batch)
    if not is_batch(leaves):
        return
    size = len(leaves[0])
    cuts = list(_cuts(size))
    parts = {(c[0], c[-1]) for chunks in cuts for c in chunks}
    take = lambda a, b: jax.tree.unflatten(tree, [leaf[a : b + 1] for leaf in leaves])
    points = [(wrong.before, take(a, b)) for a, b in sorted(parts)]
    known = dict(zip(sorted(parts), slopes(wrong.reference, points), strict=True))
    full = len(jax.tree.leaves(wrong.reference.batches[0])[0])
    for chunks in cuts:
        own, m = [known[c[0], c[-1]] for c in chunks], len(chunks)
        for shares, how in (([1.0], ""), ([1.0 / m], f", over {m}")):
            for which, chunk in (("last", own[-1]), ("first", own[0])):
                said = f"it is that of the {which} of {m} micro-batches alone{how}"
                yield f"{which} micro-batch only", said, combined([chunk], shares)
        said = f"every one of {m} micro-batches counts alike, though they differ in size"
        name = "mean of means" if m < size else "mean over samples"
        yield name, said, combined(own, [1.0 / m] * m)
        many = -(-full // len(chunks[0]))
        if m < many:
            said = f"a last accumulation of {m} micro-batches is divided by {many}"
            yield "last accumulation under-scaled", said, combined(own, [1.0 / many] * m)


def _cuts(size: int) -> Iterator[list[np.ndarray]]:
    """Micro-batches as alike as they can be, or all of one size but the last."""
    seen = set()
    alike = [np.array_split(np.arange(size), m) for m in MICRO if m <= size]
    equal = [np.split(np.arange(size), range(each, size, each)) for each in range(1, size)]
    for chunks in [*alike, *equal]:
        ends = tuple(int(c[-1]) for c in chunks)
        if len(chunks) in MICRO and ends not in seen:
            seen.add(ends)
            yield chunks


def of_weights(wrong: WrongStep) -> tuple[str, str] | None:
    """(name, what is said) where examples of the batch count as they should not; least squares."""
    leaves, _ = jax.tree.flatten(wrong.batch)
    if wrong.step.gradient is None or not is_batch(leaves):
        return None
    rows = each(wrong.reference, wrong.before, list(map(np.asarray, leaves)), wrong.batch)
    if rows is None or len(rows) > rows.shape[1]:
        return None
    flat = lambda parts: np.concatenate([np.asarray(x, np.float64).ravel() for x in parts])
    got, right = flat(wrong.step.gradient), flat([ball.mid for ball in wrong.base.truth[1:]])
    room = flat(wrong.base.allowed[1:])
    if not (np.isfinite(got).all() and np.isfinite(room).all()):
        return None
    mine, theirs = (np.linalg.lstsq(rows.T, x, rcond=None)[0] for x in (right, got))
    scale = np.abs(rows).sum(axis=0) * 2.0**-40
    if (np.abs(rows.T @ theirs - got) > 4.0 * room + scale).any():
        return None
    if (np.abs(rows.T @ mine - right) > 4.0 * room + scale).any():
        return None
    alike = lambda x: np.ptp(x) <= 1e-6 * np.abs(x).max()
    if alike(theirs) and not alike(mine):
        return "mean over samples", (
            "every example counts alike, where each should count by its size: a mean over samples "
            "where one over tokens was meant"
        )
    if alike(mine) and not alike(theirs) and (theirs > 0.0).all():
        listed = ", ".join(f"{x:.3g}" for x in theirs[:6])
        return "mean over tokens", (
            f"examples count unequally ({listed}, ...), where each should count alike: a mean over "
            "tokens where one over samples was meant"
        )
    return None
