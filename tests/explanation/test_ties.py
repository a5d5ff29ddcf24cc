"""An answer that is wrong at ties alone is explained by its shares, and by nothing else."""

import jax.numpy as jnp
import numpy as np

import verification as vf

AT = np.array([1.0, 1.0, 0.5]), np.array([1.0, 2.0, 0.25])


def explained(gradient):
    return vf.validate(gradient, of=jnp.maximum, args=AT, argnums=(0, 1)).explanation


def test_shares_are_what_is_wrong():
    (said,) = explained(lambda a, b, d: (d * (a >= b), d * (b >= a)))
    assert said.kind == "kink" and said.fits
    assert said.mistake == "both sides of a tie get all of it: their shares sum to 2, not 1"


def test_what_is_wrong_beside_ties_too_is_explained_as_ever():
    said = explained(lambda a, b, d: (-d * (a >= b), -d * (b >= a)))
    assert said and all(one.kind != "kink" for one in said)


def test_a_slope_that_no_side_has_is_no_factor():
    """Twice the slope at 0 alone was explained as four times the gradient."""
    at = (np.array([0.0, 1.0, -2.0]),)
    relu = lambda x: jnp.maximum(x, 0.0)

    (said,) = vf.validate(lambda x, d: d * ((x > 0) + 2.0 * (x == 0)), relu, at).explanation
    assert said.kind == "kink" and "which is not between" in said.mistake
    wrong_beside = vf.validate(lambda x, d: 2.0 * d * (x >= 0), relu, at).explanation
    assert wrong_beside and all(one.kind != "kink" for one in wrong_beside)
