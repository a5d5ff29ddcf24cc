"""Runs of what has a maximum over several numbers, whose slope no running bound knows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

X = np.float32([[[1.0, -0.5], [0.25, 2.0], [-1.0, 0.75]], [[0.5, 0.5], [2.0, -1.5], [0.1, 0.3]]])
START = {"w": np.float32([[0.3, -0.2], [0.1, 0.4]])}


def pooled(params, x):
    """The largest of three places, after relu, as pooling has it: zeros tie and do not matter."""
    return jnp.mean(jnp.sum(jnp.max(jax.nn.relu(x @ params["w"]), axis=1), axis=-1) ** 2)


def to_the_first(params, x):
    """Its gradient by hand: of places that tie the first has all of it."""
    z = x @ params["w"]
    a = np.maximum(z, 0.0)
    place = a.argmax(axis=1)[:, None]
    y = a.max(axis=1)
    dy = np.broadcast_to(2.0 * y.sum(-1, keepdims=True) / np.float32(len(x)), y.shape)
    dz = np.zeros_like(z)
    np.put_along_axis(dz, place, dy[:, None] * (np.take_along_axis(z, place, 1) > 0.0), 1)
    return {"w": np.einsum("bpi,bpo->io", x, dz)}


def judged(gradient, batch, params=START, steps=2):
    def train(params, batches):
        for (x,) in batches:
            slope = gradient(params, x)
            params = jax.tree.map(lambda p, g: p - np.float32(0.1) * g, params, slope)
            yield vf.TrainingStep(params, gradient=slope)

    return vf.validate_training(
        *(train,), of=pooled, rule="gradient_descent", learning_rate=0.1, params=params,
        dtype="float32", runs=0, batches=[(batch,)] * steps,
    )  # fmt: skip


def longer(params, x):
    return {"w": np.float32(1.001) * to_the_first(params, x)["w"]}


@pytest.mark.parametrize(("gradient", "verdict"), [(to_the_first, "correct"), (longer, "wrong")])
def test_a_run_through_a_maximum_is_judged(gradient, verdict):
    found = judged(gradient, X)
    assert found.verdict == verdict, found.reason
    assert verdict != "correct" or found.power["w"] < 1e-4, found.power


def test_a_tie_that_gives_a_choice_is_open():
    halves = {"w": np.float32([[0.5], [0.25]])}
    tied = np.float32([[[1.0, 0.0], [0.0, 2.0]]])  # 0.5 twice: dw is either of the rows
    found = judged(to_the_first, tied, halves, steps=1)
    assert found.verdict == "undecided" and "step 1" in found.reason
    copies = np.float32([[[1.0, 0.0], [1.0, 0.0]]])  # whichever is taken, dw is the same
    assert judged(to_the_first, copies, halves, steps=1).verdict == "correct"
