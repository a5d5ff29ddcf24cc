"""A snippet that asks the same again: it runs where everything can be imported by name."""

import sys
from typing import Any

ARGUMENTS = ("gradient", "of", "args")


def snippet(asked: Any) -> str:
    """Imports, what must be filled in, and the call."""
    lines, names = ["import verification as vf"], {}
    for argument in ARGUMENTS:
        line, names[argument] = _named(argument, getattr(asked, argument))
        lines.append(line)
    call = (
        f"print(vf.validate({names['gradient']}, of={names['of']}, args={names['args']}, "
        f"argnums={asked.argnums!r}, dtype={asked.dtype!r}, cases={asked.cases}, "
        f"seed={asked.seed}))"
    )
    return "\n".join([*dict.fromkeys(lines), call])


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
