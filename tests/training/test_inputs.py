"""Loops, rules and parameters as people have them: a verdict, never a traceback."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import verification as vf

RNG = np.random.default_rng(0)
PARAMS = {"w": RNG.normal(size=3), "b": np.array([0.1])}
BATCHES = [(RNG.normal(size=(8, 3)), RNG.normal(size=8)) for _ in range(6)]
RATE = 0.05


def loss(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)


def without_b(params, x, y):
    return jnp.mean((x @ params["w"] - y) ** 2)


def loop(dtype=np.float64, rate=lambda k: RATE, told=lambda g: g, frozen=False, piled=False):
    """Gradient descent in NumPy; further leaves are handed on, and have no gradient."""

    def train(params, batches):
        w, b = (np.asarray(params[name], dtype) for name in "wb")
        more, total = {n: x for n, x in params.items() if n not in "wb"}, (0.0, 0.0)
        for k, (x, y) in enumerate(batches):
            x, y = np.asarray(x, dtype), np.asarray(y, dtype)
            e, r = x @ w + b - y, dtype(rate(k))
            total = (
                2 * x.T @ e / len(y) + piled * total[0],
                2 * e.mean(keepdims=True) + piled * total[1],
            )
            w, b = w - r * total[0], b if frozen else np.asarray(b - r * total[1])
            gradient = {"w": total[0], "b": told(np.asarray(total[1])), **dict.fromkeys(more)}
            yield vf.TrainingStep({"w": w, "b": b, **more}, (e**2).mean(), gradient)

    return train


def judged(train, runs=0, params=PARAMS, batches=BATCHES, **how):
    how = {"of": loss, "rule": optax.sgd(RATE), **how}
    return vf.validate_training(train, params=params, batches=batches, runs=runs, **how)


def only_w(slope):
    def train(params, batches):
        w = params["w"]
        for x, y in batches:
            e = x @ w - y
            g = 2 * x.T @ e / len(y)
            w = w - RATE * g
            weights = {"w": w, "b": params["b"]}
            yield vf.TrainingStep(weights, (e**2).mean(), {"w": g, "b": slope})

    return train


@pytest.mark.parametrize("slope", [None, np.zeros(1, jax.dtypes.float0)], ids=["None", "float0"])
def test_a_gradient_that_is_none_says_that_nothing_depends_on_it(slope):
    assert judged(only_w(slope), of=without_b).verdict == "correct"
    wrong = judged(loop(told=lambda g: slope))
    assert (wrong.verdict, wrong.tensor) == ("wrong", "b")


def test_leaves_of_integers_are_not_trained():
    params = {**PARAMS, "n": np.array([3, 4])}
    assert judged(loop(), params=params).verdict == "correct"
    assert judged(loop(rate=lambda k: 0.06), params=params).verdict == "wrong"


def test_frozen_leaves_stay():
    labels = {"w": "trained", "b": "frozen"}
    rules = {"trained": optax.sgd(RATE), "frozen": optax.set_to_zero()}
    rule = optax.multi_transform(rules, labels)
    assert judged(loop(frozen=True), rule=rule).verdict == "correct"
    moved = judged(loop(), rule=rule)
    assert moved.explanation[0].fault == "frozen parameters updated"
    lost = judged(loop(frozen=True))
    assert lost.explanation[0].fault == "parameters not handed over"


def test_a_loop_in_float32_is_inaccurate_in_float64():
    assert judged(loop(np.float32)).verdict == "inaccurate"
    assert judged(loop(np.float32, rate=lambda k: 0.0501)).verdict == "wrong"


def test_without_64_bits():
    with jax.enable_x64(False):
        assert judged(loop()).verdict == "correct"
        assert judged(loop(rate=lambda k: 0.06)).verdict == "wrong"


def test_examples_without_a_batch_axis():
    of = lambda params, x, y: (x @ params["w"] + params["b"][0] - y) ** 2
    batches = [(x[0], y[0]) for x, y in BATCHES]

    def train(params, batches, both=True):
        w, b = params["w"], params["b"]
        for x, y in batches:
            e = x @ w + b[0] - y
            w, b = w - 2 * RATE * e * x, b - 2 * RATE * e * both
            yield {"w": w, "b": b}

    how = {"of": of, "batches": batches}
    assert judged(train, runs=32, **how).verdict == "correct"
    lost = judged(lambda *given: train(*given, both=False), **how)
    assert (lost.verdict, lost.tensor) == ("wrong", "b")


def test_gradients_that_pile_up_in_grad_itself_are_named():
    finding = judged(loop(piled=True))
    assert (finding.verdict, finding.step) == ("wrong", 2)
    first, *rest = finding.explanation
    assert first.fault == "gradients never cleared" and first.fault not in first.confused_with
    assert first.fault in {one.fault for one in rest}  # seen in another way, too


SCHEDULES = {
    "linear": optax.linear_schedule(0.0, RATE, 3),
    "warm up": optax.warmup_cosine_decay_schedule(0.0, RATE, 2, 6),
    "joined": optax.join_schedules(
        [optax.constant_schedule(RATE), optax.exponential_decay(RATE, 2, 0.5)], [3]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_of_optax_keep_their_digits(name):
    def exact(k):
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            return float(SCHEDULES[name](jnp.asarray(k, int)))

    right = judged(loop(rate=exact), rule=optax.sgd(SCHEDULES[name]))
    assert right.verdict == "correct", right.reason
    late = judged(loop(rate=lambda k: exact(k + 1)), rule=optax.sgd(SCHEDULES[name]))
    assert late.verdict == "wrong"


def own(rule):
    """The rule's own loop."""

    def train(params, batches):
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            params = jax.tree.map(jnp.asarray, params)
            state = rule.init(params)
            for batch in batches:
                value, gradient = jax.value_and_grad(loss)(params, *batch)
                change, state = rule.update(gradient, state, params)
                params = optax.apply_updates(params, change)
                yield vf.TrainingStep(params, value, gradient)

    return train


