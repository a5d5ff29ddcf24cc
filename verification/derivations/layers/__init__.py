"""Layers of refnet, and the losses of their kind: the gradient of each by hand.

They are subjects to make mistakes in, and answers to compare one's own backward pass with.
"""

from ...vocabulary import Derivation
from .attention import ATTENTION
from .batch_norm import BATCH_NORM
from .celu import CELU
from .conv2d import CONV2D
from .cosine_similarity import COSINE_SIMILARITY
from .dropout import DROPOUT
from .elu import ELU
from .embedding import EMBEDDING
from .hard_sigmoid import HARD_SIGMOID
from .hard_swish import HARD_SWISH
from .hard_tanh import HARD_TANH
from .hinge import HINGE
from .huber import HUBER
from .layer_norm import LAYER_NORM
from .log_sum_exp import LOG_SUM_EXP
from .lstm import LSTM
from .max_pool import MAX_POOL
from .mish import MISH
from .multi_head_attention import MULTI_HEAD_ATTENTION
from .relu6 import RELU6
from .residual_block import RESIDUAL_BLOCK
from .rms_norm import RMS_NORM
from .rnn import RNN
from .selu import SELU
from .softmax import SOFTMAX
from .softsign import SOFTSIGN
from .tied_autoencoder import TIED_AUTOENCODER

LAYERS: dict[str, Derivation] = {
    "layer_norm": LAYER_NORM,
    "batch_norm": BATCH_NORM,
    "rms_norm": RMS_NORM,
    "softmax": SOFTMAX,
    "log_sum_exp": LOG_SUM_EXP,
    "attention": ATTENTION,
    "multi_head_attention": MULTI_HEAD_ATTENTION,
    "rnn": RNN,
    "lstm": LSTM,
    "conv2d": CONV2D,
    "max_pool": MAX_POOL,
    "embedding": EMBEDDING,
    "dropout": DROPOUT,
    "residual_block": RESIDUAL_BLOCK,
    "tied_autoencoder": TIED_AUTOENCODER,
    "cosine_similarity": COSINE_SIMILARITY,
    "huber": HUBER,
    "hinge": HINGE,
    "celu": CELU,
    "elu": ELU,
    "hard_sigmoid": HARD_SIGMOID,
    "hard_swish": HARD_SWISH,
    "hard_tanh": HARD_TANH,
    "mish": MISH,
    "relu6": RELU6,
    "selu": SELU,
    "softsign": SOFTSIGN,
}
