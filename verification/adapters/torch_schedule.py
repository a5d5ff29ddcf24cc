"""PyTorch's schedulers of the rate, and its averages of weights, as update rules on the CPU."""

import copy
from collections.abc import Callable

import jax

from .torch_mlp import _torch, array, tensor


def torch_schedule(rate: float, make: Callable) -> tuple[Callable, Callable]:
    """(init, update) of SGD at `rate` under make(optimizer) -> a scheduler of torch.optim.

    The state is what a checkpoint holds: the scheduler's state dict, the rate that the optimizer
    has been set to, and the one that it started from.  update takes another one, if it is told
    one: what the scheduler has made of it is scaled.  Raises ImportError without PyTorch.
    """
    torch = _torch()

    def built(params, state, start):
        leaves = [tensor(torch, leaf).requires_grad_() for leaf in jax.tree.leaves(params)]
        optimizer = torch.optim.SGD(leaves, start)
        scheduler = make(optimizer)
        if state is not None:
            held, now, before = copy.deepcopy(state)
            scheduler.load_state_dict(held | {"base_lrs": [start]})
            for group in optimizer.param_groups:
                group["lr"] = now if start == before else now / before * start
        return leaves, optimizer, scheduler

    def kept(optimizer, scheduler, start):
        return copy.deepcopy(scheduler.state_dict()), optimizer.param_groups[0]["lr"], start

    def init(params):
        return kept(*built(params, None, rate)[1:], rate)

    def update(gradient, state, params, learning_rate=None):
        start = rate if learning_rate is None else learning_rate
        leaves, optimizer, scheduler = built(params, state, start)
        for leaf, slope in zip(leaves, jax.tree.leaves(gradient), strict=True):
            leaf.grad = tensor(torch, slope)
        optimizer.step()
        scheduler.step()
        arrays = [array(torch, leaf.detach()) for leaf in leaves]
        tree = jax.tree.structure(params)
        return jax.tree.unflatten(tree, arrays), kept(optimizer, scheduler, start)

    return init, update


def torch_average(averaging: Callable) -> tuple[Callable, Callable]:
    """(init, update) of averaging(module) -> an AveragedModel of torch.optim.swa_utils.

    What arrives as the gradient are the new weights; the parameters are the average.  The state
    is the averaged model's state dict.  Raises ImportError without PyTorch.
    """
    torch = _torch()

    def built(weights, state):
        leaves = [tensor(torch, leaf) for leaf in jax.tree.leaves(weights)]
        model = torch.nn.ParameterList(torch.nn.Parameter(leaf) for leaf in leaves)
        average = averaging(model)
        if state is not None:
            average.load_state_dict(copy.deepcopy(state))
        return model, average

    def init(params):
        return copy.deepcopy(built(params, None)[1].state_dict())

    def update(weights, state, params):
        model, average = built(weights, state)
        average.update_parameters(model)
        arrays = [array(torch, leaf.detach()) for leaf in average.module]
        tree = jax.tree.structure(params)
        return jax.tree.unflatten(tree, arrays), copy.deepcopy(average.state_dict())

    return init, update
