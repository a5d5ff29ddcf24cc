"""`vf.lint_training`: look at a recorded run with no reference at all."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ...vocabulary.progress import counted, watched
from . import batches, gradients, slopes, weights
from .run import Run, recorded
from .suspicion import Lint, Seen, Silence, Suspicion

CHECKS: Mapping[str, Callable[[Run], Seen]] = {
    "not a number": weights.not_a_number,
    "weights never move": weights.never_move,
    "replicas differ": weights.replicas_differ,
    "gradients repeat": gradients.repeat,
    "gradients pile up": gradients.pile_up,
    "update against the gradient": gradients.against,
    "update without a gradient": gradients.without,
    "loss of another batch": slopes.of_another_loss,
    "loss never changes": slopes.never_changes,
    "batch repeats": batches.repeats,
    "part of the batch never changes": batches.never_changes,
    "order repeats": batches.order_repeats,
}


@watched("lint")
def lint_training(run: Any, *, start: Any = None, frozen: Collection[str] = ()) -> Lint:
    """What a right run has no reason to show, in one that was recorded.

    run      a folder that `vf.record` or anybody else wrote, an npz file of all steps, or the
             records of a loop; of weights, gradients, losses, batches, replicas what there is
    start    the weights before the first step, where they are not in the run
    frozen   the names of weights that are meant to stay as they are

    Nothing is compared with a reference, and no tolerance is chosen: each look says what it saw and
    what cannot be known.  A run in which nothing looks wrong may be wrong all the same: ask
    `vf.validate_training`.  Raises ValueError or TypeError for what is no run.
    """
    given = recorded(run, start)
    strangers = sorted(set(frozen) - set(given.weights))
    if strangers:
        raise ValueError(
            f"frozen: there are no weights {strangers[0]!r}; there are {', '.join(given.weights)}"
        )
    found: list[Suspicion] = []
    silent: dict[str, str] = {}
    looks = ((name, _seen(check, given, frozen)) for name, check in CHECKS.items())
    for name, seen in counted("looks", looks, range(len(CHECKS))):
        if isinstance(seen, Silence):
            silent[name] = seen.why
        else:
            found += seen
    found.sort(key=lambda one: one.step)
    return Lint(tuple(found), tuple(name for name in CHECKS if name not in silent), silent)


def _seen(check: Callable[[Run], Seen], run: Run, frozen: Collection[str]) -> Seen:
    return check(_thawed(run, frozen) if check is weights.never_move else run)


def _thawed(run: Run, frozen: Collection[str]) -> Run:
    kept = {name: rows for name, rows in run.weights.items() if name not in frozen}
    return run._replace(weights=kept)
