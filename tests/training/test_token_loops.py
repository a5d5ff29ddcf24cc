"""Loops over tokens in NumPy, JAX and PyTorch: right ones are correct, each mistake is named."""

import numpy as np
import pytest

import verification as vf
from verification.adapters.token_loop import (
    token_batches,
    token_loop,
    token_loss,
    token_rule,
    token_work,
)
from verification.adapters.token_slopes import engines
from verification.faults.token_loops import TOKEN_LOOPS

WORK = token_work()
ENGINES = ("NumPy", "JAX", "PyTorch")
DTYPES = ("float64", "float32")


def judged(train, dtype="float64", work=WORK):
    return vf.validate_training(
        train,
        of=token_loss,
        rule=token_rule(work),
        params=work.params,
        batches=token_batches(work),
        dtype=dtype,
        runs=0,
    )


def engine(name):
    if name == "PyTorch":
        pytest.importorskip("torch")
    return engines(torch=name == "PyTorch")[name]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ENGINES)
def test_a_right_loop_is_correct(name, dtype):
    """Padding, dropout, accumulation, clipping, frozen and tied weights, resumed in between."""
    found = judged(token_loop(WORK, engine(name)), dtype)
    assert found.verdict == "correct", found.reason


@pytest.mark.parametrize(
    ("fault", "name", "dtype"),
    [(f, ENGINES[k % 3], DTYPES[k % 2]) for k, f in enumerate(TOKEN_LOOPS)],  # all: benchmarks
)
def test_each_mistake_is_named(fault, name, dtype):
    found = judged(TOKEN_LOOPS[fault].train(WORK, engine(name)), dtype)
    assert found.verdict == "wrong", found.reason
    assert found.explanation[0].fault == fault, str(found)


def test_what_is_far_from_every_mistake_has_no_name():
    rng = np.random.default_rng(0)

    def train(params, batches):
        for step in token_loop(WORK, engine("NumPy"))(params, batches):
            off = {k: g * (1.0 + 0.3 * rng.normal(size=g.shape)) for k, g in step.gradient.items()}
            yield step._replace(gradient=off)

    found = judged(train)
    assert found.verdict == "wrong" and not any(one.fits for one in found.explanation)


def test_each_mistake_says_where_it_is_met():
    for fault in TOKEN_LOOPS.values():
        assert "Where people meet it: " in (fault.customs.__doc__ or ""), fault.name
        assert fault.description.endswith("."), fault.name
