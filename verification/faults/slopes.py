"""Wrong twins of our derivations: gradients with one mistake in the formula, as people make them.

Each takes and returns what the derivation's own `gradient` does.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from refnet import sigmoid, softplus, tanh

from ..derivations import ALL as DERIVATIONS
from ..derivations import gelu, gelu_tanh, leaky_relu, mlp, neuron, softmax_cross_entropy
from ..derivations import sigmoid as logistic
from . import rules


def times(factor: Callable) -> Callable:
    """A wrong slope of an elementwise function: factor(z) instead of f'(z)."""
    return lambda z, da: (factor(z) * da,)


def upstream_ignored(name: str) -> Callable:
    """What arrives from above is taken to be one everywhere."""
    right = DERIVATIONS[name].gradient
    return lambda *args: right(*args[:-1], jax.tree.map(jnp.ones_like, args[-1]))


def scaled(name: str, factor: Callable) -> Callable:
    """The right gradient times factor(*args): a 1/n, a 2 or a sign that is lost."""
    right = DERIVATIONS[name].gradient
    return lambda *args: jax.tree.map(lambda g: factor(*args) * g, right(*args))


def diagonal_only(z, t):
    """The Jacobian of the softmax without its off-diagonal entries: dp_c/dz_c = p_c (1 - p_c)."""
    p = softmax_cross_entropy.softmax(z)
    return (-t * (1.0 - p) / len(z),)


def targets_sum_to_one(z, t):
    """p - t, where the targets sum to something else."""
    return ((softmax_cross_entropy.softmax(z) - t) / len(z),)


def next_label(z, labels):
    """Labels counted from one."""
    right = DERIVATIONS["softmax_cross_entropy_with_integer_labels"].gradient
    return right(z, (labels + 1) % z.shape[-1])


