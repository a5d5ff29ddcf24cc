"""Every oracle keeps its word: the proven ball meets its own, and a wrong gradient would not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet
from verification.oracles import ALL, ball
from verification.oracles.question import ask
from verification.vocabulary import Rank, Silent

OTHERS = [name for name in ALL if name != "ball"]


def questions():
    rng = np.random.default_rng(13)
    for name, activation in refnet.ACTIVATIONS.items():
        z = 3.0 * rng.normal(size=5)
        yield name, ask(activation, (z,), cotangent=rng.normal(size=5))
    for name, loss in refnet.LOSSES.items():
        p, y = rng.uniform(0.1, 0.9, (2, 4, 3))
        yield name, ask(loss, (p, rng.integers(0, 3, 4) if "integer" in name else y))
    neuron = refnet.Neuron(rng.normal(), rng.normal())
    yield "neuron", ask(lambda n, x: refnet.neuron(n, x).sum(), (neuron, rng.normal(size=7)))
    layers = tuple(
        refnet.Dense(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 2))
    )
    loss = lambda p, x, y: refnet.mse(refnet.mlp(p, x, refnet.relu), y)
    yield "relu network", ask(loss, (layers, rng.normal(size=(5, 3)), rng.normal(size=(5, 2))))


QUESTIONS = dict(questions())
TRUTH = {name: ball.gradient(question) for name, question in QUESTIONS.items()}
SILENT = {
    "rational": set(QUESTIONS) - {"identity", "relu", "leaky_relu", "mse", "relu network"},
}


def meets(said, truth) -> bool:
    gap = np.abs((said.mid - truth.mid) + (said.tail - truth.tail))
    return bool((gap <= said.rad + truth.rad).all())


def test_the_table_is_in_order_of_authority_and_imports_on_use():
    ranks = [ALL[name].RANK for name in ALL]
    assert ranks == sorted(ranks, reverse=True) and ranks[0] is Rank.PROVEN
    assert [ALL[name].NAME for name in ALL] == list(ALL)
    assert all(ALL[name].__doc__.startswith("Oracle: ") for name in ALL)
    with pytest.raises(KeyError, match="there is no oracle 'oracle'; have ball"):
        ALL["oracle"]


@pytest.mark.parametrize("oracle", OTHERS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_oracle_meets_the_proven_ball_and_a_false_gradient_does_not(oracle, name):
    question, truth = QUESTIONS[name], TRUTH[name]
    if name in SILENT.get(oracle, ()):
        with pytest.raises(Silent):
            ALL[oracle].gradient(question)
        return
    answer = ALL[oracle].gradient(question)
    proven = ALL[oracle].RANK is Rank.PROVEN
    for said, true in zip(answer, truth, strict=True):
        assert said.mid.shape == true.mid.shape and said.proven == proven
        assert meets(said, true)
        assert proven or ((said.rad > 0) | (said.mid == 0)).all()  # a selected 0 is not rounded
        hair = 2.0**-40 if proven else 2.0**-12
        wrong = true._replace(mid=true.mid + hair * np.abs(true.mid).max())
        assert not meets(said, wrong)


def test_witnesses_say_when_they_know_nothing():
    overflow = ask(lambda z: jnp.exp(z).sum(), (np.array([800.0, 1.0]),))
    for name in ("reverse_autodiff", "forward_autodiff", "complex_step"):
        with pytest.raises(Silent, match="inf or NaN"):
            ALL[name].gradient(overflow)
    large = ask(lambda z: jnp.sin(z).sum(), (np.linspace(-2.0, 2.0, 5000),))
    for name in ("power_series", "symbolic", "forward_autodiff", "complex_step"):
        with pytest.raises(Silent, match="5000"):
            ALL[name].gradient(large)
    with pytest.raises(Silent, match="5000"):
        ALL["finite_difference"].gradient(large)


def test_autodiff_admits_the_digits_that_probabilities_lose():
    """Cross-entropy of a probability near 1: float64 itself has lost most of 1 - a."""
    loss = lambda z: -jnp.log(1.0 - 1.0 / (1.0 + jnp.exp(-z))).sum()
    question = ask(loss, (np.array([9.3, 12.7]),))
    (said,), (true,) = ALL["reverse_autodiff"].gradient(question), ball.gradient(question)
    assert meets(said, true)
    assert (np.abs(said.mid - true.mid) > 2.0**-50 * np.abs(true.mid)).any()


def test_forward_mode_is_silent_before_a_custom_vjp():
    @jax.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (f(x), x), lambda x, d: (2.0 * x * d,))
    question = ask(lambda x: f(x).sum(), (np.array([1.5]),))
    with pytest.raises(Silent, match="custom_vjp"):
        ALL["forward_autodiff"].gradient(question)
    assert ALL["reverse_autodiff"].gradient(question)[0].mid == 3.0


def test_directions_are_dotted_with_the_gradient():
    question, truth = QUESTIONS["relu network"], TRUTH["relu network"]
    rng = np.random.default_rng(17)
    direction = [rng.normal(size=leaf.mid.shape) for leaf in truth]
    dotted = sum(float((leaf.mid * v).sum()) for leaf, v in zip(truth, direction, strict=True))
    count = sum(v.size for v in direction)
    size = sum(float(np.abs(t.mid * v).sum()) for t, v in zip(truth, direction, strict=True))
    bound = 2 * count * np.finfo(float).eps * size
    proven = ALL["power_series"].directional(question, direction)
    assert proven.proven and abs(float(proven.mid) - dotted) <= bound
    assert abs(ALL["forward_autodiff"].directional(question, direction) - dotted) <= 8 * bound
    flipped = [direction[0] * -1, *direction[1:]]
    assert abs(float(ALL["power_series"].directional(question, flipped).mid) - dotted) > 8 * bound
