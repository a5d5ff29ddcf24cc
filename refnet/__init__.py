"""refnet, small pure JAX functions that read like the textbook: open networks.py first.

In: arrays, pytrees of parameters, keys of jax.random.
On the way: activations.py, units.py, softmax.py, losses/ and layers/ are the pieces,
networks.py, convolutional.py,
recurrent.py and transformer.py join them, initializers.py draws them, updates.py and
adaptive.py have the update rules, datasets.py the data.
Out: predictions, losses, trained parameters (training.py) and sweeps over rates (sweeps.py).
"""

from .about import __version__ as __version__
from .activations import ACTIVATIONS as ACTIVATIONS
from .activations import gelu as gelu
from .activations import gelu_tanh as gelu_tanh
from .activations import identity as identity
from .activations import leaky_relu as leaky_relu
from .activations import relu as relu
from .activations import sigmoid as sigmoid
from .activations import silu as silu
from .activations import softplus as softplus
from .activations import tanh as tanh
from .adaptive import adabelief as adabelief
from .adaptive import adamax as adamax
from .adaptive import amsgrad as amsgrad
from .adaptive import lion as lion
from .adaptive import nadam as nadam
from .adaptive import radam as radam
from .convolutional import LeNet as LeNet
from .convolutional import init_lenet as init_lenet
from .convolutional import lenet as lenet
from .datasets import DATASETS as DATASETS
from .datasets import Examples as Examples
from .datasets import Split as Split
from .datasets import breast_cancer as breast_cancer
from .datasets import circles as circles
from .datasets import diabetes as diabetes
from .datasets import digit_images as digit_images
from .datasets import digits as digits
from .datasets import xor as xor
from .initializers import INITIALIZERS as INITIALIZERS
from .initializers import glorot as glorot
from .initializers import he as he
from .initializers import lecun as lecun
from .initializers import zeros as zeros
from .layers import Conv as Conv
from .layers import Dense as Dense
from .layers import Gated as Gated
from .layers import Heads as Heads
from .layers import Norm as Norm
from .layers import Recurrent as Recurrent
from .layers import attention as attention
from .layers import batch_norm as batch_norm
from .layers import causal_mask as causal_mask
from .layers import conv2d as conv2d
from .layers import dense as dense
from .layers import dropout as dropout
from .layers import dropout_mask as dropout_mask
from .layers import embedding as embedding
from .layers import gated_feed_forward as gated_feed_forward
from .layers import glu as glu
from .layers import init_conv2d as init_conv2d
from .layers import init_dense as init_dense
from .layers import init_embedding as init_embedding
from .layers import init_gated as init_gated
from .layers import init_heads as init_heads
from .layers import init_norm as init_norm
from .layers import init_recurrent as init_recurrent
from .layers import layer_norm as layer_norm
from .layers import lstm as lstm
from .layers import max_pool as max_pool
from .layers import multi_head_attention as multi_head_attention
from .layers import residual_block as residual_block
from .layers import rms_norm as rms_norm
from .layers import rnn as rnn
from .layers import tied_autoencoder as tied_autoencoder
from .losses import LOSSES as LOSSES
from .losses import binary_cross_entropy as binary_cross_entropy
from .losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .losses import cosine_similarity as cosine_similarity
from .losses import evidence_lower_bound as evidence_lower_bound
from .losses import focal_loss as focal_loss
from .losses import gaussian_likelihood as gaussian_likelihood
from .losses import hinge as hinge
from .losses import huber as huber
from .losses import info_nce as info_nce
from .losses import kl_divergence as kl_divergence
from .losses import mse as mse
from .losses import poisson_likelihood as poisson_likelihood
from .losses import smoothed_cross_entropy as smoothed_cross_entropy
from .losses import softmax_cross_entropy as softmax_cross_entropy
from .losses import (
    softmax_cross_entropy_with_integer_labels as softmax_cross_entropy_with_integer_labels,
)
from .losses import triplet as triplet
from .losses import weighted as weighted
from .networks import Neuron as Neuron
from .networks import init_mlp as init_mlp
from .networks import mlp as mlp
from .networks import neuron as neuron
from .recurrent import Reader as Reader
from .recurrent import init_recurrent_classifier as init_recurrent_classifier
from .recurrent import recurrent_classifier as recurrent_classifier
from .rule import Moments as Moments
from .rule import RuleState as RuleState
from .softmax import log_softmax as log_softmax
from .softmax import log_sum_exp as log_sum_exp
from .softmax import softmax as softmax
from .sweeps import Runs as Runs
from .sweeps import sweep as sweep
from .training import History as History
from .training import Run as Run
from .training import Step as Step
from .training import train as train
from .training import train_step as train_step
from .transformer import GPT as GPT
from .transformer import Block as Block
from .transformer import gpt as gpt
from .transformer import init_gpt as init_gpt
from .units import celu as celu
from .units import elu as elu
from .units import hard_sigmoid as hard_sigmoid
from .units import hard_swish as hard_swish
from .units import hard_tanh as hard_tanh
from .units import log_sigmoid as log_sigmoid
from .units import mish as mish
from .units import relu6 as relu6
from .units import selu as selu
from .units import softsign as softsign
from .updates import UPDATES as UPDATES
from .updates import adagrad as adagrad
from .updates import adam as adam
from .updates import adamw as adamw
from .updates import gradient_descent as gradient_descent
from .updates import momentum as momentum
from .updates import nesterov as nesterov
from .updates import rmsprop as rmsprop
