"""Multilayer perceptron with sigmoids under softmax cross-entropy: delta_D = (p - onehot) / n.

    w, b, x --(1)--> z = mlp(w, b, x) --(2)--> L = -mean over examples of log softmax(z)_label

    (1)      the recursion of mlp, with f = s and f'(z) = s(z) s(-z)
    (2)      dL/dz_c = (p_c - [c = label]) / n,  p = softmax(z)
    (2)(1)   delta_D = (p - onehot) / n,  delta_l = s(z_l) s(-z_l) (delta_{l+1} w_{l+1}')

Shapes     labels: (batch,)    z, p: (batch, classes)    L: ()    others as mlp
Domain     every finite w, b, x whose z_l are finite; 0 <= label < classes
Rounding   p_c - 1 is not formed: see softmax_cross_entropy_with_integer_labels.
Reference  Bishop, Pattern Recognition and Machine Learning (2006), section 5.3.
"""

from refnet import mlp, sigmoid, softmax_cross_entropy_with_integer_labels

from ..inputs import draws, edges
from ..vocabulary import Arrow, Derivation
from .mlp import BATCH, SIZES, backward, draw_network, draw_shallow, forward
from .sigmoid import gradient as sigmoid_gradient
from .softmax_cross_entropy_with_integer_labels import draw as draw_logits
from .softmax_cross_entropy_with_integer_labels import gradient as loss_gradient


def network(params, x):
    return mlp(params, x, sigmoid)


def loss(params, x, labels):
    return softmax_cross_entropy_with_integer_labels(network(params, x), labels)


def gradient(params, x, labels):
    zs, _ = forward(params, x, sigmoid)
    (dz,) = loss_gradient(zs[-1], labels)  # (2)
    return pull_network(params, x, dz)  # (1)


def pull_network(params, x, dz):
    return backward(params, x, dz, sigmoid, sigmoid_gradient)


def draw(rng):
    sizes = SIZES[rng.integers(2)]  # depth 2 with 2 classes, depth 4 with 3
    params, x = draw_network(rng, sizes, BATCH[len(sizes) - 1])
    return params, x, draws.classes(rng, len(x), count=sizes[-1])


def draw_fixed(rng):
    params, x = draw_shallow(rng)
    return params, x, draws.classes(rng, len(x), count=SIZES[0][-1])


def edge_cases(dtype):
    """Zero, small and saturated networks."""
    del dtype
    return edges.scaled(draw_fixed, (0.0, 2.0**-30, 2.0**4))


def cross_entropy(z, labels):
    return softmax_cross_entropy_with_integer_labels(z, labels)


def pull_cross_entropy(z, labels, dL):
    return (dL * loss_gradient(z, labels)[0],)


LATEX = (
    r"\delta_D = \frac{p - [c = y]}{n}, \quad"
    r" \delta_l = \sigma(z_l) \odot \sigma(-z_l) \odot"
    r" \left( \delta_{l+1} w_{l+1}^{\top} \right), \quad"
    r" \frac{\partial L}{\partial w_l} = a_{l-1}^{\top} \delta_l, \quad"
    r" \frac{\partial L}{\partial b_l} = \sum_k \delta_{l,k}"
)
ARROWS = (
    Arrow(
        "(1) z = mlp(w, b, x)",
        r"\delta_l = \sigma(z_l) \odot \sigma(-z_l) \odot"
        r" \left( \delta_{l+1} w_{l+1}^{\top} \right)",
        network,
        pull_network,
        draw_shallow,
        argnums=(0, 1),
    ),
    Arrow(
        "(2) L = -mean log softmax(z)_label",
        r"\frac{\partial L}{\partial z_c} = \frac{p_c - [c = y]}{n}",
        cross_entropy,
        pull_cross_entropy,
        draw_logits,
    ),
)
MLP_SOFTMAX_CROSS_ENTROPY = Derivation(
    name="mlp_softmax_cross_entropy",
    function=loss,
    gradient=gradient,
    latex=LATEX,
    arrows=ARROWS,
    draw=draw,
    edges=edge_cases,
    argnums=(0, 1),
    scalar=True,
    domain="every finite w, b, x whose z_l are finite; 0 <= label < classes",
    reference="Bishop, Pattern Recognition and Machine Learning (2006), section 5.3",
    of="mlp",
)
