"""Libraries' update rules: each is the variant that the table says, over drawn settings."""

import inspect

import pytest

import verification as vf
from verification.adapters.update_libraries import LIBRARIES
from verification.derivations.rules import VARIANTS
from verification.updates.many import agreed, in_optax, one_by_one

CELLS = {(lib, c.variant): c for lib, cells in LIBRARIES.items() for c in cells}
OPTAX = (
    *("adafactor", "adam", "nesterov", "rmsprop_centred", "adan_decoupled", "prodigy"),
    *("schedule_free_sgd_l2", "skip_not_finite", "sharpness_aware"),
)
TORCH = [
    "momentum_dampened_later",
    "adagrad_decaying",
    "adamw",
    "amsgrad_maximum_first",
    "nadam_scheduled",
    "clip_global_norm_eps",
    "adafactor_floored_decoupled",
    "loss_scaling_clip",
]


@pytest.mark.parametrize("name", OPTAX)
def test_optax_is_the_variant_over_drawn_settings(name):
    found = agreed(CELLS["optax", name], in_optax, 25, "float32", seed=2)
    assert found.outside == 0 and 0.02 < found.worst <= 1.0


@pytest.mark.parametrize("name", CELLS, ids=" ".join)
def test_every_maker_takes_what_it_is_given(name):
    cell = CELLS[name]
    given = {n: 0.1 for n in VARIANTS[cell.variant].defaults if n not in cell.fixed}
    rate = {} if cell.variant.startswith("average") else {"learning_rate": 0.1}
    inspect.signature(cell.make).bind(**rate, **given)


def test_another_variant_is_outside_at_every_setting():
    cell = CELLS["optax", "rmsprop"]._replace(variant="rmsprop_eps_outside")
    assert agreed(cell, in_optax, 10, "float64", seed=2).outside == 10


@pytest.mark.torch
@pytest.mark.parametrize("name", TORCH)
def test_pytorch_is_the_variant(name):
    pytest.importorskip("torch")
    found = agreed(CELLS["PyTorch", name], one_by_one, 2, "float32", seed=2)
    assert found.outside == 0


@pytest.mark.torch
def test_a_variant_that_pytorch_is_not_is_named():
    pytest.importorskip("torch")
    cell = CELLS["PyTorch", "rmsprop_eps_outside"]
    finding = vf.validate_update(cell.make, against="rmsprop", cases=1)
    assert "rmsprop_eps_outside" in str(finding.explanation[0])


@pytest.mark.parametrize("cell", LIBRARIES["scikit-learn"], ids=lambda c: c.variant)
def test_scikit_learn_is_the_variant(cell):
    finding = vf.validate_update(cell.make, against=cell.variant, cases=1, **cell.fixed)
    assert finding.verdict == "correct"


@pytest.mark.parametrize("cell", LIBRARIES["Keras"][:1], ids=lambda c: c.variant)
def test_keras_is_the_variant(cell):
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        finding = vf.validate_update(cell.make, against=cell.variant, cases=1, **cell.fixed)
    finally:
        keras.config.set_floatx(before)
    assert finding.verdict == "correct"


def test_every_cell_says_how_it_is_written():
    assert all(cell.arguments for cell in CELLS.values())
    assert len(CELLS) == sum(map(len, LIBRARIES.values()))
    assert not any(cell.fixed.get("learning_rate") for cell in CELLS.values())
