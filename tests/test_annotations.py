"""Annotations are held to while tests run: types everywhere, shapes wherever they are written."""

import ast
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from beartype.roar import BeartypeCallHintParamViolation, BeartypeCallHintReturnViolation
from jaxtyping import TypeCheckError

import refnet
from verification.campaign.implementation import Implementation
from verification.claims import races
from verification.inputs import draws
from verification.judgement.check import numbered
from verification.oracles.question import as_exact, ask
from verification.updates.draws import Draws

ROOT = Path(__file__).resolve().parent.parent


def step(x, y):
    """A step that sees as many examples as x has, and as many answers as y has."""
    rule = refnet.gradient_descent(0.1)
    return refnet.train_step(lambda w, x: w * x, refnet.mse, rule, 1.0, (), x, y)


@pytest.mark.parametrize(
    ("call", "violation"),
    [
        (lambda: ask("no function", ()), BeartypeCallHintParamViolation),
        (lambda: Implementation(name=1), BeartypeCallHintParamViolation),  # a dataclass
        (lambda: numbered(iter([0]))("a nested function"), BeartypeCallHintParamViolation),
        (lambda: draws.reals(np.random.default_rng(0), 2.5), TypeCheckError),
        (lambda: races.examples_to("0.1", np.ones(3), 1), TypeCheckError),
        (lambda: step(jnp.ones((2, 3)), jnp.ones((3, 1))), TypeCheckError),
    ],
)
def test_an_argument_of_another_type_or_shape_is_refused(call, violation):
    with pytest.raises(violation):
        call()


def test_a_method_that_names_its_own_class_is_held_to_the_class_itself():
    number = Draws(np.ones(2), None, entry=True)
    assert Draws._with.__wrapped__.__annotations__["return"] is Draws  # not a name to be looked up
    with pytest.raises(BeartypeCallHintParamViolation):
        number._with("another number", np.add, np.equal, None)


def test_an_answer_of_another_type_is_refused(monkeypatch):
    monkeypatch.setattr(np, "asarray", lambda leaf, *rest: leaf)
    monkeypatch.setattr(jnp, "issubdtype", lambda *both: False)
    like = type("Like", (), {"dtype": np.dtype(bool)})()

    with pytest.raises(BeartypeCallHintReturnViolation):
        as_exact(like)


@pytest.mark.dear
def test_shapes_are_looked_at_wherever_they_are_written(pytestconfig):
    looked = next(
        option.removeprefix("--jaxtyping-packages=").split(",")
        for option in pytestconfig.getini("addopts")
        if option.startswith("--jaxtyping-packages=")
    )
    written = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "verification").rglob("*.py")
        if "jaxtyping" in imported(path.read_text())
    }
    assert "refnet" in looked
    assert written == {name for name in looked if name.startswith("verification")}


def imported(source: str) -> set[str]:
    """The packages whose names a file takes."""
    return {
        node.module.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
