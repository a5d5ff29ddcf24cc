"""PyTorch answers for refnet's losses; its careful spelling keeps the digits its own loses."""

import jax
import ml_dtypes
import numpy as np
import pytest

from refnet import Dense
from verification.adapters import jax_mlp, torch_mlp
from verification.inputs.networks import LOSSES, Configuration, Network, drawn
from verification.judgement.validate import validate
from verification.vocabulary import Verdict

pytest.importorskip("torch")
pytestmark = pytest.mark.torch
FORMATS = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)
ACTIVATIONS = (*torch_mlp.SHARED, *torch_mlp.CAREFUL)


def sampler(activation, loss):
    network = Network((3, 4, 2), 5, activation, loss)
    return lambda rng: drawn(Configuration(network, 1.0, int(rng.integers(2**31))))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_the_gradient_of_refnets_loss(activation, loss):
    of, sample = jax_mlp.objective(activation, loss), sampler(activation, loss)
    right = validate(torch_mlp.gradient(activation, loss), of=of, args=sample, cases=3)
    assert right.verdict is Verdict.CORRECT, right.reason


def test_the_gradient_of_another_activation_is_not():
    of, sample = jax_mlp.objective("tanh", "mse"), sampler("tanh", "mse")
    wrong = validate(torch_mlp.gradient("sigmoid", "mse"), of=of, args=sample, cases=3)
    assert wrong.verdict is Verdict.WRONG


@pytest.mark.parametrize("dtype", FORMATS, ids=lambda d: np.dtype(d).name)
def test_results_have_the_dtype_of_the_weights(dtype):
    params, x, y = drawn(Configuration(Network((3, 4, 2), 5, "gelu", "mse"), 1.0, seed=2))
    params = jax.tree.map(lambda leaf: leaf.astype(dtype), params)
    found = torch_mlp.gradient("gelu", "mse")(params, x.astype(np.float16), y)
    assert all(leaf.dtype == dtype for leaf in jax.tree.leaves(found))


@pytest.mark.parametrize(
    ("activation", "z"), [("tanh", 20.0), ("sigmoid", 40.0), ("softplus", 21.0), ("gelu", -9.0)]
)
def test_digits_that_the_built_in_slope_loses_are_kept_by_the_careful_one(activation, z):
    """The slope at one saturated unit, against that of refnet."""
    one = np.ones((1, 1))
    params = (Dense(z * one, 0.0 * one[0]), Dense(one, 0.0 * one[0]))
    args = params, one, 2.0 * one
    with jax.enable_x64(True):
        true = np.asarray(jax.grad(jax_mlp.objective(activation, "mse"))(*args)[0].b)
    careful = torch_mlp.gradient(activation, "mse")(*args)[0].b
    lossy = torch_mlp.gradient(activation, "mse", built_in=True)(*args)[0].b
    tangent = 2.0**-52 * 8 * (1.0 + abs(z)) ** 2  # 8 roundings, a rounding of z or of z^2 in e^
    assert abs(careful - true) <= tangent * abs(true)
    assert abs(lossy - true) > tangent * abs(true)
