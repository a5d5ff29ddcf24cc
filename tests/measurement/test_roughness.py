"""Lost digits are as rough as noise: a lossy formula that cannot be run wider is told from another.

Every candidate here goes through SciPy, so that neither JAX nor arrays of balls can run it.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

import verification as vf
from verification.measurement.roughness import (
    ORDERS,
    POINTS,
    _smoothest,
    rough,
    shape_of_error,
)
from verification.measurement.sample import Sample
from verification.oracles.function_noise import deviation
from verification.vocabulary import Ball, Verdict


def judged(gradient, of, args, dtype="float64"):
    return vf.validate(gradient, of=of, args=args, dtype=dtype, cases=6, edges="none")


def between(low, high):
    return lambda rng: (rng.uniform(low, high, size=5),)


def compiled(x):
    return x + 0.0 * special.expit(x)


def softplus(x):
    return jax.nn.softplus(x).sum()


def deviation_of(x):
    return jnp.std(x)


def one_pass(x):
    x = compiled(x)
    mean = x.mean()
    return (x - mean) / len(x) / np.sqrt((x * x).mean() - mean * mean)


LOSSY = {
    "1 - s": (lambda x: 1 - special.expit(-x), softplus, between(-20.0, -5.0)),
    "1 - s, to its end": (lambda x: 1 - special.expit(-x), softplus, between(-60.0, -2.0)),
    "in one pass": (one_pass, deviation_of, lambda rng: (1e4 + rng.normal(size=6),)),
    "through float32": (
        lambda x: 3.7 * np.cos(compiled(x)).astype(np.float32).astype(float),
        lambda x: 3.7 * jnp.sin(x).sum(),
        between(-3.0, 3.0),
    ),
    "of float32": (
        lambda x: np.cos(compiled(x).astype(np.float32)).astype(float),
        lambda x: jnp.sin(x).sum(),
        between(-3.0, 3.0),
    ),
}
MISTAKES = {
    "a factor": lambda answer: 1.0005 * answer,
    "a larger one": lambda answer: 1.02 * answer,
    "the sign": lambda answer: -answer,
    "something added": lambda answer: answer + 1e-3,
    "the next one's": lambda answer: np.roll(answer, 1),
    "nothing": lambda answer: 0.0 * answer,
    "ones": lambda answer: 0.0 * answer + 1.0,
}


@pytest.mark.parametrize("name", LOSSY)
def test_what_cannot_be_run_wider_is_inaccurate(name):
    gradient, of, args = LOSSY[name]
    found = judged(gradient, of, args)

    assert found.verdict is Verdict.INACCURATE, str(found)
    assert "noise around it" in found.reason


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", LOSSY)
def test_a_mistake_in_it_is_wrong(name, mistake):
    gradient, of, args = LOSSY[name]
    found = judged(lambda x: MISTAKES[mistake](gradient(x)), of, args)

    assert found.verdict is Verdict.WRONG, str(found)


@pytest.mark.parametrize("units, verdict", [(20.0, "inaccurate"), (400.0, "wrong")])
def test_roundings_of_one_sign_add_up_as_in_turns_of_a_matrix(units, verdict):
    """Off by so many units, of which two are noise."""
    noise = lambda x: np.sign(np.sin(1e18 * x))
    turned = lambda x: np.cos(compiled(x)) + np.finfo(float).eps * (units + 2.0 * noise(x))
    draw = lambda rng: (rng.uniform(-1.0, 1.0, size=(6, 6)),)
    found = judged(turned, lambda x: jnp.sin(x).sum(), draw)

    assert str(found.verdict) == verdict, str(found)
    assert verdict == "wrong" or "add up to its error" in found.reason


def test_noise_beside_a_bump_is_seen_where_the_reference_has_none():
    """LAPACK's error beside a near-zero of its own: large on one side of it, and nearly smooth."""
    x = np.linspace(-0.02, 0.02, 33)[:, None]
    lines = [np.where(x > 0, 1e-14 * np.exp(-100 * x), 0.0), np.where(x > 0.004, 2e-14, 0.0)]
    smooth = np.sin(3.0 * x)

    assert 2e-16 < rough(lines)[0] < 1e-14
    assert _smoothest([smooth]) < 1e-16 < deviation(np.sin(40.0 * x), ORDERS[0])[0]
    assert _smoothest([smooth + lines[0]])[0] > 2e-16


def test_an_answer_of_float32_is_said_to_be_one():
    square = lambda x, d: (2.0 * compiled(x) * d).astype(np.float32)
    found = judged(square, lambda x: x * x, between(-2.0, 2.0))
    wrong = judged(lambda x, d: np.float32(1.0005) * square(x, d), lambda x: x * x, between(-2, 2))

    assert found.verdict is Verdict.INACCURATE and "numbers of float32" in found.reason
    assert wrong.verdict is Verdict.WRONG


@pytest.mark.parametrize("low, high", [(-36, -33), (-38.5, -37), (-60, -40), (-730, -700)])
def test_where_no_digit_is_left_the_formula_is_seen_nearer_to_0(low, high):
    found = judged(lambda x: 1 - special.expit(-x), softplus, between(low, high))

    assert found.verdict is Verdict.INACCURATE, str(found)
    assert "nearer to 0 it is right" in found.reason


