"""Twenty wrong backward passes in PyTorch are caught, and named at a line of the PyTorch code."""

import pytest

import verification as vf
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from .wrong_functions import FUNCTIONS, function, pulled  # noqa: E402
from .wrong_modules import MODULES, cut, kept  # noqa: E402

OPTIONS = {"cases": 2, "edges": "none"}
UNNAMED = {"rotary"}  # caught, and named as a wrong sign of an argument, without a line


def check(right, wrong, name, file):
    assert right.verdict is Verdict.CORRECT, str(right)
    assert wrong.verdict is Verdict.WRONG, str(wrong)
    said = [f"{one.location} {one.mistake}" for one in wrong.explanation]
    assert any(file in one for one in said) is (name not in UNNAMED), str(wrong)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_backward_is_named_at_a_line_of_its_forward(name):
    forward, backward, sample, argnums = FUNCTIONS[name]
    options = {"args": sample, "argnums": argnums, **OPTIONS}
    pair = function(forward, pulled(forward), backward)
    right, wrong = (vf.validate(rule, **options) for rule in pair)

    check(right, wrong, name, "wrong_functions.py")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_cuts_something_off_is_named_at_its_line(name):
    of = MODULES[name](kept)
    options = {"of": of, "args": lambda rng: (rng.normal(size=(4, 3)),), **OPTIONS}
    right, wrong = (vf.validate(MODULES[name](keep), **options) for keep in (kept, cut))

    check(right, wrong, name, "wrong_modules.py")


def test_at_least_sixteen_of_twenty_are_named():
    assert len(FUNCTIONS) == len(MODULES) == 10
    assert len(UNNAMED) <= 4
