"""Looks at the gradients of a run: do they repeat or pile up, and do the weights follow them?"""

import numpy as np

from ...vocabulary.names import listed
from .batches import marks
from .run import Run
from .suspicion import Seen, Silence, Suspicion

NONE = Silence("gradients are not recorded")
FEW = 5  # steps in which gradients are seen to pile up
MANY = 12
SHARE = 0.3  # of the first gradient that each new one must be, to be seen in the sum
ALONG = -0.05  # cosine: a new gradient of a right run turns against the one before
GROWTH = 1.5  # of what is added: a run that diverges grows
WRONG = 8  # entries that go the wrong way
MOST = 0.4  # of the entries that a rule of whole matrices may move the other way


def flat(run: Run) -> np.ndarray:
    """One row for each step."""
    parts = [rows.reshape(run.steps, -1) for rows in run.gradient.values()]
    return np.concatenate(parts, axis=1).astype(np.float64)


def repeat(run: Run) -> Seen:
    """The gradient of a step to the last bit in the next, though weights and batch are others."""
    if not run.gradient:
        return NONE
    rows, batch = flat(run), marks(run) if run.batches else None
    again = [
        k
        for k in range(1, run.steps)
        if rows[k].any()
        and np.array_equal(rows[k], rows[k - 1])
        and _moved_before(run, k)
        and (batch is None or batch[k] != batch[k - 1])
    ]
    if not again:
        return []
    saw = f"{len(again)} of {run.steps} steps have the gradient of the step before to the last "
    saw += f"bit, though the weights moved; first step {again[0] + 1}"
    unknown = "whether the loss is linear there, as |x| is on one batch"
    return [Suspicion("gradients repeat", again[0] + 1, tuple(run.gradient), saw, unknown)]


def _moved_before(run: Run, k: int) -> bool:
    """Whether a weight differs at the start of step k (from 0) and of the one before it."""
    for name in run.weights:
        before = run.before(name)
        at = k - (run.steps - len(before))
        if at >= 1 and (before[at] != before[at - 1]).any():
            return True
    return False


def pile_up(run: Run) -> Seen:
    """Each gradient is that of the step before and a new one.

    A new gradient is independent of the last, or smaller along it: g_t - g_{t-1} turns against
    g_{t-1}.  Where gradients pile up the difference is a gradient itself: as large as the first,
    and not turned against the sum.
    """
    if not run.gradient:
        return NONE
    if run.steps <= FEW:
        return Silence(f"there are no more than {FEW} steps")
    rows = flat(run)
    if not np.isfinite(rows).all():
        return Silence("there are gradients that are not finite")
    for count in (FEW, min(MANY, run.steps - 1)):
        if _piles(rows[: count + 1]):
            saw = f"the first {count + 1} gradients grow as sums do: what each adds to that before "
            saw += "it is as large as the first, and not turned against it"
            unknown = "whether the run diverges; clear gradients before each backward pass"
            return [Suspicion("gradients pile up", 2, tuple(run.gradient), saw, unknown)]
    return []


def _piles(rows: np.ndarray) -> bool:
    sizes, new = np.linalg.norm(rows, axis=1), np.diff(rows, axis=0)
    added = np.linalg.norm(new, axis=1)
    if not (sizes > 0.0).all() or not (added > 0.0).all():
        return False
    along = (new * rows[:-1]).sum(axis=1) / (added * sizes[:-1])
    large = np.median(added) >= SHARE * sizes[0]
    half = len(added) // 2
    steady = np.median(added[half:]) <= GROWTH * np.median(added[:half])
    grown = sizes[-1] >= 1.5 * sizes[0]
    return bool(large and steady and grown and along.mean() > ALONG and along[0] > ALONG)


def against(run: Run) -> Seen:
    """Entries whose gradients all had one sign, and that move along it, away from 0.

    No rule that works entry by entry does that: a mean of gradients of one sign has that sign.
    Decay moves towards 0.
    """
    if not run.gradient:
        return NONE
    wrong, known, first = {}, {}, run.steps + 1
    for name, rows in _both(run).items():
        begin, moves = run.moves(name)
        signs = _signs(rows)[begin - 1 :]
        outward = np.sign(run.before(name)) != -np.sign(moves)
        eligible = (signs != 0) & (moves != 0) & outward & _large(moves, run.before(name))
        off = eligible & (np.sign(moves) == signs)
        wrong[name], known[name] = int(off.sum()), int(eligible.sum())
        steps = off.reshape(len(off), -1).any(axis=1)
        first = min(first, begin + int(steps.argmax())) if steps.any() else first
    total, of = sum(wrong.values()), sum(known.values())
    if not of:
        return Silence("no entry's gradients have one sign from the first step on")
    bad = [name for name in wrong if wrong[name] >= WRONG and wrong[name] > MOST * known[name]]
    if not bad and not (total >= WRONG and total > MOST * of):
        return []
    names = tuple(bad) or tuple(name for name in wrong if wrong[name])
    saw = f"{sum(wrong[n] for n in names)} of {sum(known[n] for n in names)} moves of entries of "
    saw += f"{listed(names)} whose gradients had one sign go along it, away from 0"
    unknown = "whether it climbs on purpose; else the update is made of another gradient"
    return [Suspicion("update against the gradient", first, names, saw, unknown)]


def without(run: Run) -> Seen:
    """Entries that never had a gradient and move, and not towards 0 as decay does."""
    if not run.gradient:
        return NONE
    out: list[Suspicion] = []
    for name, rows in _both(run).items():
        begin, moves = run.moves(name)
        before = run.before(name)
        never = np.cumsum(rows != 0, axis=0)[begin - 1 :] == 0
        off = never & (moves != 0) & (np.sign(before) != -np.sign(moves)) & _large(moves, before)
        steps = off.reshape(len(off), -1).any(axis=1)
        if steps.any():
            step = begin + int(steps.argmax())
            saw = f"{int(off[step - begin].sum())} entries of {name} move away from 0 in step "
            saw += f"{step}, though their gradient was 0 in all steps so far"
            unknown = "whether noise is added; else the update is made of another gradient"
            out.append(Suspicion("update without a gradient", step, (name,), saw, unknown))
    return out


def _both(run: Run) -> dict[str, np.ndarray]:
    """The gradients of tensors that are recorded too, finite ones as they are."""
    return {
        name: np.nan_to_num(rows, nan=0.0, posinf=0.0, neginf=0.0)
        for name, rows in run.gradient.items()
        if name in run.floats and rows.shape == run.weights[name].shape
    }


def _signs(rows: np.ndarray) -> np.ndarray:
    """For each step the one sign that all gradients so far had; 0 where they had two, or none."""
    up, down = ((sign * rows > 0).cumsum(axis=0) > 0 for sign in (1, -1))
    return up.astype(int) * ~down - down.astype(int) * ~up


def _large(moves: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Moves that are no matter of the last digits of a weight."""
    return np.abs(moves) > 1e-4 * np.abs(before)
