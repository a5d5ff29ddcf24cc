"""A run of every variant is written as JSON, and the parameters after its steps are read back."""

import json

import jax
import numpy as np
import pytest

from verification.adapters.layouts import HEXADECIMAL, NUMBER, written
from verification.adapters.run_layouts import in_one_line, run_layout
from verification.adapters.strict_json import Improper
from verification.derivations.rules import COUNTS, VARIANTS
from verification.updates import vectors
from verification.updates.trees import question, sequence_of
from verification.updates.vectors import Sequence, layout

WHERE = layout(vectors.PARAMS)


def drawn(name, steps=4):
    rng = np.random.default_rng(2)
    chosen = vectors.hyperparameters(VARIANTS[name], rng, "float64")
    rate = chosen.pop("learning_rate")
    params, gradients = vectors.draw(rng, WHERE.size, steps, "float64")
    return Sequence(chosen, params, gradients, vectors.rates(rate, steps, changes=True))


@pytest.mark.parametrize("floats", [NUMBER, HEXADECIMAL])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_is_written_with_every_number_of_its_kind(name, floats):
    sequence = drawn(name)
    sent = json.loads(json.dumps(run_layout(name).encoded(question(sequence, WHERE), floats)))
    assert list(sent) == ["hyperparameters", "params", "gradients", "rates"]
    assert set(sent["hyperparameters"]) == set(VARIANTS[name].defaults)
    kind = str if floats == HEXADECIMAL else float
    assert all(type(x) is kind for x in (*sent["rates"], sent["params"]["scale"]))
    for given, x in sent["hyperparameters"].items():
        assert type(x) is (int if given in COUNTS else kind)


def test_what_is_sent_is_the_run():
    sequence = drawn("adam")
    again = sequence_of(question(sequence, WHERE))
    assert again.hyperparameters == sequence.hyperparameters and again.rates == sequence.rates
    assert np.array_equal(again.gradients, sequence.gradients)
    assert np.array_equal(again.params, sequence.params)


@pytest.mark.parametrize("floats", [NUMBER, HEXADECIMAL])
def test_an_answer_is_read_step_by_step_in_the_dtype(floats):
    run = question(drawn("adam"), WHERE)
    steps = json.loads(json.dumps({"params": [written(g, floats) for g in run.gradients]}))
    read = run_layout("adam").decoded(steps, run, "float32", floats)
    assert len(read) == 4 and read[0]["w"].dtype == np.float32
    for one, other in zip(read, run.gradients, strict=True):
        assert jax.tree.structure(one) == jax.tree.structure(other)
        assert np.array_equal(one["w"], np.float32(other["w"]))
    del steps["params"][2]["scale"]
    with pytest.raises(Improper, match=r"params\[2\] as an object with b, w, not as an object"):
        run_layout("adam").decoded(steps, run, "float32", floats)


def test_a_tree_that_json_has_not_is_refused():
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        written({"w": object()})


def test_an_unknown_variant_is_named():
    with pytest.raises(ValueError, match="against is 'admm'; did you mean 'adam'"):
        run_layout("admm")
    said = "run: hyperparameters {b1, b2, eps} params gradients rates -> params"
    assert in_one_line("adam") == said
