"""Loss and gradients of a small network over tokens: by hand in NumPy, by JAX, and by PyTorch.

    o = (tanh(x s w + b) drop) w' + c;  loss = sum_tokens share mean_k (o - y)^2

w is tied: it enters and leaves.  `share` is what each token counts, `drop` a mask of inverted
dropout.  Each engine takes and returns arrays of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from .torch_mlp import _torch, tensor

NAMES = ("b", "c", "s", "w")  # of the leaves, in their order


class Engine(NamedTuple):
    """One kind of loop: `own` makes its array, `slopes` its (loss, gradients)."""

    name: str
    own: Callable  # NumPy's array -> its own
    slopes: Callable  # leaves, (x, y, share, drop) -> loss, gradients
    narrow: Callable  # the same, as mixed precision has it


def by_hand(leaves: list, x, y, share, drop) -> tuple:
    """The chain rule, in NumPy."""
    b, c, s, w = leaves
    u = x * s
    a = np.tanh(u @ w + b)
    h = a * drop
    e = h @ w.T + c - y
    wide = share[..., None]
    do = e * (wide * w.dtype.type(2.0 / y.shape[-1]))
    dz = (do @ w) * drop * (1 - a * a)
    flat = lambda v: v.reshape(-1, v.shape[-1])
    dw = flat(u).T @ flat(dz) + flat(do).T @ flat(h)
    gradients = [flat(dz).sum(axis=0), flat(do).sum(axis=0), flat((dz @ w.T) * x).sum(axis=0), dw]
    return (wide * e * e).sum() / w.dtype.type(y.shape[-1]), gradients


def in_bfloat16(slopes: Callable) -> Callable:
    """The same in bfloat16, and its gradients in the dtype of the weights."""

    def narrow(leaves, *data):
        cast = lambda x: x.astype(ml_dtypes.bfloat16)
        loss, gradients = slopes([cast(w) for w in leaves], *map(cast, data))
        wide = [g.astype(w.dtype) for g, w in zip(gradients, leaves, strict=True)]
        return loss.astype(leaves[0].dtype), wide

    return narrow


def objective(leaves, x, y, share, drop):
    """The loss, for JAX."""
    b, c, s, w = leaves
    along = lambda v, like: jnp.broadcast_to(v, like.shape)
    z = (x * along(s, x)) @ w
    o = (jnp.tanh(z + along(b, z)) * drop) @ w.T
    e = o + along(c, o) - y
    return jnp.sum(share * jnp.mean(e * e, axis=-1))


_by_jax = jax.jit(jax.value_and_grad(objective))


def by_jax(leaves: list, *data) -> tuple:
    loss, gradients = _by_jax(list(leaves), *map(jnp.asarray, data))
    return loss, list(gradients)


def torch_engine() -> Engine:
    """Raises ImportError without PyTorch."""
    torch = _torch()

    def of(leaves, x, y, share, drop):
        b, c, s, w = leaves
        e = (torch.tanh((x * s) @ w + b) * drop) @ w.T + c - y
        return (share * (e * e).mean(-1)).sum()

    def slopes(leaves, *data):
        own = [w.detach().clone().requires_grad_() for w in leaves]
        loss = of(own, *(tensor(torch, part) for part in data))
        loss.backward()
        return loss.detach(), [w.grad for w in own]

    def narrow(leaves, *data):
        with torch.autocast("cpu", torch.bfloat16):
            return slopes(leaves, *data)

    return Engine("PyTorch", lambda x: tensor(torch, x), slopes, narrow)


def engines(torch: bool) -> dict[str, Engine]:
    """By name; PyTorch's only where it is asked for."""
    found: dict[str, Any] = {
        "NumPy": Engine("NumPy", np.array, by_hand, in_bfloat16(by_hand)),
        "JAX": Engine("JAX", jnp.asarray, by_jax, in_bfloat16(by_jax)),
    }
    return found | ({"PyTorch": torch_engine()} if torch else {})
