"""Wrong twins have the form of the right gradient, and are not it."""

import jax
import numpy as np
import pytest

from verification.derivations import ALL
from verification.faults import slopes
from verification.faults.assembly import own
from verification.inputs import draws

SEEN = 2.0**-12  # far above rounding in float32: these are other formulas
TWINS = [(name, mistake) for name, table in slopes.ALL.items() for mistake in table]


def test_every_function_has_a_twin():
    assert set(slopes.ALL) <= set(ALL)
    assert {d.of or d.name for d in ALL.values()} <= {name for name in ALL if own(name)}


@pytest.mark.parametrize(("name", "mistake"), TWINS, ids=[": ".join(t) for t in TWINS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_twin_has_the_right_form_and_wrong_numbers(name, mistake, dtype):
    derivation, twin = ALL[name], slopes.ALL[name][mistake]

    assert any(apart(derivation, twin, seed, dtype) > SEEN for seed in range(2, 8))


@pytest.mark.parametrize("name", slopes.ALL)
def test_a_derivation_is_no_twin_of_itself(name):
    assert apart(ALL[name], ALL[name].gradient, 2, "float64") == 0.0


def apart(derivation, twin, seed, dtype):
    """The largest difference, relative to the leaf's largest entry."""
    rng = np.random.default_rng(seed)
    args = derivation.draw(rng)
    if not derivation.scalar:
        args = (*args, draws.cotangent_of(rng, derivation.function, args))
    cast = lambda x: x.astype(dtype) if x.dtype.kind == "f" else x
    args = jax.tree.map(lambda x: jax.numpy.asarray(cast(x)), args)
    right, wrong = (jax.jit(f)(*args) for f in (derivation.gradient, twin))
    assert jax.tree.structure(right) == jax.tree.structure(wrong)
    pairs = list(zip(jax.tree.leaves(right), jax.tree.leaves(wrong), strict=True))
    assert all(r.shape == w.shape and r.dtype == w.dtype for r, w in pairs)
    return max(float(np.max(np.abs(r - w)) / np.max(np.abs(r))) for r, w in pairs)
