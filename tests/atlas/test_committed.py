"""The committed atlas: page and guide are made from it, and its convictions hold in JAX alone."""

import copy
import subprocess
import sys

import jax
import numpy as np
import pytest

import verification as vf
from benchmarks import atlas
from verification.atlas import tables


@pytest.fixture(scope="module")
def committed():
    return atlas.read()


def test_the_page_and_the_guide_are_of_this_atlas(committed):
    assert atlas.PAGE.read_text() == atlas.page(committed)
    guide = atlas.GUIDE.read_text()
    assert atlas.guided(guide, committed) == guide
    other = copy.deepcopy(committed)
    proven = next(r for r in other["rows"] if r["verdict"] == "correct" and r["oracle"] == "ball")
    proven["oracle"] = "finite_difference"
    assert atlas.guided(guide, other) != guide and atlas.page(other) != atlas.page(committed)


def test_nothing_crashes_and_every_conviction_has_been_looked_at(committed):
    unseen = lambda made: set(atlas.convicted(made)) - set(atlas.LOOKED_AT)
    assert not unseen(committed)
    assert not [row["name"] for row in committed["rows"] if row["verdict"] == tables.CRASH]
    planted = copy.deepcopy(committed)
    correct = next(row for row in planted["rows"] if row["verdict"] == "correct")
    correct["verdict"] = "wrong"
    assert unseen(planted) == {correct["name"]}


def test_every_line_is_true_in_jax_alone(committed):
    """In the JAX that was looked at; another one may have been mended."""
    if jax.__version__ != committed["version"]:
        pytest.skip(f"the atlas is of JAX {committed['version']}, this is {jax.__version__}")
    lines = [look.line for look in (*atlas.LOOKED_AT.values(), *atlas.AT_EDGES.values())]
    head = "import jax, jax.numpy as jnp, numpy as np\njax.config.update('jax_enable_x64', True)\n"
    asked = head + "".join(f"print({line} is True)\n" for line in [*lines, "False"])
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True"] * len(lines) + ["False"]


@pytest.mark.parametrize(("x", "verdict"), [(-25.0, "wrong"), (-15.0, "correct")])
def test_what_is_convicted_at_far_edges_is_wrong_where_it_is_drawn(x, verdict):
    """A series of three terms is another function, whatever the digits; above -20 there is none."""
    of = jax.scipy.special.log_ndtr
    found = vf.validate(jax.grad(of), of=of, args=(np.array(x),), edges="none")
    assert "jax.scipy.special.log_ndtr" in atlas.AT_EDGES and found.verdict == verdict
