"""Layers of refnet, and the losses of their kind: the gradient of each by hand.

They are subjects to make mistakes in, and answers to compare one's own backward pass with.
"""

from ...vocabulary import Derivation
from .attention import ATTENTION
from .avg_pool import AVG_POOL
from .balancing_loss import BALANCING_LOSS
from .batch_norm import BATCH_NORM
from .batch_norm_eval import BATCH_NORM_EVAL
from .celu import CELU
from .conv1d import CONV1D
from .conv2d import CONV2D
from .conv2d_transpose import CONV2D_TRANSPOSE
from .cosine_similarity import COSINE_SIMILARITY
from .cross_attention import CROSS_ATTENTION
from .ctc_loss import CTC_LOSS
from .deep_equilibrium import DEEP_EQUILIBRIUM
from .dropout import DROPOUT
from .elu import ELU
from .embedding import EMBEDDING
from .evidence_lower_bound import EVIDENCE_LOWER_BOUND
from .focal_loss import FOCAL_LOSS
from .gated_feed_forward import GATED_FEED_FORWARD
from .gaussian_likelihood import GAUSSIAN_LIKELIHOOD
from .gaussian_sample import GAUSSIAN_SAMPLE
from .glu import GLU
from .graph_convolution import GRAPH_CONVOLUTION
from .group_norm import GROUP_NORM
from .grouped_conv2d import GROUPED_CONV2D
from .grouped_query_attention import GROUPED_QUERY_ATTENTION
from .gru import GRU
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
from .masked_softmax import MASKED_SOFTMAX
from .max_pool import MAX_POOL
from .mish import MISH
from .mixture_of_experts import MIXTURE_OF_EXPERTS
from .multi_head_attention import MULTI_HEAD_ATTENTION
from .poisson_likelihood import POISSON_LIKELIHOOD
from .relu6 import RELU6
from .residual_block import RESIDUAL_BLOCK
from .rms_norm import RMS_NORM
from .rnn import RNN
from .rotary import ROTARY
from .selu import SELU
from .smoothed_cross_entropy import SMOOTHED_CROSS_ENTROPY
from .softmax import SOFTMAX
from .softsign import SOFTSIGN
from .tanh_jet import TANH_JET
from .tied_autoencoder import TIED_AUTOENCODER
from .triplet import TRIPLET
from .weight_norm import WEIGHT_NORM
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
    "ctc_loss": CTC_LOSS,
    "gaussian_likelihood": GAUSSIAN_LIKELIHOOD,
    "poisson_likelihood": POISSON_LIKELIHOOD,
    "evidence_lower_bound": EVIDENCE_LOWER_BOUND,
    "weighted": WEIGHTED,
    "gru": GRU,
    "group_norm": GROUP_NORM,
    "batch_norm_eval": BATCH_NORM_EVAL,
    "weight_norm": WEIGHT_NORM,
    "avg_pool": AVG_POOL,
    "rotary": ROTARY,
    "grouped_query_attention": GROUPED_QUERY_ATTENTION,
    "conv1d": CONV1D,
    "conv2d_transpose": CONV2D_TRANSPOSE,
    "grouped_conv2d": GROUPED_CONV2D,
    "masked_softmax": MASKED_SOFTMAX,
    "mixture_of_experts": MIXTURE_OF_EXPERTS,
    "balancing_loss": BALANCING_LOSS,
    "cross_attention": CROSS_ATTENTION,
    "deep_equilibrium": DEEP_EQUILIBRIUM,
    "gaussian_sample": GAUSSIAN_SAMPLE,
    "graph_convolution": GRAPH_CONVOLUTION,
    "tanh_jet": TANH_JET,
}
