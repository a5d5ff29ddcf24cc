"""`refnet lint`: what looks wrong in a recorded training run by itself, with no reference."""

from pathlib import Path
from typing import Annotated

import typer

from .mistakes import Mistake

FOUND = 1


def lint(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="A folder with a file for every step, or an npz file of all of them.",
        ),
    ],
    start: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="The weights before the first step, where RUN has none: a file like that of a "
            "step.",
        ),
    ] = None,
    frozen: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Weights that are meant to stay. Can be given again."),
    ] = None,
) -> int:
    """Look at a recorded training run.

    Weights that never move, gradients that pile up, batches that repeat, and more.

    Exit status 0 where nothing looks wrong, 1 where something does, 2 for what is no run. Nothing
    is compared with a reference: a run in which nothing looks wrong may be wrong.
    """
    from ..adapters.recorded import weights_in
    from ..training.lint.lint import lint_training

    try:
        begun = None if start is None else weights_in(start)
        found = lint_training(run, start=begun, frozen=frozen or ())
    except ValueError as error:
        raise Mistake(str(error)) from error
    for one in found.suspicions:
        print(f"step {one.step}: {one}")
    if found:
        print("nothing looks wrong, which is no proof")
    print(f"looked for: {', '.join(found.looked)}")
    for name, why in found.silent.items():
        print(f"not looked for: {name}, {why}")
    return FOUND if found.suspicions else 0
