"""PyTorch's loop of the same work as numpy_loop.py: autograd, torch.optim.SGD, a schedule."""

from collections.abc import Callable, Iterator

import jax

from .numpy_loop import Work
from .recorded import TrainingStep
from .torch_mlp import _torch, tensor


def loop(work: Work) -> Callable:
    """train(params, batches), step by step.  Raises ImportError without PyTorch.

    SGD couples its decay with the momentum: here the decay of the weights is taken by hand, after
    the slopes and before the step, as the decoupled rule has it.
    """
    torch = _torch()

    def train(params, batches) -> Iterator[TrainingStep]:
        leaves = [tensor(torch, leaf).requires_grad_() for leaf in jax.tree.leaves(params)]
        rule = torch.optim.SGD(leaves, lr=work.rate, momentum=work.momentum)
        halving = lambda count: 2.0 ** (-count / 10.0)
        schedule = torch.optim.lr_scheduler.LambdaLR(rule, halving)
        for x, y in batches:
            rule.zero_grad()
            w1, b1, w2, b2 = leaves
            x, y = tensor(torch, x), tensor(torch, y)
            out = torch.tanh(x @ w1 + b1) @ w2 + b2
            loss = torch.nn.functional.mse_loss(out, y)
            loss.backward()
            gradient = [leaf.grad.clone() for leaf in leaves]
            decay = schedule.get_last_lr()[0] * work.decay
            with torch.no_grad():
                for leaf in (w1, w2):
                    leaf.mul_(1.0 - decay)
            rule.step()
            schedule.step()
            yield TrainingStep(leaves, loss, gradient)

    return train
