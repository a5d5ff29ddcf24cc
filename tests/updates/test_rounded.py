"""The running bound of update rules: it holds what correct steps do, and is not idle."""

from itertools import count, islice
from types import SimpleNamespace

import numpy as np
import pytest

from verification.arithmetic.formats import format_of
from verification.derivations.rules import VARIANTS
from verification.derivations.rules.outside import SCHEDULES
from verification.updates import truth, vectors
from verification.updates.many import side_by_side
from verification.updates.rounded import Formats
from verification.updates.running import Beside, RunningError
from verification.updates.vectors import Sequence, Slices, layout

WHERE = layout(vectors.PARAMS)
NUMBERS = RunningError(Slices([slice(0, 2)]), format_of("float32"))


def test_a_hyperparameter_that_the_dtype_holds_has_no_error():
    assert NUMBERS.scalar(0.75).error == 0.0
    assert 0.0 < NUMBERS.scalar(0.999).error < 2.0**-23


def test_a_scalar_of_which_rounding_leaves_nothing_is_computed_wider():
    """bfloat16 rounds 0.999 to 1: 1 - b2^t would be 0.  Of 0.9 a tenth is left, with its error."""
    narrow = RunningError(Slices([slice(0, 2)]), format_of("bfloat16"))
    unit = format_of("bfloat16").unit
    kept = 1 - narrow.scalar(0.9)
    for t in (1, 2, 8):
        left = 1 - narrow.scalar(0.999) ** t
        assert 0.0 < left.error <= 2.0 * unit * left.value
        assert np.isfinite((narrow.vector(np.ones(2)) / left).error).all()
    assert kept.error > 2.0 * unit * kept.value
    gone = narrow.scalar(0.9) - narrow.scalar(0.9)  # a 0 that rounding made is none that is known
    assert gone.value == 0.0 < gone.error


def test_an_exact_zero_stays_exact_and_its_sign_is_known():
    zero = NUMBERS.vector(np.zeros(2))
    assert (NUMBERS.sign(zero * NUMBERS.scalar(0.3) + zero).error == 0.0).all()
    near = NUMBERS.vector(np.ones(2)) * NUMBERS.scalar(0.1) - NUMBERS.scalar(0.1)
    assert (NUMBERS.sign(near).error == 2.0).all()


def test_a_root_of_what_may_be_negative_is_unknown():
    x = NUMBERS.vector(np.ones(2)) * NUMBERS.scalar(0.1) - NUMBERS.scalar(0.1)
    assert np.isinf(NUMBERS.sqrt(x).error).all()
    assert (NUMBERS.sqrt(NUMBERS.vector(np.ones(2))).error < 2.0**-22).all()


@pytest.mark.parametrize("name", ["adam", "momentum", "rmsprop_centred", "lamb"])
def test_float32_steps_lie_in_their_budget_and_would_not_in_a_tenth_of_it(name):
    variant, worst = VARIANTS[name], 0.0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        h = vectors.hyperparameters(variant, rng, "float32")
        rates = vectors.rates(h.pop("learning_rate"), 12, changes=True)
        run = Sequence(h, *vectors.draw(rng, WHERE.size, 12, "float32"), rates)
        bound = truth.rounding(variant, run, WHERE, "float32")
        error = np.abs(truth.roughly(variant, run, WHERE, "float32") - bound.values)
        room = np.where(error == 0.0, 1.0, bound.allowed)
        worst = max(worst, float(np.max(error / room)))
    assert 0.1 < worst <= 1.0


def _worst(spelling, name: str, settings: int = 200) -> float:
    """The largest error of a float32 loop in the budgets of a variant; inf where it is not held."""
    variant, worst, unit = VARIANTS[name], 0.0, np.float32
    for seed in range(settings):
        rng = np.random.default_rng(seed)
        h = vectors.hyperparameters(variant, rng, "float32")
        rates = vectors.rates(h.pop("learning_rate"), 12, changes=True)
        run = Sequence(h, *vectors.draw(rng, WHERE.size, 12, "float32"), rates)
        bound = truth.rounding(variant, run, WHERE, "float32")
        single = {n: x if isinstance(x, int) else unit(x) for n, x in h.items()}
        gradients, rates = [g.astype(unit) for g in run.gradients], [unit(r) for r in rates]
        rows = spelling(run.params.astype(unit), gradients, rates, **single)
        error = np.abs(np.stack(list(rows)).astype(np.float64) - bound.values)
        worst = max(worst, float(np.max(error / np.where(error == 0.0, 1.0, bound.allowed))))
    return worst


