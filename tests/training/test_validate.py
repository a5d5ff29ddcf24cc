"""Training runs: right loops stay in the band, and a wrong one is named with its first step."""

import jax
import numpy as np
import optax
import pytest

import refnet as rn
import verification as vf
from verification.adapters import numpy_loop
from verification.faults.loops import LOOPS, in_evaluation

WORK = numpy_loop.work()
SHORT = WORK._replace(epochs=4)  # 16 steps; 200 of them: benchmarks/training_runs.py
INSTEAD = {"evaluation statistics": in_evaluation}


def judged(train, work=WORK, dtype="float64", **how):
    return vf.validate_training(
        train,
        of=numpy_loop.objective(work.normalise),
        rule=numpy_loop.rule(work),
        params=work.params,
        batches=numpy_loop.batches(work),
        dtype=dtype,
        **how,
    )


def ours(params, batches):
    """The loop of refnet: its step, compiled."""
    rule = numpy_loop.rule(WORK)
    state = rule.init(params)
    step = jax.jit(lambda p, s, x, y: rn.train_step(rn.mlp, rn.mse, rule, p, s, x, y))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        for x, y in batches:
            done = step(params, state, x, y)
            params, state = done.params, done.state
            yield vf.TrainingStep(params, done.loss, done.gradient)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("train", [numpy_loop.loop(SHORT), ours], ids=["numpy", "refnet"])
def test_a_right_loop_is_correct(train, dtype):
    finding = judged(train, SHORT, dtype)
    assert (finding.verdict, finding.cases) == ("correct", 16), finding.reason
    assert finding.step is None and finding.explanation == () and finding.chaos_from is None
    assert 0.0 < finding.band < 1e-4


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pytorch_is_correct(dtype):
    pytest.importorskip("torch")
    from verification.adapters import torch_loop

    assert judged(torch_loop.loop(SHORT), SHORT, dtype).verdict == "correct"


def first_difference(fault) -> int:
    """The first step whose loss, gradient or weights are not those of the right loop."""
    work = fault.work(WORK)
    pairs = zip(
        numpy_loop.loop(work)(WORK.params, []), fault.train(WORK)(WORK.params, []), strict=False
    )
    same = lambda a, b: all(
        np.allclose(x, y, rtol=1e-9, atol=1e-12)  # far above rounding, far below any mistake
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )
    return next(k for k, (a, b) in enumerate(pairs, 1) if not same(a, b))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, ("float64", "float32")[k % 2]) for k, name in enumerate(LOOPS)],  # both: benchmarks
)
def test_each_mistake_is_named_with_its_first_step(name, dtype):
    fault = LOOPS[name]
    banded = name == "stale gradient"  # a band is compiled for each problem
    how = {"instead": INSTEAD, "held_out": WORK.held_out} | ({} if banded else {"runs": 0})
    finding = judged(fault.train(WORK), fault.work(WORK), dtype, **how)
    assert finding.verdict == "wrong", finding.reason
    assert finding.step == first_difference(fault)
    assert finding.explanation[0].fault == name, str(finding)
    assert not banded or finding.out_of_band in (finding.step, finding.step + 1)


def test_what_left_first_is_told_apart():
    left = {name: judged(LOOPS[name].train(WORK), runs=0).left for name in LEFT}
    assert left == LEFT


LEFT = {"wrong seed": "loss", "in-place update": "gradient", "momentum reset": "update"}


def test_weights_alone_are_enough():
    bare = lambda train: lambda *given: (step.weights for step in train(*given))
    assert judged(bare(numpy_loop.loop(SHORT)), SHORT).verdict == "correct"
    assert judged(bare(numpy_loop.loop(SHORT)), SHORT, runs=0).verdict == "undecided"
    wrong = judged(bare(LOOPS["last batch dropped"].train(WORK)), runs=0)
    assert (wrong.verdict, wrong.step, wrong.left) == ("wrong", 4, "update")
    assert wrong.explanation[0].fault == "last batch dropped"


# --- chaos -----------------------------------------------------------------------------------


def double_well(params, scale):
    """Descent on it at the rate 1.8 is w <- w + 1.8 (w - w^3): chaotic."""
    w = params["w"]
    return (scale * (w**4 / 4.0 - w * w / 2.0)).sum()


