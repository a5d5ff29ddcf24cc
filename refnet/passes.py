"""One pass forward and back: the loss, its gradient, and what else a network asks and keeps."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import NamedSharding
from jaxtyping import Array, Float, PyTree

from .devices import dealt, joined


class Options(NamedTuple):
    """How a pass is made; the defaults are the formula."""

    keeps: bool = False  # the network has state that is not weights
    dropout: bool = False  # it wants a key
    accumulate: int = 1  # parts of a batch, one after another
    compute: Any = None  # the dtype of the network, where it is not that of the weights
    loss_scale: float = 1.0
    checkpoint: bool = False  # what is in between is computed again on the way back
    sharding: NamedSharding | None = None  # over which devices the rows of a batch are dealt


class Pass(NamedTuple):
    """Value, prediction and gradient of one pass, and what the network keeps."""

    loss: Float[Array, ""]
    prediction: PyTree
    gradient: PyTree
    running: PyTree


def forward(
    network: Callable, options: Options, params: PyTree, running: PyTree, x, key, training: bool
) -> tuple[PyTree, PyTree]:
    """network(params, x), with `running` and `training`, and with `key`, where they are asked for.

    In another dtype params, running and x are cast before, and what comes out is cast back.
    """
    asked = {"running": cast(running, options.compute), "training": training}
    words = asked if options.keeps else {}
    words |= {"key": key} if options.dropout else {}
    inputs = cast((params, x), options.compute)
    out = network(*inputs, **words)
    prediction, kept = out if options.keeps else (out, running)
    if options.compute is None:
        return prediction, kept
    return cast(prediction, dtype_of(params)), jax.tree.map(_as, kept, running)


def one_pass(
    network: Callable, loss: Callable, options: Options, params: PyTree, running: PyTree, x, y, key
) -> Pass:
    """g = d loss(network(w, x), y) / dw, times the loss scale and divided by it again."""

    def through(params, running, x, key):
        return forward(network, options, params, running, x, key, training=True)

    through = jax.checkpoint(through) if options.checkpoint else through
    x, y = dealt(options.sharding, (x, y))

    def objective(params):
        prediction, kept = through(params, running, x, key)
        value = loss(prediction, y)
        scaled = value if options.loss_scale == 1.0 else value * options.loss_scale
        return scaled, (value, prediction, kept)

    gradient, (value, prediction, kept) = jax.grad(objective, has_aux=True)(params)
    if options.loss_scale != 1.0:
        gradient = jax.tree.map(lambda g: g / options.loss_scale, gradient)
    return Pass(value, prediction, joined(options.sharding, gradient), kept)


def passes(
    network: Callable, loss: Callable, options: Options, params: PyTree, running: PyTree, x, y, key
) -> Pass:
    """`one_pass` of the batch; or the mean of those of its equal parts, in their order."""
    parts = options.accumulate
    if parts == 1:
        return one_pass(network, loss, options, params, running, x, y, key)
    apart = lambda a: a.reshape(parts, len(a) // parts, *a.shape[1:])
    keys = jax.random.split(key, parts) if options.dropout else None
    zero = jax.tree.map(jnp.zeros_like, params)

    def part(carry, block):
        total, running = carry
        here, labels, key = block
        found = one_pass(network, loss, options, params, running, here, labels, key)
        total = jax.tree.map(jnp.add, total, found.gradient)
        return (total, found.running), (found.loss, found.prediction)

    (total, kept), (values, predictions) = lax.scan(
        part, (zero, running), (apart(x), apart(y), keys)
    )
    gradient = jax.tree.map(lambda g: g / parts, total)
    together = jax.tree.map(lambda p: p.reshape(-1, *p.shape[2:]), predictions)
    return Pass(jnp.mean(values), together, gradient, kept)


def cast(tree: PyTree, dtype) -> PyTree:
    """The floats of a tree in another dtype; whole numbers and keys as they are."""
    if dtype is None:
        return tree
    floats = lambda a: jnp.issubdtype(jnp.result_type(a), jnp.floating)
    return jax.tree.map(lambda a: a.astype(dtype) if floats(a) else a, tree)


def dtype_of(params: PyTree):
    """That of the first weight."""
    return jnp.result_type(jax.tree.leaves(params)[0])


def _as(new, old):
    return new.astype(jnp.result_type(old))
