"""Claims B1, B2 and B6: the neuron, its mean squared error, and the mean over batches."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, fmpq

from refnet import dense, identity, mse, relu, sigmoid, tanh

from ..arithmetic.balls import BALLS
from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .exact import differing, gradient, layers, number, odd
from .trial import Trial, earned, failed
from .which_weights_move import network_loss

SHAPES = ((1, 2, 1), (4, 3, 2), (5, 2, 3))  # examples, inputs, neurons

# --- B1 ------------------------------------------------------------------------------------


def with_bias(x: list, w: list, b: fmpq) -> fmpq:
    """sum_i w_i x_i + b."""
    return sum((v * u for v, u in zip(x, w, strict=True)), fmpq(0)) + b


def without_bias(x: list, w: list, b: fmpq) -> fmpq:
    """sum_i w_i x_i."""
    return with_bias(x, w, fmpq(0))


def layer_is(weigh: Callable, seed: int) -> Trial:
    """Whether f(dense(layer, x)) is f of the sum that `weigh` writes out, neuron by neuron."""
    rng = np.random.default_rng(seed)
    wrong = total = 0
    for n, m, p in SHAPES:
        (layer,), x = layers(rng, (m, p)), odd(rng, (n, m))
        w, b, rows = number(layer.w), number(layer.b), number(x)
        z = np.array([[weigh(list(row), list(w[:, i]), b[i]) for i in range(p)] for row in rows])
        for f, written in ((identity, lambda v: v), (relu, lambda v: max(v, fmpq(0)))):
            run = exact.value(lambda layer, x, f=f: f(dense(layer, x)), layer, x)
            differ, count = differing(run, np.frompyfunc(written, 1, 1)(z))
            wrong, total = wrong + differ, total + count
        for f, written in ((sigmoid, _sigma), (tanh, arb.tanh)):
            run = exact.value(lambda layer, x, f=f: f(dense(layer, x)), layer, x, arithmetic=BALLS)
            pairs = zip(run.flat, z.flat, strict=True)
            wrong += sum(not a.overlaps(written(arb(v))) for a, v in pairs)
            total += run.size
    says = (
        f"On {len(SHAPES)} shapes, {wrong} of {total} outputs of refnet.dense and its activation "
        f"differ from f({(weigh.__doc__ or '').strip('.')}) written out: exactly in rationals for "
        "identity and ReLU, as overlapping balls for sigmoid and tanh."
    )
    return Trial(wrong == 0, says)


def _sigma(z: arb) -> arb:
    return 1 / (1 + (-z).exp())


def judge_b1(seed: int, truth: Callable = with_bias, planted: Callable = without_bias) -> Judged:
    """The definition of dense and its activation, against sums written out."""
    return Judged(
        Evidence.EXACT,
        evidence="This is the definition of a layer. " + earned(layer_is(truth, seed)),
        control=failed("the bias is left out", layer_is(planted, seed)),
    )


# --- B2 ------------------------------------------------------------------------------------


def mean_of_squares(y: np.ndarray, prediction: np.ndarray) -> fmpq:
    """(1/n) sum_k (y_k - yhat_k)^2."""
    squares = [(a - b) ** 2 for a, b in zip(y.flat, prediction.flat, strict=True)]
    return sum(squares, fmpq(0)) / len(squares)


def half_mean_of_squares(y: np.ndarray, prediction: np.ndarray) -> fmpq:
    """(1/2n) sum_k (y_k - yhat_k)^2."""
    return mean_of_squares(y, prediction) / 2


def mse_is(formula: Callable, seed: int) -> Trial:
    """Whether refnet.mse is the formula, in rationals."""
    rng, shapes = np.random.default_rng(seed), ((1,), (3,), (7,), (4, 2))
    wrong = 0
    for shape in shapes:
        y, prediction = odd(rng, shape), odd(rng, shape, 4)
        got = exact.value(mse, prediction, y)[()]
        wrong += got != formula(number(y), number(prediction))
    says = (
        f"refnet.mse differs from {(formula.__doc__ or '').strip('.')} at {wrong} of "
        f"{len(shapes)} drawn points (rationals)."
    )
    return Trial(wrong == 0, says)


def judge_b2(
    seed: int, truth: Callable = mean_of_squares, planted: Callable = half_mean_of_squares
) -> Judged:
    """The definition, and refnet.mse is it: no 1/2."""
    return Judged(
        Evidence.EXACT,
        evidence="This is the definition. " + earned(mse_is(truth, seed)),
        control=failed("half of it", mse_is(planted, seed)),
    )


# --- B6 ------------------------------------------------------------------------------------


def alike(sizes: tuple[int, ...]) -> list[fmpq]:
    """1 / number of batches."""
    return [fmpq(1, len(sizes)) for _ in sizes]


def by_size(sizes: tuple[int, ...]) -> list[fmpq]:
    """b_i / n."""
    return [fmpq(size, sum(sizes)) for size in sizes]


def batches_average(weights: Callable, splits: tuple[tuple[int, ...], ...], seed: int) -> Trial:
    """Whether the batches' gradients, so weighted, add up to the full gradient."""
    rng = np.random.default_rng([seed, 6])
    wrong = total = 0
    for sizes in splits:
        params, n = layers(rng, (3, 3, 2)), sum(sizes)
        x, y = odd(rng, (n, 3)), odd(rng, (n, 2))
        ends = np.cumsum(sizes)
        parts = [
            gradient(network_loss(relu), (params, x[end - size : end], y[end - size : end]))
            for size, end in zip(sizes, ends, strict=True)
        ]
        weighted = [
            jax.tree.map(lambda g, s=share: s * g, part)
            for share, part in zip(weights(sizes), parts, strict=True)
        ]
        mixed = jax.tree.map(lambda *g: sum(g), *weighted)
        differ, count = differing(mixed, gradient(network_loss(relu), (params, x, y)))
        wrong, total = wrong + differ, total + count
    says = (
        f"Batches of {' and of '.join('+'.join(map(str, s)) for s in splits)} examples, each "
        f"weighted by {(weights.__doc__ or '').strip('.')}: {wrong} of {total} entries of their "
        "sum differ from the full gradient (rationals)."
    )
    return Trial(wrong == 0, says)


