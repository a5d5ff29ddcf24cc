"""Nothing is compiled again for another seed, its draws and its edges."""

from collections import Counter
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from refnet import mlp, mse, softmax_cross_entropy
from refnet.layers import Dense

COMPILED = "/jax/core/compile/backend_compile_duration"


def network(rng):
    layers = (Dense(rng.normal(size=s) / 2.0, rng.normal(size=s[1])) for s in ((3, 4), (4, 2)))
    return tuple(layers), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))


def scanned(w, x):
    step = lambda h, row: (jnp.tanh(w @ h + row), None)
    return jnp.sum(jax.lax.scan(step, jnp.zeros(3, x.dtype), x)[0] ** 2)


FUNCTIONS: dict[str, tuple[Callable, Callable]] = {
    "network": (lambda params, x, y: mse(mlp(params, x), y), network),
    "classifier": (
        lambda w, x, y: softmax_cross_entropy(x @ w, y),
        lambda rng: (
            rng.normal(size=(4, 3)),
            rng.normal(size=(6, 4)),
            np.eye(3)[rng.integers(0, 3, 6)],
        ),
    ),
    "loop": (scanned, lambda rng: (rng.normal(size=(3, 3)) / 2.0, rng.normal(size=(7, 3)))),
}


@pytest.fixture
def compiled():
    """What XLA has compiled."""
    seen = Counter()
    hear = lambda event, duration_secs, **_: seen.update([event])
    jax.monitoring.register_event_duration_secs_listener(hear)
    yield lambda: seen[COMPILED]
    jax.monitoring.unregister_event_duration_listener(hear)


def asked(
    of: Callable, gradient: Callable, sample: Callable, dtype: str, seed: int, **how
) -> vf.Verdict:
    with jax.enable_x64(dtype == "float64"):
        answer = lambda *args: gradient(*jax.tree.map(jnp.asarray, args))
        return vf.validate(answer, of=of, args=sample, dtype=dtype, seed=seed, **how).verdict


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_another_seed_compiles_nothing(name, dtype, compiled):
    of, sample = FUNCTIONS[name]
    gradient = jax.jit(jax.grad(of))
    assert asked(of, gradient, sample, dtype, 0) is vf.Verdict.CORRECT
    first = compiled()
    assert asked(of, gradient, sample, dtype, 1) is vf.Verdict.CORRECT
    assert compiled() == first > 0


@pytest.mark.dear
def test_a_candidate_that_is_compiled_at_each_call_is_seen(compiled):
    """That what is counted can be seen."""
    of, sample = FUNCTIONS["classifier"]
    anew = lambda *args: jax.jit(jax.grad(lambda *a: of(*a)))(*args)
    how = {"cases": 2, "edges": "none"}
    asked(of, anew, sample, "float32", 0, **how)
    first = compiled()
    asked(of, anew, sample, "float32", 1, **how)
    assert compiled() >= first + 2  # a draw each
