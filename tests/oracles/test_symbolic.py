"""SymPy proves what we derived, for all values at once, and no false formula passes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet
from verification.oracles import ball, symbolic
from verification.oracles.question import ask
from verification.oracles.symbolic import prove, prove_cells
from verification.vocabulary import Silent, Undecided

s = refnet.sigmoid
cdf = lambda z: 0.5 * jax.lax.erfc(-z / 2.0**0.5)
gate = lambda z: 2.0 * (2.0 / np.pi) ** 0.5 * (z + 0.044715 * z**3)
rate = lambda z: 2.0 * (2.0 / np.pi) ** 0.5 * (1.0 + 0.134145 * z**2)
SLOPES = {
    "identity": lambda z: jnp.ones_like(z),
    "sigmoid": lambda z: s(z) * s(-z),
    "tanh": lambda z: 1.0 - refnet.tanh(z) ** 2,
    "relu": lambda z: jnp.where(z > 0.0, 1.0, 0.0),
    "leaky_relu": lambda z: jnp.where(z > 0.0, 1.0, 0.01),
    "softplus": s,
    "gelu": lambda z: cdf(z) + z * jnp.exp(-0.5 * z * z) / (2.0 * np.pi) ** 0.5,
    "gelu_tanh": lambda z: s(gate(z)) + z * rate(z) * s(gate(z)) * s(-gate(z)),
    "silu": lambda z: s(z) + z * s(z) * s(-z),
}
CELLS = {"relu": 2, "leaky_relu": 2, "softplus": 2}  # z > 0 and z < 0


def test_every_activation_has_a_slope_here():
    assert SLOPES.keys() == refnet.ACTIVATIONS.keys()


@pytest.mark.parametrize("name", SLOPES)
def test_every_activation_is_proved_on_every_cell(name):
    points = [(np.array([z]),) for z in (0.7, -0.3, 1.3)]
    proofs = prove_cells(refnet.ACTIVATIONS[name], lambda z, d: (d * SLOPES[name](z),), points)
    assert len(proofs) == CELLS.get(name, 1)
    assert all(proof.proved for proof in proofs), proofs
    assert all(r"\frac{\partial}{\partial z_{0}}" in proof.identity for proof in proofs)


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_that_is_off_by_a_hair_is_not_proved(name):
    hair = 1.0 + 2.0**-30
    wrong = lambda z, d: (d * hair * SLOPES[name](z),)
    proof = prove(refnet.ACTIVATIONS[name], wrong, (np.array([0.7]),))
    assert not proof.proved and "does not cancel" in proof.leftover


def test_conditions_and_constants_are_stated():
    above, below = prove_cells(
        refnet.leaky_relu, lambda z, d: (d * SLOPES["leaky_relu"](z),), [(0.7,), (-0.3,)]
    )
    assert (above.conditions, below.conditions) == (("z > 0",), ("z < 0",))
    assert below.constants == ("0.01 is read as 1/100",)
    assert not prove(refnet.leaky_relu, lambda z, d: (d * 0.02,), (-0.3,)).proved
    with pytest.raises(Undecided, match="boundary"):
        prove(refnet.relu, lambda z, d: (d,), (0.0,))


P = np.array([[0.3, 0.8], [0.45, 0.15], [0.6, 0.7]])
Y = np.array([[0.2, 0.5], [0.35, 0.9], [0.75, 0.1]])
softmax = lambda z: jnp.exp(z) / jnp.broadcast_to(jnp.exp(z).sum(-1, keepdims=True), z.shape)
onehot = lambda y: (y[:, None] == jnp.arange(2)[None, :]).astype(float)
LOSSES = {
    "mse": (Y, lambda p, y: 2.0 * (p - y) / p.size),
    "binary_cross_entropy": (Y, lambda a, y: (a - y) / (a * (1.0 - a)) / a.size),
    "binary_cross_entropy_with_logits": (Y, lambda z, y: (s(z) - y) / z.size),
    "softmax_cross_entropy": (
        Y,
        lambda z, y: (softmax(z) * jnp.broadcast_to(y.sum(-1, keepdims=True), z.shape) - y) / 3.0,
    ),
    "softmax_cross_entropy_with_integer_labels": (
        np.array([1, 0, 1]),
        lambda z, y: (softmax(z) - onehot(y)) / 3.0,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_proved_and_its_negative_is_not(name):
    y, slope = LOSSES[name]
    right = prove(refnet.LOSSES[name], lambda z, y: (slope(z, y),), (P, y), cotangent_symbols=False)
    assert right.proved and right.entries == 6, right.leftover
    wrong = prove(
        refnet.LOSSES[name], lambda z, y: (-slope(z, y),), (P, y), cotangent_symbols=False
    )
    assert not wrong.proved


def test_every_loss_is_here():
    assert LOSSES.keys() == refnet.LOSSES.keys()


def layers(rng, *sizes):
    return tuple(
        refnet.Dense(rng.normal(size=pair), rng.normal(size=pair[1]))
        for pair in zip(sizes, sizes[1:], strict=False)
    )


def dense_gradient(layer, x, dy):
    return refnet.Dense(w=x.T @ dy, b=dy.sum(axis=0)), dy @ layer.w.T


def mlp_gradient(activation, slope):
    def gradient(params, x, dy):
        hidden, last = params
        z = refnet.dense(hidden, x)
        dlast, da = dense_gradient(last, activation(z), dy)
        dhidden, dx = dense_gradient(hidden, x, da * slope(z))
        return (dhidden, dlast), dx

    return gradient


def test_dense_and_neuron_are_proved_by_entry():
    rng = np.random.default_rng(5)
    (layer,) = layers(rng, 3, 2)
    x = rng.normal(size=(4, 3))
    assert prove(refnet.dense, dense_gradient, (layer, x), (0, 1)).proved
    transposed = lambda layer, x, dy: (refnet.Dense(x.T @ dy, dy.sum(0)), dy @ layer.w.T * 2.0)
    assert not prove(refnet.dense, transposed, (layer, x), (0, 1)).proved

    def neuron_gradient(params, x, da):
        z = params.w * x + params.b
        dz = da * s(z) * s(-z)
        return refnet.Neuron((dz * x).sum(), dz.sum()), dz * params.w

    neuron = refnet.Neuron(np.float64(0.7), np.float64(-0.2))
    proof = prove(refnet.neuron, neuron_gradient, (neuron, np.array([1.5, -0.5])), (0, 1))
    assert proof.proved and proof.entries == 4


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "gelu"])
@pytest.mark.parametrize("sizes", [(2, 2, 1), (3, 2, 2)])
def test_small_networks_are_proved_entry_by_entry(name, sizes):
    rng = np.random.default_rng(7)
    activation, slope = refnet.ACTIVATIONS[name], SLOPES[name]
    args = layers(rng, *sizes), rng.normal(size=(1, sizes[0]))
    network = lambda params, x: refnet.mlp(params, x, activation)
    proof = prove(network, mlp_gradient(activation, slope), args, (0, 1))
    assert proof.proved, proof.leftover
    forgotten = mlp_gradient(activation, lambda z: jnp.ones_like(z))
    if name != "relu" or "<" in "".join(proof.conditions):
        assert not prove(network, forgotten, args, (0, 1)).proved


def test_hand_and_function_must_have_the_same_leaves():
    with pytest.raises(ValueError, match="leaves of shapes"):
        prove(refnet.tanh, lambda z, d: (d[0],), (np.array([0.5, 0.25]),))


def test_at_a_point_the_formula_lies_in_the_ball():
    rng = np.random.default_rng(11)
    loss = lambda p, x, y: refnet.softmax_cross_entropy(refnet.mlp(p, x, refnet.gelu), y)
    question = ask(loss, (layers(rng, 3, 2, 2), rng.normal(size=(4, 3)), rng.uniform(size=(4, 2))))
    for a, b in zip(symbolic.gradient(question), ball.gradient(question), strict=True):
        assert a.proven and (a.rad > 0).all()
        assert (abs((a.mid - b.mid) + (a.tail - b.tail)) <= a.rad + b.rad).all()
        hair = a.mid * (1 + 2.0**-50)
        assert (abs((hair - b.mid) + (a.tail - b.tail)) > a.rad + b.rad).all()


def test_large_questions_are_met_with_silence():
    with pytest.raises(Silent, match="entries"):
        symbolic.gradient(ask(lambda z: jnp.tanh(z).sum(), (np.ones(41),)))
