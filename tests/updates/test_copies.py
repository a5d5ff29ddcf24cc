"""What a rule remembers is copied: values, kinds and which names are one array."""

import copy
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from verification.updates.copies import copied


class Memory(NamedTuple):
    m: Any
    v: Any


class Own:
    def __init__(self, inner):
        self.inner = inner


def test_a_copy_is_what_deepcopy_makes():
    zeros = np.zeros(3)
    state = {"memory": Memory([zeros, zeros[:2]], (zeros, 3, None)), "own": Own(zeros)}
    for made in (copied(state), copy.deepcopy(state)):
        memory, own = made["memory"], made["own"]
        assert type(memory) is Memory and memory.v[1:] == (3, None)
        memory.m[0][:] = 1.0  # one array under three names, the last inside of an object
        assert memory.v[0] is memory.m[0] is own.inner
        assert (memory.v[0] == 1.0).all() and (memory.m[1] == 0.0).all()
    assert (zeros == 0.0).all()


def test_what_holds_itself_and_what_cannot_change():
    held: list[Any] = [jnp.ones(2)]
    held.append(held)
    made = copied(held)
    assert made is not held and made[1] is made and made[0] is held[0]
