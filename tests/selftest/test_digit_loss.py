"""Each textbook form is inaccurate, its stable twin correct and its wrong twin wrong; and where."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

import verification as vf
from verification.selftest.digit_loss import Form, forms, regions, ulps_lost
from verification.vocabulary import Verdict

DTYPES = ("float64", "float32", "float16", "bfloat16")


def named(form: Form) -> str:
    return form.name


def verdict(gradient, form, dtype, args):
    with np.errstate(all="ignore"):
        asked = {"of": form.of, "args": args, "dtype": dtype, "cases": 2}
        return vf.validate(gradient, **asked, edges="note")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", forms(), ids=named)
def test_lost_digits_are_told_from_mistakes(form, dtype):
    x = form.rows(form.grid(dtype))
    some = lambda rng: (x[rng.permutation(len(x))[:24]],)
    enlarged = lambda x, d: form.lossy(x, d) * 9 / 8

    assert verdict(form.right, form, dtype, some).verdict == Verdict.CORRECT
    lossy = Verdict.CORRECT if form.stored else Verdict.INACCURATE
    assert verdict(form.lossy, form, dtype, (x,)).verdict == lossy
    assert verdict(form.wrong, form, dtype, (x,)).verdict == Verdict.WRONG
    assert verdict(enlarged, form, dtype, (x,)).verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_in_jax_as_in_numpy(dtype):
    form = next(f for f in forms() if f.name == "naive softplus")
    x = form.rows(form.grid(dtype))
    of_jax = lambda gradient: lambda x, d: gradient(jnp.asarray(x), jnp.asarray(d))

    assert verdict(of_jax(form.lossy), form, dtype, (x,)).verdict == Verdict.INACCURATE
    assert verdict(of_jax(form.wrong), form, dtype, (x,)).verdict == Verdict.WRONG


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", forms(), ids=named)
def test_the_stable_twin_is_inside_everywhere_and_the_form_is_not(form, dtype):
    lost = ulps_lost(form, dtype)

    assert (np.diff(lost.x) > 0).all()
    assert (lost.x.astype(dtype).astype(np.float64) == lost.x).all()
    assert (lost.ulps_right <= lost.budget_ulps).all()
    assert lost.regions
    outside = lost.ulps > lost.budget_ulps
    within = np.zeros(len(lost.x), bool)
    for low, high, _ in lost.regions:
        within |= (low <= lost.x) & (lost.x <= high)
    assert not (outside & ~within).any()
    assert set(lost.x[outside]) >= {end for low, high, _ in lost.regions for end in (low, high)}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_twin_would_be_outside_nearly_everywhere(dtype):
    """Not only in a region: the picture of a mistake is another one."""
    form = next(f for f in forms() if f.name == "naive softplus")
    wrong = ulps_lost(form._replace(lossy=form.wrong), dtype)

    assert (wrong.ulps > wrong.budget_ulps).mean() > 0.5


def first(form_name: str, dtype: str) -> list[float]:
    """The inner ends of the regions."""
    form = next(f for f in forms() if f.name == form_name)
    return [min(low, high, key=abs) for low, high, _ in ulps_lost(form, dtype).regions]


@pytest.mark.parametrize("dtype", DTYPES)
def test_regions_begin_where_the_arithmetic_says(dtype):
    """NaN from where 1 + e^-z is 1, and from where e^z is beyond the largest number."""
    info = ml_dtypes.finfo(dtype)
    rounds_to_one = np.log(2.0 / float(info.eps))  # e^-z below half an ulp of 1
    overflows = np.log(float(info.max))
    step = 1.0 + 1.0 / 16  # between neighbouring inputs
    (one,) = first("cross-entropy through probabilities, label 0", dtype)
    (large,) = first("naive softplus", dtype)

    assert rounds_to_one < one <= rounds_to_one * step * step
    assert overflows < large <= overflows * step


def test_a_sentence_says_where_and_how():
    form = next(f for f in forms() if f.name == "naive softplus")
    (region,) = ulps_lost(form, "float32").regions

    assert region.sentence == (
        f"digits are lost from z = {region.low:.4g} up in float32: the answer is not finite"
    )


X = np.array([-8.0, -4.0, -2.0, -1.0, 1.0, 1.5, 2.0, 2.5, 7.0, 8.0])
ROOM, WHOLE = np.full(10, 3.0), np.full(10, 100.0)


def sentences(*ulps):
    return [r.sentence for r in regions("z", "bfloat16", X, np.array(ulps, float), ROOM, WHOLE)]


def test_luck_does_not_cut_a_region_in_two():
    assert sentences(0, 0, 0, 0, 0, 9, 1, 20, 1, 1) == [
        "digits are lost for z from 1.5 to 2.5 in bfloat16: up to 20 ulps"
    ]
    assert sentences(0, 0, 0, 0, 0, 9, 1, 1, 9, 1) == [
        "digits are lost at z = 1.5 in bfloat16: up to 9 ulps",
        "digits are lost at z = 7 in bfloat16: up to 9 ulps",
    ]


def test_zero_and_what_is_next_to_each_other():
    assert sentences(0, 9, 8, 0, 0, 0, 0, 0, 0, 0) == [
        "digits are lost for z from -4 to -2 in bfloat16: up to 9 ulps"
    ]
    assert len(sentences(0, 0, 0, 9, 9, 0, 0, 0, 0, 0)) == 1


def test_sentences_of_every_kind():
    assert sentences(*[1] * 10) == []
    assert sentences(np.inf, 200, 9, 1, 1, 1, 1, 1, 1, 1) == [
        "digits are lost from z = -2 down in bfloat16: up to 9 ulps, every one from -4, "
        "not finite from -8"
    ]
    assert sentences(1, 1, 1, 1, 1, 1, 1, 1, 150, 200) == [
        "digits are lost from z = 7 up in bfloat16: every one"
    ]
    assert sentences(1, 1, 1, 1, 1, 1, 9, 1, 1, 1) == [
        "digits are lost at z = 2 in bfloat16: up to 9 ulps"
    ]
