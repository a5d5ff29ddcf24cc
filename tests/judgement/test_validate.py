"""Somebody else's gradient, in NumPy or JAX: the right one passes, each mistake is named wrong."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from refnet import dense, mse
from refnet.layers import Dense
from verification.arithmetic.formats import DTYPES as DTYPES_KNOWN
from verification.arithmetic.formats import PRECISIONS
from verification.judgement.options import candidate_of
from verification.judgement.verdict import LIMIT
from verification.vocabulary import Verdict

from .without_a_rule import cubed


def loss(params, x, y):
    return mse(dense(params, x), y)


def by_hand(params, x, y):
    """NumPy, as a course would have it."""
    error = x @ params.w + params.b - y
    dy = 2.0 * error / error.size
    return Dense(w=x.T @ dy, b=dy.sum(axis=0))


def sample(rng):
    params = Dense(w=rng.normal(size=(5, 3)), b=rng.normal(size=3))
    return params, rng.normal(size=(7, 5)), rng.normal(size=(7, 3))


DTYPES = ("float64", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_numpy_gradient_is_correct(dtype):
    finding = vf.validate(by_hand, of=loss, args=sample, dtype=dtype, cases=4)

    assert finding.verdict == Verdict.CORRECT
    assert set(finding.power) == {"params.w", "params.b"}
    assert all(0 < seen < 1e-4 for seen in finding.power.values())


def in_dtype(params, x, y):
    """As by_hand, but nothing is promoted on the way."""
    error = x @ params.w + params.b - y
    dy = error * error.dtype.type(2.0 / error.size)
    return Dense(w=x.T @ dy, b=dy.sum(axis=0))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_formats_are_judged_and_the_finding_says_by_which_budget(dtype):
    right = vf.validate(in_dtype, of=loss, args=sample, dtype=dtype, cases=4)
    twice = lambda *args: Dense(*(leaf + leaf for leaf in in_dtype(*args)))

    assert right.verdict == Verdict.CORRECT
    assert "running bound" in right.budget or "random rounding" in right.budget
    assert f"within the {right.budget}" in str(right)
    assert vf.validate(twice, of=loss, args=sample, dtype=dtype, cases=4).verdict == Verdict.WRONG


WRONG = {
    "half": lambda g: Dense(g.w / 2, g.b / 2),
    "bias averaged": lambda g: Dense(g.w, g.b / 7),
    "one bias entry": lambda g: Dense(g.w, g.b * np.array([1, 1.0005, 1])),
    "weights negated": lambda g: Dense(-g.w, g.b),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_numpy_gradient_is_wrong_and_the_leaf_is_named(dtype, name):
    gradient = lambda *args: WRONG[name](by_hand(*args))
    finding = vf.validate(gradient, of=loss, args=sample, dtype=dtype, cases=4)

    assert finding.verdict == Verdict.WRONG
    assert finding.worst is not None
    assert "bias" not in name or finding.worst.leaf == "params.b"


def test_an_array_valued_function_is_asked_for_its_pullback():
    right = lambda z, d: d * (1 - np.tanh(z) ** 2)
    forgot = lambda z, d: 1 - np.tanh(z) ** 2
    points = lambda rng: (rng.uniform(-2, 2, size=(3, 4)),)

    assert vf.validate(right, of=jnp.tanh, args=points).verdict == Verdict.CORRECT
    assert vf.validate(forgot, of=jnp.tanh, args=points).verdict == Verdict.WRONG


def test_several_arguments_at_once():
    both = lambda x, y: (2 * (x - y), -2 * (x - y))
    swapped = lambda x, y: both(x, y)[::-1]
    of = lambda x, y: jnp.sum((x - y) ** 2)
    points = lambda rng: (rng.normal(size=4), rng.normal(size=4))

    assert vf.validate(both, of=of, args=points, argnums=(0, 1)).verdict == Verdict.CORRECT
    assert vf.validate(swapped, of=of, args=points, argnums=(0, 1)).verdict == Verdict.WRONG


def test_an_exception_is_a_rejection_that_quotes_it():
    def gradient(params, x, y):
        raise RuntimeError("shape of w")

    finding = vf.validate(gradient, of=loss, args=sample, cases=2)

    assert finding.verdict == Verdict.REJECTED
    assert "RuntimeError: shape of w" in finding.reason


@pytest.mark.dear
def test_a_primitive_without_a_rule_is_measured_and_named():
    of = lambda w: jnp.sum(cubed(w))
    points = lambda n: lambda rng: (rng.uniform(1.2, 3.0, size=n),)
    ask = lambda factor, n: vf.validate(
        lambda w: factor * jax.grad(of)(jnp.asarray(w)), of=of, args=points(n), cases=2
    )

    finding = ask(1.0, 3)
    assert finding.verdict == Verdict.CORRECT
    assert any("cubed is measured where the program comes to it" in n for n in finding.notes)
    assert ask(1.02, 3).verdict == Verdict.WRONG
    assert ask(1.0, 300).verdict == Verdict.CORRECT


def test_where_it_is_all_and_too_large_to_be_measured_nothing_is_decided():
    points = lambda rng: (rng.uniform(1.2, 3.0, size=300),)
    finding = vf.validate(lambda w, d: 3 * w * w * d, of=cubed, args=points, cases=1, edges="none")
    assert finding.verdict == Verdict.UNDECIDED
    assert "no rule for the primitive 'cubed'" in finding.reason


def test_jax_autodiff_as_a_candidate():
    finding = vf.validate(jax.jit(jax.grad(loss)), of=loss, args=sample, dtype="float32", cases=3)

    assert finding.verdict == Verdict.CORRECT


def test_text_and_json_carry_the_verdict():
    finding = vf.validate(by_hand, of=loss, args=sample, cases=2)

    assert "by_hand in float64" in str(finding) and str(finding).startswith("CORRECT")
    assert json.loads(finding.to_json())["verdict"] == "correct"


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (
            {"dtype": "float8"},
            ValueError,
            "dtype is 'float8'; did you mean 'float64'. it must be one of float64, float32",
        ),
        ({"cases": 0}, ValueError, "cases is 0"),
        ({"argnums": 3}, ValueError, "there are 3 arguments"),
        ({"args": lambda rng: "1.0"}, TypeError, "the sampler returned str"),
    ],
)
def test_bad_arguments_are_named(change, error, says):
    arguments = {"of": loss, "args": sample} | change
    with pytest.raises(error, match=says):
        vf.validate(by_hand, **arguments)


def test_arguments_of_another_kind_are_named():
    with pytest.raises(TypeError, match="of is 1.0; pass a function"):
        candidate_of(by_hand, 1.0)
    with pytest.raises(TypeError, match="args is a str; pass a tuple"):
        vf.validate(by_hand, of=loss, args="1, 2", cases=2)


# --- as many cases as it takes ---------------------------------------------------------------


def hinge(w):
    return jnp.sum(jnp.maximum(w - 1.0, 0.0) ** 2)


def now_and_then(rng):
    """Where the gradient is 0, five times out of six."""
    return (rng.uniform(1.2, 2.0, size=3) - 1.0 * (rng.uniform() < 5 / 6),)


def validated(**options):
    arguments = {"of": hinge, "args": now_and_then, "cases": 2, "seed": 3}
    return vf.validate(jax.grad(hinge), **arguments | options)


def test_more_cases_are_drawn_until_a_leaf_is_seen():
    finding = validated()

    assert finding.verdict == Verdict.CORRECT
    assert finding.cases_asked == 2 and finding.cases_drawn in (4, 8, 16)
    asked = f"all {finding.cases} cases (2 asked for: no case could show a mistake in w)"
    assert asked in finding.reason
    assert f"{finding.cases_drawn} drawn for the 2 asked for" in str(finding)
    assert repr(validated()) == repr(finding)
    assert validated(cases=16).cases_drawn == 16


def test_more_cases_find_a_mistake_that_fewer_could_not():
    twice = lambda w: 2.0 * jax.grad(hinge)(jnp.asarray(w))

    assert vf.validate(twice, of=hinge, args=now_and_then, cases=2, seed=3).verdict == Verdict.WRONG


def test_there_is_a_limit_to_how_many_cases_are_drawn():
    never = lambda rng: (rng.uniform(size=3),)
    finding = validated(args=never)

    assert finding.verdict == Verdict.CORRECT  # in all of its domain the gradient is 0
    assert finding.cases_drawn == LIMIT * 2 == finding.cases
    assert "in w); any error of one entry" in finding.reason
    assert "w is 0 at every draw" in finding.reason
    off = lambda w: jax.grad(hinge)(jnp.asarray(w)) + 1e-300
    assert vf.validate(off, of=hinge, args=never, cases=2, seed=3).verdict == Verdict.WRONG


def test_one_point_stays_undecided_and_says_what_to_pass():
    finding = validated(args=(np.array([0.3, 0.2]),))

    assert finding.verdict == Verdict.UNDECIDED
    assert finding.cases == 1
    assert "pass a function that draws points" in finding.reason
    assert validated(args=(np.array([1.3, 1.2]),)).verdict == Verdict.CORRECT


def test_more_cases_are_drawn_until_no_catalogued_mistake_would_go_unseen():
    """Two leaves whose gradients are nearly the same, but for one case in four."""
    of = lambda pair: jnp.sum(jnp.tanh(pair[0])) + jnp.sum(jnp.tanh(pair[1]))

    def points(rng):
        one, other = rng.uniform(0.2, 1.0, size=(2, 3))
        return ((one, one * (1.0 + 1e-6) if rng.uniform() < 3 / 4 else other),)

    once = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, dtype="float32", cases=1, seed=2)
    wide = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, dtype="float64", cases=1, seed=2)

    assert once.verdict == Verdict.CORRECT
    assert once.cases_drawn > 1
    assert "these mistakes would have gone unseen: leaves swapped" in once.reason
    assert wide.cases_drawn == 1  # float64 tells the two apart at once


def test_draws_that_may_overflow_are_counted_and_replaced():
    of = lambda w: jnp.sum(jnp.exp(w))
    points = lambda rng: (rng.uniform(0.2, 12.0, size=3),)
    finding = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, dtype="float16", cases=4)

    assert finding.verdict == Verdict.CORRECT
    assert finding.skipped > 0 and finding.cases_drawn == finding.cases > 4
    assert finding.cases - finding.skipped >= 4
    assert f"{finding.skipped} of them only in part" in str(finding)
    assert "every entry that could be judged is inside its budget" in finding.reason


def test_draws_beyond_the_range_are_left_out_counted_and_replaced():
    of = lambda w: jnp.sum(w * w)
    points = lambda rng: (np.exp(rng.uniform(5.0, 14.0, size=2)),)
    finding = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, dtype="float16", cases=4)

    assert finding.left_out > 0 and finding.cases + finding.left_out == finding.cases_drawn
    assert f"{finding.left_out} cases left out: beyond float16's range" in str(finding)


def test_a_missing_rule_is_not_looked_for_again():
    of = lambda w: jnp.sum(cubed(w))
    points = lambda rng: (rng.uniform(1.2, 3.0, size=3),)
    finding = vf.validate(jax.jit(jax.grad(of)), of=of, args=points, cases=2)

    assert finding.cases_drawn == 2
    assert "pass a function that draws points" not in finding.reason


@pytest.mark.parametrize("dtype", DTYPES_KNOWN)
def test_every_known_format_is_judged(dtype):
    """Arguments come in the format, the answer goes out in it; between, sums have their own."""
    precision = PRECISIONS[dtype]

    def gradient(w, x):
        assert str(w.dtype) == precision.weights and str(x.dtype) == precision.inputs
        w, x = (jnp.asarray(a, precision.sums) for a in (w, x))
        return np.asarray(jnp.tanh(x).sum(0, keepdims=True) * 2.0 * w).astype(precision.results)

    of = lambda w, x: jnp.sum(jnp.tanh(x) * w**2)
    points = lambda rng: (rng.uniform(1.0, 2.0, size=(1, 3)), rng.uniform(0.2, 2.0, size=(5, 3)))
    right = vf.validate(gradient, of=of, args=points, dtype=dtype, cases=2)
    wrong = vf.validate(lambda *a: -gradient(*a), of=of, args=points, dtype=dtype, cases=2)

    assert (right.verdict, wrong.verdict) == (Verdict.CORRECT, Verdict.WRONG)
