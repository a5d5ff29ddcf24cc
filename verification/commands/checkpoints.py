"""Checkpoints of a sweep, by orbax: the last that was finished is found again after any stop."""

import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np


def restored(place: Path | None, like: Any) -> tuple[int, Any]:
    """Epochs done, and the runs after them: of the last checkpoint that was finished."""
    if place is None or not place.exists():
        return 0, None
    done = max((int(p.name) for p in place.iterdir() if p.name.isdecimal()), default=0)
    if not done:
        return 0, None
    leaves, tree = jax.tree.flatten(like(done))
    import orbax.checkpoint as ocp  # pyright: ignore[reportMissingImports]

    with ocp.PyTreeCheckpointer() as door:
        kept = door.restore(place / str(done))
    found = [np.asarray(kept[f"{k:04d}"]) for k in range(len(leaves))]
    return done, jax.tree.unflatten(tree, found)


def save(place: Path | None, done: int, runs: Any) -> None:
    """Write a checkpoint aside and rename it; then drop the one before it."""
    if place is None:
        return
    leaves = {f"{k:04d}": leaf for k, leaf in enumerate(jax.tree.leaves(runs))}
    import orbax.checkpoint as ocp  # pyright: ignore[reportMissingImports]

    with ocp.PyTreeCheckpointer() as door:
        door.save(place / str(done), leaves, force=True)
    for old in place.iterdir():
        if old.name != str(done):
            shutil.rmtree(old, ignore_errors=True)
