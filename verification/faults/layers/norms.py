"""Layer norm, batch norm, RMS norm, softmax and cosine similarity with one mistake each."""

import jax.numpy as jnp

from ...derivations.layers import batch_norm, cosine_similarity, layer_norm, rms_norm, softmax


def statistics_constant(norm):
    """The batch's statistics taken as constants, as in evaluation."""
    return _with_dx(norm, lambda c, h, r, dh, mean: r * dh)


def mean_constant(norm):
    return _with_dx(norm, lambda c, h, r, dh, mean: r * (dh - h * mean(h * dh)))


def variance_constant(norm):
    return _with_dx(norm, lambda c, h, r, dh, mean: r * (dh - mean(dh)))


def variance_term_added(norm):
    return _with_dx(norm, lambda c, h, r, dh, mean: r * (dh - mean(dh) + h * mean(h * dh)))


def input_for_normalised(norm):
    """c where h belongs, in the term of the variance."""
    return _with_dx(norm, lambda c, h, r, dh, mean: r * (dh - mean(dh) - c * mean(c * dh)))


def deviation_not_divided(norm):
    return _with_dx(norm, lambda c, h, r, dh, mean: dh - mean(dh) - h * mean(h * dh))


def sums_for_means(norm):
    n = lambda mean, x: jnp.sum(jnp.ones_like(x)) / jnp.sum(jnp.ones_like(mean(x)))
    return _with_dx(
        norm,
        lambda c, h, r, dh, mean: r * (dh - n(mean, dh) * mean(dh) - h * mean(h * dh)),
    )


def eps_outside(norm):
    """1 / (sqrt(v) + eps) where the forward has 1 / sqrt(v + eps)."""

    def dx(c, h, r, dh, mean):
        root = jnp.sqrt(mean(c * c))
        h = c / (root + norm.EPS)
        return (dh - mean(dh) - h * mean(h * dh)) / (root + norm.EPS)

    return _with_dx(norm, dx)


def eps_forgotten(norm):
    def dx(c, h, r, dh, mean):
        root = jnp.sqrt(mean(c * c))
        h = c / root
        return (dh - mean(dh) - h * mean(h * dh)) / root

    return _with_dx(norm, dx)


def unbiased_variance(norm):
    """n - 1 for n in the backward pass alone."""

    def dx(c, h, r, dh, mean):
        n = jnp.sum(jnp.ones_like(c)) / jnp.sum(jnp.ones_like(mean(c)))
        return r * (dh - mean(dh) - h * mean(h * dh) * n / (n - 1))

    return _with_dx(norm, dx)


def gain_forgotten(norm):
    def gradient(x, gain, bias, dy):
        _, dgain, dbias = norm.gradient(x, gain, bias, dy)
        return norm.gradient(x, jnp.ones_like(gain), bias, dy)[0], dgain, dbias

    return gradient


def gain_of_input(norm):
    """dg = sum of x dy: the input where the normalised one belongs."""

    def gradient(x, gain, bias, dy):
        dx, _, dbias = norm.gradient(x, gain, bias, dy)
        return dx, jnp.sum(x * dy, axis=0), dbias

    return gradient


def parameters_averaged(norm):
    def gradient(x, gain, bias, dy):
        dx, dgain, dbias = norm.gradient(x, gain, bias, dy)
        return dx, dgain / len(x), dbias / len(x)

    return gradient


def gain_and_bias_swapped(norm):
    def gradient(*args):
        dx, dgain, dbias = norm.gradient(*args)
        return dx, dbias, dgain

    return gradient


def wrong_axis(norm, axis: int):
    """Means over the other axis."""
    return _with_dx(
        norm,
        lambda c, h, r, dh, mean: (
            r
            * (
                dh
                - jnp.mean(dh, axis=axis, keepdims=True)
                - h * jnp.mean(h * dh, axis=axis, keepdims=True)
            )
        ),
    )


def running_statistics(norm):
    """Statistics of another batch: the running ones, where the forward has used this one's."""

    def gradient(x, gain, bias, dy):
        older = jnp.roll(x, 1, axis=0) * 0.9 + 0.1 * x
        _, dgain, dbias = norm.gradient(x, gain, bias, dy)
        return norm.gradient(older, gain, bias, dy)[0], dgain, dbias

    return gradient


