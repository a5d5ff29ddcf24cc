"""Whether the losses of a run are those of its batches: two steps on one batch are a measurement.

Between two steps on the same batch the loss changes by what its gradients say, up to how much these
differ.  That asks no reference: only that the batch, the loss, the gradient and the weights are
those of one step.
"""

import numpy as np

from .batches import marks
from .run import Run, unit
from .suspicion import Seen, Silence, Suspicion

FEWEST = 5  # pairs of steps on one batch
WIDER = 0.5  # times the distance of both predictions: a smooth loss is midway between them
MOST = 0.8  # of the pairs that must be off, and to one side: chance, as of dropout, has two
ROUNDINGS = 64.0


def of_another_loss(run: Run) -> Seen:
    """Losses that change otherwise than their gradients say, between steps on one batch."""
    if run.loss is None or not run.gradient or not run.batches:
        return Silence("losses, gradients and batches are not all recorded")
    pairs = _pairs(run)
    if len(pairs) < FEWEST:
        return Silence(f"fewer than {FEWEST} pairs of steps have one batch")
    off = np.array([_off(run, i, j) for i, j in pairs])
    share = max((off > 0.0).mean(), (off < 0.0).mean())
    if share < MOST:
        return []
    step = pairs[int((off != 0.0).argmax())][1] + 1
    more = "more" if (off > 0.0).mean() > (off < 0.0).mean() else "less"
    saw = f"in {share:.0%} of {len(pairs)} pairs of steps on one batch the loss rises {more}, or "
    saw += "falls otherwise, than any gradient between both could say"
    unknown = (
        "whether loss, gradient or batch is another step's or has another scale, or what else goes "
        "into one of them: decay, dropout"
    )
    return [Suspicion("loss of another batch", step, (), saw, unknown)]


def _pairs(run: Run) -> list[tuple[int, int]]:
    """Steps, from 0, and the one before on the same batch, where the weights are known."""
    last: dict[bytes, int] = {}
    out = []
    skip = 0 if run.start else 1
    for k, mark in enumerate(marks(run)):
        if k >= skip:
            if mark in last:
                out.append((last[mark], k))
            last[mark] = k
    return out


def _off(run: Run, i: int, j: int) -> float:
    """How far the change of the loss is beyond what both gradients say; 0 where it is not."""
    assert run.loss is not None
    first, last, size = 0.0, 0.0, abs(run.loss[i]) + abs(run.loss[j])
    for name, rows in run.gradient.items():
        before = run.before(name)
        late = run.steps - len(before)
        move = before[j - late] - before[i - late]
        first, last = first + (rows[i] * move).sum(), last + (rows[j] * move).sum()
        size += (np.abs(rows[i] * move) + np.abs(rows[j] * move)).sum()
    room = WIDER * abs(last - first) + ROUNDINGS * _unit(run) * size
    change = run.loss[j] - run.loss[i]
    low, high = min(first, last) - room, max(first, last) + room
    return float(change - high if change > high else min(change - low, 0.0))


def _unit(run: Run) -> float:
    return max(unit([rows]) for rows in (*run.floats.values(), run.loss) if rows is not None)


def never_changes(run: Run) -> Seen:
    """A loss that is the same number in all steps, though its gradients say that it changes."""
    if run.loss is None or not run.gradient:
        return Silence("losses and gradients are not both recorded")
    if run.steps < FEWEST:
        return Silence(f"there are fewer than {FEWEST} steps")
    if (run.loss != run.loss[0]).any() or not np.isfinite(run.loss[0]):
        return []
    said = 0.0
    for name, rows in run.gradient.items():
        first, moves = run.moves(name)
        said = said + (rows[first - 1 :] * moves).reshape(len(moves), -1).sum(axis=1)
    if np.median(np.abs(said)) <= ROUNDINGS * _unit(run) * abs(run.loss[0]):
        return []
    saw = f"the loss is {run.loss[0]:.6g} in all {run.steps} steps, though its gradients say that "
    saw += "it changes"
    return [Suspicion("loss never changes", 2, (), saw, "which batch or weights it is of")]
