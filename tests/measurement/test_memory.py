"""Memory that an answer shares is a note: its values are judged, and inputs stay as they are."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.measurement import memory
from verification.vocabulary import Verdict

ADVICE = "copy it if you accumulate in place"


def two(rng):
    return rng.normal(size=4), rng.normal(size=4)


def one(rng):
    return (rng.normal(size=4),)


def add(a, b):
    return a + b


def judged(gradient, of=add, args=two, **options):
    return vf.validate(gradient, of=of, args=args, cases=3, **options)


def kept_in_one_buffer():
    buffer = np.empty(4)

    def gradient(x, d):
        buffer[: len(x)] = d * np.cos(x)
        return buffer[: len(x)]

    return gradient


def torch_expanded(x):
    torch = pytest.importorskip("torch")
    return torch.ones((), dtype=torch.float64).expand(len(x))


RIGHT = {  # (gradient, of, options), and what is noted
    "the cotangent, twice": (
        (lambda a, b, d: (d, d), add, {"argnums": (0, 1)}),
        "its answer shares memory with the cotangent, and has two arrays that share memory: "
        + ADVICE,
    ),
    "the cotangent": ((lambda a, b, d: d, add, {}), "shares memory with the cotangent: "),
    "a view of it, reversed": (
        (lambda x, d: d[::-1], lambda x: x[::-1], {"args": one}),
        "shares memory with the cotangent: ",
    ),
    "an input": (
        (lambda a, b: b, lambda a, b: jnp.sum(a * b), {}),
        "shares memory with b: ",
    ),
    "two leaves": (
        (
            lambda a, b: (np.cos(a + b),) * 2,
            lambda a, b: jnp.sum(jnp.sin(a + b)),
            {"argnums": (0, 1)},
        ),
        "has two arrays that share memory: ",
    ),
    "an expanded number": (
        (lambda x: np.broadcast_to(3.0, x.shape), lambda x: 3.0 * jnp.sum(x), {"args": one}),
        "has an array whose entries share memory, as an expanded one's do: ",
    ),
    "an expanded tensor": (
        (torch_expanded, jnp.sum, {"args": one}),
        "has an array whose entries share memory, as an expanded one's do: ",
    ),
    "one buffer for all calls": (
        (kept_in_one_buffer(), jnp.sin, {"args": one}),
        "it answers in the same memory every time: copy an answer that you keep",
    ),
}


@pytest.mark.parametrize("habit", RIGHT)
def test_it_is_a_note_that_is_said_once(habit):
    (gradient, of, options), sentence = RIGHT[habit]
    found = judged(gradient, of, **options)

    assert found.verdict is Verdict.CORRECT, found.reason
    assert [sentence in note for note in found.notes].count(True) == 1
    assert len(found.notes) == len(set(found.notes))


def test_copies_and_columns_of_one_array_are_not_noted():
    columns = lambda a, b, d: tuple(np.stack([d, d], 1).T)
    matrix = np.stack([np.ones(4), np.zeros(4)], 1)

    assert judged(lambda a, b, d: d.copy()).notes == ()
    assert judged(columns, argnums=(0, 1)).notes == ()
    assert not memory.shared(matrix[:, 0], matrix[:, 1])
    assert memory.shared(matrix[:, 0], matrix[1])


WRONG = {
    "a view that lacks a sum": (lambda x, d: d[::2], lambda x: jnp.repeat(x, 2), one),
    "a view in the wrong order": (lambda x, d: d[::-1], lambda x: 1.0 * x, one),
    "an input that is another": (lambda a, b: a, lambda a, b: jnp.sum(a * b), two),
    "a wrong number, expanded": (
        lambda x: np.broadcast_to(2.0, x.shape),
        lambda x: 3.0 * jnp.sum(x),
        one,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_behind_a_view_is_wrong(name):
    gradient, of, args = WRONG[name]

    assert judged(gradient, of, args).verdict is Verdict.WRONG


def test_a_second_leaf_that_overwrites_the_first_is_wrong():
    """Both are in one buffer: what is judged is what is in it when it is returned."""
    buffer = np.empty(4)

    def gradient(a, b):
        first = second = buffer[: len(a)]
        first[...] = np.cos(a)
        second[...] = -np.sin(b)
        return first, second

    of = lambda a, b: jnp.sum(jnp.sin(a)) + jnp.sum(jnp.cos(b))
    apart = lambda a, b: (np.cos(a), -np.sin(b))

    assert judged(gradient, of, argnums=(0, 1)).verdict is Verdict.WRONG
    assert judged(apart, of, argnums=(0, 1)).verdict is Verdict.CORRECT


def test_an_input_that_is_changed_in_place_is_still_rejected():
    def doubled(x, d):
        d *= np.cos(x)
        return d

    found = judged(doubled, jnp.sin, one)

    assert found.verdict is Verdict.REJECTED
    assert "it changed its input the cotangent; work on a copy" in found.reason


class Reread:
    """An answer that is another number at each reading."""

    def __init__(self, values):
        self.values, self.dtype, self.shape = values, values.dtype, values.shape

    def __array__(self, dtype=None, copy=None):
        self.values = self.values + 1.0
        return self.values


def test_an_answer_that_changes_while_it_is_looked_at_is_rejected():
    found = judged(lambda x, d: Reread(d * np.cos(x) - 1.0), jnp.sin, one)

    assert found.verdict is Verdict.REJECTED
    assert "its answer changes after it was returned, with no call in between" in found.reason