EQUAL, UNEQUAL = ((2, 2, 2), (3, 3)), ((2, 2, 1), (3, 3, 2))


def smaller_last_batch() -> tuple[Trial, str]:
    """yhat = w x, w = 0, x = (1, 1, 1), y = (0, 0, -3): gradients 0, 0, 6."""
    loss = lambda w, x, y: mse(x * jnp.broadcast_to(w, x.shape), y)
    w, x, y = np.float64(0.0), np.ones(3), np.array([0.0, 0.0, -3.0])
    full, first, last = (
        gradient(loss, (w, x[part], y[part]))[()] for part in (slice(3), slice(2), slice(2, 3))
    )
    mean = (first + last) / 2
    says = (
        "yhat = w x at w = 0, x = (1, 1, 1), y = (0, 0, -3), b = 2: the examples' gradients "
        f"2 (yhat - y) x are 0, 0, 6, the full one {full}; the batches give {first} and {last}, "
        f"their mean {mean}: the last example counts half instead of a third."
    )
    weighted = fmpq(2, 3) * first + fmpq(1, 3) * last
    return Trial(mean != full and weighted == full, says), f"2/3 {first} + 1/3 {last} = {weighted}"


def judge_b6(seed: int, truth: Callable = by_size, planted: Callable = alike) -> Judged:
    """Equal batches: exact.  A smaller last one: refuted, and exact again with weights b_i / n."""
    refuted, mended = smaller_last_batch()
    return Judged(
        Evidence.REFUTED,
        evidence=earned(batches_average(alike, EQUAL, seed))
        + " Where b does not divide n, the last batch is smaller, and its examples weigh more.",
        control=failed(
            "a smaller last batch weighs as much", batches_average(planted, UNEQUAL, seed)
        ),
        counterexample=earned(refuted),
        correction="Batches of any sizes average to the full gradient when batch i weighs b_i / n: "
        f"there, {mended}. {earned(batches_average(truth, UNEQUAL, seed))}",
    )


B1 = Claim(
    "B1",
    "Each neuron multiplies what it receives by the weights of its connections, adds a bias, and "
    "passes the sum on through the activation function.",
    judge_b1,
)
B2 = Claim("B2", r"$\mathrm{MSE} = (1/n) \sum_k (y_k - \hat{y}_k)^2$.", judge_b2)
B6 = Claim(
    "B6",
    "Batch gradient descent divides the data into mini-batches of b examples and steps on the "
    "average gradient of each, so that a pass over them averages the full gradient.",
    judge_b6,
)
