"""The layouts of docs/protocol.md, from the derivations and update rules themselves.

python -m verification.adapters.protocol_text docs/protocol.md    writes them anew
"""

import json
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from refnet import UPDATES

from ..derivations import ALL
from ..derivations.rules import VARIANTS
from .layouts import layout, shapes, written
from .optax_rule import optax_rule
from .process import Spoken
from .run_layouts import PREFIX, Run, run_layout

BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
RUNS_BEGIN, RUNS_END = "<!-- generated runs: begin -->", "<!-- generated runs: end -->"
SHOWN = "logistic_neuron"
SHOWN_RUN = "momentum"
RUN = Run(
    hyperparameters={"decay": 0.75},
    params={"w": np.array([1.0, -0.5]), "b": np.array(0.25)},
    gradients=(
        {"w": np.array([0.5, 0.0]), "b": np.array(-1.0)},
        {"w": np.array([-0.25, 1.0]), "b": np.array(0.5)},
    ),
    rates=(0.125, 0.125),
)
WORDS = {"i": " integers", "u": " integers", "b": " booleans"}  # kind of array -> its entries
POINT = ({"w": 1.5, "b": -0.25}, [0.75, -1.25], [1.0, 0.0])  # of the example


def generated() -> str:
    """One exchange, and the layout of every derivation, as Markdown."""
    return f"{exchange()}\n{table()}"


def generated_runs() -> str:
    """One question of an update rule, and the layout of every variant."""
    return f"{run_exchange()}\n{run_table()}"


def exchange() -> str:
    """Every message of a short session, and what a right program answers."""
    given = dict(zip(layout(SHOWN).arguments, POINT, strict=True))
    config = {"dtype": "float64", "floats": ["number", "hexadecimal"]}
    rounds = [
        ({"id": 11, "kind": "start", "eval": "refnet", "config": config}, {"tool": "mine"}),
        ({"id": 12, "kind": "define", "module": SHOWN}, {"success": True}),
        _evaluation(layout(SHOWN), given, _answer()),
        ({"id": 14, "kind": "analysis", "of": 13, "valid": True}, {}),
    ]
    return _session(rounds)


def run_exchange() -> str:
    """Two steps of momentum, and what a right program answers."""
    of, run = run_layout(SHOWN_RUN), RUN
    init, update = optax_rule(UPDATES[SHOWN_RUN](run.rates[0], **run.hyperparameters))
    params, state, steps = run.params, init(run.params), []
    for gradient in run.gradients:  # all at one rate
        with jax.enable_x64(True):
            params, state = update(gradient, state, params)
        steps.append(written(params))
    return _session([_evaluation(of, of.encoded(run), {"params": steps})])


Round = tuple[dict[str, Any], dict[str, Any]]


def _evaluation(of: Spoken, given: dict[str, Any], output: dict[str, Any]) -> Round:
    asked = given | {"dtype": "float64", "min_runs": 1, "min_seconds": 0}
    at = {"module": of.module, "function": of.function}
    question = {"id": 13, "kind": "evaluate", **at, "input": asked}
    return question, {"success": True, "output": output}


def _session(rounds: list[Round]) -> str:
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


def run_table() -> str:
    """A row for each variant of an update rule: its hyperparameters and its formula."""
    rows = [
        f"| `{PREFIX}{name}` | {_names(tuple(of.defaults)) or 'none'} | {_cell(of.formula)} |"
        for name, of in VARIANTS.items()
    ]
    return "\n".join(["| module | hyperparameters | rule |", "| --- | --- | --- |", *rows, ""])


def _cell(text: str) -> str:
    """As a cell of a table, which a bar would end."""
    return text.replace("|", "\\|")


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
    return {"i": " integers", "u": " integers", "b": " booleans"}.get(
        np.asarray(tree).dtype.kind, ""
    )


def _names(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def renewed(text: str) -> str:
    """The text with what is between its marks generated anew.  Raises ValueError without them."""
    for begin, end, made in ((BEGIN, END, generated), (RUNS_BEGIN, RUNS_END, generated_runs)):
        head, _, rest = text.partition(begin)
        _, mark, tail = rest.partition(end)
        if not mark:
            raise ValueError(f"there is no {begin} ... {end} to replace")
        text = f"{head}{begin}\n{made()}{end}{tail}"
    return text


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
