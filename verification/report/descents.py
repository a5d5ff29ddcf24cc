"""The curves of the figures about descent: three batch sizes, and the variance of a batch.

Real data: breast cancer, one neuron of 30 inputs, sigmoid and cross-entropy.
"""

import jax
import jax.numpy as jnp
import numpy as np

import refnet

from .document import Figure, Panel, Series

RATE = 0.02
EPOCHS = 12
SEEDS = 16
DRAWS = 600
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400)
DESCENTS = (("full batch", None), ("mini-batch of 32", 32), ("stochastic, one example", 1))


def three_descents(seed: int) -> Figure:
    """Training loss over epochs, with a band over seeds."""
    data = refnet.breast_cancer().train
    keys = jax.random.split(jax.random.key(seed), SEEDS)
    series = []
    for label, batch in DESCENTS:
        losses = np.asarray(epoch_losses(data, keys, batch), np.float64)
        low, middle, high = np.quantile(losses, (0.05, 0.5, 0.95), axis=0)
        epochs = tuple(range(1, EPOCHS + 1))
        curves = (tuple(c.tolist()) for c in (middle, low, high))
        series.append(Series(label, epochs, *curves))
    panel = Panel(
        "Breast cancer, 455 tumours", "epoch", "loss on the training data", tuple(series), "linear"
    )
    return Figure(
        "three-descents",
        "Three descents at one learning rate",
        f"Median and middle 90 % of {SEEDS} seeds, each with its own start and shuffles, at "
        f"learning rate {RATE}. An epoch "
        "reads every example once, so it costs the same arithmetic whatever the batch, and a "
        "smaller batch takes more steps in it.",
        (panel,),
    )


def epoch_losses(data: refnet.Examples, keys, batch: int | None):
    """The loss on all the data after each epoch, one row per key."""

    def run(key):
        init_key, shuffle_key = jax.random.split(key)
        start = refnet.init_mlp(init_key, (data.x.shape[1], 1))
        ended = refnet.train(
            refnet.mlp,
            refnet.binary_cross_entropy_with_logits,
            refnet.gradient_descent(RATE),
            start,
            data,
            key=shuffle_key,
            batch=batch,
            epochs=EPOCHS,
            validation=data,
        )
        return ended.history.validation_loss

    return jax.jit(jax.vmap(run))(keys)


def batch_variance(seed: int) -> Figure:
    """Variance of the gradient of a batch drawn without replacement, beside the exact curve."""
    gradients = example_gradients(seed)
    size = len(gradients)
    spread = gradients - gradients.mean(axis=0)
    sigma2 = float(np.sum(spread**2, axis=1).mean())
    rng = np.random.default_rng(seed)
    measured = [squared_deviations(rng, spread, b) for b in BATCHES]
    middle = [float(d.mean()) for d in measured]
    error = [1.96 * float(d.std(ddof=1)) / len(d) ** 0.5 for d in measured]
    low = tuple(m - e for m, e in zip(middle, error, strict=True))
    high = tuple(m + e for m, e in zip(middle, error, strict=True))
    fine = tuple(float(b) for b in np.unique(np.geomspace(1, BATCHES[-1], 60)))
    exact = tuple(sigma2 / b * (size - b) / (size - 1) for b in fine)
    replaced = tuple(sigma2 / b for b in fine)
    series = (
        Series(f"measured, {DRAWS} draws, 95 %", BATCHES, tuple(middle), low, high, "points"),
        Series(r"$\frac{\sigma^2}{b} \cdot \frac{N-b}{N-1}$, exact", fine, exact),
        Series(r"$\sigma^2 / b$, with replacement", fine, replaced, kind="bound"),
    )
    panel = Panel(f"Breast cancer, N = {size}", "batch size b", "variance of the gradient", series)
    return Figure(
        "batch-variance",
        "The gradient of a batch is an estimate",
        "Variance of a batch's gradient about the full gradient, summed over the parameters, at "
        "initialisation. Drawn without replacement it follows the finite-population curve, and "
        "is 0 for the whole data.",
        (panel,),
    )


def example_gradients(seed: int) -> np.ndarray:
    """(examples, parameters): the gradient of each example alone, in float64."""
    with jax.enable_x64(True):
        data = refnet.breast_cancer(dtype=jnp.float64).train
        start = refnet.init_mlp(jax.random.key(seed), (data.x.shape[1], 1), dtype=jnp.float64)
        one = lambda x, y: jax.grad(
            lambda p: refnet.binary_cross_entropy_with_logits(refnet.mlp(p, x), y)
        )(start)
        leaves = jax.tree.leaves(jax.jit(jax.vmap(one))(data.x, data.y))
    return np.concatenate([np.asarray(leaf).reshape(len(leaf), -1) for leaf in leaves], axis=1)


def squared_deviations(rng: np.random.Generator, spread: np.ndarray, batch: int) -> np.ndarray:
    """|mean over a batch|^2 of centred gradients, one number per draw."""
    draws = [rng.choice(len(spread), batch, replace=False) for _ in range(DRAWS)]
    return np.array([np.sum(spread[rows].mean(axis=0) ** 2) for rows in draws])
