"""`refnet atlas`: every public function of JAX, optax or PyTorch, judged by its own derivative."""

import importlib
import json
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from .executors import Executor, Scheduler, Where, over
from .mistakes import Mistake, at_least_one, known, translated


def atlas(
    library: Annotated[str, typer.Argument(help="jax, optax or torch.")] = "jax",
    out: Annotated[
        Path, typer.Option(help="Folder of the journal, of atlas.json and of atlas.md.")
    ] = Path("atlas"),
    dtypes: Annotated[str, typer.Option(help="Comma-separated.")] = "float64,float32,bfloat16",
    cases: Annotated[int, typer.Option(help="Draws for one verdict.")] = 4,
    only: Annotated[str, typer.Option(help="Functions whose name has this in it.")] = "",
    seconds: Annotated[float, typer.Option(help="For one function in one dtype.")] = 60.0,
    workers: Annotated[
        int, typer.Option(help="How many processes. With 1, and no executor, this one.")
    ] = 1,
    executor: Where = Executor.PROCESS,
    scheduler: Scheduler = "",
    against: Annotated[
        Path | None, typer.Option(help="Another atlas.json: say what has changed since.")
    ] = None,
) -> int:
    """Judge every public function of a library; what the journal in --out has is not asked again.

    Exit status: 0; 1 where a verdict is another than in --against, or a function crashes refnet.
    """
    from ..atlas import campaign, tables
    from ..atlas.rows import CRASH
    from ..campaign.pool import Pool, processes
    from ..vocabulary.progress import aside, watched

    version = _version(library)
    before = None if against is None else _read(against)
    wanted = tuple(dtypes.split(","))
    for dtype in wanted:
        known("dtype", dtype, campaign.DTYPES)
    out.mkdir(parents=True, exist_ok=True)
    named = lambda name: only in name
    rows, journal = [], out / f"{library}.jsonl"
    make = over(executor, scheduler) or processes
    far = at_least_one("--workers", workers) > 1 or make is not processes
    asked = closing(Pool(workers, make)) if far else nullcontext()
    with translated(), watched(f"atlas of {library}"), asked as pool:
        for row in campaign.rows(library, journal, wanted, cases, named, seconds, pool):
            aside()
            typer.echo(f"{row.name:<50} {row.dtype:<9} {row.verdict}")
            rows.append(row)
    made = tables.document(library, version, rows)
    (out / "atlas.json").write_text(json.dumps(made, indent=1) + "\n")
    (out / "atlas.md").write_text(tables.markdown(made))
    changed = [] if before is None else tables.changes(before, made)
    for line in changed:
        typer.echo(line)
    return int(bool(changed) or any(row.verdict == CRASH for row in rows))


def _version(library: str) -> str:
    from ..atlas.found import LIBRARIES

    known("library", library, LIBRARIES)
    try:
        return importlib.import_module(library).__version__
    except ImportError:
        raise Mistake(f"{library} is not installed; install it, or ask for another") from None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise Mistake(f"--against is {path}, which is no atlas.json: {error}") from None
