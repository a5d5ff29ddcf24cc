"""What a look at a recorded run says: each mistake, and the right runs that are nearest to it."""

from typing import Any

import numpy as np
import pytest

import verification as vf
from verification.adapters import numpy_loop

WORK = numpy_loop.work(epochs=6)
START = [leaf for layer in WORK.params for leaf in layer]


def recorded(habits=numpy_loop.RIGHT, work=WORK, params=None):
    """A run of the NumPy loop with its batches."""
    steps = numpy_loop.loop(work, habits)(work.params if params is None else params, [])
    batches = [batch for epoch in habits.deal(work) for batch in epoch]
    return [step._replace(batch=b) for step, b in zip(steps, batches, strict=True)]


def names(steps, start=START, **how):
    return [one.name for one in vf.lint_training(steps, start=start, **how).suspicions]


def changed(**habits):
    return recorded(numpy_loop.RIGHT._replace(**habits))


def whole(work):
    """All examples as one batch."""
    return [[work.train]] * (4 * work.epochs)


def in_order(work):
    return [numpy_loop.deal(work)[0]] * work.epochs


def narrow(kind):
    params = [tuple(np.asarray(leaf, kind) for leaf in layer) for layer in WORK.params]
    return recorded(params=params), [leaf for layer in params for leaf in layer]


def piled(gradients):
    return [sum(leaf) for leaf in zip(*gradients, strict=True)]


@pytest.mark.parametrize("kind", ["float64", "float32", "float16"])
def test_nothing_is_said_of_a_right_run(kind):
    steps, start = narrow(kind)
    found = vf.lint_training(steps, start=start)
    assert found, str(found)
    assert "weights never move" in found.looked and "replicas differ" in found.silent
    assert "fewer than two replicas" in str(found)


def test_nothing_is_said_of_one_batch_for_the_whole_run():
    found = vf.lint_training(changed(deal=whole), start=START)
    assert found and "loss of another batch" in found.looked, str(found)
    assert "the first batch for ever" in found.silent["batch repeats"]


def with_told(steps, change):
    """The records with other gradients told."""
    told = change([step.gradient for step in steps])
    return [s._replace(gradient=g) for s, g in zip(steps, told, strict=True)]


def sums(gradients):
    return [piled(gradients[: k + 1]) for k in range(len(gradients))]


def test_gradients_that_pile_up():
    right = recorded()
    assert "gradients pile up" in names(with_told(right, sums))
    slow = recorded(work=WORK._replace(rate=1e-3, momentum=0.0))
    assert names(slow) == []
    assert "gradients pile up" in names(with_told(slow, sums))


@pytest.mark.parametrize("rate", [1.05, 1.25, 1.4, 2.0, -1.5])
def test_a_run_that_diverges_is_none_that_piles_up(rate):
    rows = [np.full(9, rate**k) for k in range(14)]
    steps = [
        vf.TrainingStep({"w": -np.sum(rows[: k + 1], axis=0)}, None, {"w": g})
        for k, g in enumerate(rows)
    ]
    assert "gradients pile up" not in names(steps, None)


def test_gradients_that_repeat():
    stale = lambda told: [told[k - k % 2] for k in range(len(told))]
    assert "gradients repeat" in names(with_told(recorded(), stale))
    once = [s._replace(batch=None) for s in with_told(recorded(), stale)]
    assert "gradients repeat" in names(once)  # the weights moved all the same


def test_weights_that_never_move():
    steps = changed(handed=lambda at: at != 3)
    (one,) = vf.lint_training(steps, start=START).suspicions
    assert (one.name, one.tensors, one.step) == ("weights never move", ("3",), 1)
    assert "its gradient is not 0" in one.saw and "frozen" in one.unknown
    assert names(steps, frozen=["3"]) == []
    dead = [s._replace(gradient=[*s.gradient[:3], 0 * s.gradient[3]]) for s in steps]
    assert "its gradient is 0" in str(vf.lint_training(dead, start=START))
    with pytest.raises(ValueError, match="no weights 'b'; there are 0, 1, 2, 3"):
        names(steps, frozen=["b"])


def test_an_update_that_is_not_the_gradients():
    climbs = [s._replace(gradient=[-g for g in s.gradient]) for s in recorded()]
    assert "update against the gradient" in names(climbs)
    rng = np.random.default_rng(0)
    shuffled = [s._replace(gradient=[rng.permuted(g) for g in s.gradient]) for s in recorded()]
    assert "update against the gradient" in names(shuffled)
    unseen = [
        s._replace(gradient=[np.zeros_like(s.gradient[0]), *s.gradient[1:]]) for s in recorded()
    ]
    assert "update without a gradient" in names(unseen)


def test_rows_without_a_gradient_may_decay():
    rows = np.ones((4, 3))
    steps = [vf.TrainingStep({"w": 0.9 ** (k + 1) * rows}, None, {"w": 0 * rows}) for k in range(6)]
    assert names(steps, {"w": rows}) == []
    grows = [s._replace(weights={"w": 2 - s.weights["w"]}) for s in steps]
    assert names(grows, {"w": rows}) == ["update without a gradient"]


