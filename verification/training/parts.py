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
    size, full = len(leaves[0]), len(jax.tree.leaves(wrong.reference.batches[0])[0])
    cuts = [(chunks, "") for chunks in _cuts(size)] + [(c, " dealt in turn") for c in _dealt(size)]
    parts = {tuple(c): c for chunks, _ in cuts for c in chunks}
    take = lambda c: jax.tree.unflatten(tree, [np.asarray(leaf)[c] for leaf in leaves])
    points = [(wrong.before, take(c)) for c in parts.values()]
    known = dict(zip(parts, slopes(wrong.reference, points), strict=True))
    for chunks, how in cuts:
        own = [known[tuple(c)] for c in chunks]
        yield from _lost(own, how)
        yield from _joined(own, how, [len(c) for c in chunks], full)


def _lost(own: list[Sample], how: str) -> Iterator[tuple[str, str, Sample]]:
    """One micro-batch for all of them, or all but one, divided by how many there are or not."""
    m = len(own)
    for shares, over in (([1.0], ""), ([1.0 / m], f", over {m}")):
        for k in range(m):
            which = {0: "first", m - 1: "last"}.get(k, "one")
            said = f"it is that of micro-batch {k + 1} of {m}{how} alone{over}"
            yield f"{which} micro-batch only", said, combined([own[k]], shares)
    for k in range(m if m > 2 else 0):
        others = own[:k] + own[k + 1 :]
        for by in (m, m - 1):
            said = f"micro-batch {k + 1} of {m}{how} is missing in it, the sum is over {by}"
            yield "micro-batch left out", said, combined(others, [1.0 / by] * (m - 1))


def _joined(
    own: list[Sample], how: str, sizes: list[int], full: int
) -> Iterator[tuple[str, str, Sample]]:
    """All of them, each weighed alike, or as one of more than there are."""
    m, size = len(own), sum(sizes)
    said = f"every one of {m} micro-batches{how} counts alike, though they differ in size"
    name = "mean of means" if m < size else "mean over samples"
    yield name, said, combined(own, [1.0 / m] * m)
    many = -(-full // sizes[0])
    if m < many:
        said = f"a last accumulation of {m} micro-batches{how} is divided by {many}"
        yield "last accumulation under-scaled", said, combined(own, [1.0 / many] * m)


def _dealt(size: int) -> list[list[np.ndarray]]:
    """Every m-th example, as samplers deal them to processes."""
    return [[np.arange(k, size, m) for k in range(m)] for m in MICRO if m < size]


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
