"""Training: one function for the full batch, one example at a time, and everything between."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jaxtyping import Array, Float, Int, Key, PyTree, Shaped

from .transformations import GradientTransformation

Rows = Shaped[Array | np.ndarray, "..."]
Data = tuple[Rows, Rows]


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
    """The end of a run.  best and stopped_at (epochs run) are None without patience."""

    params: PyTree
    state: PyTree
    history: History
    best: PyTree = None
    stopped_at: Int[Array, ""] | None = None


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

    from optax import apply_updates

    def objective(params):
        prediction = network(params, x)
        return loss(prediction, y), prediction

    (value, prediction), gradient = jax.value_and_grad(objective, has_aux=True)(params)
    change, state = update.update(gradient, state, params)
    return Step(apply_updates(params, change), state, value, prediction, gradient)


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

    Raises ValueError for data, sizes, dtypes or options that do not fit together.
    """
    data = checked("data", data, params)
    validation = validation and checked("validation", validation, params)
    size = len(data[0])
    _check_options(size, batch, epochs, patience, validation)
    shuffle = shuffle and batch is not None
    if shuffle and key is None:
        raise ValueError("key is None; shuffling wants jax.random.key(seed), or shuffle=False")
    named = tuple((metrics or {}).items())
    plan = _Plan(network, loss, update, named, batch, epochs, shuffle, patience, gradient_norm)
    return _run(plan, params, state, data, validation, key if shuffle else None)


@partial(jax.jit, static_argnums=0)
def _run(plan: _Plan, params, state, data, validation, key) -> Run:
    state = plan.update.init(params) if state is None else state
    zero = jnp.zeros((), jnp.int32)
    lowest = jnp.full((), jnp.inf, data[0].dtype)
    start = None if plan.patience is None else _Patience(params, lowest, zero, zero)
    keys = jax.random.split(key, plan.epochs) if plan.shuffle else None
    epoch = partial(_epoch_or_nothing, plan, data, validation)
    progress = _Progress(params, state, start)
    end, (record, validation_loss) = lax.scan(epoch, progress, keys, length=plan.epochs)
    loss, norm, metrics = jax.tree.map(jnp.ravel, record)
    history = History(loss, norm, metrics, validation_loss)
    if end.patience is None:
        return Run(end.params, end.state, history)
    return Run(end.params, end.state, history, end.patience.best, end.patience.epochs)


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
    full = size // batch * batch
    if plan.shuffle:  # rows are gathered step by step: a permuted copy would leave the cache
        source = jax.random.permutation(key, size)
        examples = lambda rows: jax.tree.map(lambda a: a[rows], data)
    else:
        source, examples = data, lambda rows: rows
    step = lambda carry, rows: _recorded_step(plan, carry, examples(rows))
    blocks = jax.tree.map(lambda a: a[:full].reshape(-1, batch, *a.shape[1:]), source)
    carry, record = lax.scan(step, (progress.params, progress.state), blocks)
    if full < size:
        carry, last = step(carry, jax.tree.map(lambda a: a[full:], source))
        record = jax.tree.map(jnp.append, record, last)
    if validation is None:
        return _Progress(*carry, None), (record, None)
    value = plan.loss(plan.network(carry[0], validation[0]), validation[1])
    return _Progress(*carry, _judged(progress.patience, carry[0], value)), (record, value)


def _recorded_step(plan: _Plan, carry, block):
    step = train_step(plan.network, plan.loss, plan.update, *carry, *block)
    record = lambda metric: metric(step.prediction, block[1]).astype(step.loss.dtype)
    metrics = {name: record(metric) for name, metric in plan.metrics}
    norm = _norm(step.gradient) if plan.gradient_norm else None
    return (step.params, step.state), (step.loss, norm, metrics)


def _norm(gradient: PyTree) -> Float[Array, ""]:
    """sqrt sum g^2 over every entry of every leaf."""
    return jnp.sqrt(sum(jnp.sum(g * g) for g in jax.tree.leaves(gradient)))


def _judged(patience: _Patience | None, params: PyTree, value: Float[Array, ""]):
    if patience is None:
        return None
    better = value < patience.lowest  # False for NaN, so a diverged run ends too
    keep = lambda new, old: jnp.where(better, new, old)
    return _Patience(
        best=jax.tree.map(keep, params, patience.best),
        lowest=keep(value, patience.lowest),
        waited=jnp.where(better, 0, patience.waited + 1),
        epochs=patience.epochs + 1,
    )


def checked(name: str, data: Data, params: PyTree) -> Data:
    """(x, y) as arrays that fit each other and the parameters; ValueError names what does not."""
    x, y = map(jnp.asarray, data)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(f"{name}: x is {x.dtype}; a network wants floats, cast it")
    if x.ndim == 0 or x.shape[:1] != y.shape[:1] or x.size == 0:
        raise ValueError(
            f"{name}: x has shape {x.shape} and y {y.shape}; both want one row per example, "
            "the same number, at least one"
        )
    floats = [y.dtype] if jnp.issubdtype(y.dtype, jnp.floating) else []
    for other in floats + [jnp.result_type(leaf) for leaf in jax.tree.leaves(params)]:
        if other != x.dtype:
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


def _check_options(size: int, batch, epochs, patience, validation) -> None:
    if batch is not None and not 1 <= batch <= size:
        raise ValueError(f"batch is {batch}; data of {size} examples want 1 <= batch <= {size}")
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}; a run wants at least 1")
    if patience is not None and validation is None:
        raise ValueError("patience waits for the validation loss; pass validation=(x, y) with it")
    if patience is not None and patience < 1:
        raise ValueError(f"patience is {patience}; a run wants to wait at least 1 epoch")
