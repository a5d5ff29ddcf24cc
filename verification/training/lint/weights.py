"""Looks at the weights of a run: numbers, moves, and replicas of them."""

import numpy as np

from ...vocabulary.names import listed
from .run import Run
from .suspicion import Seen, Silence, Suspicion


def not_a_number(run: Run) -> Seen:
    """Weights, losses, gradients that are not finite; a step that is skipped may have such."""
    first: dict[str, int] = {}
    for part, rows in _numbers(run).items():
        bad = ~np.isfinite(rows.reshape(run.steps, -1)).all(axis=1)
        if part.startswith("gradient"):
            bad &= ~_skipped(run)
        if bad.any():
            first[part] = int(bad.argmax()) + 1
    if not first:
        return []
    step = min(first.values())
    parts = [part for part, k in first.items() if k == step]
    saw = f"from step {step} on {listed(parts)} {_are(parts)} not finite"
    return [Suspicion("not a number", step, tuple(parts), saw, "which operation made it")]


def _are(parts: list[str]) -> str:
    return "is" if len(parts) == 1 else "are"


def _numbers(run: Run) -> dict[str, np.ndarray]:
    out = {} if run.loss is None else {"loss": run.loss}
    out |= {f"gradient {name}": rows for name, rows in run.gradient.items()}
    out |= {f"weights {name}": rows for name, rows in run.floats.items()}
    return {part: rows for part, rows in out.items() if rows.dtype.kind == "f"}


def _skipped(run: Run) -> np.ndarray:
    """Steps in which no weight moves: a loss scale that overflowed takes none."""
    still = np.ones(run.steps, bool)
    for name in run.weights:
        first, moves = run.moves(name)
        still[: first - 1] = False
        still[first - 1 :] &= (moves == 0).reshape(len(moves), -1).all(axis=1)
    return still


def never_move(run: Run) -> Seen:
    """Tensors that are in all steps what they were, while others move, or all of them."""
    known = run.steps + bool(run.start)
    if known < 3:
        return Silence("there are fewer than two moves")
    still = [name for name in run.floats if not _moved(run, name)]
    why = {name: _why(run, name) for name in still}
    out = []
    for said in dict.fromkeys(why.values()):
        names = [name for name in still if why[name] == said]
        saw = f"{listed(names)} {_stay(names)} in all {run.steps} steps what {_was(names)}; {said}"
        unknown = (
            "whether that is meant: give the names of frozen weights, and they are not looked at"
        )
        out.append(Suspicion("weights never move", 1, tuple(names), saw, unknown))
    return out


def _moved(run: Run, name: str) -> bool:
    _, moves = run.moves(name)
    return moves.size == 0 or bool((moves != 0).any())


def _why(run: Run, name: str) -> str:
    if name not in run.gradient:
        return "no gradient is recorded for it"
    if not run.gradient[name].any():
        return "its gradient is 0 in every step: the loss does not see it, or its units are dead"
    return "its gradient is not 0: it is not handed to the rule, or each step is rounded away"


def _stay(names: list[str]) -> str:
    return "stays" if len(names) == 1 else "stay"


def _was(names: list[str]) -> str:
    return "it was" if len(names) == 1 else "they were"


def replicas_differ(run: Run) -> Seen:
    """Replicas whose weights are not the same to the last bit after a step."""
    if len(run.replicas) < 2:
        return Silence("the weights of fewer than two replicas are recorded")
    first, *others = run.replicas
    for step in range(run.steps):
        for name, rows in first.items():
            apart = [
                r
                for r, other in enumerate(others, 1)
                if name not in other
                or not np.array_equal(rows[step], other[name][step], equal_nan=True)
            ]
            if apart:
                saw = f"after step {step + 1} {name} of replica {apart[0]} is not that of replica 0"
                unknown = "whether they are meant to be averaged later"
                return [Suspicion("replicas differ", step + 1, (name,), saw, unknown)]
    return []
