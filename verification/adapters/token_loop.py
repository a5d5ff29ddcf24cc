"""A training loop over tokens: padding, dropout, accumulation, clipping, frozen, tied, resumed.

One loop for three engines (token_slopes.py).  The rule is momentum after clipping by the global
norm, with decoupled decay of the matrix, under a schedule; `s` is frozen.  At one step the run is
saved, and goes on from what was saved.  `Customs` are the parts that people get wrong; their
defaults are right (the mistakes: faults/token_loops.py).
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .recorded import TrainingStep
from .token_slopes import NAMES, Engine, objective

FROZEN = NAMES.index("s")
MATRIX = NAMES.index("w")


class TokenWork(NamedTuple):
    """The data, padded and masked, and the hyperparameters."""

    data: tuple[np.ndarray, np.ndarray, np.ndarray]  # x, y, mask
    params: dict[str, np.ndarray]
    batch: int = 8
    micro: int = 2  # examples of a micro-batch
    epochs: int = 4
    seed: int = 3
    rate: float = 0.05
    momentum: float = 0.9
    decay: float = 0.02
    clip: float = 0.5
    keep: float = 0.75
    resume: int = 6  # the step, from 0, before which the run is saved and read back


def token_work(seed: int = 0, **changes: Any) -> TokenWork:
    """29 examples of up to 4 tokens of 5 numbers, and a network of 4 units."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 29, 4, 5))
    mask = (np.arange(4) < rng.integers(1, 5, 29)[:, None]).astype(float)
    params = {
        "b": 0.1 * rng.normal(size=4),
        "c": 0.1 * rng.normal(size=5),
        "s": 1.0 + 0.1 * rng.normal(size=5),
        "w": rng.normal(size=(5, 4)) / 5**0.5,
    }
    return TokenWork((x, y, mask), params)._replace(**changes)


def dealt(work: TokenWork, epoch: int) -> list[tuple]:
    """The batches of an epoch, in its order; the last is what is left."""
    order = np.random.default_rng((work.seed, epoch)).permutation(len(work.data[0]))
    cuts = range(0, len(order), work.batch)
    return [tuple(part[order[k : k + work.batch]] for part in work.data) for k in cuts]


def dropped(work: TokenWork, step: int, examples: int) -> np.ndarray:
    """The mask of inverted dropout of a step."""
    shape = (examples, work.data[0].shape[1], work.params["b"].size)
    kept = np.random.default_rng((work.seed, 1, step)).random(shape) < work.keep
    return kept / work.keep


def by_tokens(mask: np.ndarray) -> np.ndarray:
    """What each token counts in the mean of a batch."""
    return mask / mask.sum()


def accumulated(gradients: Sequence[list], tokens: Sequence[float | int], full: int) -> list:
    """The mean over all tokens, of the means of micro-batches; a full batch has `full` of them."""
    shares = [float(n / sum(tokens)) for n in tokens]
    return [
        sum(c * g for c, g in zip(shares, leaf, strict=True))
        for leaf in zip(*gradients, strict=True)
    ]


def clipped(gradient: list, most: float) -> list:
    """min(1, most / norm) g, of the norm of all of them."""
    norm = float(sum((g * g).sum() for g in gradient)) ** 0.5
    return [g * min(1.0, most / norm) for g in gradient]


class Customs(NamedTuple):
    """The parts of the loop; each mistake is another one of them."""

    epoch: Callable = lambda work, step, epoch: epoch  # whose order is dealt
    share: Callable = by_tokens
    key: Callable = lambda work, step: step  # of the dropout mask
    drop: Callable = lambda mask: mask
    narrow: bool = False
    accumulated: Callable = accumulated
    told: Callable = lambda gradients: gradients[-1]  # all so far, newest last
    clipped: Callable = clipped
    velocity: Callable = lambda work, step, v: v
    count: Callable = lambda work, step: step  # of the schedule
    warm: Callable = lambda work, step: 1.0  # times the rate
    start: Callable = lambda work, step: step  # which of all batches is taken
    times: Callable = lambda name: int(name != "s")  # how often the rule is applied
    decays: Callable = lambda name: name == "w"


RIGHT = Customs()


