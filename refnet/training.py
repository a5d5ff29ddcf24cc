"""Training: one function for the full batch, one example at a time, and everything between."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import NamedSharding
from jaxtyping import Array, Float, Int, Key, PyTree, Shaped

from .checks import Data, check_options, check_parts, checked
from .devices import batch_sharding, joined, placed
from .passes import Options, dtype_of, forward, passes
from .transformations import GradientTransformation


class Step(NamedTuple):
    """What one step leaves behind; loss, prediction and gradient are those before it."""

    params: PyTree
    state: PyTree
    loss: Float[Array, ""]
    prediction: Shaped[Array, "..."]
    gradient: PyTree


class History(NamedTuple):
    """One number per step (validation_loss: per epoch); None where it was not asked for.

    Loss, gradient norm and metrics of a step are taken on its batch, before its update;
    validation_loss after the epoch.  Epochs never run (early stop) hold NaN.
    """

    loss: Float[Array, " steps"]
    gradient_norm: Float[Array, " steps"] | None
    metrics: dict[str, Float[Array, " steps"]]
    validation_loss: Float[Array, " epochs"] | None


class Run(NamedTuple):
    """The end of a run.  best and stopped_at (epochs run) are None without patience.

    running is what the network keeps beside its weights; with it, best is (params, running).
    """

    params: PyTree
    state: PyTree
    history: History
    best: PyTree = None
    stopped_at: Int[Array, ""] | None = None
    running: PyTree = None


class _Plan(NamedTuple):
    """What is compiled: everything about a run that is not an array."""

    network: Callable
    loss: Callable
    update: GradientTransformation
    metrics: tuple[tuple[str, Callable], ...]
    batch: int | None
    epochs: int
    shuffle: bool
    patience: int | None
    gradient_norm: bool
    options: Options
    tell: Callable | None = None


class _Patience(NamedTuple):
    """The best parameters so far, their validation loss, epochs since, and epochs run."""

    best: PyTree
    lowest: Float[Array, ""]
    waited: Int[Array, ""]
    epochs: Int[Array, ""]


class _Progress(NamedTuple):
    """What an epoch hands on to the next."""

    params: PyTree
    state: PyTree
    running: PyTree
    patience: _Patience | None


def train_step(
    network: Callable,
    loss: Callable,
    update: GradientTransformation,
    params: PyTree,
    state: PyTree,
    x: Float[Array, "batch ..."],
    y: Shaped[Array, "batch ..."],
) -> Step:
    """g = d loss(network(w, x), y) / dw;  w <- w + update(g): one step, pure, not compiled."""

    found = passes(network, loss, Options(), params, None, x, y, None)
    params, state = _moved(update, params, state, found.gradient)
    return Step(params, state, found.loss, found.prediction, found.gradient)


def _moved(update: GradientTransformation, params, state, gradient) -> tuple[PyTree, PyTree]:
    """w <- w + update(g)."""
    from optax import apply_updates

    change, state = update.update(gradient, state, params)
    return apply_updates(params, change), state


def train(
    network: Callable,
    loss: Callable,
    update: GradientTransformation,
    params: PyTree,
    data: Data,
    *,
    key: Key[Array, ""] | None = None,
    batch: int | None = None,
    epochs: int = 1,
    metrics: Mapping[str, Callable] | None = None,
    validation: Data | None = None,
    shuffle: bool = True,
    patience: int | None = None,
    gradient_norm: bool = False,
    state: PyTree = None,
    running: PyTree = None,
    dropout: bool = False,
    accumulate: int = 1,
    compute=None,
    loss_scale: float = 1.0,
    checkpoint: bool = False,
    tell: Callable | None = None,
    sharding: NamedSharding | None = None,
) -> Run:
    """`epochs` passes over data = (x, y), one `train_step` per batch; all of it one jitted scan.

    network(params, x) -> prediction;  loss(prediction, y) -> mean over examples;  metrics: name
    -> f(prediction, y), recorded in the dtype of the loss.  batch None is all examples in their
    order, 1 is stochastic; any other batch (and 1) is dealt from a new permutation each epoch,
    drawn from `key`, unless shuffle is False.  Where batch does not divide the examples, the
    epoch ends with one more step on the rest: the same step compiled for their number, so its
    loss is their own mean, nothing is padded, and nothing is paid where batch divides.

    With patience, a run stops after so many epochs without a new lowest validation loss; `best`
    holds the parameters of the lowest.  To go on where a run ended, pass its params and state.
    The same functions and shapes are compiled once: keep `update` rather than make it again.

    running: state that is not weights; then network(params, x, running=, training=) -> (prediction,
    running).  dropout: the network has key= too, another in each step, None in validation.
    accumulate: a batch in so many equal parts, one after another; its gradient is their mean.
    compute: the dtype of the network, such as bfloat16, beside float32 weights; loss_scale is
    multiplied in before the way back, and divided by after it.  checkpoint: see jax.checkpoint.
    tell: tell(epoch) is called as each epoch ends, from 1 on.
    sharding: NamedSharding(mesh, P(axis)) deals the rows of each batch over the devices of that
    axis, of one process or of many; a rest that cannot be dealt is computed by all of them.

    Raises ValueError for data, sizes, dtypes or options that do not fit together.
    """
    data = checked("data", data, params)
    validation = validation and checked("validation", validation, params)
    size = len(data[0])
    check_options(size, batch, epochs, patience, validation)
    check_parts(size, batch, accumulate)
    shuffle = shuffle and batch is not None
    if (shuffle or dropout) and key is None:
        said = "shuffling" if shuffle else "dropout"
        raise ValueError(f"key is None; {said} wants jax.random.key(seed), or {said[:7]}=False")
    named = tuple((metrics or {}).items())
    how = Options(running is not None, dropout, accumulate, compute, loss_scale, checkpoint)
    if sharding is not None:
        how = how._replace(sharding=batch_sharding(sharding, size, batch, accumulate))
    plan = _Plan(network, loss, update, named, batch, epochs, shuffle, patience, gradient_norm, how)
    plan = plan._replace(tell=tell)
    key = key if shuffle or dropout else None
    arrays = placed(how.sharding, (params, state, running, data, validation, key))
    return joined(how.sharding, _run(plan, *arrays))


@partial(jax.jit, static_argnums=0)
def _run(plan: _Plan, params, state, running, data, validation, key) -> Run:
    state = plan.update.init(params) if state is None else state
    zero = jnp.zeros((), jnp.int32)
    lowest = jnp.full((), jnp.inf, dtype_of(params))
    best = _kept(plan, params, running)
    start = None if plan.patience is None else _Patience(best, lowest, zero, zero)
    keys = None if key is None else jax.random.split(key, plan.epochs)
    progress = _Progress(params, state, running, start)
    numbers = jnp.arange(1, plan.epochs + 1) if plan.tell else None
    epoch = partial(_told_epoch, plan, data, validation)
    end, (record, validation_loss) = lax.scan(epoch, progress, (keys, numbers), plan.epochs)
    loss, norm, metrics = jax.tree.map(jnp.ravel, record)
    history = History(loss, norm, metrics, validation_loss)
    if end.patience is None:
        return Run(end.params, end.state, history, running=end.running)
    best, epochs = end.patience.best, end.patience.epochs
    return Run(end.params, end.state, history, best, epochs, end.running)


def _kept(plan: _Plan, params: PyTree, running: PyTree) -> PyTree:
    return (params, running) if plan.options.keeps else params


def _told_epoch(plan: _Plan, data, validation, progress: _Progress, x):
    """One epoch; its number is told where somebody asks for it."""
    key, number = x
    out = _epoch_or_nothing(plan, data, validation, progress, key)
    if plan.tell is not None:
        jax.debug.callback(plan.tell, number)
    return out


def _epoch_or_nothing(plan: _Plan, data, validation, progress: _Progress, key):
    """One epoch; once patience has run out, nothing, and NaN for its history."""
    go = partial(_epoch, plan, data, validation, key=key)
    if progress.patience is None:
        return go(progress)
    shapes = jax.eval_shape(go, progress)[1]
    nothing = jax.tree.map(lambda a: jnp.full(a.shape, jnp.nan, a.dtype), shapes)
    waiting = progress.patience.waited < jnp.int32(plan.patience)
    return lax.cond(waiting, go, lambda progress: (progress, nothing), progress)


def _epoch(plan: _Plan, data, validation, progress: _Progress, key):
    """A pass over the data: full batches by a scan, the rest, if any, by one more step."""
    size = len(data[0])
    batch = plan.batch or size
    count = size // batch
    full = count * batch
    order, noise = jax.random.split(key) if plan.options.dropout else (key, key)
    if plan.shuffle:  # rows are gathered step by step: a permuted copy would leave the cache
        source = jax.random.permutation(order, size)
        examples = lambda rows: jax.tree.map(lambda a: a[rows], data)
    else:
        source, examples = data, lambda rows: rows
    blocks = jax.tree.map(lambda a: a[:full].reshape(-1, batch, *a.shape[1:]), source)
    keys = jax.random.split(noise, count + 1) if plan.options.dropout else None
    step = lambda carry, block: _recorded_step(plan, carry, examples(block[0]), block[1])
    start = progress.params, progress.state, progress.running
    carry, record = lax.scan(step, start, (blocks, None if keys is None else keys[:count]))
    if full < size:
        last = jax.tree.map(lambda a: a[full:], source), None if keys is None else keys[count]
        carry, last = step(carry, last)
        record = jax.tree.map(jnp.append, record, last)
    if validation is None:
        return _Progress(*carry, None), (record, None)
    params, _, running = carry
    seen, _ = forward(plan.network, plan.options, params, running, validation[0], None, False)
    value = plan.loss(seen, validation[1])
    patience = _judged(progress.patience, _kept(plan, params, running), value)
    return _Progress(*carry, patience), (record, value)


def _recorded_step(plan: _Plan, carry, block, key):
    params, state, running = carry
    x, y = block
    step = passes(plan.network, plan.loss, plan.options, params, running, x, y, key)
    params, state = _moved(plan.update, params, state, step.gradient)
    record = lambda metric: metric(step.prediction, y).astype(step.loss.dtype)
    metrics = {name: record(metric) for name, metric in plan.metrics}
    norm = _norm(step.gradient) if plan.gradient_norm else None
    return (params, state, step.running), (step.loss, norm, metrics)


def _norm(gradient: PyTree) -> Float[Array, ""]:
    """sqrt sum g^2 over every entry of every leaf."""
    return jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)))


def _judged(patience: _Patience | None, kept: PyTree, value: Float[Array, ""]):
    if patience is None:
        return None
    better = value < patience.lowest  # False for NaN, so a diverged run ends too
    keep = lambda new, old: jnp.where(better, new, old)
    return _Patience(
        best=jax.tree.map(keep, kept, patience.best),
        lowest=keep(value, patience.lowest),
        waited=jnp.where(better, 0, patience.waited + 1),
        epochs=patience.epochs + 1,
    )
