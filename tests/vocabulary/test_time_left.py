"""The time left of a whole run, by a clock that the test turns."""

import re
from itertools import pairwise

import pytest

from verification.vocabulary import progress
from verification.vocabulary.time_left import in_words

STEPS = {"the running bound": 10, "draws": 60, "the truth in float64": 30}  # seconds


class Clock:
    """Seconds that pass where the test says so; at each, what is told is kept."""

    def __init__(self):
        self.now, self.run, self.told = 1000.0, progress.Run("gpt"), {}

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.told[self.now - 1000.0] = self.line()
            self.now += 1.0

    def line(self) -> str:
        return self.run.told(self.now)

    def a_case(self, slower: int = 1) -> str:
        """Three steps, of which the second is counted."""
        for what, took in STEPS.items():
            if what == "draws":
                list(progress.parts(what, map(self.passes, [slower * took // 4] * 4), 4))
            else:
                with progress.during(what):
                    self.passes(slower * took)
        return ""


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "monotonic", clock)
    clock.run = progress.Run("gpt")
    monkeypatch.setattr(progress, "CURRENT", [clock.run])
    return clock


def cases(clock, *slower: int, then: str = "") -> dict[float, str]:
    made = map(clock.a_case, slower)
    list(progress.counted("cases", made, range(len(slower)), then))
    return clock.told


def test_after_the_first_case_the_time_left_is_that_of_the_whole(clock):
    told = cases(clock, 1, 1, 1)
    assert told[105] == "gpt: 1 of 3 cases, about 3 min left; the running bound"
    assert told[185] == "gpt: 1 of 3 cases, about 115 s left; the truth in float64"
    assert told[205] == "gpt: 2 of 3 cases, about 95 s left; the running bound"
    assert told[240] == "gpt: 2 of 3 cases, about 60 s left; 2 of 4 draws"
    assert told[299] == "gpt: 2 of 3 cases, about 1 s left; the truth in float64"


def test_in_the_first_case_it_is_that_of_the_stage_and_called_so(clock):
    told = cases(clock, 1)
    assert told[5] == "gpt: 0 of 1 cases; the running bound"
    assert told[40] == "gpt: 0 of 1 cases; 2 of 4 draws, about 30 s left of this stage"
    assert told[85] == "gpt: 0 of 1 cases; the truth in float64"


def test_one_point_that_is_no_draw_has_its_stage_alone(clock):
    clock.a_case()
    assert clock.told[40] == "gpt: 2 of 4 draws, about 30 s left of this stage"


def numbers(told: dict[float, str]) -> list[float]:
    """Seconds left of the whole, wherever they are told."""
    found = (re.search(r"about (\d+) (s|min|h) left(?! of)", line) for line in told.values())
    return [int(m[1]) * {"s": 1, "min": 60, "h": 3600}[m[2]] for m in found if m]


def jumps(left: list[float]) -> float:
    """The largest rise from one second to the next."""
    return max(after - before for before, after in pairwise(left))


def test_the_time_left_does_not_jump_where_a_stage_begins(clock):
    left = numbers(cases(clock, 1, 1, 1))
    assert len(left) == 200 and jumps(left) <= 0


def test_the_time_left_of_the_stages_alone_would_jump(clock, monkeypatch):
    monkeypatch.setattr(progress.Run, "told", progress.Run.line)
    assert jumps(numbers(cases(clock, 1, 1, 1))) > 20


def test_a_slower_case_is_told_by_how_far_it_has_come_in_the_steps_of_the_one_before(clock):
    told = cases(clock, 1, 2)
    assert told[110] == "gpt: 1 of 2 cases, about 90 s left; the running bound"  # as before
    assert told[120] == "gpt: 1 of 2 cases, about 90 s left; 0 of 4 draws"  # 10 s later: as far
    assert told[240] == "gpt: 1 of 2 cases, about 30 s left; the truth in float64"
    assert jumps(numbers(told)) <= 1  # it never rises by more than a second in a second


def test_without_the_steps_of_the_case_before_a_slower_case_is_told_too_early(clock, monkeypatch):
    whole = lambda part, steps, before, now: part.left(now)
    monkeypatch.setattr(progress, "whole_left", whole)
    assert cases(clock, 1, 2)[120] == "gpt: 1 of 2 cases, about 80 s left; 0 of 4 draws"


def test_what_comes_after_the_cases_and_cannot_be_known_is_said(clock):
    told = cases(clock, 1, 1, then="edges")
    assert told[105] == "gpt: 1 of 2 cases, about 95 s left, then edges; the running bound"
    progress.begin("edges")
    assert clock.line() == "gpt: edges"


def test_a_step_that_is_left_in_the_middle_is_over_once(clock):
    list(progress.counted("cases", "a", range(2)))
    with progress.during("outer"):
        inner = progress.parts("inner", "abc", 3)
        next(inner)
    assert (clock.run.what, clock.run.done, clock.run.around) == ("cases", 1, ())
    inner.close()
    assert (clock.run.what, clock.run.done, clock.run.around) == ("cases", 1, ())


def test_hours_are_told_as_hours():
    told = [in_words(seconds) for seconds in (3.2, 119.0, 600.0, 7199.0, 10000.0)]
    assert [one.split()[1:3] for one in told] == [
        ["3", "s"], ["119", "s"], ["10", "min"], ["120", "min"], ["3", "h"]
    ]  # fmt: skip
