"""`refnet validate`: is somebody's gradient or update rule right?  In a file, or a process."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .mistakes import Mistake, at_least_one, known, positive, seed_of, translated, writable_file
from .status import status_of

if TYPE_CHECKING:
    from ..campaign.implementation import Implementation
    from ..vocabulary import Finding

GRADIENT = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE.py:GRADIENT]",
        help="The gradient to judge; with --update, the update rule. Also package.module:GRADIENT.",
    ),
]
OF = Annotated[
    str | None,
    typer.Option(help="FILE.py:LOSS, the function whose gradient it is.", metavar="LOSS"),
]
ARGS = Annotated[
    str | None,
    typer.Option(
        help="FILE.py:SAMPLE, a function of a NumPy random generator that returns the arguments."
    ),
]
ARGNUMS = Annotated[
    str, typer.Option(help="The arguments differentiated by: 0 or w, or several as 0,1 or w,b.")
]
DTYPE = Annotated[
    list[str] | None,
    typer.Option(
        help="float64, float32, float16, bfloat16, bfloat16_float32 or float16_float32; "
        "may be repeated. Default: float64."
    ),
]
CASES = Annotated[int, typer.Option(help="How many cases are drawn.")]
SEED = Annotated[int, typer.Option(help="Seed of the cases.")]
ALLOW = Annotated[
    list[str] | None,
    typer.Option(
        help="Accept this convention: sum, mean, half, double, negative, ...; may be repeated."
    ),
]
VARY = Annotated[
    list[str] | None,
    typer.Option(
        help="An argument, by number or name, whose integers and numbers get edges, too; "
        "may be repeated."
    ),
]
EDGES = Annotated[
    str,
    typer.Option(help="Where edges decide: judge (near and far), near, note (nowhere) or none."),
]
KWARGS = Annotated[
    str | None,
    typer.Option(help='Keyword arguments as JSON, such as {"rate": 0.5}; they stay fixed.'),
]
JSON = Annotated[Path | None, typer.Option(help="Write the finding to this file as JSON.")]
AGAINST = Annotated[
    str | None,
    typer.Option(help="The name of one of our derivations, instead of --of and --args."),
]
UPDATE = Annotated[
    str | None,
    typer.Option(
        help="The update rule that it should be, such as adam (see `refnet list updates`).",
        metavar="NAME",
    ),
]


def validate(
    gradient: GRADIENT = None,
    of: OF = None,
    args: ARGS = None,
    argnums: ARGNUMS = "0",
    dtype: DTYPE = None,
    cases: CASES = 16,
    seed: SEED = 0,
    allow: ALLOW = None,
    vary: VARY = None,
    edges: EDGES = "judge",
    kwargs: KWARGS = None,
    process: Annotated[
        str | None,
        typer.Option(
            help="A program that answers over stdin and stdout, as docs/protocol.md says."
        ),
    ] = None,
    against: AGAINST = None,
    update: UPDATE = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="Time limit of a gradient, or of --process, for one answer."),
    ] = None,
    memory: Annotated[
        float | None, typer.Option(help="Memory limit of --process, in bytes.")
    ] = None,
    output: Annotated[
        float | None, typer.Option(help="Size limit of one answer of --process, in bytes.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the finding to this file as a page of HTML.")
    ] = None,
    json: JSON = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write the finding to this file as JUnit XML.")
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option(help="Write the finding to this file as SARIF 2.1.0.")
    ] = None,
) -> int:
    """Judge somebody's gradient, or update rule.

    For a gradient give FILE.py:GRADIENT with --of and --args, or --process with --against. For an
    update rule give --update and FILE.py:RULE, a function that makes the rule from its
    hyperparameters, or --update and --process.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    limits = {"seconds": seconds, "memory": memory, "output": output}
    for option, file in (
        ("--html", html),
        ("--json", json),
        ("--junit", junit),
        ("--sarif", sarif),
    ):
        writable_file(option, file)
    one = implementation(
        gradient, of, args, argnums, allow=allow, vary=vary, edges=edges, process=process,
        against=against, limits=limits, update=update, kwargs=kwargs,
    )  # fmt: skip
    findings = judged(one, dtype, cases, seed)
    from ..campaign.implementation import row
    from .shown import show_all

    rows = [row(found, one) for found in findings]
    _write(findings, rows, html, json, junit, sarif)
    show_all(rows)
    return status_of(found.verdict for found in findings)


