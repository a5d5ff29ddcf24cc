"""Weights of examples: some count more than others, and those behind a mask not at all."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def weighted(loss: Callable) -> Callable:
    """sum_i w_i loss_i / sum w, loss_i that of example i alone: loss(p, t) becomes f(p, t, w).

    A mask is weights of true and false.  Where all weights are 0 the loss is 0.  Slope in p_i:
    w_i / sum w times that of loss_i.  f raises ValueError unless w has one weight per example.
    """

    def of_weights(*arguments):
        *examples, weights = arguments
        if weights.shape != examples[0].shape[:1]:
            raise ValueError(
                f"weights have shape {weights.shape}, and there are {len(examples[0])} examples; "
                "give one weight for each"
            )
        each = jax.vmap(loss)(*examples)
        w = weights.astype(each.dtype)
        total = jnp.sum(w)
        return jnp.sum(jnp.where(w == 0.0, 0.0, w * each)) / jnp.where(total == 0.0, 1.0, total)

    return of_weights