def token_batches(work: TokenWork, customs: Customs = RIGHT) -> list[tuple]:
    """(x, y, mask, drop) of every step: what `objective_of` takes."""
    per_epoch = -(-len(work.data[0]) // work.batch)
    out = []
    for step in range(work.epochs * per_epoch):
        epoch, at = divmod(customs.start(work, step), per_epoch)
        batch = dealt(work, customs.epoch(work, step, epoch))[at]
        mask = customs.drop(dropped(work, customs.key(work, step), len(batch[0])))
        out.append((*batch, mask))
    return out


def token_loop(work: TokenWork, engine: Engine, customs: Customs = RIGHT) -> Callable:
    """train(params, batches): it deals its own batches, as its customs are."""

    def train(params, batches) -> Iterator[TrainingStep]:
        dtype = np.asarray(params["w"]).dtype
        leaves = [engine.own(np.asarray(params[name])) for name in NAMES]
        velocity, gradients = [0 * leaf for leaf in leaves], []
        for step, batch in enumerate(token_batches(work, customs)):
            typed = [np.asarray(part, dtype) for part in batch]
            loss, gradient = over_micro_batches(work, engine, customs, leaves, typed)
            gradients.append(gradient)
            gradient = customs.told(gradients)
            velocity = customs.velocity(work, step, velocity)
            trained = [g for at, g in enumerate(gradient) if at != FROZEN]
            parts = iter(customs.clipped(trained, work.clip))
            slopes = [g if at == FROZEN else next(parts) for at, g in enumerate(gradient)]
            rate = work.rate * 2.0 ** (-customs.count(work, step) / 10.0)
            rate = rate * customs.warm(work, step)
            for at, name in enumerate(NAMES):
                decay = work.decay if customs.decays(name) else 0.0
                for _ in range(customs.times(name)):
                    velocity[at] = work.momentum * velocity[at] + slopes[at]
                    leaves[at] = leaves[at] - rate * (velocity[at] + decay * leaves[at])
                if not customs.times(name):
                    leaves[at] = leaves[at] - rate * decay * leaves[at]
            own = dict(zip(NAMES, leaves, strict=True))
            yield TrainingStep(own, loss, dict(zip(NAMES, gradient, strict=True)))

    return train


def over_micro_batches(work: TokenWork, engine: Engine, customs: Customs, leaves, batch) -> tuple:
    """The loss of the batch, and what is made of the gradients of its micro-batches."""
    x, y, mask, drop = batch
    slopes = engine.narrow if customs.narrow else engine.slopes
    losses, gradients, tokens = [], [], []
    for k in range(0, len(x), work.micro):
        rows = slice(k, k + work.micro)
        share = np.asarray(customs.share(mask[rows]), mask.dtype)
        loss, gradient = slopes(leaves, x[rows], y[rows], share, drop[rows])
        losses, gradients = [*losses, [loss]], [*gradients, gradient]
        tokens.append(float(mask[rows].sum()))
    full = -(-work.batch // work.micro)
    return accumulated(losses, tokens, full)[0], customs.accumulated(gradients, tokens, full)


# --- what it should be -----------------------------------------------------------------------


def token_loss(params, x, y, mask, drop):
    """of(params, *batch), for JAX."""
    share = mask / jnp.broadcast_to(mask.sum(), mask.shape)
    return objective([params[name] for name in NAMES], x, y, share, drop)


def token_rule(work: TokenWork) -> optax.GradientTransformation:
    return _rule(work.rate, work.momentum, work.decay, work.clip)


@lru_cache(maxsize=8)
def _rule(rate: float, momentum: float, decay: float, clip: float) -> optax.GradientTransformation:
    trained = optax.chain(
        optax.clip_by_global_norm(clip),
        optax.trace(momentum),
        optax.add_decayed_weights(decay, lambda p: jax.tree.map(lambda w: jnp.ndim(w) > 1, p)),
        optax.scale_by_learning_rate(lambda count: rate * 2.0 ** (jnp.asarray(count) / -10.0)),
    )
    labels = {name: "frozen" if name == "s" else "trained" for name in NAMES}
    return optax.multi_transform({"trained": trained, "frozen": optax.set_to_zero()}, labels)
