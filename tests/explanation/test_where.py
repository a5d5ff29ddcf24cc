"""One wrong entry in each case, another one each time, is said to be one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic.inner_programs import equations
from verification.explanation import problem


def forward(x):
    return jnp.sum(jnp.sin(x))


def largest(x, change):
    g = np.cos(x)
    at = np.unravel_index(np.argmax(np.abs(x)), x.shape)
    g[at] = change(g[at])
    return g


def found(gradient):
    return vf.validate(gradient, of=forward, args=lambda rng: (rng.normal(size=(3, 2)),), cases=5)


@pytest.mark.parametrize(
    ("change", "words"), [(lambda g: 0.0, "never written"), (lambda g: 1.1 * g + 0.1, "wrong")]
)
def test_an_entry_that_is_another_in_another_case(change, words):
    said = found(lambda x: largest(x, change)).explanation[0]

    assert said.fits and words in said.mistake and "another in another case" in said.term


def test_two_wrong_entries_are_not_called_one():
    gradient = lambda x: np.where(np.argsort(np.argsort(x.ravel())) < 2, 7.0, np.cos(x.ravel()))
    said = found(lambda x: gradient(x).reshape(x.shape)).explanation

    assert not any("another in another case" in one.term for one in said)


def test_what_may_be_held_is_two_gibibytes_of_float64():
    assert problem.LARGE * np.dtype(np.float64).itemsize == 2 * 2**30


def test_a_large_program_is_not_looked_into_and_its_place_is_said(monkeypatch):
    loss = lambda w, v, x: jnp.mean(jnp.tanh(jnp.tanh(x @ w) @ v) ** 2)

    def half(w, v, x):
        g, h = jax.grad(loss, (0, 1))(w, v, x)
        return g.at[:, 1].multiply(0.5), h

    sample = lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(5, 3)))
    asked = {"of": loss, "args": sample, "argnums": (0, 1), "cases": 2, "edges": "none"}
    recorded, record = [], problem.record
    monkeypatch.setattr(problem, "record", lambda *a: recorded.append(a) or record(*a))
    program = jax.make_jaxpr(loss)(*sample(np.random.default_rng(0)))
    work = sum(1 for _ in equations(program.jaxpr)) * (3 * 4 + 4 * 2)
    monkeypatch.setattr(problem, "LARGE", work)
    assert vf.validate(half, **asked).verdict == "wrong" and recorded
    recorded.clear()
    monkeypatch.setattr(problem, "LARGE", work - 1)
    found = vf.validate(half, **asked)
    assert found.verdict == "wrong" and not recorded
    assert "w[0, 1], w[1, 1], w[2, 1] of the gradient" in str(found.explanation[0])
