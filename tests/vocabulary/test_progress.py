"""The line of a long run: what it says, where it is seen, and that a pipe sees nothing."""

import io
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn
import verification as vf
from verification.vectors import export_vectors
from verification.vocabulary import progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def slow(w):
    time.sleep(0.1)
    return 2.0 * w


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(progress, "WAIT", 0.05)
    monkeypatch.setattr(progress, "AGAIN", 0.02)


def asked() -> bool:
    of, args = lambda w: jnp.sum(w * w), lambda rng: rng.normal(size=2)
    return bool(vf.validate(slow, of, args, cases=4, edges="none"))


def test_a_terminal_sees_what_is_done_and_left_and_nothing_remains(quick, monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    assert asked()
    lines = screen.getvalue().split("\r\x1b[K")
    assert any("slow: 2 of 4 cases, about " in line and "s left" in line for line in lines)
    assert lines[-1] == "" and not progress.CURRENT


def test_a_pipe_sees_nothing(quick, monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(progress.sys, "stderr", pipe)
    assert asked() and pipe.getvalue() == ""


def test_a_short_run_has_no_line(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    with progress.watched("short"):
        assert list(progress.counted("cases", "ab", range(2))) == ["a", "b"]
    assert screen.getvalue() == ""


def test_a_run_inside_of_another_stands_behind_it_and_leaves_it_as_it_was(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    with progress.watched("outer"):
        (outer,) = progress.CURRENT
        files = progress.counted("files", ["a", "b"], range(2))
        next(files)
        with progress.watched("inner"):
            list(progress.counted("cases", "abc", range(3)))
            said = progress.told(outer, outer.since + 4.0)
        assert said == "outer: 1 of 2 files, about 4 s left; inner: 3 of 3 cases"
        assert progress.told(outer, outer.since + 4.0) == "outer: 1 of 2 files, about 4 s left"
        assert (outer.what, outer.done, outer.total) == ("files", 1, 2)
    assert not progress.CURRENT and not progress.SHOWN


def test_what_another_process_tells_of_has_no_line_here(quick, monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    with progress.unseen():
        assert asked()
    assert screen.getvalue() == "" and not progress.CURRENT


def test_a_line_is_never_wider_than_the_terminal_and_gives_way(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "20")
    progress.Terminal(screen).show(progress.Run("name" * 20))
    assert len(screen.getvalue()) == len("\r\x1b[K") + 19
    with progress.watched("long"):
        progress.aside()
        assert screen.getvalue().endswith("\r\x1b[K")


def checked():
    vf.check("sigmoid", cases=2)


def exported():
    with TemporaryDirectory() as room:
        export_vectors(Path(room) / "v", ["sigmoid", "mse"], ["float64"], cases=1)


def trained():
    loss = lambda w, x: jnp.sum((w - x) ** 2)
    batches = [(jnp.ones(2),)] * 3
    step = lambda w, x: w - 0.1 * 2 * (w - x)
    train = lambda w, given: [w := step(w, x) for (x,) in given]
    rule = {"rule": "gradient_descent", "learning_rate": 0.1}
    vf.validate_training(train, of=loss, params=jnp.zeros(2), batches=batches, **rule)


def updated():
    rule = rn.gradient_descent(0.1)
    vf.validate_update(rule, against="gradient_descent", learning_rate=0.1, cases=2, steps=2)


def estimated():
    estimate = lambda w, rng: 2 * w + rng.normal(size=2)
    of, args = lambda w: jnp.sum(w * w), np.ones(2)
    vf.validate_estimator(estimate, of, args, samples=2000, bias=0.5, dtype="float64")


def linted():
    vf.lint_training([{"weights": np.full(2, k), "loss": 1.0 / k} for k in range(1, 4)])


LONG = {
    checked: "sigmoid: 1 of 2 dtypes",
    exported: "vectors: 1 of 2 files",
    trained: "training: 3 of 3 steps judged",
    updated: " of 2 cases",
    estimated: "case 0: 1 of 4 blocks of answers",
    linted: "lint: 1 of 12 looks",
}


@pytest.mark.parametrize("run", LONG, ids=lambda run: run.__name__)
def test_every_long_call_says_how_far_it_is(run, monkeypatch):
    """At each count, as a thread that never sleeps would see it."""
    seen = []

    class Told(progress.Run):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "done" and progress.CURRENT:
                seen.append(progress.told(progress.CURRENT[0], 0.0))

    monkeypatch.setattr(progress.sys, "stderr", Screen())
    monkeypatch.setattr(progress, "Run", Told)
    run()
    assert [said for said in seen if LONG[run] in said], seen


def test_a_notebook_has_a_bar_that_goes_when_it_is_done():
    shown = []

    class Handle:
        update = staticmethod(shown.append)

    def display(html, display_id):
        shown.append(html)
        return Handle()

    bar = progress.Notebook(display, str)
    run = progress.Run("gradient", "cases", 1, 4)
    bar.show(run)
    bar.show(run)
    bar.clear()
    assert '<progress max="4" value="1">' in shown[0] and "1 of 4 cases" in shown[1]
    assert shown[2] == ""


def test_what_nobody_can_count_has_no_estimate():
    assert progress.Run("g", "edges", 7).line(0.0) == "g: 7 edges"
    assert (
        progress.Run("g", "cases", 1, 3, since=0.0).line(2.0) == "g: 1 of 3 cases, about 4 s left"
    )


def test_a_long_step_is_told_of_and_then_the_run_again(monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", Screen())
    with progress.watched("large"):
        (run,) = progress.CURRENT
        progress.begin("cases", range(1, 4))
        run.done = 2
        told = [run.line(run.since + 6.0) for _ in progress.parts("draws", range(3), 3)]
        left = ", about 12 s left", ", about 3 s left", ""
        assert told == [f"large: {k} of 3 draws{said}" for k, said in enumerate(left, 1)]
        assert (run.what, run.done, run.total) == ("cases", 2, 4)


def test_a_verdict_tells_its_cases_and_that_edges_follow(quick, monkeypatch):
    screen = Screen()
    monkeypatch.setattr(progress.sys, "stderr", screen)
    vf.validate(slow, lambda w: jnp.sum(w * w), lambda rng: rng.normal(size=2), cases=4)
    assert re.search(r"slow: [123] of 4 cases, about \d+ s left, then edges", screen.getvalue())
