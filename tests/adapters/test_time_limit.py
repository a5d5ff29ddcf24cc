"""Answers that come late are `rejected`, whatever the code does with an interruption."""

import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters.time_limit import timed

LONG = 60.0  # seconds; no test waits so long
CALLS: list[str] = []
SLEPT: list[str] = []  # those that were not interrupted
of = lambda w: jnp.sum(jnp.sin(w))
points = lambda rng: (rng.normal(size=2),)


def late(w):
    CALLS.append("late")
    time.sleep(LONG)
    SLEPT.append("late")
    return np.cos(w)


def stubborn(w):
    """Catches whatever comes."""
    try:
        return late(w)
    except BaseException:
        return np.cos(w)


def often(w):
    while True:
        try:
            return late(w)
        except Exception:
            continue


@pytest.mark.parametrize("slow", [late, stubborn, often])
def test_a_late_answer_is_rejected_and_asked_for_once(slow):
    CALLS.clear()
    found = vf.validate(slow, of, points, timeout=0.2, cases=3, edges="none")
    assert found.verdict == "rejected" and "no answer within 0.2 s" in found.reason
    assert CALLS == ["late"] and SLEPT == []


def test_one_in_time_is_judged_as_ever():
    assert vf.validate(np.cos, of, points, timeout=LONG, cases=2, edges="none")


def test_a_rule_of_its_own_has_the_same_limit():
    sine = jax.custom_vjp(lambda w: jnp.sin(w))
    sine.defvjp(lambda w: (jnp.sin(w), w), lambda w, d: late(w))
    found = vf.validate(sine, args=points, timeout=0.2, cases=1, edges="none")
    assert found.verdict == "rejected" and "no answer within 0.2 s" in found.reason


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf"), "2", True])
def test_what_is_no_time_is_a_sentence(timeout):
    with pytest.raises(ValueError, match="timeout is "):
        vf.validate(np.cos, of, points, timeout=timeout)


def test_where_no_signal_arrives_it_is_said():
    said = []

    def ask():
        try:
            vf.validate(np.cos, of, points, timeout=1.0)
        except ValueError as error:
            said.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert "main thread" in said[0]


def test_the_former_alarm_is_as_it_was():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    assert timed(np.cos, LONG)(0.0) == 1.0
    assert (
        signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )
