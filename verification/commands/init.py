"""`refnet init`: look through a repository for gradients by hand, and write a test file for each.

Files are read, never imported or executed.  What only a person can know is marked.
"""

from pathlib import Path
from typing import Annotated

import typer

from .mistakes import Mistake


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The repository.")] = Path(),
    out: Annotated[
        Path | None, typer.Option(help="The folder of the tests. Default: DIR/tests/gradients.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what was found only.")] = False,
) -> int:
    """Find gradients by hand; write a test for each.

    Custom derivatives of JAX, autograd functions of PyTorch, backward passes by hand and update
    rules, of classes too, are found by their text; nothing is imported. A file that is there is
    never overwritten.

    Exit status 0; 3 where nothing was found.
    """
    if not folder.is_dir():
        raise Mistake(f"DIR is {str(folder)!r}, which is no folder; give the repository's folder")
    from ..campaign.found import found_in
    from ..campaign.scaffold import CI, test_of, workflow
    from ..vocabulary.progress import watched

    with watched("init"):
        found = found_in(folder)
    for one in found:
        typer.echo(f"{one.file}:{one.line}: {one.title}, {one.kind}")
    typer.echo(f"{len(found)} found in {folder}")
    if found and not dry_run:
        tests = out or folder / "tests" / "gradients"
        files = {tests / f"test_{one.slug}.py": test_of(one) for one in found}
        for file, text in {**files, folder / CI: workflow(tests, folder, found)}.items():
            typer.echo(_written(file, text))
    return 0 if found else 3


def _written(file: Path, text: str) -> str:
    """Aside, then renamed; what is there stays."""
    from ..report.findings.writing import write_text

    if file.exists():
        return f"kept {file}, which is there already"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, text)
    return f"wrote {file}"
