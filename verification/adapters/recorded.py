"""Recorded training runs: one npz or safetensors file per step, written aside and read warily.

The names in a file are those of the tensors: `weights/0/w`, `gradient/0/w`, `loss`, `batch/0`,
`replica/1/0/w`; the weights are those after the step, loss and gradient those at the weights before
it.  The files of a folder are taken in the order of the number in their name; that of number 0 has
the weights before the first step.
"""

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

FORMS = (".npz", ".safetensors")
LARGEST = 2**32  # bytes of one step, as they are in memory
PARTS = ("weights", "gradient", "batch")
START, REPLICA = 0, "replica"


class TrainingStep(NamedTuple):
    """The weights after a step; the loss and gradient of its batch at the weights before it."""

    weights: Any
    loss: Any = None
    gradient: Any = None
    batch: Any = None  # what it was taken on; vf.lint_training looks at it
    replicas: Any = None  # the weights after it of every replica, a list


class Row(NamedTuple):
    """A step as its files have it: leaves by their names, and nothing where nothing is recorded."""

    weights: dict[str, np.ndarray]
    loss: np.ndarray | None
    gradient: dict[str, np.ndarray]
    batch: dict[str, np.ndarray]
    replicas: list[dict[str, np.ndarray]]
    is_start: bool = False


def names(tree: Any) -> list[str]:
    """The name of every leaf: the fields, keys and numbers on the way to it, `0/w`."""
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path in paths]


def record(
    folder: str | Path, steps: Iterable[Any], form: str = "npz", *, start: Any = None
) -> int:
    """Write each step as it comes to folder/000001.npz and so on; returns how many they were.

    steps are what `vf.validate_training` takes from a loop; start the weights before the first.
    Raises ValueError for a form that is neither "npz" nor "safetensors", FileExistsError for a
    folder that holds steps already.
    """
    if f".{form}" not in FORMS:
        raise ValueError(f"form is {form!r}; it must be 'npz' or 'safetensors'")
    folder, count = Path(folder), 0
    folder.mkdir(parents=True, exist_ok=True)
    if any(path.suffix in FORMS for path in folder.iterdir()):
        raise FileExistsError(f"folder {str(folder)!r} holds steps already; give an empty one")
    if start is not None:
        _write(folder / f"{START:06d}.{form}", _named(TrainingStep(start)))
    for count, step in enumerate(steps, 1):
        _write(folder / f"{count:06d}.{form}", _named(as_step(step)))
    return count


def as_step(given: Any) -> TrainingStep:
    """What a loop may yield: a TrainingStep, a dict with `weights`, or the weights alone."""
    if isinstance(given, TrainingStep):
        return given
    if isinstance(given, dict) and "weights" in given and set(given) <= set(TrainingStep._fields):
        return TrainingStep(**given)
    return TrainingStep(given)


def array(leaf: Any) -> np.ndarray:
    """A copy as NumPy has it; of a tensor of PyTorch too, bfloat16 by way of float32."""
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().cpu()
        leaf = leaf.float() if "bfloat16" in str(leaf.dtype) else leaf
        leaf = leaf.numpy()
    return np.array(leaf)


def _named(step: TrainingStep) -> dict[str, np.ndarray]:
    out = {} if step.loss is None else {"loss": array(step.loss)}
    for part in PARTS:
        tree = getattr(step, part)
        out |= _prefixed(part, tree)
    for r, tree in enumerate(step.replicas or ()):
        out |= _prefixed(f"{REPLICA}/{r}", tree)
    return out


def _prefixed(part: str, tree: Any) -> dict[str, np.ndarray]:
    pairs = zip(names(tree), jax.tree.leaves(tree), strict=True)
    return {f"{part}/{name}".rstrip("/"): _plain(array(leaf)) for name, leaf in pairs}


def _plain(leaf: np.ndarray) -> np.ndarray:
    """What npz can name: bfloat16 and its like by way of float32, which holds them all."""
    return leaf if leaf.dtype.kind != "V" else leaf.astype(np.float32)


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        if path.suffix == ".npz":
            np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
        else:
            file.write(_safetensors().save({k: np.ascontiguousarray(a) for k, a in arrays.items()}))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def read(folder: str | Path, tree: Any) -> Iterator[TrainingStep]:
    """The recorded steps of a folder, for weights of the pytree `tree`.

    Raises ValueError, with the name of the file, for files that are not what they should be.
    """
    wanted = names(tree)
    for path in _files(Path(folder)):
        if _number(path) != START:
            yield _step(path, _read(path), wanted)


