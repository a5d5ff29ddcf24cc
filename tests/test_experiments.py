"""docs/experiments: programs that run, and pages that say what the records say."""

import ast
import copy
from pathlib import Path

import jax
import numpy as np
import pytest

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
experiments = ci_file("experiments")
FOLDER = ROOT / "docs" / "experiments"
NAMES = experiments.ORDER


def test_every_program_has_a_page_a_figure_and_a_record_and_is_short():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(NAMES)
    for name in NAMES:
        text = (FOLDER / f"{name}.py").read_text()
        assert ast.get_docstring(ast.parse(text)).count("20") >= 1  # a year: where it is from
        assert len(text.split('"""', 2)[2].strip().splitlines()) <= 40
        assert all((FOLDER / f"{name}.{kind}").is_file() for kind in ("md", "svg", "json"))
        assert (FOLDER / f"{name}.svg").stat().st_size < 60_000
    assert experiments.index() == (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_the_program_and_its_record_and_its_sentence_holds(name):
    found = experiments.record(name)
    assert all(len(values) == experiments.SEEDS for _, values in found.values())
    assert experiments.page(name, found) == (FOLDER / f"{name}.md").read_text(), "make experiments"
    claim = experiments.program(name).claim
    assert claim(experiments.medians(found))
    assert not claim({series: [0.5] * len(v[0]) for series, (_, v) in found.items()})


def test_another_number_is_another_page():
    found = experiments.record("double_descent")
    other = copy.deepcopy(found)
    other["others"][1][0][0] *= 2.0
    assert experiments.page("double_descent", other) != experiments.page("double_descent", found)


def test_a_program_runs_at_a_small_size():
    ran("batch_noise")


@pytest.mark.dear
@pytest.mark.parametrize("name", [name for name in NAMES if name != "batch_noise"])
def test_every_other_program_runs_at_a_small_size(name):
    ran(name)


def ran(name):
    """As a reader runs it, with JAX as it comes."""
    with (
        jax.enable_x64(False),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
    ):
        found = experiments.measured(name, seeds=1, small=True)
    assert set(found) == set(experiments.record(name))
    assert all(np.isfinite(values).all() for _, values in found.values())
