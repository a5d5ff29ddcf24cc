"""Mistakes people make in loops over tokens, in accumulation and on resuming: one custom changed.

Each is planted into a loop in NumPy, in JAX and in PyTorch (adapters/token_slopes.py).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ..adapters import token_loop
from ..adapters.token_loop import RIGHT, Customs, TokenWork
from ..adapters.token_slopes import Engine
from .loops import said
from .token_schedules import (
    first_batch,
    first_rate_zero,
    schedule_not_restored,
    schedule_stepped_twice,
    schedule_too_early,
    since_resumed,
)

SCALE = 2.0**12  # of a loss


class TokenFault(NamedTuple):
    """A named mistake: train(params, batches) of some work, with the mistake in it."""

    name: str
    description: str
    customs: Callable[[TokenWork], Customs]

    def train(self, work: TokenWork, engine: Engine) -> Callable:
        return token_loop.token_loop(work, engine, self.customs(work))


def never_cleared(work: TokenWork) -> Customs:
    """Gradients pile up: each step applies the sum of all so far.

    Where people meet it: zero_grad() is forgotten, or stands after the backward pass.
    """
    total = lambda gradients: [sum(leaf) for leaf in zip(*gradients, strict=True)]
    return RIGHT._replace(told=total)


def last_micro_batch(work: TokenWork) -> Customs:
    """Of the micro-batches of a batch only the last one counts.

    Where people meet it: zero_grad() stands inside the loop over micro-batches.
    """
    return RIGHT._replace(accumulated=lambda gradients, tokens, full: gradients[-1])


def first_mask(work: TokenWork) -> Customs:
    """The dropout mask of the first step is taken for ever.

    Where people meet it: a key of JAX that is never split, a mask made before the loop, a function
    that was compiled with its random numbers in it.
    """
    return RIGHT._replace(key=lambda work, step: 0)


def padding_in_the_loss(work: TokenWork) -> Customs:
    """Padding counts in the loss as tokens do.

    Where people meet it: the labels of padding are not set to the index that is ignored, or the
    mask is left out of the mean.
    """
    share = lambda mask: np.ones_like(mask) / mask.size
    return RIGHT._replace(share=share, accumulated=by_examples(work))


def mean_over_samples(work: TokenWork) -> Customs:
    """Every example counts alike, where every token should.

    Where people meet it: the loss is averaged over each sequence, and then over the batch.
    """
    return RIGHT._replace(
        share=lambda mask: mask / mask.sum(axis=1, keepdims=True) / len(mask),
        accumulated=by_examples(work),
    )


def by_examples(work: TokenWork) -> Callable:
    """The mean over micro-batches of full ones and a smaller last one: by their examples."""

    def accumulated(gradients, tokens, full):
        sizes = [work.micro] * len(gradients)
        last = len(work.data[0]) % work.batch % work.micro
        sizes[-1] = last if last and len(gradients) < full else work.micro
        return token_loop.accumulated(gradients, sizes, full)

    return accumulated


def mean_of_means(work: TokenWork) -> Customs:
    """Micro-batches count alike, though they differ in tokens.

    Where people meet it: each loss is a mean over the tokens of its micro-batch and is divided by
    the number of micro-batches, as most trainers did until 2024.
    """
    alike = lambda gradients, tokens, full: token_loop.accumulated(
        gradients, [1] * len(tokens), full
    )
    return RIGHT._replace(accumulated=alike)


def last_group(power: int) -> Callable:
    """The accumulated gradient times (micro-batches / those of a full batch)^power."""

    def accumulated(gradients, tokens, full):
        right = token_loop.accumulated(gradients, tokens, full)
        return [float((len(tokens) / full) ** power) * g for g in right]

    return accumulated


def under_scaled(work: TokenWork) -> Customs:
    """The last, smaller accumulation is divided by the number of micro-batches of a full one.

    Where people meet it: accumulation_steps is a constant, and the data end before it is reached.
    """
    return RIGHT._replace(accumulated=last_group(1))


def over_scaled(work: TokenWork) -> Customs:
    """The last, smaller accumulation is made up for twice.

    Where people meet it: a loop divides by the micro-batches it has seen, under a library that
    scales what is left at the end of an epoch by itself.
    """
    return RIGHT._replace(accumulated=last_group(-1))


def frozen_decayed(work: TokenWork) -> Customs:
    """A frozen tensor decays.

    Where people meet it: its gradient is set to 0, and an optimizer with decay still has it.
    """
    return RIGHT._replace(decays=lambda name: name in "ws")


def frozen_updated(work: TokenWork) -> Customs:
    """A frozen tensor is updated.

    Where people meet it: requires_grad is set on a copy, or after the optimizer was made; a mask
    of labels is the wrong way round.
    """
    return RIGHT._replace(times=lambda name: 1)


def not_handed_over(work: TokenWork) -> Customs:
    """A bias is never handed to the rule.

    Where people meet it: the optimizer is made before a layer is added, or of a list of modules
    that PyTorch does not see.
    """
    return RIGHT._replace(times=lambda name: int(name not in "sb"))


def tied_twice(work: TokenWork) -> Customs:
    """The rule is applied twice to a tensor that is tied.

    Where people meet it: the embedding is the last layer too, and stands in two groups.
    """
    return RIGHT._replace(times=lambda name: {"s": 0, "w": 2}.get(name, 1))


def state_not_restored(work: TokenWork) -> Customs:
    """On resuming the weights are read back, and the rule starts anew.

    Where people meet it: a checkpoint has the model's state and not the optimizer's.
    """
    reset = lambda work, step, v: [0 * leaf for leaf in v] if step == work.resume else v
    return RIGHT._replace(velocity=reset)


def order_not_restored(work: TokenWork) -> Customs:
    """On resuming the data come from their beginning again.

    Where people meet it: the state of the sampler is not in the checkpoint.
    """
    return RIGHT._replace(start=since_resumed)


def key_not_restored(work: TokenWork) -> Customs:
    """On resuming dropout draws the masks of the first steps again.

    Where people meet it: the random state is not in the checkpoint; a seed is set at the start.
    """
    return RIGHT._replace(key=since_resumed)


def same_order(work: TokenWork) -> Customs:
    """The data come in the order of the first epoch in every epoch.

    Where people meet it: a distributed sampler that is never told the epoch (set_epoch).
    """
    return RIGHT._replace(epoch=lambda work, step, epoch: 0)


def evaluation_mode(work: TokenWork) -> Customs:
    """The network is trained in evaluation mode: nothing is dropped.

    Where people meet it: model.eval() before a validation, and no model.train() after it.
    """
    return RIGHT._replace(drop=np.ones_like)


def autocast(work: TokenWork) -> Customs:
    """Loss and gradients are computed in bfloat16.

    Where people meet it: autocast is left on, or a default dtype is set for good.
    """
    return RIGHT._replace(narrow=True)


def loss_scale(work: TokenWork) -> Customs:
    """Gradients are those of the scaled loss.

    Where people meet it: clipping, or the step, before unscale_() is called.
    """
    scaled = lambda *given: [SCALE * g for g in token_loop.accumulated(*given)]
    return RIGHT._replace(accumulated=scaled)


def clip_by_local_norm(work: TokenWork) -> Customs:
    """Every tensor is clipped by its own norm, where that of all should be taken.

    Where people meet it: clip_grad_norm_ in a loop over parameters, or on one shard of them.
    """
    own = lambda gradient, most: [g for one in gradient for g in token_loop.clipped([one], most)]
    return RIGHT._replace(clipped=own)


def _named(name: str, customs: Callable) -> tuple[str, TokenFault]:
    return name, TokenFault(name, said(customs), customs)


TOKEN_LOOPS: Mapping[str, TokenFault] = dict(
    [
        _named("gradients never cleared", never_cleared),
        _named("last micro-batch only", last_micro_batch),
        _named("first mask for ever", first_mask),
        _named("padding in the loss", padding_in_the_loss),
        _named("mean over samples", mean_over_samples),
        _named("mean of means", mean_of_means),
        _named("last accumulation under-scaled", under_scaled),
        _named("last accumulation over-scaled", over_scaled),
        _named("decay on frozen parameters", frozen_decayed),
        _named("frozen parameters updated", frozen_updated),
        _named("parameters not handed over", not_handed_over),
        _named("tied weights updated twice", tied_twice),
        _named("momentum reset", state_not_restored),
        _named("schedule not restored", schedule_not_restored),
        _named("order not restored", order_not_restored),
        _named("key not restored", key_not_restored),
        _named("same order every epoch", same_order),
        _named("first batch for ever", first_batch),
        _named("schedule stepped too often", schedule_stepped_twice),
        _named("off-by-one schedule", schedule_too_early),
        _named("rate is zero", first_rate_zero),
        _named("evaluation mode left on", evaluation_mode),
        _named("autocast left on", autocast),
        _named("loss scale left on", loss_scale),
        _named("clip by local norm", clip_by_local_norm),
    ]
)
