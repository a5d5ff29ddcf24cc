"""`refnet validate`: is somebody's gradient or update rule right?  In a file, or a process."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .agreed import agree
from .mistakes import (
    Mistake,
    at_least,
    at_least_one,
    known,
    positive,
    seed_of,
    translated,
    writable_file,
)
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
    ERROR,
    FAILURES,
    FORWARD,
    GRADIENT,
    HTML,
    JSON,
    JUNIT,
    KWARGS,
    MEANT,
    MEMORY,
    OF,
    ORDER,
    OUTPUT,
    PARAMS,
    PROCESS,
    RESUME,
    SAMPLES,
    SARIF,
    SECONDS,
    SEED,
    SIGNATURE,
    START,
    STEPS,
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
    error: ERROR = None,
    kwargs: KWARGS = None,
    process: PROCESS = None,
    signature: SIGNATURE = None,
    against: AGAINST = None,
    update: UPDATE = None,
    steps: STEPS = None,
    params: PARAMS = None,
    seconds: SECONDS = None,
    start: START = None,
    memory: MEMORY = None,
    output: OUTPUT = None,
    failures: FAILURES = None,
    resume: RESUME = None,
    html: HTML = None,
    json: JSON = None,
    junit: JUNIT = None,
    sarif: SARIF = None,
) -> int:
    """Judge somebody's gradient, or update rule.

    For a gradient give FILE.py:GRADIENT with --of and --args, or --process with --against, or with
    --of and --args (and --signature, where the program has other names). For an update rule give
    --update and FILE.py:RULE, a function that makes the rule from its hyperparameters, or --update
    and --process.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    limits = {"seconds": seconds, "start": start, "memory": memory, "output": output}
    limits["failures"] = failures
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
        kind=kind_of(order, under, meant, forward, samples, bias, error), steps=steps,
        params=params, resume=resume,
    )  # fmt: skip
    findings = judged(one, dtype, cases, seed, resume)
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
    steps: int | None = None,
    params: str | None = None,
    resume: str | None = None,
) -> "Implementation":
    """What the options name, or a Mistake where they contradict each other or one is missing."""
    given = {name: value for name, value in (limits or {}).items() if value is not None}
    options = {"FILE.py:GRADIENT": gradient, "--of": of, "--args": args, "--allow": allow}
    options |= {"--vary": vary, "--kwargs": kwargs, "--process": process, "--against": against}
    options |= {"--update": update, "--argnums": argnums if update or process else None}
    options |= {"--signature": signature, "--params": params, "--resume": resume}
    options |= {"--steps": None if steps is None else at_least("--steps", steps, 2)}
    from ..campaign.derivative_kind import FIRST
    from ..campaign.keys import EDGES as MODES

    kind = kind or FIRST
    usual = FIRST._asdict()
    options |= {f"--{k}": value for k, value in kind._asdict().items() if value != usual[k]}
    decide = "" if known("value of --edges", edges, MODES) == "judge" else edges
    options |= {"--edges": decide}
    options |= {f"--{name}": positive(f"--{name}", value) for name, value in given.items()}
    agree({name: str(value) for name, value in options.items() if value})
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
        kwargs=object_of("--kwargs", kwargs, '{"rate": 0.5}'),
        signature=signature or "",
        steps=steps or 0,
        params=shapes_of(params),
    )


def kind_of(
    order: int,
    under: Sequence[str] | None,
    meant: str | None,
    forward: bool,
    samples: int | None,
    bias: float | None,
    error: float | None = None,
) -> "Kind":
    """Which derivative the options ask for, or a Mistake where a value cannot be."""
    if order not in (1, 2, 3):
        raise Mistake(f"--order is {order}; give 1, 2 or 3")
    if samples is not None:
        at_least_one("--samples", samples)
    for option, value in (("--bias", bias), ("--error", error)):
        if value is not None and samples is None:
            raise Mistake(f"{option} is {value:g}, but --samples is missing; give both or neither")
    from ..campaign.derivative_kind import Kind

    least = positive("--bias", bias) if bias is not None else 0.0
    chance = positive("--error", error) if error is not None else 0.0
    if chance >= 1.0:
        raise Mistake(f"--error is {chance:g}; give a probability below 1")
    return Kind(order, tuple(under or ()), meant or "", forward, samples or 0, least, chance)


def argnums_of(text: str) -> int | str | tuple[int | str, ...]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.removeprefix("-").isdecimal() or word.isidentifier() for word in words):
        raise Mistake(f"--argnums is {text!r}; give numbers from 0 or names, such as 0, 0,1 or w,b")
    found = tuple(word if word.isidentifier() else int(word) for word in words)
    return found[0] if len(found) == 1 else found


def shapes_of(text: str | None) -> str:
    """The JSON of names and shapes, as it was given."""
    import json

    such_as = '{"w": [3, 2], "b": [2]}'
    given = object_of("--params", text, such_as)
    is_size = lambda n: type(n) is int and n > 0
    is_shape = lambda x: isinstance(x, list) and all(map(is_size, x))
    if given and not (json.loads(given) and all(map(is_shape, json.loads(given).values()))):
        raise Mistake(f"--params is {text!r}; give names and their shapes, such as '{such_as}'")
    return given


def object_of(option: str, text: str | None, such_as: str) -> str:
    """The JSON of an object, as it was given."""
    import json

    try:
        is_object = not text or isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise Mistake(f"{option} is {text!r}; give a JSON object, such as '{such_as}'")
    return text or ""


def judged(
    one: "Implementation",
    dtype: list[str] | None,
    cases: int | None,
    seed: int,
    resume: str | None = None,
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
        with _kept_in(resume) as damaged:
            found = [in_time(one, name, cases, seed) for name in dtypes]
    return [replace(f, notes=(*f.notes, *damaged)) for f in found] if damaged else found


def _kept_in(folder: str | None) -> AbstractContextManager[list[str]]:
    """Where stages are kept, or a Mistake where that is a file."""
    from ..measurement.stages import kept_in

    if folder is not None and Path(folder).is_file():
        raise Mistake(f"--resume is {folder!r}, a file; give a folder")
    return kept_in(folder)
