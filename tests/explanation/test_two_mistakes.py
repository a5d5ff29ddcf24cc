"""Two mistakes at once are both named, on both lines; one is not called two."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification import faults
from verification.derivations import ALL as SUBJECTS
from verification.explanation import explain
from verification.explanation.two_edges import solved
from verification.judgement import check
from verification.selftest.kill_table import answered


def forward(w, v, x):
    h = jnp.tanh(x @ w)
    p = jnp.exp(0.3 * (h @ v))
    return jnp.sum(p * p)


def by_hand(w, v, x, slope, factor):
    """`slope` of tanh by its value; a `factor` at what comes down to the second layer."""
    h = np.tanh(x @ w)
    p = np.exp(0.3 * (h @ v))
    d = 2.0 * p * p * 0.3 * factor
    return x.T @ ((d @ v.T) * slope(h)), h.T @ d


def sample(rng):
    return rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(5, 3))


def found(slope, factor):
    gradient = lambda w, v, x: by_hand(w, v, x, slope, factor)
    return vf.validate(gradient, of=forward, args=sample, argnums=(0, 1), cases=3)


@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_a_wrong_slope_and_a_factor_are_both_named(factor):
    finding = found(lambda h: h, factor)
    said = finding.explanation

    assert finding.verdict == "wrong" and len(said) == 2
    assert all(one.fits and "one of two mistakes" in one.mistake for one in said)
    slope = next(one for one in said if one.kind == "slope")
    other = next(one for one in said if one is not slope)
    assert "a, the value itself" in slope.mistake and "jnp.tanh(x @ w)" in slope.source
    assert other.factor == factor


def test_one_mistake_is_not_called_two():
    said = found(lambda h: h, 1.0).explanation

    assert said[0].fits and "one of two" not in said[0].mistake


def test_the_right_gradient_has_nothing_to_explain():
    finding = found(lambda h: 1.0 - h * h, 1.0)

    assert finding.verdict == "correct" and not finding.explanation


def test_two_mistakes_that_nobody_knows_are_not_named():
    said = found(lambda h: np.cos(17.0 * h), 1.0 + np.pi).explanation

    assert said and not any(one.fits for one in said)


# --- two factors in a long chain, where many edges explain the same leaf --------------------------


LAYERS = 8


def chain(*weights):
    h = jnp.ones(3)
    for w in weights:
        h = jnp.tanh(w @ h)
    return jnp.sum(h * h)


@pytest.mark.parametrize("factor", [0.3, 1.0])
def test_a_path_that_is_dropped_below_a_factor_is_named_with_it(factor):
    """Dropped at the third layer, and 0.3 times too little at the sixth."""
    weights = tuple(np.random.default_rng(7).normal(size=(LAYERS, 3, 3)))
    finding = vf.validate(
        lambda *ws: dropped(ws, factor),
        of=chain,
        args=weights,
        argnums=tuple(range(LAYERS)),
        dtype="float64",
    )
    said = [one for one in finding.explanation if one.fits]

    assert finding.verdict == "wrong"
    if factor == 0.3:
        assert {0.0, 0.3} <= {one.factor for one in said}
    else:
        assert said[0].factor == 0.0 and not any("one of two" in one.mistake for one in said)


def dropped(weights, factor):
    """By hand."""
    hs = [np.ones(3)]
    for w in weights:
        hs.append(np.tanh(w @ hs[-1]))
    d, found = 2.0 * hs[-1], []
    for k in reversed(range(LAYERS)):
        d = d * (1.0 - hs[k + 1] ** 2)
        d = d * (0.0 if k == 2 else factor if k == 5 else 1.0)
        found.append(np.outer(d, hs[k]))
        d = weights[k].T @ d
    return tuple(found[::-1])


# --- two factors are solved for with columns of any size, and not where one is not finite ---------


COLUMNS = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]])


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e250])
def test_badly_scaled_columns_are_solved_for(scale):
    found = solved(COLUMNS * [scale, 1.0], COLUMNS @ [2.0, -3.0])

    assert found is not None
    np.testing.assert_allclose(found * [scale, 1.0], [2.0, -3.0], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_a_column_that_is_no_number_or_nothing_has_no_factor(bad):
    assert solved(COLUMNS * [bad, 1.0], np.ones(3)) is None


@pytest.mark.parametrize("fault", ["slope of the sigmoid again", "through float32"])
def test_a_saturated_neuron_is_explained_without_an_error(fault, caplog):
    caplog.set_level("DEBUG", logger="verification.explanation.explained")
    subject = SUBJECTS["logistic_neuron"]
    (twin, *_) = [t for t in faults.twins("logistic_neuron") if t.fault == fault]
    rng = np.random.default_rng(0)
    cases = [
        check.with_cotangent(subject, case, rng) for case in subject.edges(np.dtype("float64"))
    ]
    right = [s for case in cases if (s := check.sample(subject, "float64", case)) is not None]
    how = {"of": subject.function, "argnums": subject.argnums, "scalar": subject.scalar}
    for sample in right:
        if sample.silence:
            continue
        wrong = answered(twin.gradient, replace(sample, failure=""))
        explain((wrong,), **how)
    assert not caplog.records, caplog.text
