"""ATen's products of matrices, sparse ones as dense ones, and the loss that picks by labels."""

import jax.numpy as jnp


def added(beta, x, alpha, product):
    """beta x + alpha product; a beta of 0 leaves x out."""
    product = product if alpha == 1 else alpha * product
    if beta == 0:
        return product
    return (x if beta == 1 else beta * x) + product


def negative_log_likelihood(x, target, weight, reduction, ignore_index):
    """-w[t] x[t], its mean over the weights, or its sum; and the sum of the weights."""
    axis = 0 if x.ndim == 1 else 1
    kept = target != ignore_index
    safe = jnp.where(kept, target, 0)
    w = jnp.ones((), x.dtype) if weight is None else weight[safe]
    w = jnp.where(kept, w, jnp.zeros((), x.dtype))
    picked = jnp.squeeze(jnp.take_along_axis(x, jnp.expand_dims(safe, axis), axis), axis)
    losses = -w * picked
    if reduction == 0:
        return losses, jnp.zeros(())
    total = jnp.sum(w)
    return (jnp.sum(losses) / total if reduction == 1 else jnp.sum(losses)), total


def put_together(sparse_dim, dense_dim, size, indices, values, **_):
    """The dense array of coordinates; what stands twice is added."""
    return jnp.zeros(tuple(size), values.dtype).at[tuple(jnp.asarray(indices))].add(values)


LINEAR = {
    "mm": lambda x, y: x @ y,
    "bmm": lambda x, y: x @ y,
    "matmul": lambda x, y: x @ y,
    "mv": lambda x, y: x @ y,
    "dot": lambda x, y: x @ y,
    "vdot": lambda x, y: jnp.vdot(x, y),
    "addmm": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, a @ b),
    "_sparse_addmm": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, a @ b),
    "_sparse_mm": lambda x, y: x @ y,
    "_sparse_coo_tensor_with_dims_and_tensors": put_together,
    "_to_dense": lambda x, *_, **__: x,
    "addmv": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, a @ b),
    "baddbmm": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, a @ b),
    "addbmm": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, jnp.sum(a @ b, 0)),
    "addr": lambda x, a, b, beta=1, alpha=1: added(beta, x, alpha, a[:, None] * b[None]),
    "linear": lambda x, w, b=None: x @ w.T if b is None else x @ w.T + b,
    "nll_loss_forward": negative_log_likelihood,
    "nll_loss2d_forward": negative_log_likelihood,
}
