"""The optimizers of scikit-learn's multilayer perceptrons: which variant each of them is."""

from collections.abc import Callable

from ..sklearn_optimizer import sklearn_optimizer
from .cell import Cell


def stochastic(nesterov: bool) -> Callable:
    def make(learning_rate, decay=0.0):
        from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

        return sklearn_optimizer(
            lambda w: SGDOptimizer(w, learning_rate, momentum=decay, nesterov=nesterov)
        )

    return make


def adam(learning_rate, b1, b2, eps):
    from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

    return sklearn_optimizer(lambda w: AdamOptimizer(w, learning_rate, b1, b2, eps))


CELLS = (
    Cell("gradient_descent", "solver='sgd', momentum=0", stochastic(False)),
    Cell(
        "momentum_rate_inside",
        "solver='sgd', momentum=b, nesterovs_momentum=False",
        stochastic(False),
    ),
    Cell("nesterov_rate_inside", "solver='sgd', momentum=b", stochastic(True)),
    Cell("adam_eps_hat", "solver='adam', beta_1=b1, beta_2=b2, epsilon=e", adam),
)
