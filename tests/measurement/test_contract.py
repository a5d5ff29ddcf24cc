"""What a gradient must do beside being right: each bad habit is rejected in its own sentence."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement.constancy import VARIES
from verification.measurement.contract import Rejection
from verification.measurement.layout import leaves_of
from verification.vocabulary import Verdict


class Layer(NamedTuple):
    w: np.ndarray
    b: np.ndarray


def loss(layer, x):
    return jnp.sum(jnp.tanh(x @ layer.w + layer.b[None]) ** 2)


def sample(rng):
    return Layer(rng.normal(size=(3, 2)), rng.normal(size=2)), rng.normal(size=(4, 3))


def right(layer, x):
    a = np.tanh(x @ layer.w + layer.b)
    d = 2 * a * (1 - a * a)
    return Layer(x.T @ d, d.sum(0))


def judged(gradient, **options):
    return vf.validate(gradient, **{"of": loss, "args": sample, "cases": 2} | options)


def writes(layer, x):
    answer = right(layer, x)
    layer.b[:] = 0.0
    return answer


def as_dict(layer, x):
    return {"w": right(layer, x).w, "b": right(layer, x).b}


def flat_bias(layer, x):
    return right(layer, x)._replace(b=right(layer, x).b[None])


def of_each(layer, x):
    w, b = right(layer, x).w, right(layer, x).b
    return right(layer, x)._replace(w=np.stack([w, w]), b=b)


def across(layer, x):
    return right(layer, x)._replace(w=right(layer, x).w.T)


def drifting():
    calls = iter(range(100))
    return lambda layer, x: Layer(*(leaf * (1 + 1e-9 * next(calls)) for leaf in right(layer, x)))


def raises(layer, x):
    raise IndexError("list index out of range")


def integers(layer, x):
    return right(layer, x)._replace(b=np.array([1, 2]))


HABITS = {
    "changes its inputs": (writes, "it changed its input layer.b; work on a copy"),
    "another structure": (as_dict, "its answer is {'b': *, 'w': *}, where the argument is"),
    "another shape": (flat_bias, "leaves of shapes [(3, 2), (1, 2)]; the gradient has [(3, 2)"),
    "one for each example": (of_each, "of each of 2 examples, sum them over the first axis"),
    "a transposed leaf": (across, "it may be transposed"),
    "another answer": (drifting(), "called twice alike, it answers differently in layer.w"),
    "an exception": (raises, "it raised IndexError: list index out of range"),
    "integers": (integers, "the answer is of dtype int64; the argument is float64"),
    "a bare array": (
        lambda layer, x: x,
        "its answer is an array, where the argument is Layer(*, *)",
    ),
    "too few parts": (lambda layer, x: None, "its answer is None, where the argument is"),
}


@pytest.mark.parametrize("habit", HABITS)
def test_the_habit_is_rejected_in_its_own_sentence(habit):
    gradient, sentence = HABITS[habit]
    found = judged(gradient)

    assert found.verdict is Verdict.REJECTED
    assert sentence in found.reason
    assert found.cases == 2  # the others are still asked
    assert judged(right).verdict is Verdict.CORRECT


def test_a_kernel_whose_sums_have_another_order_each_time_is_judged_and_noted():
    """As sums by atomic additions are: within the budget, but no two the same."""

    def atomic(w, x):
        order = rng.permutation(len(x))
        return {"w": np.add.reduce([x[i] * np.cos(x[i] @ w["w"]) for i in order])}

    rng = np.random.default_rng(0)
    asked = {
        "of": lambda w, x: jnp.sum(jnp.sin(x @ w["w"])),
        "args": lambda rng: ({"w": rng.normal(size=2)}, rng.normal(size=(40, 2))),
        "argnums": 0,
        "edges": "none",
    }
    found = vf.validate(atomic, **asked)
    assert found.verdict is Verdict.CORRECT and VARIES in found.notes
    steady = vf.validate(lambda w, x: {"w": x.T @ np.cos(x @ w["w"])}, **asked)
    assert steady.verdict is Verdict.CORRECT and VARIES not in steady.notes


# --- more than one argument ---------------------------------------------------------------------


def difference(x, y):
    return jnp.sum((x - y) ** 2)


def two(rng):
    return rng.normal(size=3), rng.normal(size=3)


# --- the cotangent ------------------------------------------------------------------------------


def tanh_rule(z, d):
    return d * (1 - np.tanh(z) ** 2)


CLIPPED = lambda z, d: tanh_rule(z, np.clip(d, -1.0, 1.0))
NOT_A_NUMBER = lambda z, d: tanh_rule(z, np.abs(d) * (d / np.abs(d)))


@pytest.mark.parametrize(
    ("gradient", "sentence"),
    [
        (CLIPPED, "not linear in the cotangent: -2 times the cotangent does not give -2 times"),
        (NOT_A_NUMBER, "a cotangent of zeros does not give zeros in x"),
    ],
)
def test_a_pullback_that_is_right_and_not_linear_is_rejected(gradient, sentence):
    points = lambda rng: (rng.uniform(-2, 2, size=4),)
    judge = lambda g: vf.validate(g, of=jnp.tanh, args=points, cases=2)

    assert judge(gradient).verdict is Verdict.REJECTED
    assert sentence in judge(gradient).reason
    assert judge(tanh_rule).verdict is Verdict.CORRECT


# --- dtypes and structures that are no habit ----------------------------------------------------


def test_a_wider_answer_is_refused_only_where_the_sample_has_the_narrow_type():
    wide = lambda x, y: 2.0 * (x - y).astype(np.float64)
    narrow = lambda rng: tuple(a.astype(np.float32) for a in two(rng))
    judge = lambda args: vf.validate(wide, of=difference, args=args, dtype="float32", cases=2)

    assert judge(two).verdict is Verdict.CORRECT
    assert judge(narrow).verdict is Verdict.REJECTED
    assert "the answer is of dtype float64; the argument is float32" in judge(narrow).reason


def test_numbers_that_the_narrow_type_cannot_hold_are_judged_by_their_values():
    rounded = lambda x, y: (2.0 * (x - y)).astype(np.float32)
    found = vf.validate(rounded, of=difference, args=two, cases=2)

    assert found.verdict is Verdict.INACCURATE


def test_integers_inside_an_argument_need_no_slope():
    of = lambda p, x: jnp.sum(p["table"][p["index"]] * x)

    def table(rng):
        return {"table": rng.normal(size=4), "index": np.array([2, 0])}, rng.normal(size=2)

    def gradient(p, x, index=None):
        slope = np.zeros(4)
        np.add.at(slope, p["index"], x)
        return {"table": slope, "index": index}

    with_zeros = lambda p, x: gradient(p, x, np.zeros(2, int))
    for right_one in (gradient, with_zeros):
        assert vf.validate(right_one, of=of, args=table, cases=2).verdict is Verdict.CORRECT


def test_a_python_number_may_answer_for_a_number():
    judge = lambda g: vf.validate(
        g, of=lambda x: 3.0 * x, args=lambda rng: (rng.normal(),), cases=2
    )

    assert judge(lambda x: 3).verdict is Verdict.CORRECT
    assert judge(lambda x: 2).verdict is Verdict.WRONG


def test_jax_arrays_are_nobodys_memory():
    found = vf.validate(jax.grad(loss), of=loss, args=sample, cases=2)

    assert found.verdict is Verdict.CORRECT


@pytest.mark.parametrize("factor", [40000.0, 400.0])
def test_what_overflows_at_a_larger_cotangent_is_linear_all_the_same(factor):
    of, sample = (lambda x: factor * x), (lambda rng: (rng.uniform(0.5, 1.0, size=4),))
    ask = lambda g: vf.validate(g, of=of, args=sample, dtype="float16", cases=4, edges="none")
    assert ask(lambda x, d: d * np.float16(factor)).verdict == "correct"
    clipped = ask(lambda x, d: np.clip(d, -0.9, 0.9).astype(d.dtype) * np.float16(factor))
    assert clipped.verdict == "rejected"


def test_none_for_what_was_not_asked_for_is_no_part_of_the_answer():
    args = (np.ones(2), np.arange(2), np.ones(3))
    parts = lambda answer, *argnums, single=True: leaves_of(answer, args, argnums, single)
    assert parts((np.zeros(2), None, None), 0)[0].shape == (2,)
    assert [x.shape for x in parts((np.zeros(2), None, np.zeros(3)), 0, 2, single=False)] == [
        (2,),
        (3,),
    ]
    for answer in ((np.zeros(2), None), (None, None, np.zeros(2)), (None, None, None)):
        with pytest.raises(Rejection):
            parts(answer, 0)
