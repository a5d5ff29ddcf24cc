"""Claims C1 to C11: the verdict expected, the same for the same seed, and earned by evidence.

For every claim the truth is replaced by the planted falsehood, and the falsehood by the truth:
the judge must refuse both.
"""

import pytest

from verification import claims
from verification.claims import (
    backpropagation,
    convexity,
    lost_digits,
    one_neuron,
    one_step,
    other_activations,
    step_size,
)
from verification.vocabulary import Evidence, Unproven

EXPECTED = {
    "C1": Evidence.PROVED,
    "C2": Evidence.PROVED,
    "C3": Evidence.PROVED,
    "C4": Evidence.PROVED,
    "C5": Evidence.PROVED,
    "C6": Evidence.EXACT,
    "C7": Evidence.REFUTED,
    "C8": Evidence.PROVED,
    "C9": Evidence.REFUTED,
    "C10": Evidence.ENCLOSED,
    "C11": Evidence.PROVED,
}

# claim, module, the name of a truth, what a falsehood would put in its place
FALSEHOODS = [
    ("C1", one_neuron, "label", one_neuron.one_half),
    ("C1", one_neuron, "loss_slope", one_neuron.loss_slope_without_inner),
    ("C2", one_neuron, "loss_slope", one_neuron.loss_slope_without_inner),
    ("C2", one_neuron, "loss_slope_fraction", one_neuron.loss_slope_without_inner),
    ("C3", one_neuron, "sigmoid_slope", one_neuron.sigmoid_slope_of_output),
    ("C4", one_neuron, "fused_slope", one_neuron.fused_slope_of_squares),
    ("C4", one_neuron, "loss_slope", one_neuron.loss_slope_without_inner),
    ("C4", one_neuron, "sigmoid_slope", one_neuron.sigmoid_slope_of_output),
    ("C5", one_neuron, "neuron_gradient", one_neuron.neuron_gradient_without_input),
    ("C6", one_step, "claimed_step", one_step.climbing_step),
    ("C7", convexity, "loss_of_logit", convexity.squared_of_logit),
    ("C7", convexity, "neuron_gradient", one_neuron.neuron_gradient_without_input),
    ("C7", convexity, "OVERLAPPING", convexity.SEPARABLE),
    ("C7", convexity, "BALANCE", (2, 5, 4, -1)),
    ("C7", convexity, "RAYS", {convexity.LONE: (1, 0), convexity.SEPARABLE: (2, -2)}),
    ("C7", convexity, "RAYS", {convexity.LONE: (-1, 0), convexity.SEPARABLE: (2, -3)}),
    ("C8", other_activations, "TWINS", (other_activations.UNCHANGED,)),
    ("C8", other_activations, "tanh_loss", other_activations.shifted_loss),
    ("C9", step_size, "curvature", step_size.curvature_without_bias),
    ("C9", step_size, "SHARE", 1.5),
    ("C9", step_size, "LONG", 4.0),
    ("C9", step_size, "hessian_is_outer", lambda: step_size.Trial(False, "planted")),
    ("C10", backpropagation, "RIGHT", backpropagation.PLANTED["W not transposed"]),
    ("C10", backpropagation, "RIGHT", backpropagation.PLANTED["f' at the next layer's z"]),
    ("C11", lost_digits, "ON_PAPER", lost_digits.EXTRA_FACTOR),
    ("C11", lost_digits, "FORMS", lost_digits.FORMS | {"composed": lost_digits.stable}),
    ("C11", lost_digits, "FORMS", lost_digits.FORMS | {"stable": lost_digits.fused_slope}),
]

# claim, module, the name of a falsehood, a truth in its place
TRUTHS = [
    ("C1", one_neuron, "one_half", one_neuron.label),
    ("C2", one_neuron, "loss_slope_without_inner", one_neuron.loss_slope),
    ("C3", one_neuron, "sigmoid_slope_of_output", one_neuron.sigmoid_slope),
    ("C4", one_neuron, "fused_slope_of_squares", one_neuron.fused_slope),
    ("C5", one_neuron, "neuron_gradient_without_input", one_neuron.neuron_gradient),
    ("C6", one_step, "climbing_step", one_step.claimed_step),
    ("C7", convexity, "squared_of_logit", convexity.loss_of_logit),
    ("C8", other_activations, "UNCHANGED", other_activations.TWINS[0]),
    ("C9", step_size, "curvature_without_bias", step_size.curvature),
    ("C10", backpropagation, "PLANTED", {"nothing": backpropagation.RIGHT}),
    ("C11", lost_digits, "EXTRA_FACTOR", lost_digits.ON_PAPER),
    ("C11", lost_digits, "FORMS", lost_digits.FORMS | {"fused": lost_digits.stable}),
]


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", EXPECTED)
def test_verdict_is_earned_and_repeats(name, seed):
    judged = claims.ALL[name].judge(seed)

    assert judged.verdict == EXPECTED[name]
    assert judged.evidence and judged.control
    assert bool(judged.counterexample and judged.correction) == (judged.verdict == "refuted")
    assert claims.ALL[name].judge(seed) == judged


@pytest.mark.parametrize(("name", "module", "truth", "falsehood"), FALSEHOODS)
def test_falsehood_in_place_of_the_truth_is_refused(name, module, truth, falsehood, monkeypatch):
    monkeypatch.setattr(module, truth, falsehood)

    with pytest.raises(Unproven):
        claims.ALL[name].judge(0)


@pytest.mark.parametrize(("name", "module", "falsehood", "truth"), TRUTHS)
def test_control_that_passes_is_refused(name, module, falsehood, truth, monkeypatch):
    monkeypatch.setattr(module, falsehood, truth)

    with pytest.raises(Unproven, match="passed"):
        claims.ALL[name].judge(0)
