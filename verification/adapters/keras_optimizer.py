"""Keras's optimizers as update rules, on whichever backend Keras runs."""

from collections.abc import Callable

import jax
import numpy as np


def keras_optimizer(make: Callable) -> tuple[Callable, Callable]:
    """(init, update) of make() -> keras.optimizers.Optimizer.

    The state is the optimizer's own variables as arrays; update takes the rate of the step, if it
    is told one.  Keras keeps hyperparameters in keras.config.floatx(): set that to the dtype under
    test.  Raises ImportError without Keras.
    """

    def built(params):
        import keras  # pyright: ignore[reportMissingImports]

        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
        variables = [keras.Variable(leaf, dtype=str(leaf.dtype)) for leaf in leaves]
        optimizer = make()
        optimizer.build(variables)
        return variables, optimizer

    def init(params):
        return [np.asarray(v) for v in built(params)[1].variables]

    def update(gradient, state, params, learning_rate=None):
        variables, optimizer = built(params)
        fresh = optimizer.learning_rate
        for variable, value in zip(optimizer.variables, state, strict=True):
            variable.assign(value)
        optimizer.learning_rate = fresh if learning_rate is None else learning_rate
        optimizer.apply([np.asarray(g) for g in jax.tree.leaves(gradient)], variables)
        arrays = [np.asarray(v).copy() for v in variables]
        kept = [np.asarray(v).copy() for v in optimizer.variables]
        return jax.tree.unflatten(jax.tree.structure(params), arrays), kept

    return init, update
