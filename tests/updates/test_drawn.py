"""Rules whose rounding is drawn, where a bound says nothing: right ones pass, mistakes do not."""

import numpy as np
import pytest

from verification.arithmetic.formats import format_of
from verification.derivations.rules import VARIANTS
from verification.updates import drawn, many, vectors
from verification.updates.drawn import says_nothing
from verification.updates.random_rounding import RandomRounding
from verification.updates.running import RunningError
from verification.updates.spelled_runs import spelled
from verification.updates.validate import Asked
from verification.updates.vectors import Slices, layout

BFLOAT16 = format_of("bfloat16")
TWO = Slices([slice(0, 2)])


RULES = [("muon", "muon_matching"), ("adafactor", "adafactor_unscaled"), ("lamb", "lamb_global")]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("name", "other"), RULES)
def test_no_spelling_is_outside_of_what_is_drawn_and_another_rule_is(name, other, dtype):
    rows = spelled(name, dtype, 12, seed=1)
    assert {row.outside for row in rows} == {0}
    assert max(row.worst for row in rows) > 0.02  # and the room is not idle
    wrong = spelled(name, dtype, 8, seed=1, of=VARIANTS[other])
    assert all(row.outside > 3 for row in wrong)


def test_a_twentieth_of_the_room_is_not_enough(monkeypatch):
    told = drawn.with_draws
    narrow = lambda *args: told(*args) / 20.0
    monkeypatch.setattr(many, "with_draws", narrow)
    assert sum(row.outside for row in spelled("muon", "bfloat16", 12, seed=1)) > 0


def test_a_step_of_newton_and_schulz_is_bounded_by_draws_alone():
    variant, where = VARIANTS["muon"], layout(vectors.params_of(VARIANTS["muon"]))
    rng = np.random.default_rng(3)
    h = vectors.hyperparameters(variant, rng, "bfloat16")
    rates = vectors.rates(h.pop("learning_rate"), 12, changes=True)
    run = vectors.Sequence(h, *vectors.draw(rng, where.size, 12, "bfloat16"), rates)
    steps = many.side_by_side(variant, [run], RunningError(where.slices, BFLOAT16))
    bound = np.stack([np.broadcast_to(w.error, (1, where.size))[0] for w in steps])
    value = np.stack([np.broadcast_to(w.value, (1, where.size))[0] for w in steps])
    nothing = says_nothing(value, bound, where)
    allowed = many.bounds(variant, [run], where, "bfloat16")[0]
    assert nothing.mean() > 0.5 > 2.0 * says_nothing(value, allowed, where).mean() - 0.5
    assert (allowed[~nothing] == bound[~nothing]).all()


def test_a_ratio_of_a_number_that_may_vanish_is_unknown():
    numbers = RandomRounding(TWO, BFLOAT16)
    one, small = numbers.vector(np.ones(2)), numbers.vector(np.full(2, 0.1))
    left = small * numbers.scalar(0.3) - small * numbers.scalar(0.3)
    assert np.isnan(numbers.ratio(left + numbers.scalar(1e-4), one).rows).all()
    assert np.isfinite(numbers.ratio(small, one).rows).all()
    bounded = RunningError(TWO, BFLOAT16)
    x = bounded.vector(np.ones(2)) * bounded.scalar(0.1) - bounded.scalar(0.1)
    assert np.isinf(bounded.ratio(x, bounded.vector(np.ones(2))).error).all()


def test_an_epsilon_that_float16_rounds_away_is_not_asked_for():
    """Programs refuse one that is below the smallest normal number, and are right to."""
    asked = lambda dtype: Asked.of("adagrad", dtype, 1, 4, 0, None, {})
    assert asked("float16").horizon == 0
    assert asked("bfloat16").horizon == 300


def test_of_a_count_rounding_leaves_something_and_its_error_is_kept():
    """RAdam's count of steps that matter, less 4, in bfloat16: half of it is rounding."""
    numbers = RunningError(TWO, BFLOAT16)
    one = numbers.scalar(101.4)
    left = one - numbers.scalar(96.3) - 4
    assert left.error >= 0.2
    draws = RandomRounding(TWO, BFLOAT16._replace(unit=4.0 * BFLOAT16.unit))
    left = draws.scalar(101.4) - draws.scalar(96.9) - 4
    assert np.ptp(left.rows) > abs(left.rows[0]).max() > 0.0
    gone = 1 - draws.scalar(0.9999)
    assert np.ptp(gone.rows) == 0.0 < gone.rows.min(), "programs have it wider"


def test_a_fraction_that_is_drawn_stays_one(monkeypatch):
    """bfloat16 rounds 0.999 to 1, and a decay of all weights is another rule."""
    draw = lambda rng: 0.999
    monkeypatch.setattr(vectors, "STRONG", {"weight_decay": draw})
    settings = lambda dtype: vectors.hyperparameters(
        VARIANTS["adamw"], np.random.default_rng(0), dtype
    )
    assert vectors.held(0.999, "bfloat16") == 1.0
    assert settings("bfloat16")["weight_decay"] == 1.0 - 2.0**-8
