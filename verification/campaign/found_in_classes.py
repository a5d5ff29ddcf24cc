"""Gradients by hand in classes, and functions that make update rules: found by their text alone.

backward by hand   a method backward..., grad, gradient or ..._grad beside a forward one
update rule        a method update or step that takes a gradient; a function with an update inside
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

BACKWARDS = re.compile(r"^(backward\w*|grad|gradient|\w+_(grad|gradient|backward|bwd))$")
FORWARDS = ("forward", "forward_pass", "__call__", "call", "fn", "loss", "apply", "acc_loss")
UPDATE = re.compile(r"^(\w*_)?(update|step)(_fn)?$")
INIT = re.compile(r"^(\w*_)?init(_fn)?$")
EMPTY = (ast.Pass, ast.Raise)


class Method(NamedTuple):
    """One method of a class, and the forward one that it seems to be the gradient of."""

    owner: str
    name: str
    line: int
    kind: str
    parameters: tuple[str, ...]  # without self
    forward: str


def methods(node: ast.ClassDef) -> Iterator[Method]:
    """Those that do something: not the abstract ones of a base class."""
    own = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
    forward = next((name for name in FORWARDS if name in own), "")
    for name, method in own.items():
        taken = tuple(a.arg for a in method.args.args if a.arg not in ("self", "cls"))
        kind = "update rule" if is_update(name, taken) else ""
        if BACKWARDS.match(name) and forward:
            kind = "backward by hand"
        if kind and not _is_empty(method):
            yield Method(node.name, name, method.lineno, kind, taken, forward)


def is_update(name: str, parameters: tuple[str, ...]) -> bool:
    return bool(UPDATE.match(name)) and any("grad" in one or one == "g" for one in parameters)


def makes_rule(node: ast.FunctionDef) -> bool:
    """Whether it defines an init and an update, as optax's transformations do."""
    inner = [n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
    return any(map(UPDATE.match, inner)) and any(map(INIT.match, inner))


def _is_empty(node: ast.FunctionDef) -> bool:
    body = [n for n in node.body if not (isinstance(n, ast.Expr) and _is_constant(n.value))]
    return all(isinstance(n, EMPTY) for n in body)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)
