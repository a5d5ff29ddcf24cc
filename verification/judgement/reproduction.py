"""A snippet that asks the same again: it runs where everything can be imported by name."""

import sys
from dataclasses import replace
from typing import Any

from ..vocabulary import Finding

ARGUMENTS = ("gradient", "of", "args")


def snippet(asked: Any) -> str:
    """Imports, what must be filled in, and the call."""
    lines, names = ["import verification as vf"], {}
    for argument in ARGUMENTS:
        line, names[argument] = _named(argument, getattr(asked, argument))
        lines.append(line)
    edges = "" if asked.edges == "judge" else f", edges={asked.edges!r}"
    call = (
        f"print(vf.validate({names['gradient']}, of={names['of']}, args={names['args']}, "
        f"argnums={asked.argnums!r}, dtype={asked.dtype!r}, cases={asked.cases}, "
        f"seed={asked.seed}{edges}))"
    )
    return "\n".join([*dict.fromkeys(lines), call])


def with_worst(finding: Finding, asked: Any) -> Finding:
    """The finding, with how the worst of its draws is drawn again."""
    worst = finding.worst
    words = worst.case.split() if worst is not None else []
    if worst is None or words[:1] != ["case"] or isinstance(asked.args, tuple):
        return finding
    lines = (
        f"# the worst is {worst.case}:",
        "import numpy as np",
        f"rng = np.random.default_rng({asked.seed})",
        f"for _ in range({int(words[1]) + 1}):",
        f"    point = {_named('args', asked.args)[1]}(rng)",
    )
    return replace(finding, reproduce="\n".join([finding.reproduce, *lines]))


def _named(argument: str, value: Any) -> tuple[str, str]:
    """How to come by it, and its name."""
    module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
    here = sys.modules.get(module or "")
    if name.isidentifier() and module != "__main__" and getattr(here, name, None) is value:
        return f"from {module} import {name}", name
    if isinstance(value, tuple) and len(repr(value)) < 200 and "array(" not in repr(value):
        return f"args = {value!r}", "args"
    known = getattr(value, "__name__", type(value).__name__)
    code = getattr(value, "__code__", None)
    place = f", {code.co_filename}:{code.co_firstlineno}" if code else ""
    return f"{argument} = ...  # fill in: {known}{place}", argument
