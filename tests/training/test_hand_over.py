"""What no mistake of a loop explains goes to those who explain gradients, or name update rules."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf

RNG = np.random.default_rng(5)
BATCHES = [(RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))) for _ in range(12)]
PARAMS = {"b": 0.3 * RNG.normal(size=2), "w": RNG.normal(size=(3, 2))}
ADAM = {"learning_rate": 0.03, "b1": 0.8, "b2": 0.95, "eps": 1e-3}


def loss(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["w"] + params["b"][None]) - y) ** 2)


def slopes(params, x, y, kept=1.0):
    """By hand; kept is the share of a^2 in the slope of tanh, 1 - a^2."""
    a = np.tanh(x @ params["w"] + params["b"])
    dz = 2.0 / a.size * (a - y) * (1.0 - kept * a * a)
    return np.mean((a - y) ** 2), {"b": dz.sum(axis=0), "w": x.T @ dz}


def adam(params, batches, inside=False, kept=1.0, told=True):
    h, m, v = ADAM, *({k: np.zeros_like(w) for k, w in params.items()} for _ in range(2))
    for t, (x, y) in enumerate(batches, 1):
        value, gradient = slopes(params, x, y, kept)
        m = {k: h["b1"] * m[k] + (1 - h["b1"]) * g for k, g in gradient.items()}
        v = {k: h["b2"] * v[k] + (1 - h["b2"]) * g * g for k, g in gradient.items()}
        new = {}
        for k, w in params.items():
            mhat, vhat = m[k] / (1 - h["b1"] ** t), v[k] / (1 - h["b2"] ** t)
            root = np.sqrt(vhat + h["eps"]) if inside else np.sqrt(vhat) + h["eps"]
            new[k] = w - h["learning_rate"] * mhat / root
        params = new
        yield vf.TrainingStep(params, value, gradient if told else None)


def judged(how, rule="adam", given=ADAM):
    train = lambda params, batches: adam(params, batches, **how)

    return vf.validate_training(
        train, of=loss, params=PARAMS, batches=BATCHES, rule=rule, runs=0, **given
    )


def test_a_right_loop_has_nothing_to_hand_over():
    finding = judged({})
    assert finding.verdict == "correct" and "every step alone is right" in finding.reason
    untold = judged({"told": False})  # the gradients' budgets are in those of the weights
    assert untold.verdict == "undecided" and "no gradient is told" in untold.reason
    assert finding.explanation == ()


def test_a_wrong_update_is_named_as_the_variant_it_is():
    finding = judged({"inside": True})
    assert (finding.verdict, finding.step, finding.left) == ("wrong", 1, "update")
    first = finding.explanation[0]
    assert (first.kind, first.fault) == ("variant", "adam_eps_inside") and first.fits
    assert first.term == "the update of step 1"


def test_without_gradients_or_a_name_no_rule_is_named():
    import optax

    untold = judged({"inside": True, "told": False})
    nameless = judged({"inside": True}, rule=optax.adam(**ADAM), given={})
    for finding in (untold, nameless):
        assert finding.verdict == "wrong"
        assert all(one.kind != "variant" for one in finding.explanation)


@pytest.mark.parametrize("kept", [0.0, -1.0])
def test_a_wrong_gradient_is_explained_by_those_who_explain_gradients(kept):
    finding = judged({"kept": kept})
    assert (finding.verdict, finding.step, finding.left) == ("wrong", 1, "gradient")
    assert finding.explanation and "no known mistake of a loop" not in str(finding.explanation[0])
    assert jax.tree.leaves(finding.explanation[0].term)
