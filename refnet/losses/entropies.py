"""Cross-entropies: -sum t log p, from probabilities, from logits, from labels."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..activations import softplus
from .shapes import Scalar, same_shape


def binary_cross_entropy(probability: Float[Array, "*s"], label: Float[Array, "*t"]) -> Scalar:
    """-mean (y log a + (1 - y) log(1 - a)), 0 < a < 1.  Slope in a: (a - y) / (a (1 - a)) / size.

    Labels may be soft, 0 <= y <= 1.  Loses digits as a nears 0 or 1: prefer the logits form.
    """
    same_shape("binary_cross_entropy", probability=probability, label=label)
    a, y = probability, label
    return -jnp.mean(y * jnp.log(a) + (1.0 - y) * jnp.log1p(-a))


def binary_cross_entropy_with_logits(
    logit: Float[Array, "*s"], label: Float[Array, "*t"]
) -> Scalar:
    """mean ((1 - y) softplus(z) + y softplus(-z)).  Slope in z: (sigmoid(z) - y) / size."""
    same_shape("binary_cross_entropy_with_logits", logit=logit, label=label)
    z, y = logit, label
    return jnp.mean((1.0 - y) * softplus(z) + y * softplus(-z))


def softmax_cross_entropy(
    logits: Float[Array, "*batch classes"], targets: Float[Array, "*t"]
) -> Scalar:
    """-mean over examples of sum_c t_c log softmax(z)_c.  Slope in z: (softmax(z) sum t - t) / n.

    Targets are distributions over the last axis (soft labels), or one-hot.
    """
    same_shape("softmax_cross_entropy", logits=logits, targets=targets)
    return -jnp.mean(jnp.sum(targets * _log_softmax(logits), axis=-1))


def softmax_cross_entropy_with_integer_labels(
    logits: Float[Array, "*batch classes"], labels: Int[Array, "*other"]
) -> Scalar:
    """-mean over examples of log softmax(z)_label.  Slope in z: (softmax(z) - onehot(label)) / n.

    Labels are 0 <= label < classes; a label outside makes the loss NaN.
    """
    same_shape("softmax_cross_entropy_with_integer_labels", logits=logits[..., 0], labels=labels)
    log_probability = _log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(log_probability, labels[..., None], axis=-1))


def smoothed_cross_entropy(
    logits: Float[Array, "*batch classes"],
    labels: Int[Array, "*other"],
    smoothing: float = 0.1,
) -> Scalar:
    """-mean over examples of (1 - e) log p_label + e mean_c log p_c,  p = softmax(z).

    Slope in z: (p - (1 - e) onehot(label) - e / classes) / n.  Raises ValueError for a smoothing e
    outside [0, 1].  Szegedy et al. 2016, section 7.
    """
    same_shape("smoothed_cross_entropy", logits=logits[..., 0], labels=labels)
    if not 0.0 <= smoothing <= 1.0:
        raise ValueError(f"smoothing is {smoothing!r}; it must be within [0, 1]")
    log_p = _log_softmax(logits)
    own = jnp.take_along_axis(log_p, labels[..., None], axis=-1)[..., 0]
    return -jnp.mean((1.0 - smoothing) * own + smoothing * jnp.mean(log_p, axis=-1))


def focal_loss(
    logit: Float[Array, "*s"],
    label: Float[Array, "*t"],
    gamma: float = 2.0,
) -> Scalar:
    """mean of -(1 - p)^gamma log p,  p = s(u) the probability of the right label, u = +-z.

    Slope in u: -(1 - p)^gamma (1 - p - gamma p log p) / n; labels are 0 or 1.  Raises ValueError
    for a gamma below 0.  Lin et al. 2017.
    """
    same_shape("focal_loss", logit=logit, label=label)
    if not gamma >= 0.0:
        raise ValueError(f"gamma is {gamma!r}; focal_loss wants gamma >= 0")
    loss = softplus((1.0 - 2.0 * label) * logit)  # -log p; 1 - p = e^-softplus(u)
    return jnp.mean(jnp.exp(-gamma * softplus((2.0 * label - 1.0) * logit)) * loss)


@jax.custom_jvp
def _log_softmax(z: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes"]:
    """z - log sum e^z over the last axis, at least -(largest float): 0 times -inf would be NaN.

    Slope along dz: dz - sum softmax(z) dz, also where the value had to stop.
    """
    return jnp.maximum(jax.nn.log_softmax(z), jnp.finfo(z.dtype).min)


@_log_softmax.defjvp
def _log_softmax_jvp(primals, tangents):
    (z,), (dz,) = primals, tangents
    mean = jnp.sum(jax.nn.softmax(z) * dz, axis=-1, keepdims=True)
    return _log_softmax(z), dz - mean
