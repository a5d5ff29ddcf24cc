"""What a run is given, checked before it is compiled: data that fit, options that fit the data."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, PyTree, Shaped

Rows = Shaped[Array | np.ndarray, "..."]
Data = tuple[Rows, Rows]


def checked(name: str, data: Data, params: PyTree) -> Data:
    """(x, y) as arrays that fit each other and the parameters; ValueError names what does not."""
    x, y = map(jnp.asarray, data)
    symbols = jnp.issubdtype(x.dtype, jnp.integer)
    if not (symbols or jnp.issubdtype(x.dtype, jnp.floating)):
        raise ValueError(f"{name}: x is {x.dtype}; a network wants floats, or whole numbers")
    if x.ndim == 0 or x.shape[:1] != y.shape[:1] or x.size == 0:
        raise ValueError(
            f"{name}: x has shape {x.shape} and y {y.shape}; both want one row per example, "
            "the same number, at least one"
        )
    floats = [y.dtype] if jnp.issubdtype(y.dtype, jnp.floating) else []
    floats += [jnp.result_type(leaf) for leaf in jax.tree.leaves(params)]
    for other in floats:
        if other != (floats[-1] if symbols else x.dtype):
            raise ValueError(
                f"{name}: x is {x.dtype} but y or params hold {other}; cast them to one float dtype"
            )
    for letter, array in (("x", x), ("y", y)):
        _check_finite(f"{name}: {letter}", array)
    return x, y


def _check_finite(name: str, array: Shaped[Array, "..."]) -> None:
    if isinstance(array, Tracer):  # inside someone's jit there are no values to look at
        return
    values = np.asarray(array)
    if not np.isfinite([values.min(), values.max()]).all():  # NaN and inf both surface there
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name} has {array[place]} at {place}; drop or impute such examples")


def check_parts(size: int, batch: int | None, accumulate: int) -> None:
    steps = {batch or size, size % (batch or size)}
    if accumulate < 1 or any(step % accumulate for step in steps):
        raise ValueError(
            f"accumulate is {accumulate}; it must divide the batch, and the rest of an epoch: "
            f"{', '.join(str(step) for step in sorted(steps, reverse=True) if step)}"
        )


def check_options(size: int, batch, epochs, patience, validation) -> None:
    if batch is not None and not 1 <= batch <= size:
        raise ValueError(f"batch is {batch}; data of {size} examples want 1 <= batch <= {size}")
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}; a run wants at least 1")
    if patience is not None and validation is None:
        raise ValueError("patience waits for the validation loss; pass validation=(x, y) with it")
    if patience is not None and patience < 1:
        raise ValueError(f"patience is {patience}; a run wants to wait at least 1 epoch")