def test_a_loss_that_is_not_that_of_its_batch():
    right = changed(deal=whole)
    scaled = [s._replace(gradient=[3 * g for g in s.gradient]) for s in right]
    assert "loss of another batch" in names(scaled)
    assert names(right) == []
    assert names([s._replace(loss=-s.loss) for s in right]) == ["loss of another batch"]
    same = [s._replace(loss=right[0].loss) for s in right]
    assert "loss never changes" in names(same)


def test_what_is_not_finite():
    steps = recorded()
    steps[5] = steps[5]._replace(loss=np.nan)
    (one,) = vf.lint_training(steps, start=START).suspicions
    assert (one.name, one.step, one.tensors) == ("not a number", 6, ("loss",))
    skipped = recorded()
    skipped[7] = skipped[7]._replace(weights=skipped[6].weights)
    skipped[7] = skipped[7]._replace(gradient=[np.inf * np.ones_like(g) for g in START])
    assert names(skipped[:8]) == []  # a loss scale that overflowed: no step was taken


def test_batches_that_come_again():
    twice = lambda work: [[b for b in epoch for _ in range(2)] for epoch in numpy_loop.deal(work)]
    assert names(changed(deal=twice)) == ["batch repeats"]
    assert names(changed(deal=in_order)) == ["order repeats"]


def test_a_mask_that_is_never_drawn_again():
    rng = np.random.default_rng(1)
    mask = lambda: (rng.random((8, 7)) < 0.5).astype(float)
    first = mask()
    with_mask = lambda draw: [s._replace(batch=(*s.batch, draw())) for s in recorded()]
    assert names(with_mask(mask)) == []
    (one,) = vf.lint_training(with_mask(lambda: first), start=START).suspicions
    assert one.name == "part of the batch never changes" and one.tensors == ("2",)
    assert names(with_mask(lambda: np.ones((8, 7)))) == []  # it masks nothing


def test_replicas_that_differ():
    both = lambda change: [
        s._replace(replicas=[s.weights, [w + (k >= 3) * change for w in s.weights]])
        for k, s in enumerate(recorded())
    ]
    assert names(both(0.0)) == []
    (one,) = vf.lint_training(both(1e-15), start=START).suspicions
    assert (one.name, one.step) == ("replicas differ", 4)


# --- files -----------------------------------------------------------------------------------


def test_what_is_written_is_what_is_looked_at(tmp_path, refnet):
    steps = changed(deal=in_order)
    vf.record(tmp_path / "run", steps, start=START)
    assert vf.lint_training(tmp_path / "run") == vf.lint_training(steps, start=START)
    status, out, _ = refnet("lint", tmp_path / "run")
    assert status == 1 and "step 5: order repeats: from step 5 on" in out
    right = tmp_path / "right"
    vf.record(right, recorded(), start=START)
    status, out, _ = refnet("lint", right)
    assert status == 0 and "nothing looks wrong" in out


def test_one_file_of_all_steps(tmp_path, refnet):
    steps = changed(deal=in_order)[:16]
    arrays: dict[str, Any] = {
        f"weights/{k}": np.stack([s.weights[k] for s in steps]) for k in range(4)
    }
    np.savez(tmp_path / "run.npz", **arrays, loss=np.array([s.loss for s in steps]))
    assert refnet("lint", tmp_path / "run.npz")[0] == 0
    arrays["weights/3"][:] = 1.0
    np.savez(tmp_path / "run.npz", **arrays)
    status, out, _ = refnet("lint", tmp_path / "run.npz")
    assert status == 1 and "no gradient is recorded" in out
    assert refnet("lint", tmp_path / "run.npz", "--frozen", "3")[0] == 0


def test_weights_before_the_first_step_may_lie_elsewhere(tmp_path, refnet):
    told = {"gradient": np.ones(2)}  # the weights move, and it does not
    vf.record(tmp_path / "run", [{"weights": np.full(2, 1.0 / k), **told} for k in range(1, 5)])
    vf.record(tmp_path / "begun", [], start=np.full(2, 2.0))
    start = "--start", tmp_path / "begun" / "000000.npz"
    assert "first step 3" in refnet("lint", tmp_path / "run")[1]
    assert "first step 2" in refnet("lint", tmp_path / "run", *start)[1]
    np.savez(tmp_path / "other.npz", w=np.ones(2))
    for file, said in (("nowhere.npz", "is no npz file"), ("other.npz", "has no weights")):
        status, _, error = refnet("lint", tmp_path / "run", "--start", tmp_path / file)
        assert status == 2 and said in error


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"w": np.ones((3, 2))}, "has no weights, 'weights/NAME'; it has w"),
        ({"weights/w": np.ones((3, 2)), "loss": np.ones(2)}, "one row for each step"),
    ],
)
def test_what_is_no_run_is_said(tmp_path, refnet, arrays, said):
    np.savez(tmp_path / "run.npz", **arrays)
    status, _, error = refnet("lint", tmp_path / "run.npz")
    assert status == 2 and said in error
    assert refnet("lint", tmp_path / "nowhere")[0] == 2
    with pytest.raises(TypeError, match="run is a int; pass a folder, a file"):
        vf.lint_training(3)
    with pytest.raises(ValueError, match="there is no step in it"):
        vf.lint_training([])
