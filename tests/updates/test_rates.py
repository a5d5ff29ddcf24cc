"""A rule at other rates is told from another rule, and its schedule is named."""

import numpy as np
import pytest

from verification.derivations.rules import VARIANTS
from verification.faults.update_rules.change import scaled, stepping
from verification.updates import rates, vectors
from verification.updates.planted import run_of, verdict_on
from verification.updates.truth import roughly, rounding
from verification.updates.vectors import layout

WHERE = layout(vectors.PARAMS)


def scheduled(variant, factor):
    """The variant with factor(t) times its rate at step t."""
    by = lambda k, t: k.n.scalar(float(factor(t)))
    change = lambda step, k, h, g, w, s, t, r: step(k, h, g, w, s, t, r * by(k, t))
    return stepping(variant, change)


def said_of(wrong, variant, dtype="float64"):
    samples = [run_of(variant, WHERE, dtype, np.random.default_rng(5), "case 0")]
    return verdict_on(wrong, variant, WHERE, dtype, samples)


SCHEDULES = {
    "0.97^t": lambda t: 0.97**t,
    "0.97^(t - 1)": lambda t: 0.97 ** (t - 1),
    "1 / (1 + 0.03 t)": lambda t: 1 / (1 + 0.03 * t),
    "1 / (1 + 0.03 (t - 1))": lambda t: 1 / (1 + 0.03 * (t - 1)),
    "t^-0.25": lambda t: t**-0.25,
    "min(0.125 t, 1)": lambda t: min(0.125 * t, 1),
    "multiplied by a schedule": lambda t: 0.6 + 0.4 * np.cos(t / 7),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("rule", ["adam", "momentum"])
def test_another_schedule_is_named(rule, name):
    finding = said_of(scheduled(VARIANTS[rule], SCHEDULES[name]), VARIANTS[rule])
    (told,) = finding.explanation
    assert finding.verdict == "wrong" and told.fits and told.fault == "another schedule"
    assert name in told.mistake


def test_in_narrow_formats_the_form_is_still_seen():
    momentum = VARIANTS["momentum"]
    told = said_of(scheduled(momentum, lambda t: 0.9**t), momentum, "float32")
    assert "^t times" in told.explanation[0].mistake


def test_a_constant_factor_and_another_rule_are_no_schedule():
    adam = VARIANTS["adam"]
    sample = run_of(adam, WHERE, "float64", np.random.default_rng(5), "case 0")
    run, own = sample.args[0], rounding(adam, sample.args[0], WHERE, "float64")
    for other in (scaled(adam, 1.01), VARIANTS["adam_eps_inside"], VARIANTS["nadam"]):
        rows = roughly(other, run, WHERE)
        assert rates.schedule([run], [rows], [own], "float64") is None


@pytest.mark.parametrize("rule", ["adam", "momentum"])
def test_a_schedule_that_hangs_on_a_hyperparameter_is_named(rule):
    variant, name = VARIANTS[rule], {"adam": "b2", "momentum": "decay"}[rule]

    def change(step, k, h, g, w, s, t, r):
        return step(k, h, g, w, s, t, r * k.n.sqrt(1 - getattr(h, name) ** t))

    rng = np.random.default_rng(5)
    samples = [run_of(variant, WHERE, "float64", rng, f"case {k}") for k in range(2)]
    told = verdict_on(stepping(variant, change), variant, WHERE, "float64", samples).explanation[0]
    assert told.fault == "another schedule" and "depends on the hyperparameters" in told.mistake


def test_where_every_run_has_its_own_one_entry_is_no_evidence():
    variant, where = VARIANTS["momentum"], layout({"w": np.zeros(1)})
    rng = np.random.default_rng(5)
    samples = [run_of(variant, where, "float64", rng, f"case {k}") for k in range(2)]
    runs, own = [s.args[0] for s in samples], []
    own = [rounding(variant, run, where, "float64") for run in runs]
    rows = [roughly(VARIANTS["nesterov"], run, where) for run in runs]
    assert rates.schedule(runs, rows, own, "float64") is None


def test_weights_that_overflow_have_no_schedule_and_no_warning():
    variant = VARIANTS["gradient_descent"]
    sample = run_of(variant, WHERE, "float64", np.random.default_rng(5), "case 0")
    run, own = sample.args[0], rounding(variant, sample.args[0], WHERE, "float64")
    rows = own.values.copy()
    rows[2:] = np.inf
    assert rates.schedule([run], [rows], [own], "float64") is None
