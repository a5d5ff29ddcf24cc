"""Other people's update rules: accepted, named, refused; each check with its negative control."""

from dataclasses import replace

import jax
import numpy as np
import optax
import pytest

import refnet
import verification as vf
from verification.adapters.optax_rule import optax_rule
from verification.derivations.rules import VARIANTS
from verification.faults.update_rules import wrong_rules
from verification.updates import vectors
from verification.updates.explain import explained
from verification.updates.planted import runs
from verification.updates.truth import roughly
from verification.updates.vectors import layout
from verification.vocabulary import Verdict

tree = jax.tree.map
SIGNED = "not squared with sign"


def numpy_adam(learning_rate, b1, b2, eps, inside=False, power=True):
    """By hand, in NumPy."""

    def init(params):
        zeros = tree(np.zeros_like, params)
        return {"t": 0, "m": zeros, "v": zeros}

    def update(gradient, state, params):
        t = state["t"] + 1
        m = tree(lambda m, g: b1 * m + (1 - b1) * g, state["m"], gradient)
        v = tree(lambda v, g: b2 * v + (1 - b2) * g * g, state["v"], gradient)
        n = t if power else 1

        def step(w, m, v):
            mhat, vhat = m / (1 - b1**n), v / (1 - b2**n)
            root = np.sqrt(vhat + eps) if inside else np.sqrt(vhat) + eps
            return w - learning_rate * mhat / root

        return tree(step, params, m, v), {"t": t, "m": m, "v": v}

    return init, update


def judged(make, against="adam", **more):
    return vf.validate_update(make, against=against, cases=1, **more)


def test_adam_by_hand_is_correct_and_the_power_is_said():
    finding = judged(numpy_adam)
    assert finding.verdict == "correct" and not finding.explanation
    assert set(finding.power) == {"['b']", "['scale']", "['w']"}
    assert all(power < 2.0**-40 for power in finding.power.values())
    assert all(finding.kills.values()) and len(finding.kills) > 40


def test_epsilon_inside_the_root_is_named_as_the_variant_it_is():
    finding = judged(lambda **h: numpy_adam(**h, inside=True))
    assert finding.verdict == "wrong"
    assert finding.explanation[0].kind == "variant"
    assert "adam_eps_inside" in str(finding.explanation[0]) and finding.explanation[0].fits


def test_a_missing_power_is_named_as_the_mistake_it_is():
    finding = judged(lambda **h: numpy_adam(**h, power=False))
    assert (finding.verdict, finding.explanation[0].kind) == ("wrong", "fault")
    assert "the power t is missing" in str(finding.explanation[0])


def baked(learning_rate, decay):
    init = lambda params: tree(np.zeros_like, params)

    def update(gradient, v, params):
        v = tree(lambda v, g: decay * v - learning_rate * g, v, gradient)
        return tree(np.add, params, v), v

    return init, update


def test_a_rate_inside_the_velocity_is_equal_until_the_rate_changes():
    finding = judged(baked, "momentum")
    assert finding.verdict == "wrong"
    assert "momentum_rate_inside" in str(finding.explanation[0])
    assert "equal until the rate changes" in str(finding.explanation[0])
    init, update = baked(0.1, 0.9)
    finding = judged(init, "momentum", update=update, learning_rate=0.1, decay=0.9)
    assert finding.verdict == "correct"  # at one rate it is the same function


def test_a_schedule_changes_the_rate_of_a_fixed_pair():
    schedule = lambda count: 0.1 * 0.75**count
    rule = optax.chain(optax.scale_by_learning_rate(schedule), optax.trace(0.9))
    finding = judged(rule, "momentum", learning_rate=schedule, decay=0.9)
    assert "momentum_rate_inside" in str(finding.explanation[0])
    right = judged(optax.sgd(schedule, 0.9), "momentum", learning_rate=schedule, decay=0.9)
    assert right.verdict == "correct"


@pytest.mark.parametrize(
    "name", ["adamw", "nesterov", "adafactor", "muon", "schedule_free_sgd", "schedule_free_adamw"]
)
def test_the_reference_is_correct(name):
    finding = judged(refnet.UPDATES[name], name)
    assert finding.verdict == "correct", finding.reason


def test_a_bare_pair_of_optax_is_recognised():
    tx = optax.adam(0.01, b1=0.8)
    pair = judged(tx.init, update=tx.update, learning_rate=0.01, b1=0.8)
    wrapped = judged(optax_rule(tx), learning_rate=0.01, b1=0.8)
    assert pair.verdict == wrapped.verdict == "correct"
    assert judged(tx, learning_rate=0.01, b1=0.9).verdict == "wrong"


def test_float32_is_judged_in_float32():
    assert judged(optax.adamw, "adamw", dtype="float32").verdict == "correct"


# --- what is no answer -----------------------------------------------------------------------


def plain(change=None, state=()):
    """Gradient descent that also does something it should not."""

    def make(learning_rate):
        def update(gradient, held, params):
            if change is not None:
                change(gradient, params)
            return tree(lambda w, g: w - learning_rate * g, params, gradient), held

        return (lambda params: state), update

    return make


def test_plain_descent_is_correct():
    assert judged(plain(), "gradient_descent").verdict == "correct"


def in_place(gradient, params):
    params["w"] *= 0.5


