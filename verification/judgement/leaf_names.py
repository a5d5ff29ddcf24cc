"""Leaves by the names of parameters: w[1, 2], layer.b, batch['x'], wherever a finding speaks.

Inside, a leaf is a path from the arguments: [0].b, or args[0].b in a sentence.  Here the number at
its head becomes the name of that parameter; quoted source is left as it is.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from ..measurement.sample import VALUE
from ..vocabulary import Explanation, Finding, Worst

HEAD = re.compile(r"(?:\bargs|(?<![\w)\]'\"`.}])(?<!of ))\[(\d+)\](?!\s+at\b)")
KEPT = ("name", "reproduce", "place", "by_entry", "names", "dtype", "oracle", "budget", "kills")


def names_of(function: Callable, count: int) -> tuple[str, ...]:
    """The names of the first `count` arguments; args[k] where one has none."""
    unnamed = [f"args[{k}]" for k in range(count)]
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return tuple(unnamed)
    known = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    said = [p.name for p in known[:count]]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    return (*said, *(f"{rest}[{k}]" for k in range(count - len(said))))


def with_names(finding: Finding, names: tuple[str, ...]) -> Finding:
    """The finding with each leaf called by its parameter; `names` leads there from the paths."""
    if VALUE in finding.by_entry:  # the function's own value has that name
        names = tuple(f"args[{k}]" if name == VALUE else name for k, name in enumerate(names))
    said = partial(renamed, names=names)
    named = {path: said(path) for path in finding.by_entry}
    told = {one.name: getattr(finding, one.name) for one in fields(finding)}
    changed = {key: _in(value, said) for key, value in told.items() if key not in KEPT}
    arrays = {named[path]: array for path, array in finding.by_entry.items()}
    return replace(finding, **changed, by_entry=arrays, names=named)


def renamed(text: str, names: tuple[str, ...]) -> str:
    """The text with names for numbers, outside of backticks."""
    parts = text.split("`")
    parts[::2] = (HEAD.sub(partial(_name, names), part) for part in parts[::2])
    return "`".join(parts)


def _name(names: tuple[str, ...], found: re.Match) -> str:
    position = int(found[1])
    return names[position] if position < len(names) else found[0]


def _in(value: Any, said: Callable[[str], str]) -> Any:
    """The value with every text in it renamed."""
    if type(value) is str:
        return said(value)
    if isinstance(value, Worst):
        return value._replace(leaf=said(value.leaf), case=said(value.case))
    if isinstance(value, Explanation):
        texts = {one.name: _in(getattr(value, one.name), said) for one in fields(value)}
        return replace(value, **(texts | {"source": value.source, "location": value.location}))
    if type(value) is tuple:
        return tuple(_in(one, said) for one in value)
    if isinstance(value, Mapping):
        return {_in(key, said): one for key, one in value.items()}
    return value