def _running_mean(w, gradients, rates, every):
    """acc + (g - acc) / n, as optax.MultiSteps has it."""
    mean = 0 * w
    for k, (g, r) in enumerate(zip(gradients, rates, strict=True)):
        n = np.float32(k % every + 1)
        mean = g if n == 1 else mean + (g - mean) / n
        w = w - r * mean if n == every else w
        yield w


def _added_decay(w, gradients, rates, weight_decay):
    """w + (-r g - l w): the decay joins the step, and the step is added once."""
    for g, r in zip(gradients, rates, strict=True):
        w = w + (-r * g - weight_decay * w)
        yield w


def _warm_factors(warmup: int):
    """The factors of the rate, each from the one before, as torch's LinearLR has them."""
    one = np.float32(1.0)
    factor = first = one / np.float32(warmup)
    for i in count():
        if 0 < i < warmup:
            share = first * np.float32(warmup - 1) + np.float32(i - 1) * (one - first)
            factor = factor * (one + (one - first) / share)
        yield factor


def _warm_up(w, gradients, rates, warmup):
    for factor, g, r in zip(_warm_factors(warmup), gradients, rates, strict=False):
        w = w - r * factor * g
        yield w


def test_a_factor_made_step_by_step_lies_in_the_budget_and_not_in_a_quotients():
    whole, alone = [], []
    for warmup in range(2, 33):
        h, k = SimpleNamespace(warmup=warmup), SimpleNamespace(n=NUMBERS)
        for i, factor in enumerate(islice(_warm_factors(warmup), warmup)):
            error = abs(float(factor) - (i + 1) / warmup)
            quotient = NUMBERS.scalar(1.0) * (i + 1) / warmup
            whole.append(error - float(SCHEDULES["schedule_warmup"][0](h, k, i).error))
            alone.append(error - float(quotient.error))
    assert max(whole) <= 0.0 < max(alone)


SPELLINGS = [
    ("schedule_warmup", _warm_up),
    ("accumulation", _running_mean),
    ("gradient_descent_decay_without_rate", _added_decay),
]


@pytest.mark.parametrize(("name", "spelling"), SPELLINGS, ids=[name for name, _ in SPELLINGS])
def test_other_spellings_of_a_rule_lie_in_its_budget(name, spelling):
    assert 0.1 < _worst(spelling, name) <= 1.0


def test_a_warm_up_that_is_a_step_late_does_not():
    spelling = lambda *run, warmup: _warm_up(*run, warmup=warmup + 1)
    assert _worst(spelling, "schedule_warmup", 4) > 1e3


def test_a_running_mean_of_one_gradient_too_few_does_not():
    spelling = lambda *run, every: _running_mean(*run, every=every + 1)
    assert _worst(spelling, "accumulation", 4) > 1e3


@pytest.mark.parametrize("name", ["adam", "lamb", "adafactor", "radam"])
def test_bounds_in_two_formats_at_once_are_those_of_each_alone(name):
    variant, rng = VARIANTS[name], np.random.default_rng(3)
    h = vectors.hyperparameters(variant, rng, "float32")
    rates = vectors.rates(h.pop("learning_rate"), 6, changes=True)
    run = Sequence(h, *vectors.draw(rng, WHERE.size, 6, "float32"), rates)
    formats = format_of("float32"), format_of("float64")
    numbers = Beside(WHERE.slices, Formats(*formats))
    values, errors = truth.tried(variant, run, WHERE, numbers, len(formats))
    for row, target in enumerate(formats):
        alone = side_by_side(variant, [run], RunningError(WHERE.slices, target))
        assert np.array_equal(values[row], [w.value[0] for w in alone])
        assert np.array_equal(errors[row], [w.error[0] for w in alone])
        assert not np.array_equal(errors[1 - row], errors[row])
