"""A number becomes True where it is not 0, however small: 0.3 is no 0 cut off."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic.bounded import Bounded
from verification.arithmetic.bounds import bounds
from verification.arithmetic.formats import format_of
from verification.arithmetic.rounding import random_rounding
from verification.arithmetic.samples import Samples
from verification.vocabulary import Undecided

SMALL = np.array([0.3, -0.3, 0.0, 2.0])
FLOAT64 = format_of("float64")
TURNED = {
    "running bounds": (bounds(FLOAT64), lambda x: Bounded(x), lambda x, e: Bounded(x, e)),
    "random rounding": (
        random_rounding(FLOAT64),
        lambda x: Samples(x),
        lambda x, e: Samples(x, np.stack([x, x + e])),
    ),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_small_number_is_true_and_one_within_rounding_is_not_decided(name):
    arithmetic, exact, rounded = TURNED[name]
    turn = arithmetic.rules["convert_element_type"]
    assert np.array_equal(turn(exact(SMALL), new_dtype=np.dtype(bool)), SMALL != 0.0)
    assert np.array_equal(turn(exact(SMALL), new_dtype=np.dtype(int)), [0, 0, 0, 2])
    with pytest.raises(Undecided):
        turn(rounded(np.zeros(4), np.full(4, 1e-16)), new_dtype=np.dtype(bool))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_switch_by_a_small_number_is_judged_by_the_branch_it_takes(dtype):
    of = lambda x, c: jnp.sum(jnp.broadcast_to(jnp.where(c.astype(bool), x, 0.0), (3, 4)), 0)
    right = lambda x, c, d: d * 3.0 * (c != 0)
    asked = {"of": of, "args": lambda rng: (rng.normal(size=4), rng.uniform(-0.5, 0.5, size=4))}
    asked |= {"dtype": dtype, "cases": 2, "edges": "none"}
    assert str(vf.validate(right, **asked).verdict) == "correct"
    wrong = lambda x, c, d: d * 3.0 * np.trunc(c)
    assert str(vf.validate(wrong, **asked).verdict) == "wrong"
