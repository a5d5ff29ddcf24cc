"""Random numbers of programs are those that PyTorch draws, in the dtype that is judged."""

import jax
import numpy as np
import pytest

import verification as vf
from verification.adapters.torch_programs import Program, branches
from verification.judgement.programs import ELSEWHERE, apart, on_inward, unlike
from verification.measurement.answer import cast
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
F = torch.nn.functional
OPTIONS = {"cases": 2, "edges": "none"}


def many(x):  # from 16 on, normal numbers are drawn otherwise in each dtype
    return x * torch.randn_like(x) + torch.rand(x.shape, dtype=x.dtype) * x.exp()


def bernoulli(x):
    return torch.distributions.Bernoulli(logits=x).sample() * x


def multinomial(x):
    return x.flatten().log_softmax(0)[torch.multinomial(x.flatten().softmax(0), 4, True)]


def poisson(x):
    return torch.poisson(x.exp()) * x


def leaky(x):
    return F.rrelu(F.dropout(x, 0.4), training=True)


def sample(rng):
    return (rng.normal(size=(3, 7)),)


ROUNDED = (many, bernoulli, multinomial, poisson, leaky)
ASKED = [(many, "float64"), *((f, "float32") for f in ROUNDED)]


@pytest.mark.parametrize("of, dtype", ASKED, ids=[f"{f.__name__}-{d}" for f, d in ASKED])
def test_it_is_proven_with_the_numbers_that_are_drawn(of, dtype):
    found = vf.validate(of, of=of, args=sample, dtype=dtype, **OPTIONS)

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


def test_a_slope_that_is_off_beside_them_is_seen():
    off = Program(lambda x: 1.01 * many(x), None).derivative()
    found = vf.validate(off, of=many, args=sample, dtype="float32", **OPTIONS)

    assert found.verdict is Verdict.WRONG and found.oracle == "ball", str(found)


def test_numbers_of_another_dtype_are_others_and_are_not_taken_for_them(monkeypatch):
    point = (sample(np.random.default_rng(0))[0].astype(np.float32),)

    def said():
        wide, known = cast(point, "float64"), Program(many, many).along(point)
        assert unlike(known, point) == ""  # in float64 they are those of float64
        with jax.enable_x64(True):
            program = jax.make_jaxpr(on_inward(known, wide))(*wide)
        return apart(on_inward(known, wide), program, wide, point)

    assert said() == ""
    monkeypatch.setattr(branches, "in_dtype", lambda *asked: [])
    assert said() == ELSEWHERE


def test_what_was_asked_for_its_shapes_first_is_traced_anew():
    of, (point,) = Program(many, many), sample(np.random.default_rng(0))
    narrow = point.astype(np.float32)
    with jax.enable_x64(True):
        jax.eval_shape(of, point)
        there = of.along((narrow,))
        traced = np.asarray(jax.jit(lambda x: there(x))(point))
        assert np.abs(traced - np.asarray(of(narrow))).max() < 2.0**-16
        drawn_wide = np.asarray(Program(many, many)(point))
    assert np.abs(traced - drawn_wide).max() > 1.0  # other numbers are drawn in float64