def _with_dx(norm, formula):
    """The gradient whose dx is formula(c, h, r, dh, mean)."""
    axis = 0 if norm is batch_norm else -1
    mean = lambda x: jnp.mean(x, axis=axis, keepdims=True)

    def gradient(x, gain, bias, dy):
        c = norm.centred(x)
        r = 1.0 / jnp.sqrt(mean(c * c) + norm.EPS)
        dh, dgain, dbias = layer_norm.pull_affine(c * r, gain, bias, dy)
        return formula(c, c * r, r, dh, mean), dgain, dbias

    return gradient


def of_norm(norm, axis: int) -> dict:
    return {
        "statistics taken as constant": statistics_constant(norm),
        "mean taken as constant": mean_constant(norm),
        "variance taken as constant": variance_constant(norm),
        "variance's term added": variance_term_added(norm),
        "input for the normalised": input_for_normalised(norm),
        "not divided by the deviation": deviation_not_divided(norm),
        "sum for a mean": sums_for_means(norm),
        "eps outside the root": eps_outside(norm),
        "eps forgotten": eps_forgotten(norm),
        "unbiased variance": unbiased_variance(norm),
        "gain forgotten": gain_forgotten(norm),
        "gain's gradient from the input": gain_of_input(norm),
        "gain and bias averaged": parameters_averaged(norm),
        "gain and bias swapped": gain_and_bias_swapped(norm),
        "means over the other axis": wrong_axis(norm, axis),
        "running statistics": running_statistics(norm),
    }


def mean_subtracted(x, gain, dy):
    """RMS norm with layer norm's middle term."""
    dx, dgain, _ = layer_norm.gradient(x, gain, jnp.zeros_like(gain), dy)
    return dx, dgain


def rms_constant(x, gain, dy):
    _, dgain = rms_norm.gradient(x, gain, dy)
    root = jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + layer_norm.EPS)
    return dy * gain[None, :] / root, dgain


def softmax_diagonal(z, dp):
    p = softmax.function(z)
    return (p * (1.0 - p) * dp,)


def softmax_not_weighted(z, dp):
    return (softmax.less_mean(softmax.function(z), dp),)


def softmax_plain_mean(z, dp):
    """The plain mean of dp subtracted, and not the one weighted by p."""
    p = softmax.function(z)
    return (p * (dp - jnp.mean(dp, axis=-1, keepdims=True)),)


def softmax_over_batch(z, dp):
    """The sum over the batch where that over classes belongs."""
    p = softmax.function(z)
    return (p * (dp - jnp.sum(p * dp, axis=0, keepdims=True)),)


def softmax_plus(z, dp):
    p = softmax.function(z)
    return (p * (dp + jnp.sum(p * dp, axis=-1, keepdims=True)),)


def lengths_constant(a, b, dc):
    m, n = cosine_similarity.length(a)[:, None], cosine_similarity.length(b)[:, None]
    return b * dc[:, None] / m / n, a * dc[:, None] / m / n


def cosine_own_direction(a, b, dc):
    """The own direction where the other's belongs."""
    m, n = cosine_similarity.length(a)[:, None], cosine_similarity.length(b)[:, None]
    c = cosine_similarity.function(a, b)[:, None]
    d = dc[:, None]
    return (a / m - c * b / n) * d / m, (b / n - c * a / m) * d / n


def cosine_swapped(a, b, dc):
    return cosine_similarity.gradient(a, b, dc)[::-1]


def cosine_plus(a, b, dc):
    m, n = cosine_similarity.length(a)[:, None], cosine_similarity.length(b)[:, None]
    c, d = cosine_similarity.function(a, b)[:, None], dc[:, None]
    return (b / n + c * a / m) * d / m, (a / m + c * b / n) * d / n


OWN: dict[str, dict] = {
    "layer_norm": of_norm(layer_norm, 0),
    "batch_norm": of_norm(batch_norm, -1),
    "rms_norm": {
        "mean subtracted too": mean_subtracted,
        "statistics taken as constant": rms_constant,
    },
    "softmax": {
        "diagonal only": softmax_diagonal,
        "not weighted by p": softmax_not_weighted,
        "plain mean": softmax_plain_mean,
        "sum over the batch": softmax_over_batch,
        "sum added": softmax_plus,
    },
    "cosine_similarity": {
        "lengths taken as constant": lengths_constant,
        "own direction": cosine_own_direction,
        "both gradients swapped": cosine_swapped,
        "sum added": cosine_plus,
    },
}
