"""scikit-learn's SGD and Adam, the optimizers of its multilayer perceptrons, as update rules."""

import copy
from collections.abc import Callable

import jax
import numpy as np


def sklearn_optimizer(make: Callable) -> tuple[Callable, Callable]:
    """(init, update) of make(parameters) -> what has update_params(parameters, gradients).

    The state is the optimizer itself, copied at every step; update takes the rate of the step, if
    it is told one.
    """

    def init(params):
        return make(jax.tree.leaves(params))

    def update(gradient, state, params, learning_rate=None):
        leaves, tree = jax.tree.flatten(params)
        held = [np.array(leaf, ndmin=1) for leaf in leaves]  # it updates arrays in place
        slopes = [np.array(leaf, ndmin=1) for leaf in jax.tree.leaves(gradient)]
        optimizer = copy.deepcopy(state)
        if learning_rate is not None:
            optimizer.learning_rate = optimizer.learning_rate_init = learning_rate
        optimizer.update_params(held, slopes)
        back = [new.reshape(np.shape(old)) for new, old in zip(held, leaves, strict=True)]
        return jax.tree.unflatten(tree, back), optimizer

    return init, update
