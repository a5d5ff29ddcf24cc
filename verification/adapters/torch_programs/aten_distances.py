"""ATen's distances, losses and products of several arrays."""

import jax
import jax.numpy as jnp
import numpy as np

from .aten_reductions import norm


def distances(x, y, p=2.0, mode=None):
    """|x_i - y_j|_p for all pairs of rows."""
    return norm(x[..., :, None, :] - y[..., None, :, :], p, -1)


def own_distances(x, p=2.0):
    """|x_i - x_j|_p for i < j."""
    rows, columns = np.triu_indices(x.shape[0], 1)
    return norm(x[rows] - x[columns], p, -1)


def trilinear(a, b, c, expand1, expand2, expand3, summed, unroll=1):
    """sum over some axes of a b c, each with axes of size 1 put in first."""
    pairs = zip((a, b, c), (expand1, expand2, expand3), strict=True)
    spread = [jnp.expand_dims(x, tuple(axes)) for x, axes in pairs]
    return jnp.sum(spread[0] * spread[1] * spread[2], tuple(summed))


def ctc(log_probs, targets, input_lengths, target_lengths, blank=0, zero_infinity=False):
    """-log of the sum over all alignments, for each sequence, by the forward recursion.

    log_probs (time, batch, classes); targets (batch, longest), or all of them in one row, where
    the lengths must be known.  Longer paths than a target has are left out by their number.
    """
    log_probs = log_probs[:, None] if log_probs.ndim == 2 else log_probs
    times, batch, _ = log_probs.shape
    table = targets if targets.ndim == 2 else stacked(targets, target_lengths, batch)
    each = lambda v: jnp.broadcast_to(jnp.asarray(v), (batch,))
    labels = jnp.full((batch, 2 * table.shape[1] + 1), blank).at[:, 1::2].set(table)
    two_before = jnp.pad(labels, ((0, 0), (2, 0)), constant_values=blank)[:, :-2]
    skips = (labels != blank) & (labels != two_before)
    said = jnp.take_along_axis(log_probs, jnp.broadcast_to(labels, (times, *labels.shape)), 2)
    low = -jnp.inf
    start = jnp.where(np.arange(labels.shape[1]) < 2, said[0], low)
    rows = [start]
    for t in range(1, times):
        one = jnp.pad(rows[-1], ((0, 0), (1, 0)), constant_values=low)[:, :-1]
        two = jnp.pad(rows[-1], ((0, 0), (2, 0)), constant_values=low)[:, :-2]
        ways = jnp.stack([rows[-1], one, jnp.where(skips, two, low)])
        rows.append(said[t] + log_sum(ways))
    alpha = jnp.stack(rows)[each(input_lengths) - 1, np.arange(batch)]
    last = 2 * each(target_lengths)[:, None]
    ends = [jnp.take_along_axis(alpha, jnp.maximum(last - k, 0), 1)[:, 0] for k in (0, 1)]
    ends[1] = jnp.where(last[:, 0] > 0, ends[1], low)
    return -log_sum(jnp.stack(ends)), jnp.zeros(())


def multilabel_margin(x, target, reduction):
    """The mean over classes of max(0, 1 - x_t + x_k), t a target (before the first -1), k none.

    And which classes are targets.  Reduced over a batch: 1 is the mean, 2 the sum.
    """
    rows, labels = jnp.atleast_2d(x), jnp.atleast_2d(target)
    is_kept = jnp.cumsum(labels == -1, 1) == 0
    labels = jnp.where(is_kept, labels, 0)
    chosen = is_kept[:, :, None] & (labels[:, :, None] == np.arange(rows.shape[1]))
    is_target = jnp.any(chosen, 1)
    margins = 1 - jnp.take_along_axis(rows, labels, 1)[:, :, None] + rows[:, None, :]
    counted = is_kept[:, :, None] & ~is_target[:, None, :]
    loss = jnp.sum(jnp.where(counted, jnp.maximum(margins, 0), 0), (1, 2)) / rows.shape[1]
    reduced = {1: jnp.mean, 2: jnp.sum}.get(reduction, lambda v: v.reshape(x.shape[:-1]))
    return reduced(loss), is_target.astype(x.dtype).reshape(target.shape)


def stacked(targets, lengths, batch):
    """Rows of a table from one row of all."""
    ends = np.cumsum([0, *np.broadcast_to(np.asarray(lengths), (batch,))])
    widest = int(np.diff(ends).max(initial=0))
    places = np.minimum(ends[:-1, None] + np.arange(widest), len(targets) - 1)
    return targets[places]


def log_sum(ways):
    """log sum exp along the first axis; of nothing but -inf it is -inf, without a NaN."""
    top = jax.lax.stop_gradient(jnp.max(ways, 0))  # paths that are equally likely are no kink
    safe = jnp.where(jnp.isfinite(top), top, 0.0)
    total = jnp.sum(jnp.where(jnp.isfinite(ways), jnp.exp(ways - safe), 0.0), 0)
    return jnp.where(total > 0, safe + jnp.log(jnp.where(total > 0, total, 1.0)), -jnp.inf)


DISTANCES = {
    "_cdist_forward": distances,
    "_euclidean_dist": distances,
    "_pdist_forward": own_distances,
    "_trilinear": trilinear,
    "_ctc_loss": ctc,
    "multilabel_margin_loss_forward": multilabel_margin,
}
