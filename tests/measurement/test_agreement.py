"""Every oracle is evaluated beside the proven ball: a lie is seen, and a silence says why."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np

from verification import oracles
from verification.measurement import agreement
from verification.measurement.agreement import agreements
from verification.oracles import ball
from verification.oracles.question import ask
from verification.vocabulary import Rank, Silent


def question():
    return ask(lambda z: jnp.sum(jnp.tanh(z)), (np.array([0.3, -1.7]),))


def test_all_oracles_are_heard_in_order_of_authority():
    said = agreements(question())

    assert [a.oracle for a in said] == list(oracles.ALL)
    assert all(a.agrees is not False for a in said)
    assert sum(a.agrees is True for a in said) >= 6


def scaled(factor):
    def gradient(question):
        return [b._replace(mid=b.mid * factor, rad=b.rad + 1e-9) for b in ball.gradient(question)]

    return SimpleNamespace(RANK=Rank.WITNESS, gradient=gradient)


def silent(question):
    raise Silent("nothing to say about tanh")


def test_a_lie_and_a_silence_are_told_apart(monkeypatch):
    mute = SimpleNamespace(RANK=Rank.WITNESS, gradient=silent)
    table = {"liar": scaled(1.001), "honest": scaled(1.0), "mute": mute}
    monkeypatch.setattr(agreement, "ORACLES", table)
    liar, honest, mute = agreements(question())

    assert liar.agrees is False
    assert liar.note.startswith("differs by 0.001")
    assert honest.agrees is True
    assert mute.agrees is None
    assert mute.note == "nothing to say about tanh"
