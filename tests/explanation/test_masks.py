"""A mask that is made by another comparison than the forward's is named at its line."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

STEP = 0.25


def straight(x):
    """A quantiser of eight levels with a straight-through slope inside of its range."""
    level = jnp.round(x / STEP)
    inside = (level >= -4) & (level <= 3)
    line = jnp.where(inside, x, jax.lax.stop_gradient(x))
    return line + jax.lax.stop_gradient(jnp.clip(level, -4, 3) * STEP - line)


MASKS = {
    "`>` stands for `>=` and `<` stands for `<=`": lambda n: (n > -4) & (n < 3),
    "`>` stands for `>=`": lambda n: (n > -4) & (n <= 3),
    "`or` stands for `and`": lambda n: (n >= -4) | (n <= 3),
    "the first of its two conditions stands alone": lambda n: n >= -4,
}


def masked(mask):
    gradient = lambda x, d: d * mask(np.round(x / STEP))
    args = lambda rng: (1.2 * rng.normal(size=40),)
    return vf.validate(gradient, of=straight, args=args, cases=3)


@pytest.mark.parametrize("words", MASKS)
def test_the_comparison_is_named(words):
    finding = masked(MASKS[words])
    said = [e.mistake for e in finding.explanation if e.fits]

    assert finding.verdict == "wrong"
    # with every condition true the choice hands all on: the same numbers, told by either name
    assert words in said or (words.startswith("`or`") and "is taken to be 1" in said[0])
    assert not any("1 - 0" in str(e) for e in finding.explanation)


def test_the_masks_of_the_forward_are_correct():
    assert masked(lambda n: (n >= -4) & (n <= 3)).verdict == "correct"


def test_another_threshold_is_described_and_not_named():
    finding = masked(lambda n: (n >= -2) & (n <= 3))

    assert finding.verdict == "wrong" and not any(e.fits for e in finding.explanation)
    assert "where 0 is answered" in finding.explanation[-1].mistake
