"""A snippet that asks the same again: by imports, by the source, or by the session's names."""

import inspect
import logging
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MethodType
from typing import Any, NamedTuple

from ..vocabulary import Finding
from .as_code import PLAIN, NoCode, as_code, importable
from .own_source import name_of, source_of

LOG = logging.getLogger(__name__)
ARGUMENTS = ("gradient", "of", "args")


class Had(NamedTuple):
    """How to come by an argument: imports, lines, and its name."""

    imports: tuple[str, ...]
    lines: tuple[str, ...]
    name: str


def snippet(asked: Any, call: str = "validate") -> str:
    """Imports, definitions, and the call, with all that was asked."""
    found = [had(argument, getattr(asked, argument)) for argument in ARGUMENTS]
    edges = "" if asked.edges == "judge" else f", edges={asked.edges!r}"
    fixed = had("kwargs", dict(asked.kwargs)) if asked.kwargs else None
    given = f", kwargs={fixed.name}" if fixed else ""
    others = {name: _option(name, value) for name, value in asked.more}
    given += "".join(f", {name}={one.name}" for name, one in others.items())
    found = _apart([*found, *([fixed] if fixed else []), *others.values()])
    line = (
        f"print(vf.{call}({found[0].name}, of={found[1].name}, args={found[2].name}, "
        f"argnums={asked.argnums!r}, dtype={asked.dtype!r}, cases={asked.cases}, "
        f"seed={asked.seed}{edges}{given}))"
    )
    imports = merged(
        ["import verification as vf", *(line for one in found for line in one.imports)]
    )
    return "\n".join([*imports, *dict.fromkeys(line for one in found for line in one.lines), line])


def _apart(found: list[Had]) -> list[Had]:
    """Where two of them give one name two meanings, the later is left to a person."""
    known: dict[str, str] = {}
    for k, one in enumerate(found):
        if any(known.get(name_of(line), line) != line for line in one.lines):
            argument = (*ARGUMENTS, "kwargs")[min(k, len(ARGUMENTS))]
            line = f"{argument} = ...  # fill in: {one.name}, whose names mean other things above"
            found[k] = Had((), (line,), argument)
        known |= {name_of(line): line for line in found[k].lines}
    return found


def merged(lines: Iterable[str]) -> list[str]:
    """Each import once; the names of one module in one line."""
    names: dict[str, list[str]] = {}
    for line in dict.fromkeys(lines):
        head, _, name = line.partition(" import ")
        names.setdefault(head if name else line, []).append(name)
    both = ((head, list(dict.fromkeys(filter(None, found)))) for head, found in names.items())
    return [f"{head} import {', '.join(found)}" if found else head for head, found in both]


def with_worst(finding: Finding, asked: Any) -> Finding:
    """The finding, with how the worst of its draws is drawn again."""
    finding = replace(finding, place=place_of(asked.gradient))
    worst = finding.worst
    words = worst.case.split() if worst is not None else []
    if worst is None or words[:1] != ["case"] or isinstance(asked.args, tuple):
        return finding
    numpy = () if "import numpy as np" in finding.reproduce else ("import numpy as np",)
    lines = (
        f"# the worst is {worst.case}:",
        *numpy,
        f"rng = np.random.default_rng({asked.seed})",
        f"for _ in range({int(words[1]) + 1}):",
        f"    point = {had('args', asked.args).name}(rng)",
    )
    return replace(finding, reproduce="\n".join([finding.reproduce, *lines]))


def place_of(candidate: Any) -> str:
    """ "net.py:9", where a function is defined; empty where no file says."""
    code = getattr(inspect.unwrap(candidate), "__code__", None) if callable(candidate) else None
    if code is None or not Path(code.co_filename).is_file():
        return ""
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


def had(argument: str, value: Any) -> Had:
    """By an import; by its source; where neither is to be had, the session has it, or a person."""
    if line := importable(value):
        return Had((line,), (), line.rpartition(" ")[2])
    if isinstance(value, MethodType):
        return _of_object(value)
    try:  # of anybody's objects: a verdict is not lost for want of a snippet
        if callable(value):
            found = source_of(value, argument)
            return Had(found.imports, found.lines, found.name)
        made = as_code(value)
        return Had(made.imports, (f"{argument} = {made.text}",), argument)
    except NoCode:
        return _to_fill_in(argument, value)
    except Exception:
        LOG.debug("no source was found", exc_info=True)
        return _to_fill_in(argument, value)


def _of_object(method: MethodType) -> Had:
    """A bound method: by its class, its object's name, or source; else the object is to be given.

    Methods of one object share its line.
    """
    owner, name = method.__self__, method.__func__.__name__
    if line := importable(owner):
        return Had((line,), (), f"{line.rpartition(' ')[2]}.{name}")
    known = vars(sys.modules.get(method.__func__.__module__) or sys)
    bound = next((n for n, x in known.items() if x is owner and n.isidentifier()), "")
    if bound and known.get("__name__") != "__main__":
        return Had((f"from {known['__name__']} import {bound}",), (), f"{bound}.{name}")
    if bound:
        return Had((), (f"# {bound} is the one of this session",), f"{bound}.{name}")
    called = type(owner).__name__.lower()
    made = had(called, owner)
    return Had(made.imports, made.lines, f"{made.name}.{name}")


def _option(name: str, value: Any) -> Had:
    """As it is, where a person would write it into the call."""
    parts = value if isinstance(value, tuple) else (value,)
    return Had((), (), repr(value)) if all(type(x) in PLAIN for x in parts) else had(name, value)


def _to_fill_in(argument: str, value: Any) -> Had:
    """The name that the session has for it, or a line that says what is meant."""
    name = getattr(value, "__qualname__", "")
    main = sys.modules.get("__main__")
    if str(name).isidentifier() and getattr(main, name, None) is value:
        return Had((), (f"# {name} is the one of this session",), name)
    known = getattr(value, "__name__", type(value).__name__)
    code = getattr(inspect.unwrap(value), "__code__", None) if callable(value) else None
    place = f", {Path(code.co_filename).name}:{code.co_firstlineno}" if code else ""
    return Had((), (f"{argument} = ...  # fill in: {known}{place}",), argument)
