"""Every derivation is correct in both dtypes over 64 draws and its edges; a wrong twin is not."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from verification import derivations
from verification.judgement import check as module
from verification.judgement.check import check
from verification.vocabulary import Verdict


@pytest.mark.parametrize("name", derivations.ALL)
def test_every_derivation_is_correct(name):
    checked = check(name, cases=64)

    assert {f.dtype for f in checked.findings} == {"float64", "float32"}
    for finding in [*checked.findings, *(f for a in checked.arrows for f in a.findings)]:
        assert finding.verdict == Verdict.CORRECT, f"{finding.name}: {finding.reason}"
    assert all(f.cases >= 64 for f in checked.findings)
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


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", NARROW)
def test_derivations_are_correct_in_narrow_formats(name, dtype):
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
    once, again, other = (repr(check("tanh", cases=3, seed=seed)) for seed in (5, 5, 6))

    assert once == again
    assert once != other


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match="unknown derivation 'sigmund'; there are identity, sigmoid"
    ):
        check("sigmund")
