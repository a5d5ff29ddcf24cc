"""PyTorch's update rules: which variant each of them is.  PyTorch is imported when one is made."""

from collections.abc import Callable
from typing import Any

import jax

from ..torch_mlp import _torch, array, tensor
from ..torch_optimizer import torch_optimizer
from .cell import Cell

NAMES = {  # ours -> PyTorch's
    "learning_rate": "lr",
    "decay": "momentum",
    "initial_accumulator_value": "initial_accumulator_value",
}


def optimizer(name: str, renamed: dict[str, str] | None = None, **more: Any) -> Callable:
    """make(**hyperparameters) of torch.optim.<name>, with these further arguments."""
    names = NAMES | (renamed or {})

    def make(**h):
        if "b1" in h:
            h["betas"] = (h.pop("b1"), h.pop("b2"))
        given = {names.get(key, key): value for key, value in h.items()}
        return torch_optimizer(lambda w: getattr(_torch().optim, name)(w, **given, **more))

    return make


def clipping(clip: Callable) -> Callable:
    """SGD whose gradients are clipped first, by a function of torch.nn.utils."""

    def make(learning_rate, **h):
        torch = _torch()
        before = lambda w: clip(torch.nn.utils, w, **h)
        return torch_optimizer(lambda w: torch.optim.SGD(w, learning_rate), before)

    return make


def adafactor(decay_rate, eps, min_scale, threshold, **h):
    """Adafactor; its two epsilons are one argument."""
    made = optimizer("Adafactor", {"threshold": "d"})
    return made(beta2_decay=-decay_rate, eps=(eps, min_scale), threshold=threshold, **h)


def scaling(clips: bool = False):
    """SGD under a GradScaler, as a training loop calls it: unscale_, clip, step, update."""

    def make(learning_rate, init_scale, interval, max_norm=0.0):
        torch = _torch()
        given = {"init_scale": init_scale, "growth_interval": interval}

        def update(gradient, state, params, learning_rate=learning_rate):
            leaves = [tensor(torch, leaf).requires_grad_() for leaf in jax.tree.leaves(params)]
            scaler = torch.amp.GradScaler("cpu", **given)
            if state:
                scaler.load_state_dict(state)
            scaler.scale(torch.zeros(()))  # the scale is made at the first call
            for leaf, slope in zip(leaves, jax.tree.leaves(gradient), strict=True):
                leaf.grad = tensor(torch, slope)
            sgd = torch.optim.SGD(leaves, learning_rate)
            if clips:
                scaler.unscale_(sgd)
                torch.nn.utils.clip_grad_norm_(leaves, max_norm)
            scaler.step(sgd)
            scaler.update()
            arrays = [array(torch, leaf.detach()) for leaf in leaves]
            return jax.tree.unflatten(jax.tree.structure(params), arrays), scaler.state_dict()

        return lambda params: {}, update

    return make


RMSPROP = {"decay": "alpha"}
CELLS = (
    Cell("gradient_descent", "SGD(lr=r)", optimizer("SGD")),
    Cell("gradient_descent_l2", "SGD(lr=r, weight_decay=l)", optimizer("SGD")),
    Cell("momentum", "SGD(lr=r, momentum=b)", optimizer("SGD")),
    Cell("momentum_l2", "SGD(lr=r, momentum=b, weight_decay=l)", optimizer("SGD")),
    Cell("momentum_dampened_later", "SGD(lr=r, momentum=b, dampening=d)", optimizer("SGD")),
    Cell("nesterov", "SGD(lr=r, momentum=b, nesterov=True)", optimizer("SGD", nesterov=True)),
    Cell(
        "nesterov_l2",
        "SGD(lr=r, momentum=b, nesterov=True, weight_decay=l)",
        optimizer("SGD", nesterov=True),
    ),
    Cell(
        "adagrad_outside",
        "Adagrad(lr=r, initial_accumulator_value=a, eps=e)",
        optimizer("Adagrad"),
    ),
    Cell(
        "adagrad_decaying",
        "Adagrad(lr=r, initial_accumulator_value=a, eps=e, lr_decay=k)",
        optimizer("Adagrad"),
    ),
    Cell("adadelta", "Adadelta(lr=r, rho=rho, eps=e)", optimizer("Adadelta")),
    Cell("rmsprop_eps_outside", "RMSprop(lr=r, alpha=b, eps=e)", optimizer("RMSprop", RMSPROP)),
    Cell(
        "rmsprop_eps_outside_momentum",
        "RMSprop(lr=r, alpha=b, eps=e, momentum=m)",
        optimizer("RMSprop", RMSPROP),
    ),
    Cell(
        "rmsprop_centred_eps_outside",
        "RMSprop(lr=r, alpha=b, eps=e, centered=True)",
        optimizer("RMSprop", RMSPROP, centered=True),
    ),
    Cell(
        "rmsprop_centred_eps_outside_momentum",
        "RMSprop(lr=r, alpha=b, eps=e, momentum=m, centered=True)",
        optimizer("RMSprop", RMSPROP, centered=True),
    ),
    Cell("adam", "Adam(lr=r, betas=(b1, b2), eps=e)", optimizer("Adam")),
    Cell("adam_l2", "Adam(lr=r, betas=(b1, b2), eps=e, weight_decay=l)", optimizer("Adam")),
    Cell("adamw", "AdamW(lr=r, betas=(b1, b2), eps=e, weight_decay=l)", optimizer("AdamW")),
    Cell(
        "amsgrad_maximum_first",
        "Adam(lr=r, betas=(b1, b2), eps=e, amsgrad=True)",
        optimizer("Adam", amsgrad=True),
    ),
    Cell(
        "amsgrad_maximum_first_l2",
        "Adam(lr=r, betas=(b1, b2), eps=e, amsgrad=True, weight_decay=l)",
        optimizer("Adam", amsgrad=True),
    ),
    Cell(
        "nadam_scheduled",
        "NAdam(lr=r, betas=(b1, b2), eps=e, momentum_decay=psi)",
        optimizer("NAdam"),
    ),
    Cell("radam_eps_hat", "RAdam(lr=r, betas=(b1, b2), eps=e)", optimizer("RAdam")),
    Cell("adamax", "Adamax(lr=r, betas=(b1, b2), eps=e)", optimizer("Adamax")),
    Cell(
        "adafactor_floored",
        "Adafactor(lr=r, beta2_decay=-c, eps=(e, m), d=d)",
        adafactor,
    ),
    Cell(
        "adafactor_floored_decoupled",
        "Adafactor(lr=r, beta2_decay=-c, eps=(e, m), d=d, weight_decay=l)",
        adafactor,
    ),
    Cell(
        "clip_value",
        "clip_grad_value_(w, c); SGD(lr=r)",
        clipping(lambda utils, w, max_delta: utils.clip_grad_value_(w, max_delta)),
    ),
    Cell(
        "clip_global_norm_eps",
        "clip_grad_norm_(w, c); SGD(lr=r)",
        clipping(lambda utils, w, max_norm: utils.clip_grad_norm_(w, max_norm)),
    ),
    Cell("loss_scaling", "GradScaler(init_scale=s, growth_interval=n), SGD(lr=r)", scaling()),
    Cell(
        "loss_scaling_clip",
        "GradScaler(init_scale=s, growth_interval=n): unscale_, clip_grad_norm_(w, c), SGD(lr=r)",
        scaling(clips=True),
    ),
)
