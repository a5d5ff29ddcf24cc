"""Somebody's folder with a campaign in it; an executor of threads, where no process is needed."""

from concurrent.futures import ThreadPoolExecutor

import pytest

TINY = '''"""Tiny gradients."""
import os
import time

import jax.numpy as jnp


def loss(w, x):
    return jnp.sum((w * x - 1.0) ** 2)


def right(w, x):
    return 2 * (w * x - 1.0) * x


def wrong(w, x):
    return (w * x - 1.0) * x


def dies(w, x):
    os._exit(7)


def hangs(w, x):
    time.sleep(60)


def sample(rng):
    return rng.normal(size=3), rng.normal(size=3)
'''
HEAD = 'title = "Tiny <gradients>"\ncases = {cases}\nchunk = 1\nseconds = {seconds}\n'
ENTRY = '\n[[implementation]]\nname = "{0}"\ngradient = "tiny.py:{0}"\nof = "tiny.py:loss"\n'
ENTRY += 'args = "tiny.py:sample"\n'


@pytest.fixture
def described(folder):
    """described(names...) writes the campaign of these functions; returns the path of its file."""
    (folder / "tiny.py").write_text(TINY)

    def write(*names, cases=3, seconds=60, more=""):
        text = HEAD.format(cases=cases, seconds=seconds) + "".join(map(ENTRY.format, names))
        (folder / "tiny.toml").write_text(text + more)
        return folder / "tiny.toml"

    return write


@pytest.fixture
def threads():
    return ThreadPoolExecutor
