"""Mistakes people make in training loops, each one habit of the NumPy loop changed."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from ..adapters import numpy_loop
from ..adapters.numpy_loop import EPS, MICRO, RIGHT, Habits, Work, deal


class LoopFault(NamedTuple):
    """A named mistake in a loop: train(params, batches) of some work, with the mistake in it."""

    name: str
    description: str
    habits: Callable[[Work], Habits]
    micro: int = 1
    normalise: bool = False

    def train(self, work: Work) -> Callable:
        return numpy_loop.loop(self.work(work), self.habits(work), self.micro)

    def work(self, work: Work) -> Work:
        return work._replace(normalise=self.normalise)


def shuffled_before_split(work: Work) -> Habits:
    """The data are shuffled and then split: examples that were held out are trained on."""
    whole = [np.concatenate(parts) for parts in zip(work.train, work.held_out, strict=True)]
    order = np.random.default_rng(work.seed).permutation(len(whole[0]))
    leaky = tuple(part[order][: len(work.train[0])] for part in whole)
    return RIGHT._replace(deal=lambda work: deal(work._replace(train=leaky)))


def stale_gradient(work: Work) -> Habits:
    """Each step applies the gradient of the step before it."""
    return RIGHT._replace(applied=lambda gradients: gradients[max(len(gradients) - 2, 0)])


def momentum_reset(work: Work) -> Habits:
    """A new optimizer is made every epoch, so that its momentum starts from 0."""
    return RIGHT._replace(entered=lambda velocity: [0 * leaf for leaf in velocity])


def last_batch_dropped(work: Work) -> Habits:
    """The last batch of an epoch, which is smaller, is left out."""
    full = lambda work: [[b for b in epoch if len(b[0]) == work.batch] for epoch in deal(work)]
    return RIGHT._replace(deal=full)


def decay_on_biases(work: Work) -> Habits:
    """Weight decay is applied to biases as well."""
    return RIGHT._replace(decays=lambda leaf: True)


def eval_statistics(work: Work) -> Habits:
    """Inputs are normalised by running statistics, as in evaluation, not by those of the batch."""
    return RIGHT._replace(statistics=lambda x, running: running)


def off_by_one_schedule(work: Work) -> Habits:
    """The schedule is asked for the step after this one."""
    return RIGHT._replace(scheduled=lambda work, count: numpy_loop.scheduled(work, count + 1))


def updated_in_place(work: Work) -> Habits:
    """A layer is updated before its input's slope is taken: the layer below sees new weights."""
    return RIGHT._replace(in_place=True)


def wrong_accumulation_count(work: Work) -> Habits:
    """Gradients of micro-batches are added, and not divided by how many they are."""
    summed = lambda gradients, sizes: [
        np.sum(leaf, axis=0, dtype=leaf[0].dtype) for leaf in zip(*gradients, strict=True)
    ]
    return RIGHT._replace(accumulated=summed)


def gradients_never_cleared(work: Work) -> Habits:
    """Gradients pile up: each step applies the sum of all so far.

    Where people meet it: PyTorch adds to .grad, and zero_grad() is forgotten: the most common
    of all.
    """
    total = lambda gradients: [sum(leaf) for leaf in zip(*gradients, strict=True)]
    return RIGHT._replace(applied=total)


def last_micro_batch_only(work: Work) -> Habits:
    """Of the micro-batches of a batch only the last one counts.

    Where people meet it: zero_grad() stands inside the loop over micro-batches, or a new gradient
    replaces the sum where it should be added.
    """
    return RIGHT._replace(accumulated=lambda gradients, sizes: gradients[-1])


def mean_of_means(work: Work) -> Habits:
    """Micro-batches count alike, though they differ in size.

    Where people meet it: the loss of each micro-batch is divided by their number, and the last one
    is smaller.
    """
    mean = lambda gradients, sizes: [
        np.mean(leaf, axis=0, dtype=leaf[0].dtype) for leaf in zip(*gradients, strict=True)
    ]
    return RIGHT._replace(accumulated=mean)


def parameters_not_handed_over(work: Work) -> Habits:
    """The last layer's bias is never handed to the rule.

    Where people meet it: the optimizer is made before a layer is added, or of a filtered list.
    """
    return RIGHT._replace(handed=lambda at: at != 3)


def tied_weights_updated_twice(work: Work) -> Habits:
    """The rule is applied twice to one tensor.

    Where people meet it: an embedding that is also the last layer stands in the list twice.
    """
    return RIGHT._replace(handed=lambda at: 1 + (at == 2))


def same_order_every_epoch(work: Work) -> Habits:
    """The data are shuffled once, and dealt in that order in every epoch.

    Where people meet it: a generator that is made anew each epoch, or a sampler that is never told
    the epoch.
    """
    return RIGHT._replace(deal=lambda work: [deal(work)[0]] * work.epochs)


def wrong_seed(work: Work) -> Habits:
    """The batches are dealt by another seed."""
    return RIGHT._replace(deal=lambda work: deal(work, work.seed + 1))


def in_evaluation(params, x, y):
    """The loss that is trained with the running statistics as they are at the start: 0 and 1."""
    return numpy_loop.objective()(params, x / jnp.sqrt(1.0 + EPS), y)


def said(function: Callable) -> str:
    """The first paragraph of its docstring: what is wrong; the next says where people meet it."""
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


def _named(name: str, habits: Callable, **options) -> tuple[str, LoopFault]:
    return name, LoopFault(name, said(habits), habits, **options)


LOOPS: Mapping[str, LoopFault] = dict(
    [
        _named("shuffle before split", shuffled_before_split),
        _named("stale gradient", stale_gradient),
        _named("momentum reset", momentum_reset),
        _named("last batch dropped", last_batch_dropped),
        _named("decay on biases", decay_on_biases),
        _named("evaluation statistics", eval_statistics, normalise=True),
        _named("off-by-one schedule", off_by_one_schedule),
        _named("in-place update", updated_in_place),
        _named("wrong accumulation count", wrong_accumulation_count, micro=MICRO),
        _named("gradients never cleared", gradients_never_cleared),
        _named("last micro-batch only", last_micro_batch_only, micro=MICRO),
        _named("mean of means", mean_of_means, micro=MICRO),
        _named("parameters not handed over", parameters_not_handed_over),
        _named("tied weights updated twice", tied_weights_updated_twice),
        _named("same order every epoch", same_order_every_epoch),
        _named("wrong seed", wrong_seed),
    ]
)
