"""The layouts of docs/protocol.md, from the derivations themselves.

python -m verification.adapters.protocol_text docs/protocol.md    writes them anew
"""

import json
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..derivations import ALL
from .layouts import FUNCTION, layout, shapes, written

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
SHOWN = "logistic_neuron"
POINT = ({"w": 1.5, "b": -0.25}, [0.75, -1.25], [1.0, 0.0])  # of the example


def generated() -> str:
    """One exchange, and the layout of every derivation, as Markdown."""
    return f"{exchange()}\n{table()}"


def exchange() -> str:
    """Every message of a short session, and what a right program answers."""
    given = dict(zip(layout(SHOWN).arguments, POINT, strict=True))
    asked = given | {"dtype": "float64", "min_runs": 1, "min_seconds": 0}
    config = {"dtype": "float64", "floats": ["number", "hexadecimal"]}
    at = {"module": SHOWN, "function": FUNCTION}
    rounds = [
        ({"id": 11, "kind": "start", "eval": "refnet", "config": config}, {"tool": "mine"}),
        ({"id": 12, "kind": "define", "module": SHOWN}, {"success": True}),
        (
            {"id": 13, "kind": "evaluate", **at, "input": asked},
            {"success": True, "output": _answer()},
        ),
        ({"id": 14, "kind": "analysis", "of": 13, "valid": True}, {}),
    ]
    lines = (f"> {json.dumps(m)}\n< {json.dumps({'id': m['id'], **r})}" for m, r in rounds)
    return "```json\n" + "\n".join(lines) + "\n```\n"


def _answer() -> dict[str, Any]:
    derivation, of = ALL[SHOWN], layout(SHOWN)
    like = derivation.draw(np.random.default_rng(0))
    with jax.enable_x64(True):
        leaves = [np.asarray(value, np.float64) for value in jax.tree.leaves(POINT[0])]
        b, w = leaves  # of a dict, by name
        args = (type(like[0])(w=w, b=b), *(np.asarray(value) for value in POINT[1:]))
        gradient = derivation.gradient(*args)
    return {name: written(tree) for name, tree in zip(of.wanted, gradient, strict=True)}


def table() -> str:
    """A row for each derivation: what is passed, what is answered, the rules of shapes."""
    rows = [
        f"| `{name}` | {_passed(name)} | {_names(layout(name).wanted)} | {shapes(name)} |"
        for name in ALL
    ]
    return "\n".join(
        ["| module | input | output | shapes |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _passed(name: str) -> str:
    of = layout(name)
    example = ALL[name].draw(np.random.default_rng(0))
    plain = of.arguments[: len(example)]
    parts = [f"`{n}`{_form(tree)}" for n, tree in zip(plain, example, strict=True)]
    return ", ".join([*parts, f"`{of.cotangent}`" * bool(of.cotangent)]).rstrip(", ")


def _form(tree: Any) -> str:
    """Of an argument that is more than one array of floats."""
    if hasattr(tree, "_fields"):
        return f" {{{', '.join(tree._fields)}}}"
    if isinstance(tree, tuple | list):
        return f" [{_form(tree[0]).strip()}, ...]"
    return " integers" if np.asarray(tree).dtype.kind in "iu" else ""


def _names(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def renewed(text: str) -> str:
    """The text with what is between its marks generated anew.  Raises ValueError without them."""
    head, _, rest = text.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError(f"there is no {BEGIN} ... {END} to replace")
    return f"{head}{BEGIN}\n{generated()}{END}{tail}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
