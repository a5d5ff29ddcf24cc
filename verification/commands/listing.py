"""`refnet list`: the names that the other commands understand."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .mistakes import known


def listing(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="derivations, oracles, faults, claims, updates or protocol. Default: all."
        ),
    ] = None,
) -> int:
    """List the names that the other commands understand."""
    wanted = KINDS if kind is None else {kind: KINDS[known("kind", kind, KINDS)]}
    for name, rows in wanted.items():
        table = rows()
        if kind is None:
            typer.echo(f"{name} ({len(table)})")
        width = max(map(len, table), default=0)
        for word, line in table.items():
            typer.echo(f"{'  ' if kind is None else ''}{word:<{width}}  {line}".rstrip())
    return 0


def derivations() -> dict[str, str]:
    import refnet

    from ..derivations import ALL

    public = lambda d: getattr(refnet, d.of or d.name)
    return {name: _first_line(d.function) or _first_line(public(d)) for name, d in ALL.items()}


def oracles() -> dict[str, str]:
    from ..oracles import ALL

    return {name: f"{o.RANK.name.lower()}: {_first_line(o)}" for name, o in ALL.items()}


def faults() -> dict[str, str]:
    """Each with its class and where people meet it."""
    from ..faults import mistakes

    first = lambda text: text.partition(". ")[0]
    return {name: f"{one.kind}: {first(one.description)}" for name, one in mistakes().items()}


def claims() -> dict[str, str]:
    from ..claims import ALL

    return {name: claim.statement.replace("$", "") for name, claim in ALL.items()}


def updates() -> dict[str, str]:
    from refnet import UPDATES

    from ..derivations.rules import VARIANTS

    ours = {name: _first_line(rule) for name, rule in UPDATES.items()}
    return ours | {n: v.formula for n, v in VARIANTS.items() if n not in ours}


def protocol() -> dict[str, str]:
    from ..adapters import layouts, run_layouts
    from ..derivations import ALL
    from ..derivations.rules import VARIANTS

    runs = {run_layouts.PREFIX + name: run_layouts.in_one_line(name) for name in VARIANTS}
    return {name: layouts.in_one_line(name) for name in ALL} | runs


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


KINDS: Mapping[str, Any] = {
    "derivations": derivations,
    "oracles": oracles,
    "faults": faults,
    "claims": claims,
    "updates": updates,
    "protocol": protocol,
}
