"""Memories and counts that a loop with a known mistake would have had before the wrong step.

A rule of several parts has several counts, of its corrections and of its schedule: each may be
mistaken alone.
"""

from collections.abc import Iterator

import jax
import numpy as np

from ..arithmetic.bounded import Bounded
from .local import Memory, start
from .single_steps import WrongStep

TIMES = range(2, 5)  # how often a schedule is stepped for each step


def others(wrong: WrongStep) -> Iterator[tuple[str, str, Memory]]:
    """(name, what is said, memory) of every one that may have been there."""
    old, new = wrong.memory.leaves, start(wrong.reference).leaves
    counts = [i for i, leaf in enumerate(old) if not isinstance(leaf, Bounded)]
    if wrong.k:
        yield from _made_anew(wrong, old, new, counts)
    for chosen in _choices(counts):
        which = "its count" if len(chosen) == len(counts) else "one of its counts"
        again = f"{which} starts anew here: the schedule is not restored on resuming"
        if wrong.k:
            begun = {i: np.zeros_like(old[i]) for i in chosen}
            yield "schedule not restored", again, _with(wrong.memory, begun)
        for shift in (1, -1) if wrong.k != 1 else (-1,):  # then 2 is twice
            said = f"{which} is {wrong.k + shift}, not {wrong.k}: the schedule is off by one"
            moved = {i: np.asarray(old[i] + shift, old[i].dtype) for i in chosen}
            yield "off-by-one schedule", said, _with(wrong.memory, moved)
        for times in TIMES if wrong.k else ():
            said = f"{which} is {times * wrong.k}, not {wrong.k}: stepped {times} times in a step"
            more = {i: np.asarray(times * old[i], old[i].dtype) for i in chosen}
            yield "schedule stepped too often", said, _with(wrong.memory, more)


def _made_anew(wrong: WrongStep, old: list, new: list, counts: list) -> Iterator[tuple]:
    fresh = "the rule starts anew here: its memory was reset, or not restored on resuming"
    kept = {i: leaf for i, leaf in enumerate(new) if i not in counts}
    yield "momentum reset", f"{fresh}, but for its count", _with(wrong.memory, kept)
    yield "momentum reset", fresh, start(wrong.reference)
    for part, places in _parts(wrong.memory).items():
        some = {i: new[i] for i in places if i in kept}
        if some and len(some) < len(kept):
            said = f"{part} starts anew here, and the rest of the memory does not"
            yield "momentum reset", said, _with(wrong.memory, some)


def _choices(counts: list[int]) -> list[list[int]]:
    """All of them, and each alone."""
    return [counts, *([i] for i in counts if len(counts) > 1)] if counts else []


def _parts(memory: Memory) -> dict[str, list[int]]:
    """The fields of a state, mu and nu say, and where their leaves are."""
    tree = jax.tree.unflatten(memory.tree, range(len(memory.leaves)))
    out: dict[str, list[int]] = {}
    for path, place in jax.tree_util.tree_flatten_with_path(tree)[0]:
        named = [key.name for key in path if isinstance(key, jax.tree_util.GetAttrKey)]
        out.setdefault(named[-1] if named else "", []).append(place)
    return out


def _with(memory: Memory, leaves: dict) -> Memory:
    """The memory with other leaves at some places."""
    return memory._replace(leaves=[leaves.get(i, x) for i, x in enumerate(memory.leaves)])
