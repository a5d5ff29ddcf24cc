"""A test file for a gradient that was found, and a workflow that runs all of them."""

import re
from collections.abc import Sequence
from pathlib import Path

from .found import CUSTOM, Found
from .scaffold_rule import of_rule

CI = Path(".github") / "workflows" / "gradients.yml"
LOOK = "  # LOOK HERE: "
ARRAY = re.compile(r"array|tensor|float|scalar", re.IGNORECASE)
INTEGER = re.compile(r"\bint\b|label|index|indices|rows|classes", re.IGNORECASE)


def test_of(one: Found) -> str:
    """It runs as it is where the guesses are right; every guess is marked."""
    if one.kind == "update rule":
        return of_rule(one)
    if one.owner:
        return _of_layer(one) if one.name.startswith("backward") else _of_slope(one)
    if one.cached:
        return _of_cached(one)
    names = ", ".join(dict.fromkeys(filter(None, (one.name, one.forward, one.sampler))))
    own = f"{LOOK}does {one.sampler} draw what {one.name} takes?" if one.sampler else ""
    drawn = "" if one.sampler else f"\n\ndef sample(rng):\n{_sample(one.inputs)}\n"
    args = f"args={one.sampler or 'sample'}"
    if one.kind == "autograd.Function":  # its own forward pass
        body = f"    assert_gradient({one.name}, {args})"
    else:
        body = f"    of = {_of(one)}\n    assert_gradient({one.name}, of=of, {args}){own}"
    return f'''"""{one.name} of {one.file}:{one.line}, {_a(one.kind)}, is right."""

from {one.module} import {names}
from verification.testing import assert_gradient
{drawn}

def test_{one.slug}():
{body}
'''


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _of_cached(one: Found) -> str:
    """Of a pair: forward(...) -> value, cache and backward(from above, cache)."""
    takes, above = ", ".join(one.taken), one.parameters[0][0]
    answers = "" if one.returned < 2 else f", argnums={tuple(range(one.returned))}"
    return f'''"""{one.name} of {one.file}:{one.line}, {_a(one.kind)}, is right."""

from {one.module} import {one.name}, {one.forward}
from verification.testing import assert_gradient


def sample(rng):
{_sample(tuple((name, "") for name in one.taken))}


def of({takes}):
    return {one.forward}({takes})[0]{LOOK}measured; write it in jax.numpy for a proof


def gradient({takes}, {above}):
    return {one.name}({above}, {one.forward}({takes})[1])


def test_{one.slug}():
    assert_gradient(gradient, of=of, args=sample{answers})
'''


def _of_layer(one: Found) -> str:
    """Of an object with a forward and a backward pass."""
    return f'''"""{one.title} of {one.file}:{one.line}, {_a(one.kind)}, is right."""

from {one.module} import {one.owner}
from verification.adapters.layer import layer
from verification.testing import assert_gradient


def sample(rng):
    return rng.normal(size=(4, 3)){LOOK}the shape of what goes in


def test_{one.slug}():
    make = {one.owner}{LOOK}how it is made, and params=["W"], grads=["dW"], where it has such
    made = layer(make, forward="{one.forward}", backward="{one.name}")
    of = lambda x: make().{one.forward}(x){LOOK}measured; write it in jax.numpy for a proof
    assert_gradient(made, of, sample)
'''


def _of_slope(one: Found) -> str:
    """Of an object that answers a slope; its forward method is only called, and measured."""
    names = ", ".join(name for name, _ in one.parameters)
    call = "made" if one.forward == "__call__" else f"made.{one.forward}"
    return f'''"""{one.title} of {one.file}:{one.line}, {_a(one.kind)}, is right."""

import numpy as np
from {one.module} import {one.owner}
from verification.testing import assert_gradient


def sample(rng):
{_sample(one.inputs)}


def test_{one.slug}():
    made = {one.owner}(){LOOK}what it is made with
    of = lambda {names}: np.sum({call}({names})){LOOK}is {one.name} its gradient?
    assert_gradient(made.{one.name}, of, sample, argnums={len(one.parameters) - 1})
'''


def _of(one: Found) -> str:
    """The function that it is the gradient of."""
    if one.kind in CUSTOM:
        return f"{one.name}.fun  # the same function, differentiated by JAX"
    if one.forward:
        return f"{one.forward}{LOOK}is {one.name} its gradient?"
    takes = ", ".join(name for name, _ in one.inputs) or "x"
    return f"lambda {takes}: ...{LOOK}write the function here, in jax.numpy"


def _sample(inputs: tuple[tuple[str, str], ...]) -> str:
    """Draws by annotation and name; the shapes are a person's to say."""
    drawn = [f"        {_draw(name, said)},{LOOK}the shape of {name}" for name, said in inputs]
    return "    return (\n" + "\n".join(drawn) + "\n    )"


def _draw(name: str, annotation: str) -> str:
    if annotation in ("float", "int"):
        return "rng.normal()" if annotation == "float" else "3"
    if INTEGER.search(annotation) or (INTEGER.search(name) and not ARRAY.search(annotation)):
        return "rng.integers(0, 3, size=4)"
    return "rng.normal(size=4)"


def workflow(tests: Path, folder: Path, found: Sequence[Found] = ()) -> str:
    """Installs what the tests need, and what the repository itself says that it needs."""
    wants = "'refnet[torch]'" if any(one.kind == "autograd.Function" for one in found) else "refnet"
    own = "-r requirements.txt" if (folder / "requirements.txt").is_file() else ""
    is_package = any((folder / name).is_file() for name in ("pyproject.toml", "setup.py"))
    needs = " ".join(filter(None, [wants, "pytest", own, "." if is_package else ""]))
    place = tests.relative_to(folder) if tests.is_relative_to(folder) else tests
    return f"""name: gradients
on: [push, pull_request]
jobs:
  gradients:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install {needs}
      - run: python -m pytest {place.as_posix()} --refnet-report findings
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: findings
          path: findings
"""
