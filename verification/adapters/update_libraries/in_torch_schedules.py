"""PyTorch's schedulers and averages of weights: which variant each of them is."""

from collections.abc import Callable
from typing import Any

from ..torch_mlp import _torch
from ..torch_schedule import torch_average, torch_schedule
from .cell import Cell


def scheduler(name: str, arguments: Callable[..., dict[str, Any]]) -> Callable:
    """make(learning_rate, ...) of torch.optim.lr_scheduler.<name>(optimizer, **arguments(...))."""

    def make(learning_rate, **h):
        schedulers = _torch().optim.lr_scheduler
        given = arguments(**h)
        return torch_schedule(learning_rate, lambda made: getattr(schedulers, name)(made, **given))

    return make


def exponential_average(decay):
    swa = _torch().optim.swa_utils
    return torch_average(
        lambda model: swa.AveragedModel(model, multi_avg_fn=swa.get_ema_multi_avg_fn(decay))
    )


def equal_average():
    return torch_average(lambda model: _torch().optim.swa_utils.AveragedModel(model))


CELLS = (
    Cell(
        "average",
        "AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(d))",
        exponential_average,
    ),
    Cell("average_equal", "AveragedModel(model)", equal_average),
    Cell(
        "schedule_step",
        "StepLR(SGD(lr=r), n, gamma=g)",
        scheduler("StepLR", lambda step_size, gamma: {"step_size": step_size, "gamma": gamma}),
    ),
    Cell(
        "schedule_exponential",
        "ExponentialLR(SGD(lr=r), g)",
        scheduler("ExponentialLR", lambda gamma: {"gamma": gamma}),
    ),
    Cell(
        "schedule_cosine_restless",
        "CosineAnnealingLR(SGD(lr=r), T)",
        scheduler("CosineAnnealingLR", lambda total: {"T_max": total}),
    ),
    Cell(
        "schedule_warmup",
        "LinearLR(SGD(lr=r), 1 / n, total_iters=n - 1)",
        scheduler(
            "LinearLR", lambda warmup: {"start_factor": 1 / warmup, "total_iters": warmup - 1}
        ),
    ),
)
