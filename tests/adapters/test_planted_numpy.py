"""Ten wrong gradients in NumPy, of trees of every kind, are caught; their twins are correct."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.vocabulary import Verdict

from .planted import Planted

# --- two layers, in a dict ----------------------------------------------------------------------


def network(params, x, y):
    hidden = jnp.tanh(x @ params["w"] + params["b"][None])
    return jnp.mean((hidden @ params["v"] - y) ** 2)


def network_sample(rng):
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=4), "v": rng.normal(size=(4, 4))}
    return params, rng.normal(size=(5, 3)), rng.normal(size=(5, 4))


def backward(params, x, y, mean=True, slope=lambda z: 1 - np.tanh(z) ** 2, back=np.transpose):
    z = x @ params["w"] + params["b"]
    hidden = np.tanh(z)
    error = 2 * (hidden @ params["v"] - y)
    error = error / error.size if mean else error
    dz = (error @ back(params["v"])) * slope(z)
    return {"w": x.T @ dz, "b": dz.sum(0), "v": hidden.T @ error}


def summed(params, x, y):
    return backward(params, x, y, mean=False)


def of_the_output(params, x, y):
    return backward(params, x, y, slope=lambda z: 1 - np.tanh(np.tanh(z)) ** 2)


def not_transposed(params, x, y):
    return backward(params, x, y, back=lambda v: v)


def bias_averaged(params, x, y):
    right = backward(params, x, y)
    return {**right, "b": right["b"] / len(x)}


# --- layer norm, in a dataclass that JAX does not know -----------------------------------------


@dataclass
class Norm:
    scale: np.ndarray
    shift: np.ndarray
    epsilon: float = 1e-3
    axis: int = -1


def layer_norm(norm, x, weights):
    centred = x - x.mean(norm.axis, keepdims=True)
    deviation = jnp.sqrt((centred**2).mean(norm.axis, keepdims=True) + norm.epsilon)
    return jnp.sum(weights * (centred / deviation * norm.scale[None] + norm.shift[None]))


def norm_sample(rng):
    norm = Norm(rng.uniform(1.2, 2.0, size=4), rng.normal(size=4))
    return norm, rng.normal(size=(3, 4)), rng.normal(size=(3, 4))


def norm_backward(norm, x, weights, keep=1.0):
    centred = x - x.mean(-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + norm.epsilon)
    unit = centred / deviation
    d = weights * norm.scale
    dx = d - keep * (d.mean(-1, keepdims=True) + unit * (d * unit).mean(-1, keepdims=True))
    epsilon = -0.5 * np.sum(d * centred / deviation**3)
    return Norm((weights * unit).sum(0), weights.sum(0), epsilon, axis=-1), dx / deviation


def statistics_constant(norm, x, weights):
    return norm_backward(norm, x, weights, keep=0.0)


def shift_not_summed(norm, x, weights):
    right, dx = norm_backward(norm, x, weights)
    return Norm(right.scale, weights[0].copy(), right.epsilon), dx


# --- softmax, by its pullback -------------------------------------------------------------------


def softmax_sample(rng):
    return (rng.normal(size=(2, 4)),)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(z, d):
    p = softmax(z)
    return p * (d - (p * d).sum(-1, keepdims=True))


def diagonal(z, d):
    p = softmax(z)
    return p * (1 - p) * d


# --- a table of words; lists and tuples ---------------------------------------------------------


class Table(NamedTuple):
    rows: list


def look_up(table, words, weights):
    return jnp.sum(weights[:, None] * jnp.tanh(table.rows[0])[words] * table.rows[1][None])


def words_sample(rng):
    table = Table([rng.normal(size=(6, 2)), rng.normal(size=2)])
    return table, rng.permutation(6)[:4], rng.normal(size=4)


def look_up_backward(table, words, weights, add=True):
    rows, scale = table.rows
    used = weights[:, None] * (1 - np.tanh(rows[words]) ** 2) * scale
    out = np.zeros_like(rows)
    if add:
        np.add.at(out, words, used)
    else:
        out[words] = used
    return Table([out, (weights[:, None] * np.tanh(rows[words])).sum(0)])


def overwritten(table, words, weights):
    return look_up_backward(table, words, weights, add=False)


def logistic(w, b, x, y):
    return jnp.mean(jnp.logaddexp(0.0, x @ w + b) - y * (x @ w + b))


def logistic_sample(rng):
    return rng.normal(size=3), rng.normal(), rng.normal(size=(5, 3)), rng.uniform(0.1, 0.9, size=5)


def logistic_backward(w, b, x, y):
    error = (1 / (1 + np.exp(-(x @ w + b))) - y) / len(y)
    return x.T @ error, error.sum()


def climbs(w, b, x, y):
    dw, db = logistic_backward(w, b, x, y)
    return -dw, -db


def slope_of_mse(w, b, x, y):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    error = (p - y) * p * (1 - p) / len(y)
    return x.T @ error, error.sum()


BOTH = (("argnums", (0, 1)),)
NORM = norm_sample, norm_backward
WORDS = (("vary", ("words",)),)
PLANTED = {
    "a sum for a mean": Planted(network, network_sample, backward, summed),
    "slope of the output": Planted(network, network_sample, backward, of_the_output),
    "a square matrix not transposed": Planted(network, network_sample, backward, not_transposed),
    "the bias averaged": Planted(network, network_sample, backward, bias_averaged),
    "statistics constant": Planted(layer_norm, *NORM, statistics_constant, BOTH),
    "a broadcast not summed": Planted(layer_norm, *NORM, shift_not_summed, BOTH),
    "the diagonal alone": Planted(jax.nn.softmax, softmax_sample, softmax_backward, diagonal),
    "overwritten at duplicates": Planted(
        look_up, words_sample, look_up_backward, overwritten, WORDS
    ),
    "the sign": Planted(logistic, logistic_sample, logistic_backward, climbs, BOTH),
    "a slope that cancels": Planted(
        logistic, logistic_sample, logistic_backward, slope_of_mse, BOTH
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_mistake_is_wrong_and_its_right_twin_correct(name):
    planted = PLANTED[name]
    right, wrong = planted.judged(planted.right), planted.judged(planted.wrong)

    assert right.verdict is Verdict.CORRECT, str(right)
    assert right.edges > 0 and all(0 < seen < 1e-6 for seen in right.power.values())
    assert wrong.verdict is Verdict.WRONG, str(wrong)


def test_duplicates_are_an_edge_whether_integers_are_named_or_not():
    planted = PLANTED["overwritten at duplicates"]._replace(options=())

    found = planted.judged(overwritten)
    assert found.verdict is Verdict.WRONG and "with a duplicate" in found.worst.case
    assert planted.judged(look_up_backward).verdict is Verdict.CORRECT


def test_a_convention_is_named():
    assert PLANTED["a sum for a mean"].judged(summed).conventions == ("sum",)
    assert PLANTED["the sign"].judged(climbs).conventions == ("negative",)
    assert PLANTED["the bias averaged"].judged(bias_averaged).conventions == ()
