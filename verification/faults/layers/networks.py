"""Networks with their operations in the wrong order: updated first, differentiated after."""

from refnet import relu, sigmoid, tanh

from ...derivations import ALL as DERIVATIONS
from ...derivations import mlp, mlp_mse, mlp_softmax_cross_entropy
from ...derivations.relu import gradient as relu_gradient
from ...derivations.sigmoid import gradient as sigmoid_gradient
from ...derivations.tanh import gradient as tanh_gradient

RATE = 0.05


def with_updated_weights(activation, pull_activation, output=lambda zs, *rest: rest[-1]):
    """The delta of a layer computed with the weights of the layer above after their update."""

    def gradient(params, x, last):
        zs, inputs = mlp.forward(params, x, activation)
        layers, delta = [], output(zs, x, last)
        for l in reversed(range(len(params))):
            layer, _ = mlp.dense_gradient(params[l], inputs[l], delta)
            layers.append(layer)
            moved = params[l].w - RATE * layer.w
            da = delta @ moved.T
            if l > 0:
                (delta,) = pull_activation(zs[l - 1], da)
        return type(params)(layers[::-1]), da

    return gradient


mse_output = lambda zs, x, t: mlp_mse.mse_gradient(zs[-1], t)[0]
cross_entropy_output = lambda zs, x, y: mlp_softmax_cross_entropy.loss_gradient(zs[-1], y)[0]


def biases_from_inputs(name: str):
    """db from a row of the weights' gradient."""
    right = DERIVATIONS[name].gradient

    def gradient(*args):
        layers, dx = right(*args)
        return type(layers)(d._replace(b=d.w[0]) for d in layers), dx

    return gradient


ORDER = "delta through updated weights"
OWN: dict[str, dict] = {
    "mlp": {
        ORDER: with_updated_weights(tanh, tanh_gradient),
        "bias from the weights": biases_from_inputs("mlp"),
    },
    "mlp_relu": {
        ORDER: with_updated_weights(relu, relu_gradient),
        "bias from the weights": biases_from_inputs("mlp_relu"),
    },
    "mlp_mse": {
        ORDER: with_updated_weights(tanh, tanh_gradient, mse_output),
        "bias from the weights": biases_from_inputs("mlp_mse"),
    },
    "mlp_softmax_cross_entropy": {
        ORDER: with_updated_weights(sigmoid, sigmoid_gradient, cross_entropy_output),
        "bias from the weights": biases_from_inputs("mlp_softmax_cross_entropy"),
    },
}
