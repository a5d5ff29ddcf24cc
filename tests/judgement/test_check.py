"""Every derivation is correct in both dtypes at its draws and edges; a wrong twin is not."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from verification import derivations
from verification.arithmetic.formats import DTYPES
from verification.derivations.layers import LAYERS
from verification.judgement import check as module
from verification.judgement.check import check
from verification.vocabulary import Verdict


@pytest.mark.parametrize("name", derivations.ALL)
def test_every_derivation_is_correct(name):
    cases = 16 if name in LAYERS else 64  # of what is made of parts that are looked at here, too
    checked = check(name, cases=cases)

    assert {f.dtype for f in checked.findings} == {"float64", "float32"}
    for finding in [*checked.findings, *(f for a in checked.arrows for f in a.findings)]:
        assert finding.verdict == Verdict.CORRECT, f"{finding.name}: {finding.reason}"
    assert all(f.cases >= cases for f in checked.findings)
    assert all(kills for f in checked.findings for kills in f.kills.values())
    for said in [*checked.agreements, *(s for a in checked.arrows for s in a.agreements)]:
        assert said.agrees is not False, f"{said.oracle} {said.note}"


@pytest.mark.parametrize("name", ["sigmoid", "mse", "dense"])
def test_a_wrong_twin_is_wrong(name, monkeypatch):
    right = derivations.ALL[name]
    twin = replace(right, gradient=_doubled(right.gradient), arrows=())
    monkeypatch.setitem(derivations.ALL, name, twin)

    assert check(name, cases=3).verdict == Verdict.WRONG


NARROW = ("relu", "sigmoid", "gelu", "binary_cross_entropy", "dense", "neuron", "mlp_relu")
MIXED = tuple(d for d in DTYPES if "_" in d)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *((name, dtype) for name in NARROW for dtype in ("float16", "bfloat16")),
        *((name, dtype) for name in ("sigmoid", "neuron") for dtype in MIXED),
    ],
)
def test_derivations_are_correct_in_narrow_and_mixed_formats(name, dtype):
    checked = check(name, cases=6, dtypes=(dtype,))

    for finding in [*checked.findings, *(f for a in checked.arrows for f in a.findings)]:
        assert finding.verdict == Verdict.CORRECT, f"{finding.name}: {finding.reason}"
        assert finding.skipped < finding.cases / 2


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_wrong_arrow_is_wrong_in_narrow_formats(dtype):
    right = derivations.ALL["sigmoid"]
    wrong = replace(right.arrows[0], gradient=_doubled(right.arrows[0].gradient))
    (finding,) = module.check_arrow(wrong, np.random.default_rng(0), (dtype,)).findings

    assert finding.verdict == Verdict.WRONG


def _doubled(gradient):
    return lambda *args: jax.tree.map(lambda leaf: 2.0 * leaf, gradient(*args))


def test_a_wrong_arrow_spoils_the_check():
    right = derivations.ALL["sigmoid"]
    wrong = replace(right.arrows[0], gradient=_doubled(right.arrows[0].gradient))
    checked = module.check_arrow(wrong, np.random.default_rng(0))

    assert {f.verdict for f in checked.findings} == {Verdict.WRONG}


def test_the_same_seed_gives_the_same_check():
    once, again, other = (repr(vars(check("tanh", cases=3, seed=seed))) for seed in (5, 5, 6))

    assert once == again
    assert once != other


def test_a_format_or_a_number_of_cases_that_there_is_not_is_named():
    with pytest.raises(
        ValueError, match="dtype is 'float8'; did you mean 'float64'. it must be one of"
    ):
        check("tanh", dtypes=("float32", "float8"))
    with pytest.raises(ValueError, match="cases is 0; at least 1 is needed"):
        check("tanh", cases=0)


def test_a_primitive_without_a_rule_is_undecided_and_named(monkeypatch):
    of = lambda z: jax.lax.approx_max_k(z, z.shape[-1])[0]
    gradient = lambda z, da: jax.vjp(of, z)[1](da)
    new = replace(derivations.ALL["sigmoid"], function=of, gradient=gradient, arrows=())
    monkeypatch.setitem(derivations.ALL, "sigmoid", new)
    checked = check("sigmoid", cases=2)

    assert checked.verdict == Verdict.UNDECIDED
    for finding in checked.findings:
        assert finding.verdict == Verdict.UNDECIDED
        assert "no rule for the primitive 'approx_top_k'" in finding.reason


def test_a_primitive_without_a_bound_is_undecided_and_named(monkeypatch):
    """The truth is proven, but nobody knows what rounding may do to this gradient."""
    right = derivations.ALL["sigmoid"]
    gradient = lambda z, da: (
        right.gradient(z, da)[0] + 0.0 * jax.lax.approx_max_k(z, z.shape[-1])[0],
    )
    monkeypatch.setitem(derivations.ALL, "sigmoid", replace(right, gradient=gradient, arrows=()))
    finding, *_ = check("sigmoid", cases=2).findings

    assert finding.verdict == Verdict.UNDECIDED
    assert "no rule for the primitive 'approx_top_k'" in finding.reason


def widely(rng):
    """Draws of which float16 does not hold one in two."""
    return (rng.uniform(1.2, 2.0, size=(3, 5)) * (1e6 if rng.uniform() < 1 / 2 else 1.0),)


def test_draws_beyond_the_range_are_left_out_counted_and_replaced(monkeypatch):
    monkeypatch.setitem(
        derivations.ALL, "relu", replace(derivations.ALL["relu"], draw=widely, arrows=())
    )
    (finding,) = check("relu", cases=8, dtypes=("float16",)).findings

    assert finding.left_out > 0 and finding.cases_drawn > 8
    assert f"{finding.left_out} cases left out: beyond float16's range" in str(finding)


def test_a_draw_that_narrow_formats_cannot_decide_is_no_pass(monkeypatch):
    """exp overflows at every draw; the edges alone make nothing correct."""
    right = derivations.ALL["sigmoid"]
    exp = lambda z, da: (jax.numpy.exp(z) * da,)
    high = lambda rng: (rng.uniform(12.0, 13.0, size=(3, 5)),)
    new = replace(right, function=jax.numpy.exp, gradient=exp, draw=high, arrows=())
    monkeypatch.setitem(derivations.ALL, "sigmoid", new)
    checked = check("sigmoid", cases=2, dtypes=("float32", "float16"))
    wide, narrow = checked.findings

    assert wide.verdict == Verdict.CORRECT
    assert narrow.verdict == Verdict.UNDECIDED
    assert "no oracle could decide draw 0: a correct implementation may overflow" in narrow.reason
    assert narrow.cases_drawn == 16


def test_more_draws_do_not_change_the_first_ones():
    few, many = ([] for _ in range(2))
    for seen, cases in ((few, 2), (many, 5)):
        rng = np.random.default_rng(3)
        draw = derivations.ALL["tanh"].draw
        spied = lambda r, draw=draw, s=seen: s.append(draw(r)) or s[-1]
        spy = replace(derivations.ALL["tanh"], draw=spied)
        module.examine(spy, rng, {"float32": cases}, 0)

    assert len(few) == 2 and len(many) == 5
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(few, many, strict=False))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match="unknown derivation 'sigmund'; did you mean 'sigmoid'. there are identity"
    ):
        check("sigmund")
