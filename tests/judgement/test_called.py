"""A function that is only called is handed what it was written for."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


@pytest.mark.parametrize(("kept", "verdict"), [(-1, "correct"), (0, "wrong")])
def test_arrays_of_jax_are_handed_to_what_jax_traces(kept, verdict):
    """x.at is no attribute of NumPy's arrays; of two updates of one place the last one stays."""

    def gradient(x, v, d):
        dv = np.zeros_like(v)
        dv[[kept % 2, 2]] = d[[1, 3]]
        return np.where(np.isin(np.arange(4), (1, 3)), 0, d), dv

    at = lambda rng: (rng.normal(size=4), rng.normal(size=3))
    of = lambda x, v: x.at[jnp.array([1, 1, 3])].set(v)
    finding = vf.validate(gradient, of=of, args=at, argnums=(0, 1), cases=4, edges="none")
    assert str(finding.verdict) == verdict, finding
