"""Judge a program in any language against a function of the user's own, asked as docs/protocol.md.

The program is a gradient like any other: what validate does, it does.
"""

import shlex
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.gradbench import Module
from ..adapters.layouts import NUMBER
from ..adapters.limits import Limits
from ..adapters.process import Tool
from ..adapters.strict_json import Improper
from ..adapters.trees import inward, outward
from ..adapters.wire import wire
from ..measurement.answer import cast
from ..measurement.contract import Rejection
from ..vocabulary import Finding
from . import programs
from .arguments import argnums_of, args_of, dtype_of
from .keywords import check_keywords
from .kinds.problem import first_point
from .reproduction import had, merged
from .validate import validate

Signature = str | Path | Mapping[str, Any] | None


def validate_against(
    words: tuple[str, ...],
    of: Any,
    args: Any,
    argnums: Any,
    signature: Signature,
    limits: Limits,
    options: Mapping[str, Any],
) -> Finding:
    """The verdict on a program that answers d of / d args[argnums].

    `options` are those of validate: dtype, cases, seed, allow, vary, edges, kwargs.
    """
    if not callable(of):
        raise TypeError(f"of is {of!r}; pass the function that was differentiated")
    given = of, args
    _, of, args = programs.handed_over(validate, of, args)  # a module is one of its parameters
    args, dtype = programs.sampled(of, args_of(args)), dtype_of(options["dtype"])
    first, known = first_point(args), programs.traced(of)
    numbers = argnums_of(argnums, known, len(first))
    said = wire(signature, known, numbers, len(first))
    fixed = check_keywords(options.get("kwargs"), of, wire)
    said = said._replace(constants={**fixed, **said.constants})
    asked: Any = outward(cast(inward(first), dtype))
    said.encoded(asked, NUMBER)  # what cannot be written is told before anything is judged
    with Tool(words, said, dtype, limits, options["seed"]) as tool:
        found = validate(Asked(tool), of, args, argnums=numbers, **options)
    return replace(found, reproduce=_snippet(words, *given, numbers, signature, options))


def validate_module(
    words: tuple[str, ...],
    module: Module,
    name: str,
    limits: Limits,
    dtype: Any,
    cases: int,
    seed: int,
) -> Finding:
    """The verdict on a tool of GradBench's, at draws of our own, by one of its modules."""
    options: dict[str, Any] = {"dtype": dtype_of(dtype), "cases": cases, "seed": seed}
    call = ", ".join(f"{key}={value!r}" for key, value in options.items())
    options |= {"argnums": module.argnums, "edges": module.edges}
    with Tool(words, module.asked, options["dtype"], limits, seed) as tool:
        found = validate(Asked(tool), module.of, module.args, **options)
    again = f"verification.validate_process({shlex.join(words)!r}, against={name!r}, {call})"
    return replace(found, reproduce=again)


class Asked:
    """gradient(*args) that a program answers; what is no answer is rejected in its sentence."""

    def __init__(self, tool: Tool):
        self.tool, self.__name__ = tool, shlex.join(tool.command)
        weakref.finalize(self, tool.close)  # a finding may ask again, for its smallest example

    def __call__(self, *args: Any) -> Any:
        try:
            answer = self.tool.evaluate(args, _dtype(args, self.tool.dtype))
        except Improper as error:
            raise Rejection(str(error)) from None
        self.tool.accepted()
        return answer


def _dtype(args: tuple, usual: str) -> str:
    """Which format is asked for: where more digits are wanted, every float comes in float64."""

    arrays = [np.asarray(leaf) for leaf in jax.tree.leaves(inward(args))]
    kinds = {str(x.dtype) for x in arrays if jnp.issubdtype(x.dtype, jnp.floating)}
    return "float64" if kinds == {"float64"} else usual


def _snippet(
    words: tuple[str, ...],
    of: Any,
    args: Any,
    argnums: Any,
    signature: Signature,
    options: Mapping[str, Any],
) -> str:
    """Imports, definitions, and the call."""
    parts = {"of": had("of", of), "args": had("args", args)}
    given = "".join(f", {name}={one.name}" for name, one in parts.items())
    said = str(signature) if isinstance(signature, Path) else signature
    usual = {"allow": (), "vary": (), "edges": "judge", "kwargs": None, "signature": None}
    more = {"argnums": argnums, "signature": said, **options}
    kept = {name: value for name, value in more.items() if value != usual.get(name, ...)}
    given += "".join(f", {name}={value!r}" for name, value in kept.items())
    imports = ["import verification as vf", *(i for one in parts.values() for i in one.imports)]
    lines = dict.fromkeys(line for one in parts.values() for line in one.lines)
    call = f"print(vf.validate_process({shlex.join(words)!r}{given}))"
    return "\n".join([*merged(imports), *lines, call])
