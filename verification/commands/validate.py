"""`refnet validate`: is somebody's gradient or update rule right?  In a file, or a process."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .mistakes import Mistake, at_least_one, known, positive, seed_of, translated, writable_file
from .status import status_of
from .validate_files import write
from .validate_options import (
    AGAINST,
    ALLOW,
    ARGNUMS,
    ARGS,
    BIAS,
    CASES,
    DTYPE,
    EDGES,
    FORWARD,
    GRADIENT,
    JSON,
    KWARGS,
    MEANT,
    OF,
    ORDER,
    SAMPLES,
    SEED,
    SIGNATURE,
    UNDER,
    UPDATE,
    VARY,
)

if TYPE_CHECKING:
    from ..campaign.derivative_kind import Kind
    from ..campaign.implementation import Implementation
    from ..vocabulary import Finding


def validate(
    gradient: GRADIENT = None,
    of: OF = None,
    args: ARGS = None,
    argnums: ARGNUMS = None,
    dtype: DTYPE = None,
    cases: CASES = None,
    seed: SEED = 0,
    allow: ALLOW = None,
    vary: VARY = None,
    edges: EDGES = "judge",
    order: ORDER = 1,
    under: UNDER = None,
    meant: MEANT = None,
    forward: FORWARD = False,
    samples: SAMPLES = None,
    bias: BIAS = None,
    kwargs: KWARGS = None,
    process: Annotated[
        str | None,
        typer.Option(
            help="A program that answers over stdin and stdout, as docs/protocol.md says."
        ),
    ] = None,
    signature: SIGNATURE = None,
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

    For a gradient give FILE.py:GRADIENT with --of and --args, or --process with --against, or with
    --of and --args (and --signature, where the program has other names). For an update rule give
    --update and FILE.py:RULE, a function that makes the rule from its hyperparameters, or --update
    and --process.

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
        against=against, limits=limits, update=update, kwargs=kwargs, signature=signature,
        kind=kind_of(order, under, meant, forward, samples, bias),
    )  # fmt: skip
    findings = judged(one, dtype, cases, seed)
    from ..campaign.implementation import row
    from .shown import show_all

    rows = [row(found, one) for found in findings]
    write(findings, rows, html, json, junit, sarif)
    show_all(rows)
    return status_of(found.verdict for found in findings)


def implementation(
    gradient: str | None,
    of: str | None,
    args: str | None,
    argnums: str | None,
    allow: Sequence[str] | None = None,
    vary: Sequence[str] | None = None,
    edges: str = "judge",
    process: str | None = None,
    against: str | None = None,
    limits: dict[str, float | None] | None = None,
    update: str | None = None,
    kwargs: str | None = None,
    kind: "Kind | None" = None,
    signature: str | None = None,
) -> "Implementation":
    """What the options name, or a Mistake where they contradict each other or one is missing."""
    given = {name: value for name, value in (limits or {}).items() if value is not None}
    options = {"FILE.py:GRADIENT": gradient, "--of": of, "--args": args, "--allow": allow}
    options |= {"--vary": vary, "--kwargs": kwargs, "--process": process, "--against": against}
    options |= {"--update": update, "--argnums": argnums if update or process else None}
    options |= {"--signature": signature}
    from ..campaign.derivative_kind import FIRST
    from ..campaign.keys import EDGES as MODES

    kind = kind or FIRST
    usual = FIRST._asdict()
    options |= {f"--{k}": value for k, value in kind._asdict().items() if value != usual[k]}
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
        argnums=argnums_of(argnums or "0") if argnums or not kind.forward else None,
        kind=kind,
        process=process or "",
        against=against or "",
        allow=tuple(allow or ()),
        vary=tuple(int(word) if word.isdecimal() else word for word in vary or ()),
        edges=decide,
        limits=tuple(given.items()),
        update=update or "",
        kwargs=keywords_of(kwargs),
        signature=signature or "",
    )


def _agree(given: dict[str, str]) -> None:
    """Raises a Mistake for an option that contradicts another, or that is missing."""
    by = next((option for option in ("--update", "--against") if option in given), "")
    if "--process" in given:
        of_mine = not by and not OF_A_FUNCTION.isdisjoint(given)
        apart: tuple[str, ...] = ("FILE.py:GRADIENT", *(KINDS if of_mine else OF_NO_FUNCTION))
        wanted = ("--of", "--args") if of_mine else ("--against",)
        head = f"--process is {given['--process']!r}"
    elif "FILE.py:GRADIENT" in given:
        of_itself = "--args" in given and "--samples" not in given  # it is looked at later
        apart = ("--memory", "--output", "--signature")
        wanted = () if of_itself else ("--of", "--args")
        what = "rule" if by == "--update" else "gradient"
        head = f"the {what} is {given['FILE.py:GRADIENT']!r}"
    else:
        raise Mistake("there is nothing to judge; give FILE.py:GRADIENT, or --process COMMAND")
    if by:
        head, wanted = f"{head} and {by} {given[by]!r}", ()
        apart += ("--of", "--args", "--signature")
    if by == "--update":
        apart += ("--against", "--argnums", *OF_DRAWS)
        apart += ("--seconds",) if "FILE.py:GRADIENT" in given else ()
    for option, others in OF_KINDS.items():
        if option in given:
            value = f" {given[option]}" if option != "--forward" else ""
            apart, head = (*apart, *others), f"{head} and {option}{value}"
    for option in apart:
        if option in given:
            raise Mistake(f"{option} is {given[option]!r}, but {head}; leave one of the two out")
    for option in wanted:
        if option not in given:
            raise Mistake(f"{head}, but {option} is missing; {MISSING[option]}")


BACKWARDS = ("--kwargs", "--seconds", "--order", "--under", "--meant")
OF_KINDS = {  # what a kind of derivative has no use for
    "--forward": (*BACKWARDS, "--samples"),
    "--samples": (*BACKWARDS, "--against", "--allow", "--vary", "--edges"),
}
OF_DRAWS = ("--allow", "--vary", "--edges", *BACKWARDS[2:], "--kwargs", *OF_KINDS)
KINDS = (*BACKWARDS[2:], *OF_KINDS)
OF_A_FUNCTION = {"--of", "--args", "--signature"}
OF_NO_FUNCTION = ("--of", "--args", "--argnums", *OF_DRAWS)
MISSING = {
    "--of": "give the function whose gradient it is: --of FILE.py:LOSS",
    "--args": "say where to look: --args FILE.py:SAMPLE, a function of a NumPy random generator",
    "--against": "give the name of a derivation, such as --against mse (see `refnet list`), "
    "or of an update rule, --update adam; or --of and --args, a function of your own",
}


def kind_of(
    order: int,
    under: Sequence[str] | None,
    meant: str | None,
    forward: bool,
    samples: int | None,
    bias: float | None,
) -> "Kind":
    """Which derivative the options ask for, or a Mistake where a value cannot be."""
    if order not in (1, 2, 3):
        raise Mistake(f"--order is {order}; give 1, 2 or 3")
    if samples is not None:
        at_least_one("--samples", samples)
    if bias is not None and samples is None:
        raise Mistake(f"--bias is {bias:g}, but --samples is missing; give both or neither")
    from ..campaign.derivative_kind import Kind

    least = positive("--bias", bias) if bias is not None else 0.0
    return Kind(order, tuple(under or ()), meant or "", forward, samples or 0, least)


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
    one: "Implementation", dtype: list[str] | None, cases: int | None, seed: int
) -> "list[Finding]":
    """One finding for each dtype; whatever is wrong in the user's files is a Mistake."""
    usual = 2 if one.kind.samples else 16
    cases = at_least_one("--cases", usual if cases is None else cases)
    seed_of(seed)
    with translated():
        from ..arithmetic.formats import DTYPES

        dtypes = [known("dtype", name, DTYPES) for name in dtype or ["float64"]]
        from ..campaign.apart import in_time
        from ..campaign.usable import check

        check(one)
        return [in_time(one, name, cases, seed) for name in dtypes]
