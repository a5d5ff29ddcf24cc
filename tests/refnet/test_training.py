"""Training: the loop as written by hand, in exact arithmetic where that is possible."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refnet as rn

KEY = jax.random.key(5)
RATE = Fraction(1, 8)
X = [Fraction(k, 2) for k in (3, -2, 1, 4, -3, 2, -1, 1)]
Y = [Fraction(k, 2) for k in (1, 4, -3, 2, 5, -2, 3, -4)]
DESCENT = rn.gradient_descent(float(RATE))


def line(params, x):
    """w x + b: with dyadic data and rate every float64 operation below is exact."""
    return rn.neuron(params, x, activation=rn.identity)


def floats(values, dtype=jnp.float64):
    return jnp.asarray([float(v) for v in values], dtype)


def by_hand(batches, w=Fraction(1, 2), b=Fraction(-1, 4)):
    """Gradient descent on mse over the given batches of row numbers, in rationals."""
    losses = []
    for rows in batches:
        errors = [w * X[i] + b - Y[i] for i in rows]
        losses.append(sum(e * e for e in errors) / len(rows))
        dw = 2 * sum(e * X[i] for e, i in zip(errors, rows, strict=True)) / len(rows)
        db = 2 * sum(errors) / len(rows)
        w, b = w - RATE * dw, b - RATE * db
    return w, b, losses


def rows_of(n, batch, epochs, key=None):
    """The batches of a run: its permutations cut into pieces, the last one perhaps smaller."""
    keys = [None] * epochs if key is None else jax.random.split(key, epochs)
    orders = [range(n) if k is None else jax.random.permutation(k, n).tolist() for k in keys]
    return [list(order[i : i + batch]) for order in orders for i in range(0, n, batch)]


def run(n, batch, epochs, **options):
    start = rn.Neuron(w=jnp.asarray(0.5), b=jnp.asarray(-0.25))
    data = floats(X[:n]), floats(Y[:n])
    return rn.train(line, rn.mse, DESCENT, start, data, batch=batch, epochs=epochs, **options)


def test_each_epoch_is_told_as_it_ends_and_changes_nothing():
    told = []
    seen = run(8, 2, 3, key=KEY, tell=lambda epoch: told.append(int(epoch)))
    jax.effects_barrier()
    assert told == [1, 2, 3]
    assert jax.tree.all(jax.tree.map(np.array_equal, seen, run(8, 2, 3, key=KEY)))


def same(result, truth):
    """Equal to the rationals, bit for bit, as long as they fit: else to their rounding."""
    w, b, losses = truth
    exact = [float(v) for v in (w, b, *losses)]
    got = [float(v) for v in (*result.params, *result.history.loss)]
    digits = max(v.denominator.bit_length() for v in (w, b, *losses))
    steps = 0 if digits < 50 else 16 * len(losses)  # roundings, each at most doubled on the way
    slack = steps * np.finfo(np.float64).eps * 2.0 ** len(losses)
    return all(abs(g - e) <= slack * max(1.0, abs(e)) for g, e in zip(got, exact, strict=True))


def test_full_batch_is_the_loop_by_hand():
    truth = by_hand(rows_of(4, 4, 5))
    assert same(run(4, None, 5), truth)
    assert not same(run(4, None, 5), by_hand(rows_of(4, 2, 5)[:5]))


@pytest.mark.parametrize(("n", "batch"), [(8, 1), (6, 4), (3, 2)])
def test_any_batch_is_the_loop_by_hand(n, batch):
    epochs = 2
    assert same(run(n, batch, epochs, shuffle=False), by_hand(rows_of(n, batch, epochs)))
    truth = by_hand(rows_of(n, batch, epochs, KEY))
    assert same(run(n, batch, epochs, key=KEY), truth)


def test_a_rest_counted_by_the_full_batch_is_caught():
    """The fault: the last, smaller batch divided by the batch size."""
    right = run(6, 4, 1, shuffle=False)
    *_, losses = by_hand(rows_of(6, 4, 1))
    w, b, first = by_hand(rows_of(6, 4, 1)[:1])
    assert same(right, by_hand(rows_of(6, 4, 1)))
    assert not same(right, (w, b, [*first, losses[1] / 2]))


@settings(max_examples=3)
@given(
    n=st.integers(1, 12), batch=st.integers(1, 12), epochs=st.integers(1, 3), seed=st.integers(0)
)
def test_each_epoch_meets_every_example_once(n, batch, epochs, seed):
    batch = min(n, batch)
    data = jnp.ones((n, 1)), jnp.asarray(2.0 ** np.arange(n)[:, None])
    params = rn.init_mlp(KEY, (1, 1), dtype=jnp.float64)
    seen = {"seen": lambda prediction, y: jnp.sum(y)}  # a sum of powers of 2 names its terms
    key = jax.random.key(seed % 2**32)
    result = rn.train(
        rn.mlp, rn.mse, DESCENT, params, data, key=key, batch=batch, epochs=epochs, metrics=seen
    )
    per_epoch = np.asarray(result.history.metrics["seen"]).reshape(epochs, -1)
    assert per_epoch.shape == (epochs, math.ceil(n / batch))
    assert (per_epoch.sum(axis=1) == 2.0**n - 1.0).all()
    sizes = [[int(v).bit_count() for v in epoch] for epoch in per_epoch]
    assert all(size == batch for epoch in sizes for size in epoch[: n // batch])


def test_epochs_are_shuffled_apart_and_by_the_key():
    order = {"y": lambda prediction, y: y[0]}
    once = run(8, 1, 2, key=KEY, metrics=order).history.metrics["y"]
    again = run(8, 1, 2, key=KEY, metrics=order).history.metrics["y"]
    other = run(8, 1, 2, key=jax.random.key(6), metrics=order).history.metrics["y"]
    assert (once == again).all() and not (once == other).all()
    assert not (once[:8] == once[8:]).all()


def test_gradient_norm_and_metrics_are_those_before_the_step(capsys):
    asked = {"error": lambda p, y: jnp.mean(jnp.abs(p - y)), "right": lambda p, y: jnp.sum(p > y)}
    history = run(4, None, 3, gradient_norm=True, metrics=asked).history
    plain = run(4, None, 3).history
    params = rn.Neuron(w=jnp.asarray(0.5), b=jnp.asarray(-0.25))
    x, y = floats(X[:4]), floats(Y[:4])
    gradient = jax.grad(lambda p: rn.mse(line(p, x), y))(params)
    assert history.gradient_norm[0] == optax.tree.norm(gradient)
    assert history.metrics["error"][0] == jnp.mean(jnp.abs(line(params, x) - y))
    assert history.metrics["right"].dtype == history.loss.dtype
    assert plain.gradient_norm is None and plain.metrics == {} and plain.validation_loss is None
    assert (plain.loss == history.loss).all()
    assert capsys.readouterr() == ("", "")


def test_validation_loss_is_that_after_each_epoch():
    held = floats(X[4:]), floats(Y[4:])
    history = run(4, None, 3, validation=held).history
    for epochs in (1, 2, 3):
        params = run(4, None, epochs).params
        assert history.validation_loss[epochs - 1] == rn.mse(line(params, held[0]), held[1])


def test_patience_stops_and_keeps_the_best():
    held = floats([1, 2]), floats([-9, -9])  # learning the data unlearns these from the start
    result = run(4, None, 8, validation=held, patience=2)
    losses = run(4, None, 8, validation=held).history.validation_loss
    lowest = int(jnp.argmin(losses))
    stop = lowest + 1 + 2
    assert stop < 8 and result.stopped_at == stop
    assert result.params == run(4, None, stop).params
    assert result.best == run(4, None, lowest + 1).params
    assert jnp.isnan(result.history.loss[stop:]).all()
    assert (result.history.validation_loss[:stop] == losses[:stop]).all()
    assert jnp.isnan(result.history.validation_loss[stop:]).all()


def test_patience_that_never_runs_out_changes_nothing():
    held = floats(X[:4]), floats(Y[:4])
    patient, plain = run(4, None, 4, validation=held, patience=9), run(4, None, 4)
    assert patient.params == plain.params and patient.stopped_at == 4
    assert plain.best is None and plain.stopped_at is None


def test_a_run_goes_on_from_its_state():
    rule = rn.adam(0.1)
    start = rn.Neuron(w=jnp.asarray(0.5), b=jnp.asarray(-0.25))
    data = floats(X), floats(Y)
    whole = rn.train(line, rn.mse, rule, start, data, epochs=4)
    half = rn.train(line, rn.mse, rule, start, data, epochs=2)
    rest = rn.train(line, rn.mse, rule, half.params, data, epochs=2, state=half.state)
    assert rest.params == whole.params
    assert rest.state.count == 4


def test_the_second_call_compiles_nothing():
    traces = []

    def network(params, x):
        traces.append(x.shape)
        return rn.mlp(params, x)

    params = rn.init_mlp(KEY, (2, 3, 1), dtype=jnp.float64)
    metrics = {"size": lambda p, y: jnp.mean(p)}
    for seed in range(3):
        data = tuple(jax.random.normal(jax.random.key(seed), (7, k)) for k in (2, 1))
        key = jax.random.key(seed)
        rn.train(network, rn.mse, DESCENT, params, data, key=key, batch=3, metrics=metrics)
    assert sorted(set(traces)) == [(1, 2), (3, 2)]  # the full batches, and the rest
    count = len(traces)
    rn.train(network, rn.mse, DESCENT, params, data, key=KEY, batch=3, metrics=dict(metrics))
    assert len(traces) == count
    rn.train(network, rn.mse, DESCENT, params, data, key=KEY, batch=2, metrics=metrics)
    assert len(traces) > count


@pytest.mark.parametrize("dtype", (jnp.float32, jnp.bfloat16))
def test_dtype_is_kept(dtype):
    params = rn.init_mlp(KEY, (2, 4, 1), dtype=dtype)
    data = rn.xor(dtype=dtype).train
    result = rn.train(rn.mlp, rn.mse, rn.momentum(0.1), params, data, key=KEY, batch=3, epochs=2)
    assert all(a.dtype == dtype for a in jax.tree.leaves((result.params, result.history)))


def test_under_vmap_and_jit():
    def final(key):
        params = rn.init_mlp(key, (2, 4, 1), dtype=jnp.float64)
        data = rn.xor(dtype=jnp.float64).train
        return rn.train(rn.mlp, rn.mse, DESCENT, params, data, key=key, batch=2).history.loss

    keys = jax.random.split(KEY, 3)
    together = jax.jit(jax.vmap(final))(keys)
    apart = jnp.stack([final(k) for k in keys])
    assert (jnp.abs(together - apart) <= 256 * jnp.finfo(jnp.float64).eps * (1.0 + apart)).all()


def test_it_learns_real_data():
    split = rn.breast_cancer()
    params = rn.init_mlp(KEY, (30, 8, 1))
    accuracy = lambda z, y: jnp.mean((z > 0.0) == (y > 0.5))
    result = rn.train(
        rn.mlp, rn.binary_cross_entropy_with_logits, rn.adam(1e-2), params, split.train,
        key=KEY, batch=32, epochs=10, validation=split.validation, patience=3,
    )  # fmt: skip
    x, y = split.validation
    assert accuracy(rn.mlp(result.best, x), y) > accuracy(jnp.ones_like(y), y)
    assert result.history.validation_loss[0] > jnp.nanmin(result.history.validation_loss)


NARROW = (rn.Dense(np.ones((1, 1), np.float32), np.zeros(1, np.float32)),)
BAD = {
    "lengths": ({"data": (np.ones((3, 1)), np.ones((2, 1)))}, "one row per example"),
    "no examples": ({"data": (np.ones((0, 1)), np.ones((0, 1)))}, "at least one"),
    "scalar": ({"data": (np.ones(()), np.ones(()))}, "one row per example"),
    "batch too large": ({"batch": 5}, "batch is 5; data of 4 examples want 1 <= batch <= 4"),
    "batch 0": ({"batch": 0}, "batch is 0"),
    "epochs 0": ({"epochs": 0}, "epochs is 0"),
    "NaN": ({"data": (np.array([[1.0], [np.nan]]), np.ones((2, 1)))}, r"x has nan at \(1"),
    "inf": ({"data": (np.ones((2, 1)), np.full((2, 1), -np.inf))}, r"y has -inf at \(0, 0\)"),
    "boolean x": ({"data": (np.ones((2, 1), bool), np.ones((2, 1)))}, "x is bool"),
    "x narrower": ({"data": (np.ones((2, 1), np.float32), np.ones((2, 1)))}, "one float dtype"),
    "y narrower": ({"data": (np.ones((2, 1)), np.ones((2, 1), np.float32))}, "one float dtype"),
    "params narrower": ({"params": NARROW}, "one float dtype"),
    "patience alone": ({"patience": 2}, "pass validation"),
    "patience 0": ({"patience": 0, "validation": (np.ones((2, 1)),) * 2}, "patience is 0"),
    "validation": ({"validation": (np.ones((2, 1)), np.ones((3, 1)))}, "validation: x has shape"),
    "no key": ({"batch": 2, "key": None}, "key is None"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(name):
    wrong, sentence = BAD[name]
    params = rn.init_mlp(KEY, (1, 1), dtype=jnp.float64)
    right = {"params": params, "data": (jnp.ones((4, 1)), jnp.ones((4, 1))), "key": KEY}
    with pytest.raises(ValueError, match=sentence):
        rn.train(rn.mlp, rn.mse, DESCENT, **(right | wrong))
