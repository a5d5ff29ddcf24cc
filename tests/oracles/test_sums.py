"""Gradients of sums over many entries: proven as balls prove them, entry by entry."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.measurement.batch import budget_at
from verification.measurement.sample import Sample, outside
from verification.measurement.subject import autodiff
from verification.oracles import ball, sums
from verification.oracles.enclosures import THIN
from verification.oracles.question import ask

N = 2**14


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch):
    monkeypatch.setattr(sums, "MANY", N)


SUMS = {
    "a product": lambda x: jnp.sum(jnp.sin(x) * jnp.exp(-x * x)),
    "gelu": lambda x: jnp.sum(jax.nn.gelu(x, approximate=False)),
    "relu, twice": lambda x: 2.0 * jnp.sum(jax.nn.relu(x)),
    "silu less a number": lambda x: 1.5 - jnp.sum(jax.nn.silu(x)),
    "two sums": lambda x: jnp.sum(jnp.tanh(x)) + jnp.sum(jnp.where(x > 0.3, x**3, x)) / 4.0,
}
MEANS = {
    "softplus": lambda x: jnp.mean(jax.nn.softplus(x)),
    "huber": lambda x: jnp.mean(jnp.where(abs(x) < 1.0, 0.5 * x * x, abs(x) - 0.5)) + 3.0,
    "cosh, in rows": lambda x: -jnp.mean(jnp.log(jnp.cosh(x)).reshape(4, -1)),
}
FUNCTIONS = SUMS | MEANS
OTHERS = {
    "a softmax": lambda x: jnp.sum(jax.nn.softmax(x) ** 2),
    "a square of a sum": lambda x: jnp.sum(x) ** 2,
    "a product with data": lambda x: jnp.sum(x * jnp.arange(1.0, x.size + 1.0)),
    "a running sum": lambda x: jnp.sum(jnp.cumsum(x) ** 2),
    "entries that meet others": lambda x: jnp.sum(x.reshape(128, -1) * x.reshape(128, -1).T),
    "a sum in rows": lambda x: jnp.sum(jnp.exp(x.reshape(128, -1).sum(0))),
    "what has no slope": lambda x: jnp.sum(jax.lax.stop_gradient(x) * x),
    "the entries, moved": lambda x: jnp.sum(x * x[::-1]),
}


def drawn(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=N) * 10.0 ** rng.uniform(-6.0, 1.2, size=N)


def exact(leaf, k: int) -> Fraction:
    return Fraction(float(leaf.mid[k])) + Fraction(float(leaf.tail[k]))


def beyond_both(name: str, x: np.ndarray) -> int:
    """At how many entries, the widest among them, the ball and the polynomial share no number."""
    (found,) = sums.by_entry(ask(FUNCTIONS[name], (x,)))
    relative = found.rad / np.maximum(np.abs(found.mid), 1e-300)
    assert (relative <= 2.0**-THIN).mean() > 0.45, "but for zeros"
    chosen = np.concatenate([np.argsort(-relative)[:50], np.arange(0, N, N // 150)])[:200]
    (alone,) = ball.gradient(ask(FUNCTIONS[name], (x[chosen],)))
    share = Fraction(len(chosen), N) if name in MEANS else 1
    gaps = (exact(found, j) - share * exact(alone, i) for i, j in enumerate(chosen))
    rooms = (Fraction(found.rad[j]) + Fraction(alone.rad[i]) for i, j in enumerate(chosen))
    return sum(abs(gap) > room for gap, room in zip(gaps, rooms, strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_entry_is_where_its_ball_is(name):
    assert beyond_both(name, drawn()) == 0


def test_fewer_entries_are_left_to_balls(monkeypatch):
    question = ask(SUMS["gelu"], (drawn(),))
    assert sums.by_entry(question) is not None
    monkeypatch.setattr(sums, "MANY", N + 1)
    assert sums.by_entry(question) is None


def test_a_coefficient_that_is_off_in_its_last_digits_is_seen():
    x = drawn(1)
    assert beyond_both("gelu", x) == 0
    cells = next(reversed(sums.KNOWN.values()))
    for level in cells:
        level.table["rest"][:, 1] += 2.0**-58 * level.table["first"][:, 1]
    assert beyond_both("gelu", x) > 50


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_sum_over_entries_is_left_to_balls(name):
    assert sums.by_entry(ask(OTHERS[name], (drawn(),))) is None


def test_an_entry_at_a_kink_is_left_to_balls():
    x = drawn()
    of = lambda x: jnp.sum(jnp.abs(x))
    assert sums.by_entry(ask(of, (x,))) is not None
    x[5] = 0.0
    assert sums.by_entry(ask(of, (x,))) is None


def test_another_argument_makes_another_table():
    f = lambda x, a: jnp.sum(jnp.exp(-a * x * x))
    found = [sums.by_entry(ask(f, (drawn(), a)))[0].mid for a in (0.5, 0.25)]
    for leaf, a in zip(found, (0.5, 0.25), strict=True):
        np.testing.assert_allclose(leaf, -2.0 * a * drawn() * np.exp(-a * drawn() ** 2), rtol=1e-12)


def test_one_entry_of_many_that_is_a_little_off_is_outside():
    gradient, x = autodiff(SUMS["a product"], (0,), True), drawn()
    truth = ball.gradient(ask(SUMS["a product"], (x,)))
    allowed = budget_at(gradient, (x,), "float64").allowed
    got = np.array(gradient(x)[0])
    found = lambda got: outside(Sample("case", ("x",), truth, allowed, [got]), 0)
    assert not found(got).any()
    got[7] *= 1.0 + 2.0**-40
    assert np.flatnonzero(found(got)).tolist() == [7]