def test_in_float32_the_reference_beside_it_is_still_asked_in_float64():
    """In float64 no digit is left either, and the function has numbers of its own dtype."""
    far = between(-70.0, -60.0)
    found = judged(lambda x: 1 - special.expit(-x), softplus, far, "float32")
    wrong = judged(lambda x: 1 + special.expit(-x), softplus, far, "float32")

    assert found.verdict is Verdict.INACCURATE, str(found)
    assert wrong.verdict is Verdict.WRONG and "raises" not in wrong.reason, str(wrong)


NOT_SEEN = {
    "a factor": lambda x: 1.0005 * (1 - special.expit(-x)),
    "never computed": lambda x: 0.0 * compiled(x),
    "of another function": lambda x: 1 - special.expit(-x) ** 2,
    "right at one side of 20": lambda x: np.where(x < -20, compiled(0 * x), -special.expit(x)),
}


@pytest.mark.parametrize("name", NOT_SEEN)
def test_a_formula_that_is_another_one_there_is_not(name):
    """The control: at the draws each is as near to the truth as 1 - s(-x)."""
    found = judged(NOT_SEEN[name], softplus, between(-38.5, -37.0))

    assert found.verdict is Verdict.UNDECIDED, str(found)
    assert "noise hides" in found.reason


def test_who_raises_nearer_to_0_says_nothing():
    def only_far(x):
        assert (x < -20).all(), "not made for such"
        return 1 - special.expit(-x)

    assert judged(only_far, softplus, between(-60.0, -40.0)).verdict is Verdict.UNDECIDED


def test_what_is_0_where_digits_could_be_is_wrong():
    zero = judged(lambda x: 0.0 * compiled(x), softplus, between(-20.0, -5.0))
    assert zero.verdict is Verdict.WRONG


def test_a_spacing_that_is_too_wide_for_the_gradient_hides_no_noise():
    """At an offset of 10^6 the coarse lines go far beyond the spread of the numbers."""
    far = lambda rng: (1e6 + rng.normal(size=6),)

    assert judged(one_pass, deviation_of, far).verdict is Verdict.UNDECIDED
    for factor in (1.005, -1.0):
        mistake = lambda x, k=factor: k * one_pass(x)
        assert judged(mistake, deviation_of, far).verdict is Verdict.WRONG


def test_a_table_of_hundredths_is_never_a_right_formula():
    coarse = lambda x: np.floor(100.0 * np.cos(compiled(x))) / 100.0
    found = judged(coarse, lambda x: jnp.sin(x).sum(), between(-3.0, 3.0))

    assert found.verdict in (Verdict.WRONG, Verdict.UNDECIDED)


def test_a_black_box_and_a_lossy_gradient_of_it():
    of = lambda x: float(np.sum(np.sin(np.asarray(x))))
    lossy = lambda x: np.cos(x.astype(np.float32)).astype(float)
    found = judged(lossy, of, between(-3.0, 3.0))
    wrong = judged(lambda x: 1.0005 * lossy(x), of, between(-3.0, 3.0))

    assert found.verdict in (Verdict.INACCURATE, Verdict.UNDECIDED), str(found)
    assert wrong.verdict is Verdict.WRONG, str(wrong)


# --- noise, and what is smooth -----------------------------------------------------------------


def lines(f):
    return [np.array([f(k) for k in POINTS])[:, None] for _ in range(2)]


def test_noise_is_the_same_in_every_order_and_a_smooth_answer_has_none():
    rng = np.random.default_rng(5)
    noise = [rng.normal(size=(len(POINTS), 1)) for _ in range(2)]

    assert 0.5 < rough(noise)[0] < 1.5
    assert rough(lines(lambda k: np.exp(0.1 * k)))[0] < 1e-6
    assert rough(lines(lambda k: 3.0))[0] == 0.0
    assert rough(lines(lambda k: np.nan))[0] == 0.0
    assert len(POINTS) > 3 * max(ORDERS)


def test_only_leaves_that_are_wrong_are_kept_of_the_answers_around():
    def gradient(w, v):
        return 2.0 * w, 2.002 * v

    args = np.array([0.3, 1.7]), np.array([0.9, -0.4])
    truth = [Ball(2.0 * x, 0.0 * x, 0.0 * x, proven=True) for x in args]
    budget = [1e-15 * np.ones(2)] * 2
    sample = Sample("", ("[0]", "[1]"), truth, budget, list(gradient(*args)), args)
    shape = shape_of_error(gradient, sample, (0, 1), None)
    assert set(shape.noise) == set(shape.explained) == set(shape.untold) == {1}
    assert not shape.explained[1].any()


def test_no_number_is_rounded_alike_along_all_lines():
    """Steps of a whole number of units of float32 would show no noise in a thirtieth of all."""
    d = np.random.default_rng(0).normal(size=500)
    truth, budget = [Ball(d, 0.0 * d, 0.0 * d, proven=True)], [1e-15 * np.abs(d)]
    shape_of = lambda g: shape_of_error(
        g, Sample("", ("d",), truth, budget, [g(d)], (d,)), (0,), None
    )

    assert shape_of(lambda d: d.astype(np.float32).astype(float)).explained[0].all()
    assert not shape_of(lambda d: (1.0 + 2.0**-11) * d).explained[0].any()