def rows(place: str | Path) -> Iterator[Row]:
    """Every step of a folder, or of one npz file whose arrays have a row for each step.

    Raises ValueError, with the name of the file, for what is no recording.
    """
    place = Path(place)
    if place.is_dir():
        for path in _files(place):
            yield _as_row(path, _read(path), _number(path) == START)
        return
    if place.suffix not in FORMS or not place.is_file():
        raise ValueError(f"{str(place)!r} is neither a folder of steps nor an npz file of them")
    arrays = _read(place)
    counts = {np.shape(leaf)[:1] for leaf in arrays.values()}
    if len(counts) != 1 or counts == {()}:
        raise ValueError(f"{place.name!r}: every array must have one row for each step")
    for k in range(*counts.pop()):
        yield _as_row(place, {name: leaf[k] for name, leaf in arrays.items()}, False)


def weights_in(file: Path) -> dict[str, np.ndarray]:
    """The weights of the file of one step.  Raises ValueError where it is none."""
    if file.suffix not in FORMS or not file.is_file():
        raise ValueError(f"{str(file)!r} is no npz file of a step; give one with weights/NAME")
    return _as_row(file, _read(file), is_start=True).weights


def _as_row(path: Path, arrays: dict[str, np.ndarray], is_start: bool) -> Row:
    under = lambda part: {
        name.removeprefix(f"{part}/"): leaf
        for name, leaf in arrays.items()
        if name == part or name.startswith(f"{part}/")
    }
    weights, gradient, batch = map(under, PARTS)
    if not weights:
        listed = ", ".join(sorted(arrays)[:12]) or "nothing"
        raise ValueError(f"{path.name!r} has no weights, 'weights/NAME'; it has {listed}")
    replicas = []
    while found := under(f"{REPLICA}/{len(replicas)}"):
        replicas.append(found)
    return Row(weights, arrays.get("loss"), gradient, batch, replicas, is_start)


def _number(path: Path) -> int:
    return int(re.findall(r"\d+", path.stem)[-1])


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"{str(folder)!r} is not a folder; give one with a file for every step")
    found = [path for path in folder.iterdir() if path.suffix in FORMS and path.name[0] != "."]
    numbered = {path: re.findall(r"\d+", path.stem) for path in found}
    bad = next((path for path, digits in numbered.items() if not digits), None)
    if bad is not None or not found:
        what = f"{bad.name!r} has no number in its name" if bad else "it holds no npz, safetensors"
        raise ValueError(f"{str(folder)!r}: {what}; name the steps 1.npz, 2.npz and so on")
    if len({_number(path) for path in found}) < len(found):
        raise ValueError(f"{str(folder)!r} has two files for one step; keep one of them")
    return sorted(found, key=_number)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        return _npz(path) if path.suffix == ".npz" else _tensors(path)
    except ImportError:
        raise
    except Exception as error:  # a hostile file may fail in any way
        raise ValueError(f"{path.name!r} cannot be read: {error}") from error


def _npz(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as parts:
        _limit(sum(part.file_size for part in parts.infolist()))
    with np.load(path, allow_pickle=False) as parts:
        return {name: parts[name] for name in parts.files}


def _tensors(path: Path) -> dict[str, np.ndarray]:
    _limit(path.stat().st_size)
    return _safetensors().load_file(path)


def _limit(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"a step of {size} bytes; {LARGEST} is the most")


def _safetensors():
    try:
        from safetensors import numpy  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError(
            "safetensors is not installed; `pip install safetensors`, or use npz files"
        ) from error
    return numpy


def _step(path: Path, arrays: dict[str, np.ndarray], wanted: list[str]) -> TrainingStep:
    found = {part: [f"{part}/{name}".rstrip("/") for name in wanted] for part in PARTS[:2]}
    has_gradient = any(name.startswith("gradient/") for name in arrays)
    needed = found["weights"] + (found["gradient"] if has_gradient else [])
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise ValueError(
            f"{path.name!r} has no {missing[0]!r}; it has {', '.join(sorted(arrays)[:12])}"
        )
    weights, gradient = ([arrays[n] for n in names if n in arrays] for names in found.values())
    return TrainingStep(weights, arrays.get("loss"), gradient or None)
