"""optax's Adafactor: which variant each choice of arguments is."""

import jax.numpy as jnp
import optax

from .cell import Cell

FIXED = {"min_scale": 1e-3}  # optax has no argument for it


def adafactor(relative: bool = False, **more):
    """Leaves of any size are factored; `relative` where the rate is min(r, 1 / sqrt t)."""

    def make(learning_rate, decay_rate, eps, threshold, min_scale=0.0, weight_decay=None):
        rate = learning_rate
        if relative:
            rate = lambda count: jnp.minimum(learning_rate, 1.0 / jnp.sqrt(count + 1.0))
        return optax.adafactor(
            rate,
            min_dim_size_to_factor=1,
            decay_rate=decay_rate,
            clipping_threshold=threshold,
            eps=eps,
            weight_decay_rate=weight_decay,
            **more,
        )

    return make


def with_momentum(learning_rate, decay_rate, eps, threshold, momentum, min_scale=0.0):
    return adafactor(momentum=momentum)(learning_rate, decay_rate, eps, threshold)


GIVEN = "decay_rate=c, clipping_threshold=d, eps=e"
CELLS = (
    Cell(
        "adafactor",
        f"adafactor(lambda i: minimum(r, 1 / sqrt(i + 1)), {GIVEN})",
        adafactor(relative=True),
        FIXED,
    ),
    Cell("adafactor_rate", f"adafactor(r, {GIVEN})", adafactor(), FIXED),
    Cell(
        "adafactor_unscaled",
        f"adafactor(r, {GIVEN}, multiply_by_parameter_scale=False)",
        adafactor(multiply_by_parameter_scale=False),
    ),
    Cell(
        "adafactor_unfactored",
        f"adafactor(r, {GIVEN}, factored=False)",
        adafactor(factored=False),
        FIXED,
    ),
    Cell("adafactor_momentum", f"adafactor(r, {GIVEN}, momentum=b)", with_momentum, FIXED),
    Cell(
        "adafactor_decay_without_rate",
        f"adafactor(r, {GIVEN}, weight_decay_rate=l)",
        adafactor(),
        FIXED,
    ),
)
