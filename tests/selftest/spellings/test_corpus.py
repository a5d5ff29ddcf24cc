"""Right gradients by many hands raise no alarm; with one wrong factor each of them does."""

import jax
import pytest

from verification.selftest.spellings.corpus import CORPUS, corpus_rows, judgements

FEW = ("sigmoid", "tanh, composed", "softmax", "layer_norm", "uses of one array", "tanh, softmax")
LARGE = {name: CORPUS[name]._replace(scales=CORPUS[name].scales[-1:]) for name in FEW}
ORDINARY = {name: s._replace(scales=s.scales[:1]) for name, s in CORPUS.items()}


def larger(gradient):
    """One factor is wrong by 1 %."""
    return lambda *args: jax.tree.map(lambda leaf: leaf * 1.01, gradient(*args))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nothing_right_is_refused_or_undecided(dtype):
    rows = corpus_rows(LARGE, (dtype,), range(1))
    assert [r["implementation"] for r in rows] == list(FEW)
    assert [r["implementation"] for r in rows if r["false_alarms"] or r["undecided"]] == []
    assert 0.0 < max(r["worst"] for r in rows) <= 1.0


def test_in_other_formats():
    elementwise = {name: ORDINARY[name] for name in ("sigmoid", "tanh")}
    rows = corpus_rows(elementwise, ("float16", "bfloat16", "bfloat16_float32"), range(1))
    assert len(rows) == 6 and not any(r["false_alarms"] for r in rows)


def test_a_wrong_factor_is_refused_in_every_spelling():
    ordinary = {name: ORDINARY[name] for name in FEW}
    verdicts = list(judgements(ordinary, ("float32",), range(1), change=larger))
    assert len(verdicts) > 60
    assert [f"{v.implementation}: {v.configuration}" for v in verdicts if not v.alarms] == []


def test_every_function_has_spellings():
    assert all(len(spelled.right) >= 6 for spelled in CORPUS.values())
    assert len(CORPUS) >= 40
