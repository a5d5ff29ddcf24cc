"""`refnet explain`: which term of a wrong gradient is wrong, where, and by how much."""

from typing import TYPE_CHECKING, Annotated

import typer

from .status import status_of
from .validate import (
    AGAINST,
    ALLOW,
    ARGNUMS,
    ARGS,
    CASES,
    DTYPE,
    EDGES,
    OF,
    SEED,
    VARY,
    judged,
)
from .validate import implementation as named

if TYPE_CHECKING:
    from ..vocabulary import Finding


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
    argnums: ARGNUMS = "0",
    dtype: DTYPE = None,
    cases: CASES = 16,
    seed: SEED = 0,
    allow: ALLOW = None,
    vary: VARY = None,
    edges: EDGES = "judge",
    against: AGAINST = None,
) -> int:
    """Say what is wrong with a gradient.

    Which term of the chain rule, at which line of the function differentiated, and by how much.

    Exit status 0 correct, 1 wrong, inaccurate or rejected, 3 undecided.
    """
    given = {"allow": allow, "vary": vary, "edges": edges, "against": against}
    one = named(gradient, of, args, argnums, **given)
    findings = judged(one, dtype, cases, seed)
    for found in findings:
        _show(found)
    return status_of(found.verdict for found in findings)


def _show(found: "Finding") -> None:
    from .shown import console, headline, say

    screen = console()
    headline(screen, f"{found.name} in {found.dtype}", found.verdict)
    for k, one in enumerate(found.explanation, 1):
        say(screen, f"{k}. ", str(one))
        if one.source:
            say(screen, "   ", one.source.strip(), style="cyan")
    if not found.explanation:
        said = "there is nothing to explain" if found.verdict == "correct" else "none was found"
        say(screen, "", f"{said}; {found.reason}")
