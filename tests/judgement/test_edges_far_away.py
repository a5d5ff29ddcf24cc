"""Edges at which all entries lie far on one side of 0: a number is all that is asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict


def normal(*shape):
    return lambda rng: (rng.normal(size=shape),)


def judged(gradient, of, args, **options):
    return vf.validate(gradient, of=of, args=args, **{"cases": 4, **options})


def softmax_from(start):
    """p (d - p.d) by a running maximum that starts there."""

    def gradient(x, d):
        highest = start
        for value in x:
            highest = max(highest, value)
        share = np.exp(x - highest) / np.exp(x - highest).sum()
        return share * (d - share @ d)

    return gradient


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_all_entries_lie_far_on_one_side_of_0_once(dtype):
    found = [
        judged(softmax_from(start), jax.nn.softmax, normal(4), dtype=dtype)
        for start in (0.0, -np.inf)
    ]
    above = lambda x: -np.exp(min(0.0, x.min()) - x) / np.exp(min(0.0, x.min()) - x).sum()
    found.append(judged(above, lambda x: jax.nn.logsumexp(-x), normal(4), dtype=dtype))

    assert [f.verdict for f in found] == ["inaccurate", "correct", "inaccurate"]
    assert "0/0 at all entries far below 0" in found[0].reason
    assert "0/0 at all entries far above 0" in found[2].reason


def test_so_far_away_a_number_is_all_that_is_asked_for():
    of = lambda x: jnp.sqrt(jnp.var(x) + 1.0)
    one_pass = lambda x: (x - x.mean()) / x.size / np.sqrt((x * x).mean() - x.mean() ** 2 + 1)
    found = judged(one_pass, of, normal(6), dtype="float32")
    assert found.verdict is Verdict.CORRECT and not any("far" in note for note in found.notes)
    late = lambda x: one_pass(x) * np.where(x.max() < -50.0, np.nan, 1.0)
    assert judged(late, of, normal(6), dtype="float32").verdict is Verdict.INACCURATE
