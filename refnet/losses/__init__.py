"""Losses: one number from predictions and targets; open entropies.py first.

Natural log, mean over examples.  `mse` is the mean over every entry and owns no 1/2.  Shapes that
differ raise, never broadcast.  `weighted` gives each example of a loss a weight, or a mask.
"""

from collections.abc import Callable

from .alignments import ctc_loss as ctc_loss
from .contrasts import info_nce as info_nce
from .contrasts import triplet as triplet
from .divergences import evidence_lower_bound as evidence_lower_bound
from .divergences import kl_divergence as kl_divergence
from .entropies import binary_cross_entropy as binary_cross_entropy
from .entropies import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .entropies import focal_loss as focal_loss
from .entropies import smoothed_cross_entropy as smoothed_cross_entropy
from .entropies import softmax_cross_entropy as softmax_cross_entropy
from .entropies import (
    softmax_cross_entropy_with_integer_labels as softmax_cross_entropy_with_integer_labels,
)
from .likelihoods import gaussian_likelihood as gaussian_likelihood
from .likelihoods import poisson_likelihood as poisson_likelihood
from .margins import cosine_similarity as cosine_similarity
from .margins import hinge as hinge
from .squares import huber as huber
from .squares import mse as mse
from .weights import weighted as weighted

LOSSES: dict[str, Callable] = {
    "mse": mse,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "softmax_cross_entropy": softmax_cross_entropy,
    "softmax_cross_entropy_with_integer_labels": softmax_cross_entropy_with_integer_labels,
}
