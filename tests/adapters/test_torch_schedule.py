"""PyTorch's schedulers and averages are the variants that the table says, and no others."""

import pytest

import verification as vf
from verification.adapters.torch_schedule import torch_average, torch_schedule
from verification.adapters.update_libraries import in_torch_schedules
from verification.updates.many import agreed, one_by_one

CELLS = {cell.variant: cell for cell in in_torch_schedules.CELLS}
pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip("torch")


@pytest.mark.parametrize("name", CELLS)
def test_each_is_its_variant(name):
    assert agreed(CELLS[name], one_by_one, 3, "float64", seed=5).outside == 0
    assert vf.validate_update(CELLS[name].make, against=name, cases=2).verdict == "correct"


@pytest.mark.parametrize(
    ("name", "against"),
    [
        ("schedule_cosine_restless", "schedule_cosine"),  # up again, where optax stays at 0
        ("schedule_warmup", "schedule_warmup_from_zero"),
        ("average", "average_from_start"),
    ],
)
def test_what_it_is_not_is_named_as_what_it_is(name, against):
    finding = vf.validate_update(CELLS[name].make, against=against, cases=4)
    assert finding.verdict == "wrong"
    assert finding.explanation[0].fault == name


def test_a_scheduler_that_is_stepped_too_rarely_is_seen(torch):
    def make(learning_rate, gamma):
        init, update = torch_schedule(
            learning_rate, lambda made: torch.optim.lr_scheduler.StepLR(made, 2, gamma)
        )
        return init, update

    finding = vf.validate_update(make, against="schedule_exponential", cases=1)
    assert finding.verdict == "wrong"


def test_an_average_of_another_decay_is_wrong(torch):
    def make(decay):
        swa = torch.optim.swa_utils
        other = swa.get_ema_multi_avg_fn(1.0 - decay)
        return torch_average(lambda model: swa.AveragedModel(model, multi_avg_fn=other))

    finding = vf.validate_update(make, against="average", cases=1)
    assert finding.verdict == "wrong" and finding.explanation[0].fault == "first shares swapped"
