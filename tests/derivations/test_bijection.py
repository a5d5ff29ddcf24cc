"""Every public function of refnet is derived, or excused with a reason; no name is stale."""

import inspect
from pathlib import Path

import pytest

import refnet
from verification import derivations
from verification.derivations import ALL, NOT_DERIVED
from verification.derivations.layers import LAYERS
from verification.derivations.rules import VARIANTS


def public_functions(module):
    return {name for name, value in vars(module).items() if inspect.isfunction(value)} | {
        name
        for name, value in vars(module).items()
        if callable(value) and hasattr(value, "defjvp")  # custom_jvp hides the function
    }


def derived():
    """By arrows; an update rule also by its variant: its step, its formula and its reference."""
    return {d.of or d.name for d in ALL.values()} | {*refnet.UPDATES} & {*VARIANTS}


def disagreement(functions, covered, excused):
    """What is missing, what is stale, and what is in both."""
    return functions - covered - excused, (covered | excused) - functions, covered & excused


def test_every_public_function_is_derived_or_excused():
    functions = public_functions(refnet)

    assert {"sigmoid", "mse", "adam", "train", "lstm", "conv2d"} <= functions
    assert disagreement(functions, derived(), set(NOT_DERIVED)) == (set(), set(), set())


@pytest.mark.parametrize(
    ("functions", "covered", "excused"),
    [({"f", "g"}, {"f"}, set()), ({"f"}, {"f"}, {"g"}), ({"f"}, {"f"}, {"f"})],
)
def test_a_gap_a_stale_name_and_an_overlap_are_seen(functions, covered, excused):
    assert disagreement(functions, covered, excused) != (set(), set(), set())


def test_every_reason_is_given():
    assert all(NOT_DERIVED.values())


def test_tables_and_files_have_the_same_names():
    folder = Path(derivations.__file__).parent
    files = {p.stem for p in folder.glob("*.py")} - {"__init__", "trajectory"}
    tests = {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")}

    assert files == set(ALL) - set(LAYERS)
    assert files <= tests
    assert all(name == d.name for name, d in ALL.items())