def implementation(
    gradient: str | None,
    of: str | None,
    args: str | None,
    argnums: str,
    allow: Sequence[str] | None = None,
    vary: Sequence[str] | None = None,
    edges: str = "judge",
    process: str | None = None,
    against: str | None = None,
    limits: dict[str, float | None] | None = None,
    update: str | None = None,
    kwargs: str | None = None,
) -> "Implementation":
    """What the options name, or a Mistake where they contradict each other or one is missing."""
    given = {name: value for name, value in (limits or {}).items() if value is not None}
    options = {"FILE.py:GRADIENT": gradient, "--of": of, "--args": args, "--allow": allow}
    options |= {"--vary": vary, "--kwargs": kwargs, "--process": process, "--against": against}
    options |= {"--update": update, "--argnums": argnums if update and argnums != "0" else None}
    from ..campaign.keys import EDGES as MODES

    decide = "" if known("value of --edges", edges, MODES) == "judge" else edges
    options |= {"--edges": decide}
    options |= {f"--{name}": positive(f"--{name}", value) for name, value in given.items()}
    _agree({name: str(value) for name, value in options.items() if value})
    from ..campaign.implementation import Implementation

    return Implementation(
        name=process or (gradient or "").rpartition(":")[2],
        gradient=gradient or "",
        of=of or "",
        args=args or "",
        argnums=argnums_of(argnums),
        process=process or "",
        against=against or "",
        allow=tuple(allow or ()),
        vary=tuple(int(word) if word.isdecimal() else word for word in vary or ()),
        edges=decide,
        limits=tuple(given.items()),
        update=update or "",
        kwargs=keywords_of(kwargs),
    )


def _agree(given: dict[str, str]) -> None:
    """Raises a Mistake for an option that contradicts another, or that is missing."""
    by = next((option for option in ("--update", "--against") if option in given), "")
    if "--process" in given:
        apart: tuple[str, ...] = ("FILE.py:GRADIENT", "--of", "--args", *OF_DRAWS)
        wanted, head = ("--against",), f"--process is {given['--process']!r}"
    elif "FILE.py:GRADIENT" in given:
        apart, wanted = ("--memory", "--output"), ("--of", "--args")
        what = "rule" if by == "--update" else "gradient"
        head = f"the {what} is {given['FILE.py:GRADIENT']!r}"
    else:
        raise Mistake("there is nothing to judge; give FILE.py:GRADIENT, or --process COMMAND")
    if by:
        head, wanted = f"{head} and {by} {given[by]!r}", ()
        apart += ("--of", "--args")
    if by == "--update":
        apart += ("--against", "--argnums", *OF_DRAWS)
        apart += ("--seconds",) if "FILE.py:GRADIENT" in given else ()
    for option in apart:
        if option in given:
            raise Mistake(f"{option} is {given[option]!r}, but {head}; leave one of the two out")
    for option in wanted:
        if option not in given:
            raise Mistake(f"{head}, but {option} is missing; {MEANT[option]}")


OF_DRAWS = ("--allow", "--vary", "--edges", "--kwargs")
MEANT = {
    "--of": "give the function whose gradient it is: --of FILE.py:LOSS",
    "--args": "say where to look: --args FILE.py:SAMPLE, a function of a NumPy random generator",
    "--against": "give the name of a derivation, such as --against mse (see `refnet list`), "
    "or of an update rule, --update adam",
}


def argnums_of(text: str) -> int | str | tuple[int | str, ...]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.removeprefix("-").isdecimal() or word.isidentifier() for word in words):
        raise Mistake(f"--argnums is {text!r}; give numbers from 0 or names, such as 0, 0,1 or w,b")
    found = tuple(word if word.isidentifier() else int(word) for word in words)
    return found[0] if len(found) == 1 else found


def keywords_of(text: str | None) -> str:
    """The JSON of an object, as it was given."""
    import json

    try:
        is_object = not text or isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise Mistake(f"--kwargs is {text!r}; give a JSON object, such as '{{\"rate\": 0.5}}'")
    return text or ""


def judged(
    one: "Implementation", dtype: list[str] | None, cases: int, seed: int
) -> "list[Finding]":
    """One finding for each dtype; whatever is wrong in the user's files is a Mistake."""
    at_least_one("--cases", cases)
    seed_of(seed)
    with translated():
        from ..arithmetic.formats import DTYPES

        dtypes = [known("dtype", name, DTYPES) for name in dtype or ["float64"]]
        from ..campaign.apart import in_time
        from ..campaign.usable import check

        check(one)
        return [in_time(one, name, cases, seed) for name in dtypes]


def _write(findings: "list[Finding]", rows: list[dict], html, json, junit, sarif) -> None:
    from ..report.findings import writing

    texts: list[tuple[Path | None, Callable[[], Any]]] = [
        (html, lambda: _html(rows)),
        (json, lambda: _json(findings)),
        (junit, lambda: writing.junit(rows)),
        (sarif, lambda: writing.sarif(rows)),
    ]
    for file, text in texts:
        if file is not None:
            writing.write_text(file, text())


def _html(rows: list[dict]) -> str:
    from ..report.findings.words import fragment_of
    from ..vocabulary.html import page

    return page(map(fragment_of, rows), "A finding of refnet" if len(rows) == 1 else "Findings")


def write_json(file: Path, findings: "list[Finding]") -> None:
    from ..report.findings.writing import write_text

    write_text(file, _json(findings))


def _json(findings: "list[Finding]") -> str:
    """One finding as it is; several as a list of them."""
    texts = [found.to_json() for found in findings]
    return (texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]") + "\n"
