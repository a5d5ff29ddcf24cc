"""`refnet training`: is every step of a training run right, and all of them together?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .mistakes import Mistake, known, seed_of, translated, writable_file
from .status import status_of
from .validate import object_of
from .validate_files import write
from .validate_options import HTML, JSON, JUNIT, SARIF, SEED

if TYPE_CHECKING:
    from ..training.named import Words
    from ..vocabulary import Finding

LOSS = "FILE.py:LOSS, the loss of params and a batch; JAX must be able to trace it."


def training(
    run: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:LOOP|RUN",
            help="LOOP(params, batches) yields the weights after every step, or steps with loss "
            "and gradient; or a folder that vf.record wrote.",
        ),
    ],
    of: Annotated[str, typer.Option(metavar="LOSS", help=LOSS)],
    args: Annotated[
        str,
        typer.Option(
            help="FILE.py:SAMPLE, a function of a NumPy random generator that returns the first "
            "weights and the list of batches."
        ),
    ],
    rule: Annotated[
        str,
        typer.Option(
            help="A name of refnet.UPDATES, such as adam; or FILE.py:RULE, a function that "
            "makes an optax transformation."
        ),
    ],
    kwargs: Annotated[
        str | None,
        typer.Option(help='Hyperparameters of the rule as JSON, such as {"learning_rate": 0.1}.'),
    ] = None,
    dtype: Annotated[
        list[str] | None,
        typer.Option(help="float64, float32, ...; may be repeated. Default: float64."),
    ] = None,
    seed: SEED = 0,
    runs: Annotated[
        int | None,
        typer.Option(help="Runs with random roundings that make the band; 0 makes none."),
    ] = None,
    instead: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE.py:LOSS",
            help="Another loss that may have been trained by mistake; may be repeated.",
        ),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            help="FILE.py:SAMPLE, a function of a NumPy random generator that returns a batch "
            "that must not be trained on."
        ),
    ] = None,
    html: HTML = None,
    json: JSON = None,
    junit: JUNIT = None,
    sarif: SARIF = None,
) -> int:
    """Judge a training run, step by step.

    The first wrong step is said, which part of it differs first, and what was done instead.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    for option, file in (
        ("--html", html),
        ("--json", json),
        ("--junit", junit),
        ("--sarif", sarif),
    ):
        writable_file(option, file)
    from json import loads

    from ..arithmetic.formats import DTYPES

    hyperparameters = loads(object_of("--kwargs", kwargs, '{"learning_rate": 0.1}') or "{}")
    dtypes = [known("dtype", name, DTYPES) for name in dtype or ["float64"]]
    seed_of(seed)
    with translated():
        from ..training.band import RUNS
        from ..training.named import Words, judged

        if runs is not None and runs != 0 and runs < RUNS:
            raise Mistake(f"--runs is {runs}; give at least {RUNS}, or 0 for none")
        words = Words(run, of, args, rule, hyperparameters, tuple(instead or ()), held_out or "")
        findings: list[Finding] = [
            judged(words, name, seed, RUNS if runs is None else runs) for name in dtypes
        ]
        rows = [row(found, words) for found in findings]
    from .shown import show_all

    write(findings, rows, html, json, junit, sarif)
    show_all(rows)
    return status_of(found.verdict for found in findings)


def row(found: "Finding", words: "Words") -> dict[str, Any]:
    """The finding as plain data, with the place that a reader is led to."""
    from json import loads

    from ..training.named import place

    stands = place(words)
    location = {"file": stands.file, "line": stands.line} if stands else {"file": "", "line": 0}
    return {
        **loads(found.to_json()),
        "implementation": words.run.rpartition(":")[2],
        "against": words.rule,
        "location": location,
        "forward": {"file": ""},
    }