def scaled(gradient, params):
    gradient["w"] *= 0.5


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (plain(in_place), "changed the params"),
        (plain(scaled), "changed the gradient"),
        (lambda learning_rate: (lambda w: (), lambda g, s, w: w), "return (params, state)"),
        (lambda learning_rate: (lambda w: (), lambda g, s, w: (w["w"], s)), "came back as"),
        (
            lambda learning_rate: (lambda w: (), lambda g, s, w: (tree(np.float32, w), s)),
            "came back in float32",
        ),
        (lambda learning_rate: (lambda w: (), lambda g, s, w: 1 / 0), "ZeroDivisionError"),
        (lambda learning_rate: 1 / 0, "making the rule raised ZeroDivisionError"),
    ],
)
def test_what_is_no_answer_is_rejected(make, said):
    finding = judged(make, "gradient_descent")
    assert finding.verdict is Verdict.REJECTED
    assert said in finding.reason


def test_a_memory_outside_of_the_state_is_rejected():
    def make(learning_rate, decay):
        held = {}

        def update(gradient, state, params):
            v = tree(
                lambda g, v: decay * v + g, gradient, held.get("v", tree(np.zeros_like, params))
            )
            held["v"] = v
            return tree(lambda w, v: w - learning_rate * v, params, v), state

        return (lambda params: ()), update

    finding = judged(make, "momentum")
    assert finding.verdict is Verdict.REJECTED and "outside of the state" in finding.reason


def test_a_state_that_is_not_written_back_is_named():
    def make(learning_rate, decay):
        right = optax_rule(optax.sgd(learning_rate, decay))

        def update(gradient, state, params):
            return right[1](gradient, state, params)[0], state

        return right[0], update

    finding = judged(make, "momentum")
    assert "not written back" in " ".join(map(str, finding.explanation))


def centred(learning_rate, decay, eps, power=2, lost=False):
    """RMSProp by the variance of the gradients, by hand."""
    init = lambda params: (tree(np.zeros_like, params), tree(np.zeros_like, params))

    def update(gradient, state, params):
        m, v = state
        mean = tree(lambda m, g: decay * m + (1 - decay) * g, m, gradient)
        v = tree(lambda v, g: decay * v + (1 - decay) * g**power, v, gradient)
        root = lambda v, m: np.sqrt(v - m * m + eps) * (np.nan if lost else 1.0)
        step = lambda w, g, v, m: w - learning_rate * g / root(v, m)
        return tree(step, params, gradient, v, mean), (mean, v)

    return init, update


def test_no_numbers_are_rejected_and_wrong_numbers_beside_them_are_wrong():
    right, plain_mean, lost = (
        judged(lambda how=how, **h: centred(**h, **how), "rmsprop_centred")
        for how in ({}, {"power": 1}, {"lost": True})
    )
    assert right.verdict == "correct"
    assert plain_mean.verdict is Verdict.WRONG  # some of its entries are numbers, and wrong ones
    assert plain_mean.explanation[0].fault == SIGNED
    assert lost.verdict is Verdict.REJECTED
    assert lost.explanation == ()


def test_what_breaks_down_elsewhere_is_not_named():
    """The control: the same numbers, but one entry more or less is none."""
    variant, where = VARIANTS["rmsprop_centred"], layout(vectors.PARAMS)
    run = runs(variant, where, "float64", 1, seed=3)[0]
    wrong = next(w.variant for w in wrong_rules(variant.name) if w.fault.name == SIGNED)
    rows = roughly(wrong, run.args[0], where)
    here = np.argwhere(np.isnan(rows))
    assert len(here) and not np.isnan(rows).all()
    first = lambda rows: [
        one.fault
        for one in explained((replace(run, got=where.leaves_of(rows)),), variant, where, "float64")
        if one.fits
    ]
    assert SIGNED in first(rows)
    more, less = rows.copy(), rows.copy()
    more[-1, np.flatnonzero(np.isfinite(rows[-1]))[0]] = np.nan
    less[tuple(here[-1])] = 1.0
    assert first(more) == first(less) == []


def test_digits_lost_to_float32_are_no_wrong_formula():
    def make(learning_rate, decay):
        init = lambda params: tree(lambda w: np.zeros(np.shape(w), np.float32), params)

        def update(gradient, v, params):
            v = tree(lambda v, g: np.asarray(decay * v + g, np.float32), v, gradient)
            return tree(lambda w, v: w - learning_rate * v.astype(np.float64), params, v), v

        return init, update

    finding = judged(make, "momentum")
    assert finding.verdict is Verdict.INACCURATE and "float32" in finding.reason


# --- mistakes of the one who asks ------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said", "more"),
    [
        (ValueError, "against is 'adm'", {"against": "adm"}),
        (ValueError, "no 'beta1'", {"beta1": 0.9}),
        (ValueError, "dtype is", {"dtype": "float8"}),
        (ValueError, "cases is 0", {"cases": 0}),
        (ValueError, "params has no entries", {"params": {}}),
    ],
)
def test_a_mistake_in_asking_is_a_sentence(error, said, more):
    with pytest.raises(error, match=said):
        vf.validate_update(numpy_adam, **{"against": "adam"} | more)


def test_what_is_no_rule_is_said():
    with pytest.raises(TypeError, match="init is 3"):
        vf.validate_update(3, against="adam")
    with pytest.raises(ValueError, match="learning_rate is not given"):
        vf.validate_update(optax.adam(0.1), against="adam")
    with pytest.raises(TypeError, match="pair of functions"):
        vf.validate_update(lambda learning_rate: 3, against="gradient_descent")


def test_one_step_of_a_rule_is_told_what_to_hand_over():
    def step(w, grad, v, rate=0.1):
        return w - rate * grad, v

    with pytest.raises(TypeError, match="takes 'grad', as one step of a rule does; hand over"):
        vf.validate_update(step, against="momentum", learning_rate=0.1)
