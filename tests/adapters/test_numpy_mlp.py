"""NumPy's backpropagation answers in the dtype of the weights, and sums as it says."""

import jax
import ml_dtypes
import numpy as np
import pytest

from refnet import Dense
from verification.adapters import jax_mlp, numpy_mlp
from verification.inputs.networks import LOSSES, Configuration, Network, drawn
from verification.judgement.validate import validate
from verification.vocabulary import Verdict

FORMATS = (np.longdouble, np.float64, np.float32, np.float16, ml_dtypes.bfloat16)


def network(activation, loss):
    return Network((3, 4, 2), 5, activation, loss)


def sampler(activation, loss):
    return lambda rng: drawn(
        Configuration(network(activation, loss), 1.0, int(rng.integers(2**31)))
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", numpy_mlp.ACTIVATIONS)
def test_it_is_the_gradient_of_refnets_loss(activation, loss):
    of = jax_mlp.objective(activation, loss)
    gradient = numpy_mlp.gradient(activation, loss)
    right = validate(gradient, of=of, args=sampler(activation, loss), cases=3)
    assert right.verdict is Verdict.CORRECT, right.reason


def test_the_slope_of_another_activation_is_not():
    of = jax_mlp.objective("tanh", "mse")
    gradient = numpy_mlp.gradient("sigmoid", "mse")
    assert validate(gradient, of=of, args=sampler("tanh", "mse"), cases=3).verdict is Verdict.WRONG


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("dtype", FORMATS, ids=lambda d: np.dtype(d).name)
def test_results_have_the_dtype_of_the_weights(dtype, in_order):
    params, x, y = drawn(Configuration(network("gelu", "mse"), 1.0, seed=2))
    params = jax.tree.map(lambda leaf: leaf.astype(dtype), params)
    found = numpy_mlp.gradient("gelu", "mse", in_order)(params, x.astype(np.float16), y)
    assert all(leaf.dtype == dtype for leaf in jax.tree.leaves(found))


def test_sums_in_order_round_each_partial_sum_and_wide_ones_do_not():
    """In bfloat16 a sum of ones stays at 256: the next number there is 258."""
    ones = np.ones((300, 1), ml_dtypes.bfloat16)
    in_order, wide = numpy_mlp.IN_ORDER, numpy_mlp.WIDE
    assert float(in_order[1](ones, 0)[0]) == float(in_order[0](ones.T, ones)[0, 0]) == 256.0
    assert float(wide[1](ones, 0)[0]) == float(wide[0](ones.T, ones)[0, 0]) == 300.0


def test_a_layer_alone_is_its_loss_alone():
    params = (Dense(np.array([[0.5, -2.0]]), np.array([0.25, 1.0])),)
    (found,) = numpy_mlp.gradient("relu", "mse")(params, np.array([[3.0]]), np.array([[1.0, -4.0]]))
    np.testing.assert_array_equal(found.b, [0.75, -1.0])  # z = (1.75, -5); N = 2
    np.testing.assert_array_equal(found.w, [[2.25, -3.0]])
