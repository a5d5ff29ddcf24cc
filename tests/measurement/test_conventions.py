"""A constant factor is wrong, and named; where it is allowed it is no mistake."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement import conventions
from verification.measurement.sample import Sample
from verification.vocabulary import Ball, Verdict


def loss(w, x, y):
    return jnp.mean((x @ w - y) ** 2)


def gradient(w, x, y):
    return 2 * x.T @ (x @ w - y) / len(y)


def sample(rng):
    return rng.normal(size=3), rng.normal(size=(8, 3)), rng.normal(size=8)


def judged(factor, **options):
    times = factor if callable(factor) else lambda n: factor
    candidate = lambda w, x, y: times(len(y)) * gradient(w, x, y)
    return vf.validate(candidate, **{"of": loss, "args": sample, "cases": 3} | options)


FACTORS = {  # of the gradient of 8 examples
    "sum": lambda n: n,
    "half": lambda n: 0.5,
    "double": lambda n: 2.0,
    "mean": lambda n: 1.0 / n,
    "negative": lambda n: -1.0,
}


@pytest.mark.parametrize("name", FACTORS)
def test_the_convention_is_named_and_accepted_where_it_is_allowed(name):
    refused, allowed = judged(FACTORS[name]), judged(FACTORS[name], allow=(name,))

    assert refused.verdict is Verdict.WRONG
    assert refused.conventions == (name,)
    assert refused.explanation[0].factor == FACTORS[name](8)
    assert refused.explanation[0].kind == ("sign" if name == "negative" else "factor")
    assert f"it is the {'negative ' if name == 'negative' else ''}gradient" in refused.reason
    assert allowed.verdict is Verdict.CORRECT
    assert allowed.conventions == (name,)
    assert "with a convention that was allowed" in allowed.reason


def test_the_sum_for_the_mean_is_said_with_its_size():
    said = "the gradient of the sum, not of the mean: the size of axis 0 of x times the truth"

    assert said in judged(8.0).reason
    assert said in str(judged(8.0).explanation[0])


@pytest.mark.parametrize("factor", [1.999999, 3.1, 7.0])
def test_another_factor_is_no_convention(factor):
    found = judged(factor, allow=tuple(FACTORS))

    assert (found.verdict, found.conventions) == (Verdict.WRONG, ())


def test_a_factor_that_fits_once_is_none():
    sizes = iter([8, 5, 6, 7] * 9)
    varied = lambda rng: (
        lambda n: (rng.normal(size=3), rng.normal(size=(n, 3)), rng.normal(size=n))
    )(next(sizes))

    assert judged(8.0, args=varied).conventions == ()


def test_a_right_gradient_has_none_and_one_leaf_alone_is_none():
    of = lambda p: jnp.sum(jnp.tanh(p["a"])) + jnp.sum(jnp.tanh(p["b"]))
    points = lambda rng: ({"a": rng.normal(size=2), "b": rng.normal(size=3)},)
    slope = lambda z: 1 - np.tanh(z) ** 2
    one = lambda p: {"a": slope(p["a"]), "b": 2 * slope(p["b"])}

    assert judged(1.0, allow=("half",)).conventions == ()
    assert vf.validate(one, of=of, args=points, cases=2).conventions == ()


def test_a_factor_that_is_right_at_one_size_only_is_noted():
    """8 times the truth, whatever the batch: at one of 7, which nobody draws, it is no sum."""
    assert judged(8.0).conventions == ("sum",)
    allowed = judged(8.0, allow=("sum",))
    assert allowed.verdict is Verdict.CORRECT
    assert any("a shape that args did not draw" in note for note in allowed.notes)


def test_a_factor_that_is_right_at_one_of_the_drawn_sizes_is_not_allowed():
    sizes = iter([8, 7] * 40)
    varied = lambda rng: (
        lambda n: (rng.normal(size=3), rng.normal(size=(n, 3)), rng.normal(size=n))
    )(next(sizes))
    assert judged(8.0, args=varied, allow=("sum",)).verdict is Verdict.WRONG


def test_a_convention_that_there_is_not_is_said():
    with pytest.raises(ValueError, match="allow has 'third'; the conventions are sum, half"):
        judged(1.0, allow=("third",))


@pytest.mark.parametrize("name", ["z", 3])
def test_an_argument_that_there_is_not_is_said(name):
    with pytest.raises(ValueError, match="there are 3 arguments, from 0: w, x, y"):
        judged(1.0, vary=(name,))


@pytest.mark.parametrize(
    ("names", "factor"),
    [
        (("negative", "half"), lambda n: -0.5),
        (("negative", "double"), lambda n: -2.0),
        (("negative", "sum"), lambda n: -n),
        (("negative", "mean"), lambda n: -1.0 / n),
        (("half", "sum"), lambda n: n / 2),
        (("double", "mean"), lambda n: 2.0 / n),
    ],
)
def test_conventions_combine(names, factor):
    refused, allowed = judged(factor), judged(factor, allow=names)

    assert refused.verdict is Verdict.WRONG
    assert refused.conventions == (" with ".join(names),)
    assert refused.explanation[0].factor == pytest.approx(factor(8))
    assert f'allow=("{names[0]}", "{names[1]}") accepts' in refused.explanation[0].remedy
    assert allowed.verdict is Verdict.CORRECT
    assert allowed.conventions == names
    assert f"({' with '.join(names)}: it is the " in allowed.reason
    assert judged(factor, allow=names[:1]).verdict is Verdict.WRONG
    assert judged(factor, allow=names[1:]).verdict is Verdict.WRONG


def test_half_of_the_negative_is_accepted_and_a_third_is_not():
    of = lambda p, t: jnp.sum((p - t) ** 2)
    points = lambda rng: (rng.normal(size=4), rng.normal(size=4))
    both = {"of": of, "args": points, "allow": ("negative", "half")}

    assert vf.validate(lambda p, t: t - p, **both).verdict is Verdict.CORRECT
    assert vf.validate(lambda p, t: 2 * (t - p) / 3, **both).verdict is Verdict.WRONG


def test_half_of_the_sum_is_accepted_at_every_size_and_three_times_it_is_not():
    """0.5 sum (p - t)^2 for the mean: at 4 entries it is as good as double, at others it is not."""
    of = lambda p, t: jnp.mean((p - t) ** 2)
    for n in (4, 5):
        points = lambda rng, n=n: (rng.normal(size=n), rng.normal(size=n))
        asked = {"of": of, "args": points, "cases": 3, "allow": ("sum", "half")}
        assert vf.validate(lambda p, t: p - t, **asked).verdict is Verdict.CORRECT
        assert vf.validate(lambda p, t: 3 * (p - t), **asked).verdict is Verdict.WRONG
        assert (
            vf.validate(lambda p, t: p - t, **asked | {"allow": ("sum",)}).verdict is Verdict.WRONG  # pyright: ignore
        )


def test_one_entry_of_many_that_does_not_fit_is_seen():
    """Most conventions fall at the first entries that are looked at; the others at the last."""
    w = np.linspace(1.0, 2.0, 1001)
    half = lambda w: w if w[-1] == 2.0 else 2.0 * w
    assert (
        vf.validate(half, of=lambda w: jnp.sum(w**2), args=(w,), allow=("half",)).verdict
        == "correct"
    )

    def spoilt(w):
        g = half(w).copy()
        g[1] = 2.0 * w[1]  # stands between those that are looked at first
        return g

    found = vf.validate(spoilt, of=lambda w: jnp.sum(w**2), args=(w,), allow=("half",))
    assert found.verdict == "wrong" and not any("half" in str(e) for e in found.explanation)


@pytest.mark.parametrize("part", [1, 3, 2**20])
@pytest.mark.parametrize("times", [1.0, 0.5, 8.0, -0.25])
def test_one_pass_over_the_entries_tells_all_factors_as_each_alone_would(times, part, monkeypatch):
    """Tight and wide budgets; zeros, entries that nobody can judge, and a leaf without entries."""
    monkeypatch.setattr(conventions, "PART", part)
    rng = np.random.default_rng(5)
    args = (rng.normal(size=4), rng.normal(size=(8, 4)))
    every = [c for c in conventions.candidates(args, (0,)) if c.parts and c.form is None]
    mid, empty = np.append(rng.normal(size=6), 0.0), np.zeros((0, 2))
    ball = lambda x: Ball(x, 0.0 * x, 0.0 * x, proven=True)
    for width in (1e-12, 0.3, 3.0):
        allowed = width * (1.0 + rng.random(7))
        got = times * mid * (1.0 + 0.1 * width * rng.random(7))
        room, answer = np.where(np.arange(7) == 2, np.inf, allowed), np.where(mid == mid[2], 9, got)
        sample = Sample("", ("a", "b"), [ball(mid), ball(empty)], [room, empty], [answer, empty])
        alone = [c for c in every if (abs(answer / c.factor(args) - mid) <= room).all()]
        assert conventions.fits(sample, every, args) == alone
        assert alone or times == 1.0
        broken = replace(sample, got=[np.where(mid == mid[0], np.nan, answer), empty])
        assert conventions.fits(broken, every, args) == []
    far = replace(sample, got=[np.where(mid == 0.0, 1e9, answer), empty])
    assert conventions.fits(far, every, args) == []
