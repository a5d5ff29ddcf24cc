"""The committed atlas of optax: its page is made from it, and its convictions hold in optax."""

import copy
import subprocess
import sys

import pytest

from benchmarks import atlas, atlas_optax
from verification.atlas import tables


@pytest.fixture(scope="module")
def committed():
    return atlas_optax.read()


def test_the_page_is_of_this_atlas(committed):
    assert atlas_optax.PAGE.read_text() == atlas_optax.page(committed)
    other = copy.deepcopy(committed)
    other["rows"][0]["verdict"] = "undecided"
    assert atlas_optax.page(other) != atlas_optax.page(committed)


def test_every_function_is_decided_in_each_dtype_and_every_conviction_looked_at(committed):
    unseen = lambda made: set(atlas.convicted(made)) - set(atlas_optax.LOOKED_AT)
    undecided = lambda made: [r for r in made["rows"] if r["verdict"] not in tables.DECIDED]
    assert not unseen(committed) and not undecided(committed)
    assert {row["dtype"] for row in committed["rows"]} == {"float64", "float32", "bfloat16"}
    planted = copy.deepcopy(committed)
    planted["rows"][0]["verdict"], planted["rows"][1]["verdict"] = "wrong", "crash"
    assert unseen(planted) and undecided(planted)


def test_every_line_is_true_with_optax_alone():
    pytest.importorskip("optax")
    lines = [look.line for look in atlas_optax.LOOKED_AT.values()]
    head = "import jax, jax.numpy as jnp, optax\njax.config.update('jax_enable_x64', True)\n"
    asked = head + "".join(f"print({line} is True)\n" for line in [*lines, "False"])
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True"] * len(lines) + ["False"]
