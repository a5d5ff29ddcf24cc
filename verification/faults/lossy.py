"""Right formulas that lose their digits: equal to ours on paper, not in floats.

None is `wrong`: a judge that cannot tell the two apart is no judge.  Where nothing that a program
stores has lost these digits already, they are `inaccurate`.
"""

from collections.abc import Callable

from refnet import sigmoid, tanh

from ..derivations import neuron, softmax_cross_entropy


def one_minus_a(z, da):
    """a (1 - a): 1 - a is 0 from z = 17 in float32 and z = 37 in float64."""
    a = sigmoid(z)
    return (a * (1.0 - a) * da,)


def one_minus_square(z, da):
    """1 - a^2, which is 0 from z = 9 in float32 and z = 19 in float64."""
    return ((1.0 - tanh(z) ** 2) * da,)


def residual_of_softmax(z, t):
    """p sum t - t: nothing is left of it once p rounds to t."""
    p = softmax_cross_entropy.softmax(z)
    return ((p * t.sum(axis=-1, keepdims=True) - t) / (t.size // t.shape[-1]),)


def composed(params, x, y):
    """dL/da times da/dz: 0 / 0 once a rounds to y."""
    a = sigmoid(neuron.preactivation(params, x))
    dz = (a - y) / (a * (1.0 - a)) * (a * (1.0 - a)) / x.size
    return neuron.pull_preactivation(params, x, dz)


ALL: dict[str, Callable] = {  # name of the derivation -> its lossy twin
    "sigmoid": one_minus_a,
    "tanh": one_minus_square,
    "softmax_cross_entropy": residual_of_softmax,
    "logistic_neuron": composed,
}
