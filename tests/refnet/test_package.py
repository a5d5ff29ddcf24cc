"""The package: it needs little, and exports all it has."""

import subprocess
import sys

import optax
import pytest

import refnet as rn

ABSENT = ("optax", "sklearn", "flint", "sympy", "matplotlib", "verification", "torch")
TABLES = ("ACTIVATIONS", "DATASETS", "INITIALIZERS", "LOSSES", "UPDATES")


def loaded(statement):
    """Which of ABSENT a fresh interpreter has loaded after `statement`."""
    program = f"import sys; {statement}; print(*(m for m in {ABSENT} if m in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return run.stdout.split()


@pytest.mark.dear
def test_import_needs_little():
    assert loaded("import refnet") == []
    assert "sklearn" in loaded("import refnet; refnet.digits()")
    assert loaded("import refnet; refnet.adam(0.1)") == ["optax"]


@pytest.mark.parametrize("name", rn.UPDATES)
def test_an_update_rule_is_a_transformation_of_optax(name):
    assert isinstance(rn.UPDATES[name](0.1), optax.GradientTransformation)


@pytest.mark.parametrize("table", TABLES)
def test_every_entry_of_a_table_is_exported_by_its_name(table):
    for name, entry in getattr(rn, table).items():
        assert getattr(rn, name) is entry