def bias_averaged(layer, x, dy):
    """The bias gradient as a mean over the batch, the weights' as a sum."""
    d, dx = DERIVATIONS["dense"].gradient(layer, x, dy)
    return d._replace(b=d.b / (x.size // x.shape[-1])), dx


def one_half_only(a, y):
    """dL/da without the (1 - y) / (1 - a) of the other label."""
    _, dy = DERIVATIONS["binary_cross_entropy"].gradient(a, y)
    return -y / a / a.size, dy


def neuron_with(slope: Callable) -> Callable:
    """A neuron whose slope is slope(z)."""

    def gradient(params, x, da):
        dz = slope(neuron.preactivation(params, x)) * da
        return neuron.pull_preactivation(params, x, dz)

    return gradient


def slope_twice(params, x, y):
    """Cross-entropy's a - y times the slope a (1 - a), as squared error would have it."""
    z = neuron.preactivation(params, x)
    dz = (sigmoid(z) - y) * logistic.slope(z) / x.size
    return neuron.pull_preactivation(params, x, dz)


def mlp_with(slope: Callable) -> Callable:
    """A network of tanh whose hidden slopes are slope(z)."""
    return lambda params, x, dout: mlp.backward(params, x, dout, tanh, times(slope))


def output_slope_too(params, x, dout):
    """The last layer's activation is the identity, and tanh' is applied to it all the same."""
    zs, _ = mlp.forward(params, x, tanh)
    return DERIVATIONS["mlp"].gradient(params, x, dout * (1.0 - tanh(zs[-1]) ** 2))


size = lambda x, *_: x.size
ALL: dict[str, dict[str, Callable]] = {
    "identity": {"upstream ignored": upstream_ignored("identity")},
    "sigmoid": {
        "slope of the output": times(lambda z: logistic.slope(sigmoid(z))),
        "value for slope": times(sigmoid),
        "1 for the slope": times(jnp.ones_like),
        "1 - a for a (1 - a)": times(lambda z: sigmoid(-z)),
        "upstream ignored": upstream_ignored("sigmoid"),
    },
    "tanh": {
        "slope of the output": times(lambda z: 1.0 - tanh(tanh(z)) ** 2),
        "value for slope": times(tanh),
        "1 - a for 1 - a^2": times(lambda z: 1.0 - tanh(z)),
        "1 - z^2 for 1 - a^2": times(lambda z: 1.0 - z * z),
    },
    "relu": {
        "value for slope": times(lambda z: jnp.maximum(z, 0.0)),
        "1 for the slope": times(jnp.ones_like),
    },
    "leaky_relu": {
        "leak of 0": times(lambda z: jnp.where(z > 0.0, 1.0, 0.0)),
        "sides swapped": times(lambda z: jnp.where(z > 0.0, leaky_relu.LEAK, 1.0)),
    },
    "softplus": {
        "value for slope": times(softplus),
        "s(-z) for s(z)": times(lambda z: sigmoid(-z)),
    },
    "gelu": {
        "density's path missing": times(gelu.distribution),
        "slope of the tanh form": lambda z, da: DERIVATIONS["gelu_tanh"].gradient(z, da),
    },
    "gelu_tanh": {
        "gate's path missing": times(lambda z: sigmoid(gelu_tanh.gate(z))),
        "3 of the cube missing": times(
            lambda z: (
                sigmoid(gelu_tanh.gate(z))
                + z
                * logistic.slope(gelu_tanh.gate(z))
                * gelu_tanh.SCALE
                * (1.0 + gelu_tanh.CUBIC * z * z)
            )
        ),
    },
    "silu": {
        "slope of s alone": times(logistic.slope),
        "path through s missing": times(sigmoid),
    },
    "mse": {
        "target - prediction": scaled("mse", lambda *_: -1.0),
        "1/n missing": scaled("mse", size),
        "2 missing": scaled("mse", lambda *_: 0.5),
    },
    "binary_cross_entropy": {
        "y - a": scaled("binary_cross_entropy", lambda *_: -1.0),
        "1/n missing": scaled("binary_cross_entropy", size),
        "one half only": one_half_only,
    },
    "binary_cross_entropy_with_logits": {
        "y - a": scaled("binary_cross_entropy_with_logits", lambda *_: -1.0),
        "slope of the sigmoid again": scaled(
            "binary_cross_entropy_with_logits", lambda z, y: logistic.slope(z)
        ),
        "1/n missing": scaled("binary_cross_entropy_with_logits", size),
    },
    "softmax_cross_entropy": {
        "diagonal only": diagonal_only,
        "targets taken to sum to 1": targets_sum_to_one,
        "mean over entries": scaled("softmax_cross_entropy", lambda z, t: 1.0 / z.shape[-1]),
    },
    "softmax_cross_entropy_with_integer_labels": {
        "labels off by one": next_label,
        "1/n missing": scaled("softmax_cross_entropy_with_integer_labels", lambda z, t: t.size),
    },
    "dense": {"bias averaged": bias_averaged, "upstream ignored": upstream_ignored("dense")},
    "neuron": {
        "slope of the output": neuron_with(lambda z: logistic.slope(sigmoid(z))),
        "1 for the slope": neuron_with(jnp.ones_like),
        "value for slope": neuron_with(sigmoid),
    },
    "logistic_neuron": {
        "y - a": scaled("logistic_neuron", lambda *_: -1.0),
        "slope of the sigmoid again": slope_twice,
        "1/n missing": scaled("logistic_neuron", lambda params, x, y: x.size),
    },
    "mlp": {
        "slope of the output": mlp_with(lambda z: 1.0 - tanh(tanh(z)) ** 2),
        "1 for the slope": mlp_with(jnp.ones_like),
        "1 - a for 1 - a^2": mlp_with(lambda z: 1.0 - tanh(z)),
        "slope at the last layer too": output_slope_too,
    },
    "gradient_descent": {"sign": scaled("gradient_descent", lambda *_: -1.0)},
    "momentum": {"no history": rules.no_history, "dampened": rules.dampened},
    "nesterov": {"no look-ahead": rules.no_look_ahead},
    "adam": {
        "no bias correction": rules.uncorrected,
        "eps inside the root": rules.eps_inside,
        "variance taken as constant": rules.adam_constant_variance,
    },
    "adamw": {"no decay": rules.no_decay},
    "rmsprop": {
        "eps outside the root": rules.eps_outside,
        "variance taken as constant": rules.rmsprop_constant_variance,
    },
    "adagrad": {"start of 0": rules.no_start, "mean for sum": rules.mean_for_sum},
}
