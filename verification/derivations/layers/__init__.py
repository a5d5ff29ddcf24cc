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
from .evidence_lower_bound import EVIDENCE_LOWER_BOUND
from .focal_loss import FOCAL_LOSS
from .gated_feed_forward import GATED_FEED_FORWARD
from .gaussian_likelihood import GAUSSIAN_LIKELIHOOD
from .glu import GLU
from .hard_sigmoid import HARD_SIGMOID
from .hard_swish import HARD_SWISH
from .hard_tanh import HARD_TANH
from .hinge import HINGE
from .huber import HUBER
from .info_nce import INFO_NCE
from .kl_divergence import KL_DIVERGENCE
from .layer_norm import LAYER_NORM
from .log_sigmoid import LOG_SIGMOID
from .log_softmax import LOG_SOFTMAX
from .log_sum_exp import LOG_SUM_EXP
from .lstm import LSTM
from .max_pool import MAX_POOL
from .mish import MISH
from .multi_head_attention import MULTI_HEAD_ATTENTION
from .poisson_likelihood import POISSON_LIKELIHOOD
from .relu6 import RELU6
from .residual_block import RESIDUAL_BLOCK
from .rms_norm import RMS_NORM
from .rnn import RNN
from .selu import SELU
from .smoothed_cross_entropy import SMOOTHED_CROSS_ENTROPY
from .softmax import SOFTMAX
from .softsign import SOFTSIGN
from .tied_autoencoder import TIED_AUTOENCODER
from .triplet import TRIPLET
from .weighted import WEIGHTED

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
    "log_sigmoid": LOG_SIGMOID,
    "log_softmax": LOG_SOFTMAX,
    "glu": GLU,
    "gated_feed_forward": GATED_FEED_FORWARD,
    "kl_divergence": KL_DIVERGENCE,
    "smoothed_cross_entropy": SMOOTHED_CROSS_ENTROPY,
    "focal_loss": FOCAL_LOSS,
    "triplet": TRIPLET,
    "info_nce": INFO_NCE,
    "gaussian_likelihood": GAUSSIAN_LIKELIHOOD,
    "poisson_likelihood": POISSON_LIKELIHOOD,
    "evidence_lower_bound": EVIDENCE_LOWER_BOUND,
    "weighted": WEIGHTED,
}
