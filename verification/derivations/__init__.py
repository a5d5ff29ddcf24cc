"""What we derived on paper, arrow by arrow: open sigmoid.py first, then dense.py.

In: nothing; each file is one function of refnet with its gradient by hand.
On the way: layers/ has the layers, further losses and activations, rules/ has every variant of an
update rule with its formula and reference.
Out: ALL, name -> Derivation: the function, the gradient, its arrows and how to draw its inputs.
"""

from ..vocabulary import Derivation
from .adagrad import ADAGRAD
from .adam import ADAM
from .adamw import ADAMW
from .binary_cross_entropy import BINARY_CROSS_ENTROPY
from .binary_cross_entropy_with_logits import BINARY_CROSS_ENTROPY_WITH_LOGITS
from .dense import DENSE
from .gelu import GELU
from .gelu_tanh import GELU_TANH
from .gradient_descent import GRADIENT_DESCENT
from .identity import IDENTITY
from .layers import LAYERS
from .leaky_relu import LEAKY_RELU
from .logistic_neuron import LOGISTIC_NEURON
from .mlp import MLP
from .mlp_mse import MLP_MSE
from .mlp_relu import MLP_RELU
from .mlp_softmax_cross_entropy import MLP_SOFTMAX_CROSS_ENTROPY
from .momentum import MOMENTUM
from .mse import MSE
from .nesterov import NESTEROV
from .neuron import NEURON
from .relu import RELU
from .rmsprop import RMSPROP
from .sigmoid import SIGMOID
from .silu import SILU
from .softmax_cross_entropy import SOFTMAX_CROSS_ENTROPY
from .softmax_cross_entropy_with_integer_labels import SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS
from .softplus import SOFTPLUS
from .tanh import TANH

ALL: dict[str, Derivation] = {
    "identity": IDENTITY,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "softplus": SOFTPLUS,
    "gelu": GELU,
    "gelu_tanh": GELU_TANH,
    "silu": SILU,
    "mse": MSE,
    "binary_cross_entropy": BINARY_CROSS_ENTROPY,
    "binary_cross_entropy_with_logits": BINARY_CROSS_ENTROPY_WITH_LOGITS,
    "softmax_cross_entropy": SOFTMAX_CROSS_ENTROPY,
    "softmax_cross_entropy_with_integer_labels": SOFTMAX_CROSS_ENTROPY_WITH_INTEGER_LABELS,
    "dense": DENSE,
    "neuron": NEURON,
    "logistic_neuron": LOGISTIC_NEURON,
    "mlp": MLP,
    "mlp_relu": MLP_RELU,
    "mlp_mse": MLP_MSE,
    "mlp_softmax_cross_entropy": MLP_SOFTMAX_CROSS_ENTROPY,
    "gradient_descent": GRADIENT_DESCENT,
    "momentum": MOMENTUM,
    "nesterov": NESTEROV,
    "adam": ADAM,
    "adamw": ADAMW,
    "rmsprop": RMSPROP,
    "adagrad": ADAGRAD,
    **LAYERS,
}

NOT_DERIVED: dict[str, str] = {  # public function -> why it has no derivation
    "glorot": "draws weights from a key; there is no float to differentiate by",
    "he": "draws weights from a key; there is no float to differentiate by",
    "lecun": "draws weights from a key; there is no float to differentiate by",
    "zeros": "a constant",
    "truncated_normal": "draws weights from a key",
    "orthogonal": "draws weights from a key",
    "variance_scaling": "makes an initialiser; there is no float to differentiate by",
    "fans": "counts",
    "init_dense": "draws a layer from a key",
    "init_mlp": "draws a network from a key",
    "init_lenet": "draws a network from a key",
    "init_recurrent_classifier": "draws a network from a key",
    "init_gpt": "draws a network from a key",
    "lenet": "a composition: conv2d, max_pool and mlp, each derived",
    "recurrent_classifier": "a composition: lstm and dense, each derived",
    "gpt": "a composition: embedding, layer_norm, multi_head_attention and mlp, each derived",
    **dict.fromkeys(
        (
            *("init_resnet", "init_autoencoder", "init_transformer", "init_character_model"),
            "init_equilibrium_network",
        ),
        "draws a network from a key",
    ),
    "resnet": "a composition: conv2d, batch_norm and dense, each derived",
    "autoencoder": "a composition of two mlp, derived",
    "variational_autoencoder": "a composition: mlp and gaussian_sample, each derived",
    "variational_loss": "a composition: softplus and evidence_lower_bound, each derived",
    "graph_network": "a composition of graph_convolution, derived",
    "mlp_jet": "a composition: dense and tanh_jet, each derived",
    "physics_informed": "mlp_jet in a product with x (1 - x)",
    "poisson_loss": "mse of u'' and -f, derived",
    "equilibrium_network": "a composition: deep_equilibrium and dense, each derived",
    "encoder": "a composition: embedding, layer_norm, multi_head_attention and mlp, each derived",
    "decoder": "a composition: as encoder, and cross_attention, each derived",
    "transformer": "a composition of encoder and decoder",
    "character_model": "a composition: embedding, lstm and dense, each derived",
    "communities": "data",
    "init_conv2d": "draws a kernel from a key",
    "init_embedding": "draws a table from a key",
    "init_gated": "draws matrices from a key",
    "init_heads": "draws matrices from a key",
    "init_norm": "a constant",
    "init_recurrent": "draws weights from a key",
    "init_conv1d": "draws a kernel from a key",
    "init_experts": "draws matrices from a key",
    "init_running": "a constant",
    "init_equilibrium": "draws weights from a key",
    "graph_shares": "made once from a graph; no gradient is meant to go through it",
    "dense_jet": "dense, derived, and two products with its weights",
    "batch_norm_train": "batch_norm, derived, beside averages that no gradient goes through",
    "sinusoidal_positions": "a constant",
    "causal_mask": "a constant",
    "dropout_mask": "draws a mask from a key",
    "clip_value": "around gradient_descent it is a variant of the same name",
    "clip_global_norm": "around gradient_descent it is a variant of the same name",
    "accumulation": "around gradient_descent it is a variant of the same name",
    "averaged": "its average is the variant average_unbiased",
    "average_of": "reads the state of averaged",
    "schedule_free_average": "reads a state",
    **dict.fromkeys(
        ("schedule_cosine", "schedule_exponential", "schedule_step", "schedule_warmup"),
        "gradient_descent with it is a variant of the same name",
    ),
    "train": "a run of many steps, each derived: losses, mlp, updates",
    "sweep": "many runs of train, side by side",
    "train_step": "one loss gradient and one update, each derived alone",
    "breast_cancer": "data",
    "diabetes": "data",
    "digits": "data",
    "digit_images": "data",
    "xor": "data",
    "circles": "data",
    **dict.fromkeys(("iris", "wine", "friedman", "two_spirals"), "data"),
    **dict.fromkeys(("adding", "copying", "modular_addition", "sums_in_words"), "data"),
}