def descent(wrong_at=None):
    def train(params, batches):
        w = params["w"]
        for k, (scale,) in enumerate(batches, 1):
            slope = scale * (w * w * w - w)
            w = w - w.dtype.type(1.8) * (slope * 1.01 if k == wrong_at else slope)
            yield vf.TrainingStep({"w": w}, None, {"w": slope})

    return train


def in_chaos(train, steps=60, **how):
    batches = [(np.array(1.0),)] * steps
    params = {"w": np.array([0.3, -0.7, 0.5])}
    given = {"rule": "gradient_descent", "learning_rate": 1.8, "dtype": "float32"} | how
    return vf.validate_training(train, of=double_well, params=params, batches=batches, **given)


def test_chaos_is_undecided_and_a_mistake_in_it_is_not():
    right, wrong = in_chaos(descent()), in_chaos(descent(wrong_at=7), runs=0)
    assert right.verdict == "undecided" and "chaos: from step" in right.reason
    assert right.chaos_from is not None and right.step is None
    assert (wrong.verdict, wrong.step, wrong.tensor) == ("wrong", 7, "w")


def test_a_small_error_of_one_direction_leaves_the_band_alone():
    """Every step is within its budget; three hundred of them are not within the band."""

    def train(params, batches):
        w = params["w"]
        for x, y in batches:
            slope = (2 * (w * x - y) * x).astype(w.dtype)
            w = w - w.dtype.type(1e-3) * slope
            w = np.nextafter(w, np.float32(np.inf))
            yield vf.TrainingStep({"w": w}, None, {"w": slope})

    loss = lambda params, x, y: ((params["w"] * x - y) ** 2).sum()
    batches = [(np.array([0.5]), np.array([0.5]))] * 300
    finding = vf.validate_training(
        train,
        of=loss,
        rule="gradient_descent",
        learning_rate=1e-3,
        params={"w": np.array([1.7])},
        batches=batches,
        dtype="float32",
    )
    assert (finding.verdict, finding.left) == ("inaccurate", "band")


# --- no proper answer ------------------------------------------------------------------------


def test_a_loop_that_fails_is_rejected():
    def stops(params, batches):
        for n, step in enumerate(numpy_loop.loop(WORK)(params, batches)):
            if n == 5:
                raise RuntimeError("out of paper")
            yield step

    short = lambda params, batches: list(numpy_loop.loop(WORK)(params, batches))[:9]
    shared = lambda params, batches: [params for _ in batches]
    shaped = lambda params, batches: ([w.T for w in jax.tree.leaves(params)] for _ in batches)
    said = [judged(train, runs=0) for train in (stops, short, shaped, lambda params, batches: 3)]
    assert {finding.verdict for finding in said} == {"rejected"}
    words = ("RuntimeError: out of paper", "9 steps; there are 32", "have shapes", "returned int")
    assert all(word in finding.reason for word, finding in zip(words, said, strict=True))
    assert judged(shared, runs=0).verdict == "wrong"  # it never moves


def test_nan_never_passes():
    def train(params, batches):
        for step in numpy_loop.loop(WORK)(params, batches):
            yield step._replace(gradient=[np.nan * leaf for leaf in step.gradient])

    finding = judged(train, runs=0)
    assert (finding.verdict, finding.step, finding.left) == ("rejected", 1, "gradient")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": "adamm"}, "did you mean 'adam'"),
        ({"dtype": "float8"}, "dtype is 'float8'"),
        ({"batches": []}, "batches"),
        ({"runs": 8}, "runs is 8"),
        ({"params": {"n": np.array([1])}}, "an array of floats among its leaves"),
    ],
)
def test_arguments_are_checked(change, said):
    given = {"rule": "adam", "learning_rate": 0.1, "of": double_well, "params": {"w": np.ones(2)}}
    with pytest.raises(ValueError, match=said):
        vf.validate_training(descent(), **({"batches": [(1.0,)]} | given | change))
    with pytest.raises(TypeError, match="have its own|has its own"):
        vf.validate_training(
            descent(),
            of=double_well,
            rule=optax.sgd(0.1),
            params={"w": np.ones(2)},
            batches=[(1.0,)],
            momentum=0.9,
        )
