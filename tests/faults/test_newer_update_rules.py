"""Mistakes in newer rules, in schedules, and in the order of hyperparameters: caught and named."""

import numpy as np
import pytest

from verification.derivations.rules import VARIANTS
from verification.faults.update_rules import ALL, UNASKED, wrong_rules
from verification.faults.update_rules.change import keeping
from verification.updates import permuted, vectors
from verification.updates.planted import kept, run_of, runs, verdict_on, with_kills
from verification.updates.vectors import layout

MADE = [  # a mistake, and a variant in which it is another function
    ("clipped before unscaled", "loss_scaling_clip"),
    ("overflow not skipped", "skip_not_finite"),
    ("scale never grows", "loss_scaling"),
    ("shape transposed", "muon"),
    ("iterated once less", "muon"),
    ("mask inverted", "cautious_adamw"),
    ("descent from the perturbed", "sharpness_aware"),
    ("schedule applied twice", "gradient_descent"),
    ("count per group", "adam"),
    ("corrected later only", "adam"),
    ("corrections kept", "adam"),
    ("second corrected ahead", "adam"),
    ("gradient bounded", "momentum"),
    ("gradient shortened", "gradient_descent"),
    ("step bounded", "nesterov"),
    ("memory decayed twice", "momentum"),
    ("count from zero", "average_warm"),
    ("decay of matrices only", "gradient_descent_l2"),
    ("root of one side", "shampoo"),
    ("columns forgotten", "shampoo"),
    ("ridge piles up", "shampoo"),
    ("squares not turned", "soap_uncorrected"),
    ("bases of the first sums", "soap_one_sided"),
    ("clipped by value", "clip_global_norm"),
    ("clipped by norm", "clip_value"),
    ("decay beside the trust ratio", "lamb"),
    ("deviation from the old mean", "adabelief_plain"),
    ("never rectified", "radam_from_four"),
    ("rectified without its count", "radam"),
    ("maximum in memory", "amsgrad_maximum_first"),
    ("change of the difference", "yogi_mean_from_zero"),
    ("ahead shares swapped", "nadam_one_count"),
    ("good steps kept", "loss_scaling"),
    ("eps over the correction", "adam_eps_hat"),
    ("eps over the correction twice", "adamw"),
    ("eps times the correction", "adam"),
    ("eps before the correction", "nadam"),
    ("decay by squared rate", "adamw"),
    ("decay by squared rate", "gradient_descent_l2"),
    ("norm is largest entry", "lamb"),
    ("norm is largest entry", "lars"),
    ("norm is largest entry", "clip_global_norm"),
    ("mean in the bases before", "soap"),
]


@pytest.mark.parametrize(("fault", "name"), MADE)
def test_a_mistake_is_caught_and_named(fault, name):
    variant, where = VARIANTS[name], layout(vectors.params_of(VARIANTS[name]))
    samples = [run_of(variant, where, "float64", np.random.default_rng(77), "case 0")]
    wrong = (ALL | UNASKED)[fault].make(variant)
    assert wrong is not None
    finding = verdict_on(wrong, variant, where, "float64", samples)
    assert finding.verdict in ("wrong", "rejected")
    assert fault in {e.fault for e in finding.explanation[:3]}


def test_one_memory_of_several_that_is_not_written_back_is_named():
    variant, where = VARIANTS["shampoo"], layout(vectors.MATRICES)
    samples = [run_of(variant, where, "float64", np.random.default_rng(3), "case 0")]
    finding = verdict_on(keeping(variant, ("r",)), variant, where, "float64", samples)
    assert finding.verdict == "wrong" and finding.explanation[0].fault == "r not written back"


ORDERS = [  # how many there are is that of the hyperparameters, factorial, but one
    ("adam", 11), ("adam", 22), ("momentum_dampened", 4), ("rmsprop_centred_momentum", 20),
    ("lars_rate_outside", 15),
]  # fmt: skip


@pytest.mark.parametrize(("name", "order"), ORDERS)
def test_hyperparameters_in_another_order_are_named(name, order):
    variant, where = VARIANTS[name], layout(vectors.PARAMS)
    moved = permuted.orders(("learning_rate", *variant.defaults))[order]
    samples = [run_of(variant, where, "float64", np.random.default_rng(3), "case 0")]
    wrong = permuted.permuted(variant, moved)
    finding = verdict_on(wrong, variant, where, "float64", samples)
    assert finding.verdict == "wrong" and finding.explanation[0].fits
    assert finding.explanation[0].fault == permuted.NAME


def test_every_order_but_the_right_one_is_there():
    found = permuted.orders(("learning_rate", "b1", "b2", "eps"))
    assert len(found) == 23 and {} not in found
    many = permuted.orders(tuple("abcdefgh"))
    assert len(many) == len({tuple(sorted(m.items())) for m in many}) == 28 + 112


def test_a_limit_that_nobody_asked_for_leaves_no_right_rule_undecided():
    assert not UNASKED.keys() & ALL.keys() and len(UNASKED) == 3
    names = {w.fault.name for w in wrong_rules("momentum")}
    assert not names & UNASKED.keys()


def test_in_a_coarse_format_the_mistakes_of_adamw_show_in_its_runs():
    variant, where = VARIANTS["adamw"], layout(vectors.PARAMS)
    samples = runs(variant, where, "bfloat16", kept("bfloat16"), seed=3)
    found = verdict_on(variant, variant, where, "bfloat16", samples)
    assert found.verdict == "correct"
    assert with_kills(found, variant, where, samples, "").verdict == "correct"
    few = with_kills(found, variant, where, samples[:1], "")
    assert few.verdict == "undecided" and "would have gone unseen" in few.reason


def test_a_rate_changes_early_and_by_more_in_a_coarse_format():
    told = [vectors.rates(0.5, 16, changes=True, dtype=d) for d in ("bfloat16", "float16")]
    assert told[0] == told[1] == (0.5,) * 3 + (0.0625,) * 4 + (0.375,) * 9
    assert vectors.rates(0.5, 16, changes=True, dtype="float32")[3] == 0.5
