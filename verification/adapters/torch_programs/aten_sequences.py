"""ATen's packed sequences: rows of several lengths, step by step, without what is padding.

The lengths are constants of the program: how many sequences have a step k is how many are longer.
"""

import jax.numpy as jnp
import numpy as np


def packed(x, lengths, batch_first):
    """The rows of each step in turn, and how many there are; x is (time, batch, ...)."""
    x = jnp.swapaxes(x, 0, 1) if batch_first else x
    steps = np.arange(int(np.max(lengths)))
    sizes = (np.asarray(lengths)[None] > steps[:, None]).sum(1)
    rows = [x[step, :size] for step, size in zip(steps, sizes, strict=True)]
    return jnp.concatenate(rows), sizes


def unpacked(data, sizes, batch_first, padding_value, total_length):
    """(time, batch, ...) with padding, and the lengths."""
    sizes = np.asarray(sizes)
    steps = max(len(sizes), total_length)
    out = jnp.full((steps, sizes[0], *data.shape[1:]), padding_value, data.dtype)
    step = np.repeat(np.arange(len(sizes)), sizes)
    row = np.concatenate([np.arange(size) for size in sizes])
    out = out.at[step, row].set(data)
    lengths = (np.arange(sizes[0])[:, None] < sizes).sum(1)
    return jnp.swapaxes(out, 0, 1) if batch_first else out, lengths


SEQUENCES = {"_pack_padded_sequence": packed, "_pad_packed_sequence": unpacked}
