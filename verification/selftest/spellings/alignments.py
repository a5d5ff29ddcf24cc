"""The gradient of CTC by many hands: forward and backward, every alignment, and by libraries."""

from itertools import groupby, product

import jax
import jax.numpy as jnp
import numpy as np

from .losses import at_once, softmax
from .spelling import Spelled, derived, torch_of

torch = lambda: __import__("torch")


def one_by_one(occupation):
    """(softmax(z) - g) / n of each example's frames, where occupation(z, places) is g."""

    def gradient(z, labels, frames, lengths):
        out = np.zeros_like(z)
        for i, (row, k, t, n) in enumerate(zip(z, labels, frames, lengths, strict=True)):
            shares = occupation(row[:t], np.asarray(k[:n]))
            out[i, :t] = (softmax(row[:t]) - shares) / z.dtype.type(len(z))
        return out

    return gradient


def alignments(labels, frames: int, classes: int):
    """Every class for each frame that spells the labels."""
    spelled = lambda row: [k for k, _ in groupby(row) if k]
    every = product(range(classes), repeat=frames)
    return np.array([row for row in every if spelled(row) == list(labels)])


def counted(weights):
    """g by the weight of every alignment: weights(z, rows)."""

    def occupation(z, labels):
        rows = alignments(labels, *z.shape)
        shares = weights(z, rows)
        shares = shares / shares.sum()
        return np.stack([shares @ np.eye(z.shape[1], dtype=z.dtype)[k] for k in rows.T])

    return occupation


def places(labels):
    """The classes with blanks around them, and where two steps may be one."""
    classes = np.zeros(2 * len(labels) + 1, int)
    classes[1::2] = labels
    apart = np.array([s > 1 and c != 0 and c != classes[s - 2] for s, c in enumerate(classes)])
    return classes, apart


def forward(p, apart):
    """Rows of a_t in probabilities, each rescaled to 1, the first class of `p` being met first."""
    a, rows = np.zeros_like(p[0]), []
    a[:2] = p[0, :2]
    for t in range(len(p)):
        if t:
            before = np.pad(a, (2, 0))
            a = (before[2:] + before[1:-1] + np.where(apart, before[:-2], 0 * a)) * p[t]
        a = a / a.sum()
        rows.append(a)
    return np.stack(rows)


def rescaled(z, labels):
    """Graves's own: a_t and b_t in probabilities, each divided by its sum."""
    classes, apart = places(labels)
    p = softmax(z)[:, classes]
    back = np.array([*apart[2:], False, False])[::-1]
    a, b = forward(p, apart), forward(p[::-1, ::-1], back)[::-1, ::-1]
    shares = a * b / p
    return shares / shares.sum(-1, keepdims=True) @ np.eye(z.shape[1], dtype=z.dtype)[classes]


def in_logs(z, labels):
    """a_t and b_t by logaddexp, minus infinity where nothing leads."""
    classes, apart = places(labels)
    log_p = at_once(z)[:, classes]

    def sweep(log_p, apart):
        start = np.full_like(log_p[0], -np.inf)
        a, rows = start.copy(), []
        a[:2] = log_p[0, :2]
        for t in range(len(log_p)):
            if t:
                before = np.concatenate([start[:2], a])
                a = np.logaddexp(before[2:], before[1:-1])
                a = np.logaddexp(a, np.where(apart, before[:-2], start)) + log_p[t]
            rows.append(a)
        return np.stack(rows)

    back = np.array([*apart[2:], False, False])[::-1]
    a, b = sweep(log_p, apart), sweep(log_p[::-1, ::-1], back)[::-1, ::-1]
    total = np.logaddexp(a[-1, -1], a[-1, -2])
    shares = np.exp(a + b - log_p - total)
    return shares @ np.eye(z.shape[1], dtype=z.dtype)[classes]


by_products = lambda z, rows: np.prod(softmax(z)[np.arange(len(z)), rows], axis=-1)
by_logs = lambda z, rows: np.exp(np.sum(at_once(z)[np.arange(len(z)), rows], axis=-1))


def of_jax(z, labels, frames, lengths):
    """JAX's own derivative of the sum over every alignment."""
    told = list(zip(labels, frames, lengths, strict=True))
    rows = [alignments(k[:n], t, z.shape[-1]) for k, t, n in told]

    def loss(z):
        log_p = jax.nn.log_softmax(z)
        sums = [jnp.sum(log_p[i, jnp.arange(row.shape[-1]), row], -1) for i, row in enumerate(rows)]
        return -sum(map(jax.nn.logsumexp, sums)) / len(z)

    return jax.grad(loss)(jnp.asarray(z))


def of_optax(z, labels, frames, lengths):
    """Paddings are 1 where its arrays are not looked at."""
    import optax

    hidden = lambda most, of: (np.arange(most) >= of[:, None]).astype(z.dtype)
    told = hidden(z.shape[1], frames), labels, hidden(labels.shape[1], lengths)
    loss = lambda z: jnp.mean(optax.ctc_loss(z, *map(jnp.asarray, told)))
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        return jax.grad(loss)(jnp.asarray(z)).astype(z.dtype)


def of_torch(z, labels, frames, lengths):
    log_p = z.log_softmax(-1).transpose(0, 1)
    told = [x.long() for x in (labels, frames, lengths)]
    return torch().nn.functional.ctc_loss(log_p, *told, reduction="none").mean()


CTC = {
    "forward and backward": one_by_one(in_logs),
    "rescaled at every step": one_by_one(rescaled),
    "every alignment, by products": one_by_one(counted(by_products)),
    "every alignment, by logarithms": one_by_one(counted(by_logs)),
    "JAX, every alignment": of_jax,
    "optax": of_optax,
    "PyTorch": torch_of(of_torch),
}
ALIGNMENTS: dict[str, Spelled] = {"ctc_loss": derived("ctc_loss", CTC, scales=(0.5, 2.0))}