RULES = {
    "MultiSteps": optax.MultiSteps(optax.sgd(RATE), 3),
    "apply_if_finite": optax.apply_if_finite(optax.adam(RATE), 3),
    "inject_hyperparams": optax.inject_hyperparams(optax.adam)(optax.linear_schedule(0, RATE, 3)),
    "masked": optax.masked(optax.sgd(RATE, 0.9), {"w": True, "b": False}),
    "adafactor": optax.adafactor(RATE),
    "schedule_free": optax.contrib.schedule_free_sgd(RATE),
}


@pytest.mark.parametrize("name", ["MultiSteps", "inject_hyperparams"])
def test_a_rule_that_computes_in_float32_is_right_as_it_is(name):
    banded = judged(own(RULES[name]), rule=RULES[name], runs=32)
    assert banded.verdict == "correct", banded.reason
    slower = own(optax.inject_hyperparams(optax.adam)(optax.linear_schedule(0, 0.99 * RATE, 3)))
    assert judged(slower, rule=RULES[name]).verdict == "wrong"


@pytest.mark.parametrize("name", RULES)
def test_any_transformation_is_any(name):
    right = judged(own(RULES[name]), rule=RULES[name], dtype="float32", runs=32)
    assert right.verdict == "correct", right.reason
    assert judged(own(optax.sgd(0.7)), rule=RULES[name], dtype="float32").verdict == "wrong"


def test_a_mean_over_samples_is_told_from_one_over_tokens():
    """Examples of several tokens; the loss is the mean over all tokens."""
    rng = np.random.default_rng(1)
    lengths = np.array([1, 2, 3, 4])
    mask = (np.arange(4) < lengths[:, None]).astype(float)
    batches = [(rng.normal(size=(4, 4, 6)), rng.normal(size=(4, 4)), mask) for _ in range(4)]

    def of(params, x, y, mask):
        return jnp.sum(mask * (x @ params["w"] - y) ** 2) / jnp.sum(mask)

    def train(params, batches, by_sample=False):
        w = params["w"]
        for x, y, m in batches:
            share = m / m.sum(axis=1, keepdims=True) / len(m) if by_sample else m / m.sum()
            e = x @ w - y
            g = 2 * np.einsum("nt,ntd->d", share * e, x)
            w = w - RATE * g
            yield vf.TrainingStep({"w": w}, (share * e**2).sum(), {"w": g})

    how = {"of": of, "params": {"w": rng.normal(size=6)}, "batches": batches}
    assert judged(train, **how).verdict == "correct"
    wrong = judged(lambda *given: train(*given, by_sample=True), **how)
    assert wrong.verdict == "wrong"
    assert "mean over samples" in [one.fault for one in wrong.explanation if one.fits]


def in_place(params, batches):
    """It writes into the arrays that it was given, and hands them out again and again."""
    w, b = params["w"], params["b"]
    for x, y in batches:
        e = x @ w + b - y
        w -= RATE * 2 * x.T @ e / len(y)
        b -= RATE * 2 * e.mean()
        yield {"w": w, "b": b}


def test_a_list_of_one_and_the_same_arrays_is_said():
    found = judged(lambda params, batches: list(in_place(params, batches)), runs=32)

    assert found.verdict == "rejected"
    assert found.reason.endswith("yield copies")
    assert judged(in_place, runs=32).verdict == "correct"  # a step is copied as it comes


def test_a_loop_that_never_moves_is_no_list_of_one_array():
    still = lambda params, batches: [dict(params) for _ in batches]

    assert judged(still, runs=32).verdict == "wrong"


def test_a_name_and_batches_that_cannot_be_used_are_said():
    with pytest.raises(ValueError, match="rule is 'sgd'; did you mean 'gradient_descent'?"):
        judged(loop(), rule="sgd", learning_rate=RATE)
    with pytest.raises(
        TypeError, match="the rule momentum: .*'learning_rate'; it takes learning_rate, d"
    ):
        judged(loop(), rule="momentum", decay=0.9)
    with pytest.raises(TypeError, match="batches is a generator; pass a list of batches"):
        judged(loop(), batches=(batch for batch in BATCHES))


@pytest.mark.parametrize("answer", [{"w": np.ones(2)}, np.ones(2)], ids=["dict", "array"])
def test_the_last_weights_alone_are_no_records(answer):
    of, params, batches = lambda w, x: jnp.sum(w * x), jnp.ones(2), [(jnp.ones(2),)]
    rule = {"rule": "gradient_descent", "learning_rate": 0.1}
    found = vf.validate_training(lambda *_: answer, of=of, params=params, batches=batches, **rule)
    assert found.verdict == "rejected" and "yield the weights after each step" in found.reason
    assert "it is called as train(params, batches)" in found.reason
