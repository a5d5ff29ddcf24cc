"""Normalized exponentials at large scales; by a stored normalizer too, as in flash attention."""

import jax
import jax.numpy as jnp
import numpy as np

from .layers import flash, inner
from .losses import at_once, by_scipy, shifted, softmax
from .spelling import Spelled, jax_of, torch_of

ACTIVE = 3  # entries that a mask leaves
LARGE = (1.0, 16.0, 60.0)


def lse(z):
    """The normalizer of each row, as one number."""
    top = z.max(-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(-1, keepdims=True))


def stored(z):
    return np.exp(z - lse(z))


def stored_first(z):
    """e^-lse times e^z, by the largest."""
    top = z.max(-1, keepdims=True)
    return np.exp(z - top) * np.exp(top - lse(z))


def base_two(z):
    """2^(z log2 e - lse2), as kernels have it."""
    scaled = z * z.dtype.type(np.log2(np.e))
    top = scaled.max(-1, keepdims=True)
    e = np.exp2(scaled - top)
    return e / e.sum(-1, keepdims=True)


CHANCES = {
    "by sums": softmax,
    "by a stored normalizer": stored,
    "by a factor": stored_first,
    "by log-softmax": lambda z: np.exp(shifted(z)),
    "SciPy": lambda z: by_scipy("softmax")(z, axis=-1),
    "powers of two": base_two,
}


def pulled(p, g):
    return p * (g - (p * g).sum(-1, keepdims=True))


def each(gradient_of):
    """One gradient for each way to probabilities."""
    return {who: gradient_of(chances) for who, chances in CHANCES.items()}


def rows(rng):
    return (rng.normal(size=(3, 5)),)


def through_the_largest(z):
    """No stop_gradient: what comes back through the largest is 0, and is added up."""
    e = jnp.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def held(z):
    return np.where(np.arange(z.shape[-1]) < ACTIVE, z, z.dtype.type(-np.inf))


def masked(z):
    return jax.nn.softmax(jnp.where(jnp.arange(z.shape[-1]) < ACTIVE, z, -jnp.inf))


def beside_zero(z):
    """Softmax with one more logit, 0, whose probability is left out."""
    top = jnp.maximum(z.max(-1, keepdims=True), 0.0)
    e = jnp.exp(z - top)
    return e / (jnp.exp(-top) + e.sum(-1, keepdims=True))


def beside(chances):
    whole = lambda z: chances(np.concatenate([z, 0 * z[:, :1]], 1))[:, :-1]
    return lambda z, g: pulled(whole(z), g)


def divided_late(q, k, v):
    s = q @ k.T
    e = jnp.exp(s - s.max(-1, keepdims=True))
    return (e @ v) / e.sum(-1, keepdims=True)


def attended(pull):
    def of(chances):
        def gradient(q, k, v, do):
            p = chances(q @ k.T)
            ds = pull(p, do @ v.T, do, p @ v)
            return ds @ k, ds.T @ q, p.T @ do

        return gradient

    return of


def entropy(z):
    l = jax.nn.log_softmax(z)
    return -jnp.mean(jnp.sum(jnp.exp(l) * l, -1))


def of_entropy(logs, chances=None):
    def gradient(z):
        l = logs(z)
        p = chances(z) if chances else np.exp(l)
        return p * ((p * l).sum(-1, keepdims=True) - l) / len(z)

    return gradient


def mixture(x, mu, w):
    """Minus the mean log-likelihood of a mixture of normal distributions, but for a constant."""
    l = jax.nn.log_softmax(w) - 0.5 * (x[:, None] - mu) ** 2
    return -jnp.mean(jax.nn.logsumexp(l, 1))


def responsible(chances):
    """By the responsibilities."""

    def gradient(x, mu, w):
        l = at_once(w) - (x[:, None] - mu) ** 2 / 2
        r = chances(l)
        d = r * (x[:, None] - mu)
        return tuple(g / len(x) for g in (d.sum(1), -d.sum(0), len(x) * softmax(w) - r.sum(0)))

    return gradient


POINTS = lambda rng: (3 * rng.normal(size=6), 3 * rng.normal(size=4), rng.normal(size=4))
HEADS = lambda rng: tuple(rng.normal(size=s) for s in ((4, 3), (5, 3), (5, 2)))
OF_SOFTMAX = each(lambda chances: lambda z, g: pulled(chances(z), g)) | {
    "PyTorch": torch_of(lambda z: z.softmax(-1))
}
TOGETHER = {"argnums": (0, 1, 2)}
NORMALIZERS: dict[str, Spelled] = {
    "softmax, large": Spelled(jax.nn.softmax, rows, OF_SOFTMAX, scales=LARGE),
    "softmax through the largest": Spelled(through_the_largest, rows, OF_SOFTMAX, scales=LARGE),
    "softmax, a mask": Spelled(
        masked,
        rows,
        each(lambda chances: lambda z, g: pulled(chances(held(z)), g)),
        scales=LARGE,
    ),
    "softmax beside 0": Spelled(beside_zero, rows, each(beside), scales=LARGE),
    "log-softmax, large": Spelled(
        jax.nn.log_softmax,
        rows,
        each(lambda chances: lambda z, g: g - chances(z) * g.sum(-1, keepdims=True)),
        scales=LARGE,
    ),
    "normalizer, large": Spelled(
        lambda z: jax.nn.logsumexp(z, -1),
        rows,
        each(lambda chances: lambda z, g: chances(z) * g[:, None]),
        scales=LARGE,
    ),
    "entropy of a softmax": Spelled(
        entropy,
        rows,
        {
            "log-softmax at once": of_entropy(at_once),
            "log-softmax, shifted": of_entropy(shifted),
            **each(lambda chances: of_entropy(shifted, chances)),
            "PyTorch": torch_of(lambda z: -(z.softmax(-1) * z.log_softmax(-1)).sum(-1).mean()),
            "JAX": jax_of(entropy),
        },
        scales=(1.0, 16.0),
    ),
    "attention, divided late": Spelled(
        divided_late,
        HEADS,
        each(attended(flash)) | {f"{w}, p . dp": g for w, g in each(attended(inner)).items()},
        **TOGETHER,
        scales=(1.0, 16.0),
    ),
    "mixture": Spelled(mixture, POINTS, each(responsible), **TOGETHER, scales=(1.0, 8.0)),
}
