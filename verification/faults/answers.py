"""More mistakes seen in the answer alone: whole leaves, rows, orders, scales that people know.

As in leaves.py each takes the right leaves and the name of the dtype and gives wrong ones, or None.
"""

import numpy as np

from .fault import Leaves, Wrong


def all_zero(leaves: Leaves, dtype: str) -> Wrong:
    """Nothing was computed: the buffer that was allocated is handed back as it was."""
    return [np.zeros_like(leaf) for leaf in leaves]


def first_dropped(leaves: Leaves, dtype: str) -> Wrong | None:
    """The first leaf's gradient is never written: the loop over layers stops at layer 1."""
    return [np.zeros_like(leaves[0]), *leaves[1:]] if len(leaves) > 1 else None


def first_negated(leaves: Leaves, dtype: str) -> Wrong | None:
    """One leaf climbs while the others descend."""
    return [-leaves[0], *leaves[1:]] if len(leaves) > 1 else None


def last_doubled(leaves: Leaves, dtype: str) -> Wrong | None:
    """The last leaf is accumulated twice: a shared parameter listed twice in the optimiser."""
    return [*leaves[:-1], 2.0 * leaves[-1]] if len(leaves) > 1 else None


def last_row_lost(leaves: Leaves, dtype: str) -> Wrong | None:
    """The last row is never written: a ragged last block, a batch that is not a multiple of 8."""
    return _rows(leaves, lambda x: np.concatenate([x[:-1], 0.0 * x[-1:]]))


def first_row_lost(leaves: Leaves, dtype: str) -> Wrong | None:
    """The first row is never written: an index that starts at one."""
    return _rows(leaves, lambda x: np.concatenate([0.0 * x[:1], x[1:]]))


def rows_rolled(leaves: Leaves, dtype: str) -> Wrong | None:
    """Every row has the gradient of the one before: off by one along the first axis."""
    return _rows(leaves, lambda x: np.roll(x, 1, 0))


def rows_flipped(leaves: Leaves, dtype: str) -> Wrong | None:
    """The first axis runs backwards: layers or time steps collected in the backward order."""
    return _rows(leaves, lambda x: np.flip(x, 0))


def rows_exchanged(leaves: Leaves, dtype: str) -> Wrong | None:
    """The first two rows change places: two gates, two heads or two channels confused."""
    return _rows(leaves, lambda x: np.concatenate([x[1::-1], x[2:]]))


def columns_exchanged(leaves: Leaves, dtype: str) -> Wrong | None:
    """The first two columns change places: RGB for BGR, keys for values."""
    change = lambda x: np.concatenate([x[..., 1::-1], x[..., 2:]], -1)
    return _where(leaves, lambda x: x.ndim > 0 and x.shape[-1] > 1, change)


def over_columns(leaves: Leaves, dtype: str) -> Wrong | None:
    """Divided by the number of columns: the mean over entries where that over rows was meant."""
    wide = [leaf for leaf in leaves if leaf.ndim > 1 and leaf.shape[-1] > 1]
    return [leaf / wide[-1].shape[-1] for leaf in leaves] if wide else None


def less_one(leaves: Leaves, dtype: str) -> Wrong | None:
    """1/(n - 1) for 1/n: the unbiased variance differentiated as the other one."""
    rows = [leaf.shape[0] for leaf in leaves if leaf.ndim and leaf.shape[0] > 2]
    return [leaf * (rows[-1] / (rows[-1] - 1.0)) for leaf in leaves] if rows else None


def times_rate(leaves: Leaves, dtype: str) -> Wrong:
    """The learning rate is in the gradient already, and will be applied again."""
    return [0.01 * leaf for leaf in leaves]


def clipped(leaves: Leaves, dtype: str) -> Wrong:
    """Each leaf is scaled to length 1 at most, minus what clipping leaves alone: always applied."""
    lengths = [np.sqrt((leaf * leaf).sum()) for leaf in leaves]
    return [leaf / (length or 1.0) for leaf, length in zip(leaves, lengths, strict=True)]


def centred(leaves: Leaves, dtype: str) -> Wrong | None:
    """The mean is subtracted: gradient centralisation left on."""
    return _where(leaves, lambda x: x.size > 1, lambda x: x - x.mean())


def signs(leaves: Leaves, dtype: str) -> Wrong:
    """Only the signs: sign descent's step handed over as the gradient."""
    return [np.sign(leaf) for leaf in leaves]


def squares(leaves: Leaves, dtype: str) -> Wrong:
    """The second moment where the first was meant: Adam's v for its m."""
    return [leaf * leaf for leaf in leaves]


def leaves_summed(leaves: Leaves, dtype: str) -> Wrong | None:
    """A leaf has another's gradient added to it: a buffer that was not cleared in between."""
    for k, leaf in enumerate(leaves[1:], 1):
        if leaf.shape == leaves[0].shape:
            return [*leaves[:k], leaf + leaves[0], *leaves[k + 1 :]]
    return None


def accumulated(leaves: Leaves, dtype: str) -> Wrong:
    """The last step's gradient is still in it: zero_grad forgotten, a decayed share remains."""
    return [leaf + 0.9 * np.roll(leaf.ravel(), 1).reshape(leaf.shape) for leaf in leaves]


def half_of_it(leaves: Leaves, dtype: str) -> Wrong | None:
    """The second half is never written: one of two workers, or of two micro-batches, is missing."""

    def change(x):
        wrong = x.copy()
        wrong.reshape(-1)[x.size // 2 :] = 0.0
        return wrong

    return _where(leaves, lambda x: x.size > 1, change)


def upper_triangle(leaves: Leaves, dtype: str) -> Wrong | None:
    """Only one triangle is written: a symmetric routine used for what is not symmetric."""
    return _where(leaves, lambda x: x.ndim == 2 and min(x.shape) > 1, np.triu)


def decayed(leaves: Leaves, dtype: str) -> Wrong:
    """Something is added to every entry: weight decay or an epsilon inside the gradient."""
    return [leaf + 0.01 for leaf in leaves]


def _rows(leaves: Leaves, change) -> Wrong | None:
    return _where(leaves, lambda x: x.ndim > 0 and x.shape[0] > 1, change)


def _where(leaves: Leaves, holds, change) -> Wrong | None:
    if not any(map(holds, leaves)):
        return None
    return [change(leaf) if holds(leaf) else leaf for leaf in leaves]
