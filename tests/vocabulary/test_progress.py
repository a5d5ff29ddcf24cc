"""The line of a long run: what it says, where it is seen, and that a pipe sees nothing."""

import io
import time

import jax.numpy as jnp
import pytest

import verification as vf
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


def test_a_run_inside_of_another_has_no_line_of_its_own(monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", Screen())
    with progress.watched("outer"), progress.watched("inner"):
        assert [run.title for run in progress.CURRENT] == ["outer"]


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
