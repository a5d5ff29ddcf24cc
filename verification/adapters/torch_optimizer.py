"""PyTorch's optimizers as update rules, on the CPU."""

import copy
from collections.abc import Callable
from typing import Any

import jax

from .torch_mlp import _torch, array, tensor


def torch_optimizer(make: Callable, before: Callable | None = None) -> tuple[Callable, Callable]:
    """(init, update) of make(parameters) -> torch.optim.Optimizer.

    The state is the optimizer's own state dict; update takes the rate of the step, if it is told
    one.  before(parameters), if given, is called between backward and step: clipping, say.
    Raises ImportError without PyTorch.
    """
    torch = _torch()

    def built(params, state) -> tuple[list, Any]:
        leaves = [tensor(torch, leaf).requires_grad_() for leaf in jax.tree.leaves(params)]
        optimizer = make(leaves)
        if state is not None:
            groups = copy.deepcopy(optimizer.state_dict()["param_groups"])  # as made just now
            optimizer.load_state_dict({"state": copy.deepcopy(state), "param_groups": groups})
        return leaves, optimizer

    def init(params):
        return built(params, None)[1].state_dict()["state"]

    def update(gradient, state, params, learning_rate=None):
        leaves, optimizer = built(params, state)
        for leaf, slope in zip(leaves, jax.tree.leaves(gradient), strict=True):
            leaf.grad = tensor(torch, slope)
        if learning_rate is not None:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
        if before is not None:
            before(leaves)
        optimizer.step()
        arrays = [array(torch, leaf.detach()) for leaf in leaves]
        tree = jax.tree.structure(params)
        return jax.tree.unflatten(tree, arrays), optimizer.state_dict()["state"]

    return init, update
