"""One map in two words, or two maps that the driving vectors confused: decided without rounding."""

import jax
import numpy as np
import pytest

import verification as vf
from verification.derivations.rules import VARIANTS
from verification.updates import same as judging
from verification.updates.planted import planted
from verification.updates.same import candidate, compared, same
from verification.updates.vectors import layout

ONE = [  # a variant, and two words for one rule
    ("gradient_descent_l2", "decay missing", "gradient_descent", "fractions"),
    ("momentum", "nothing written back", "no velocity", "fractions"),
    ("adamw", "gradient doubled", "eps halved", "balls"),
    ("rmsprop_eps_outside", "eps inside", "rmsprop", "balls"),
    ("adam", "count stays", "power missing", "balls"),
    ("clip_global_norm", "limit ignored", "maximum ignored", "balls"),
    ("rmsprop_centred_eps_outside", "no first moment", "first share missing", "balls"),
]
TWO = [  # near each other, and apart somewhere
    ("adam", "gradient doubled", "adam"),  # but for epsilon
    ("clip_global_norm", "gradient doubled", "always rescaled"),  # equal where norms are large
    ("lion", "first share missing", "b1 ignored"),  # only a sign tells
    ("momentum", "momentum_rate_inside", "momentum"),  # equal until the rate changes
    ("momentum_dampened_later", "momentum_dampened", "momentum_dampened_later"),
    ("rmsprop_centred_eps_outside", "first shares swapped", "first share missing"),
    ("schedule_warmup", "schedule_warmup_from_zero", "schedule_warmup"),
]


@pytest.mark.parametrize(("rule", "one", "other", "how"), ONE)
def test_two_words_for_one_rule_are_one(rule, one, other, how):
    found = same(rule, one, other)
    assert (found.same, found.how, found.apart) == (True, how, "")
    assert found.runs == len(judging.KINDS)


@pytest.mark.parametrize(("rule", "one", "other"), TWO)
def test_rules_that_differ_somewhere_are_two(rule, one, other):
    found = same(rule, one, other)
    assert found.same is False and found.apart.startswith("run ")


def test_runs_that_are_too_alike_would_not_tell(monkeypatch):
    """The control: with gradients of one huge scale, what clips and what rescales are one."""
    variant = VARIANTS["clip_global_norm"]
    pair = [candidate(variant, name) for name in ("gradient doubled", "always rescaled")]
    assert compared(variant, *pair).same is False
    monkeypatch.setattr(judging, "KINDS", (("thirds", 1e6, False),))
    assert compared(variant, *pair).same is True


def test_wide_balls_decide_nothing(monkeypatch):
    variant = VARIANTS["adam"]
    pair = [candidate(variant, name) for name in ("count stays", "power missing")]
    monkeypatch.setattr(judging, "NARROW", 0)
    assert compared(variant, *pair).same is None


def test_what_answers_no_number_at_all_is_not_said_to_be_the_same():
    where = layout(judging.LEAVES)
    nothing = np.full((1, where.size), judging.arb("nan"), object)
    found = judging._balls(nothing, nothing)
    assert found.decided and not found.numbers and not found.apart


def test_an_unknown_name_is_said():
    with pytest.raises(KeyError, match="no variant and no mistake 'x'"):
        same("adam", "x", "adam")


def test_a_finding_says_which_names_mean_one_rule():
    def make(learning_rate, weight_decay):
        update = lambda g, s, w: ({k: w[k] - learning_rate * g[k] for k in w}, s)
        return (lambda w: ()), update

    first = vf.validate_update(make, against="gradient_descent_l2", cases=1).explanation[0]
    assert first.fault == "gradient_descent" and first.confused_with == ()
    assert "the same rule as decay missing" in str(first)


def test_a_planted_mistake_is_first_or_the_same_rule_as_the_first():
    found = {one.fault: one for one in planted("gradient_descent_l2", cases=1)}
    missing, doubled = found["decay missing"], found["decay doubled"]
    assert missing.same and missing.named and missing.first == "gradient_descent"
    assert doubled.first == "decay doubled" and not doubled.same


@pytest.mark.parametrize("rule", ["clip_global_norm", "lion"])
def test_calm_steps_and_turning_signs_tell_what_was_tied(rule):
    found = planted(rule, cases=2, seed=11)
    assert [one.fault for one in found if one.also] == []
    assert all(one.same or one.first == one.fault for one in found)


@pytest.mark.parametrize(("begin", "named"), [(0.0, "adagrad_outside from 0"), (1.0, "")])
def test_another_variant_that_starts_at_zero_is_named(begin, named):
    def sums_of_squares(learning_rate, eps):
        def update(gradient, sums, params):
            sums = jax.tree.map(lambda s, g: s + g * g, sums, gradient)
            down = lambda w, g, s: w - learning_rate * g / (eps + np.sqrt(s))
            return jax.tree.map(down, params, gradient, sums), sums

        return lambda params: jax.tree.map(lambda w: np.full_like(w, begin), params), update

    judged = lambda against, **more: vf.validate_update(sums_of_squares, against=against, **more)
    found = judged("adagrad")
    fitting = [one for one in found.explanation if one.fits]

    assert found.verdict == "wrong"
    assert [one.fault for one in fitting] == ([named] if named else [])
    assert all("initial_accumulator_value=0.0" in one.mistake for one in fitting)
    settled = judged("adagrad_outside", initial_accumulator_value=begin)
    assert settled.verdict == "correct"
