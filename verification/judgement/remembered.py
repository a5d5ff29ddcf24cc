"""What failed is remembered in .refnet/, so that the next run starts there.

A file has two points: one that was drawn, and the smallest that fails.  It is of one sampler as it
stands: what another one has drawn, or the same before it was changed, says nothing of its domain.
Arrays of numbers alone are written, without pickles; where a point holds anything else nothing is
remembered, nor where the sampler may have changed unseen, or the folder cannot be written.
`remember = false` under [tool.refnet] of the pyproject.toml beside it turns this off, and so does
`unremembered`, where an answer must not hang on what was asked before.
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from .fingerprint import fingerprint

FOLDER = Path(".refnet")
NOT_COMMITTED = "# made by refnet\n*\n"
WIDE = np.float64  # holds every number of every dtype that is judged
_OFF = ContextVar("_OFF", default=False)


@contextmanager
def unremembered() -> Iterator[None]:
    """In this block nothing is recalled, written or forgotten."""
    before = _OFF.set(True)
    try:
        yield
    finally:
        _OFF.reset(before)


class Memory(NamedTuple):
    """The points of an earlier run, by name; empty where there is none."""

    points: Mapping[str, tuple] = {}


def recalled(asked: Any, like: tuple) -> Memory:
    """The points that have the structure of this one, with its dtypes."""
    if (file := _file(asked)) is None:
        return Memory()
    try:
        with np.load(file, allow_pickle=False) as held:
            found = {name: _read(held, name, like) for name in ("smallest", "drawn")}
    except (OSError, ValueError, KeyError):  # none, or one of another version
        return Memory()
    return Memory({name: point for name, point in found.items() if point is not None})


def remember(asked: Any, **points: tuple) -> None:
    """Writes the points, and keeps those of other names."""
    if (file := _file(asked)) is None or not _is_wanted():
        return
    try:
        kept = dict(np.load(file, allow_pickle=False)) if file.exists() else {}
        for name, point in points.items():
            kept = {key: x for key, x in kept.items() if not key.startswith(name)}
            kept |= _written(name, point)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not (ignored := FOLDER / ".gitignore").exists():
            ignored.write_text(NOT_COMMITTED)
        aside = file.with_name(f"{file.stem}.{os.getpid()}.npz")
        np.savez(aside, **kept)
        aside.replace(file)
    except (OSError, ValueError, TypeError):  # a folder nobody may write to, a value of no dtype
        return


def forget(asked: Any) -> None:
    if (file := _file(asked)) is not None:
        file.unlink(missing_ok=True)


def _written(name: str, point: tuple) -> dict[str, np.ndarray]:
    leaves, tree = jax.tree.flatten(point)
    arrays = [np.asarray(x) for x in leaves]
    if any(x.dtype.kind not in "biuf" and x.dtype.name != "bfloat16" for x in arrays):
        raise TypeError("only numbers are remembered")
    held = [x.astype(WIDE) if x.dtype.kind not in "biu" else x for x in arrays]
    return {f"{name}.tree": np.array(str(tree))} | {f"{name}.{k}": x for k, x in enumerate(held)}


def _read(held: Any, name: str, like: tuple) -> tuple | None:
    leaves, tree = jax.tree.flatten(like)
    if f"{name}.tree" not in held or str(held[f"{name}.tree"]) != str(tree):
        return None
    arrays = [held[f"{name}.{k}"] for k in range(len(leaves))]
    made = [x.astype(np.asarray(leaf).dtype) for x, leaf in zip(arrays, leaves, strict=True)]
    return jax.tree.unflatten(tree, made)


def _file(asked: Any) -> Path | None:
    if _OFF.get() or not (domain := fingerprint(asked.args)):
        return None
    words = [_named(asked.gradient), _named(asked.of), asked.dtype, str(asked.argnums), domain]
    digest = hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
    name = re.sub(r"\W+", "_", getattr(asked.gradient, "__name__", "gradient"))[:40]
    return FOLDER / "examples" / f"{name}-{digest}.npz"


def _named(function: Any) -> str:
    """By module and name, which stay while it is mended; a lambda by its line, too."""
    kind = type(function)
    name = getattr(function, "__qualname__", kind.__qualname__)
    code = getattr(function, "__code__", None)
    line = code.co_firstlineno if code is not None and "<lambda>" in name else ""
    file = code.co_filename if code is not None else ""
    return f"{file}:{getattr(function, '__module__', kind.__module__)}:{name}:{line}"


def _is_wanted() -> bool:
    try:
        settings = tomllib.loads(Path("pyproject.toml").read_text())
    except (OSError, ValueError):
        return True
    return settings.get("tool", {}).get("refnet", {}).get("remember", True) is not False
