"""`refnet explain`: which term of a wrong gradient is wrong, where, and by how much."""

from typing import Annotated

import typer

from .mistakes import writable_file
from .status import status_of
from .validate import implementation as named
from .validate import judged, kind_of
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
    FORWARD,
    HTML,
    JSON,
    JUNIT,
    KWARGS,
    MEANT,
    OF,
    ORDER,
    RESUME,
    SAMPLES,
    SARIF,
    SECONDS,
    SEED,
    UNDER,
    VARY,
)


def explain(
    gradient: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE.py:GRADIENT]",
            help="The gradient to explain. Also package.module:GRADIENT.",
        ),
    ] = None,
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
    against: AGAINST = None,
    seconds: SECONDS = None,
    resume: RESUME = None,
    html: HTML = None,
    json: JSON = None,
    junit: JUNIT = None,
    sarif: SARIF = None,
) -> int:
    """Say what is wrong with a gradient.

    Which term of the chain rule, at which line of the function differentiated, and by how much.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    files = {"--html": html, "--json": json, "--junit": junit, "--sarif": sarif}
    for option, file in files.items():
        writable_file(option, file)
    given = {"allow": allow, "vary": vary, "edges": edges, "against": against, "kwargs": kwargs}
    given["resume"] = resume
    kind = kind_of(order, under, meant, forward, samples, bias, error)
    one = named(gradient, of, args, argnums, kind=kind, limits={"seconds": seconds}, **given)
    findings = judged(one, dtype, cases, seed, resume)
    from ..campaign.implementation import row
    from .shown import show_all

    rows = [row(found, one) for found in findings]
    write(findings, rows, *files.values())
    show_all(rows)
    return status_of(found.verdict for found in findings)
