"""Claims B3, B4 and B5: the gradient of the mean squared error as it was printed.

    printed      dMSE/dw_ij = (2/n) sum_k (y_k - yhat_k) f'(sum_j w_ij x_kj) x_ki
    corrected    dMSE/dw_ij = (2/n) sum_k (yhat_k - y_k) f'(sum_j w_ij x_kj) x_kj

Here m is the size of the input layer and j runs over it, so i names the neuron and w_ij the
weight from input j to neuron i: w is (neurons, inputs), x (n, inputs), y (n, neurons).  The last
index as printed picks input i for neuron i, whichever weight is meant.  With one neuron this is
the printed MSE; with several, the sum of theirs.
"""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from flint import fmpq

from refnet import identity, mse, relu, sigmoid, tanh

from ..oracles.symbolic import prove
from ..vocabulary import Claim, Evidence, Judged
from . import exact
from .exact import differing, gradient, numbers, odd
from .trial import Trial, earned, failed

SLOPES: dict[str, Callable] = {
    "identity": jnp.ones_like,
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": lambda z: (1.0 - tanh(z)) * (1.0 + tanh(z)),
    "relu": lambda z: jnp.where(z > 0.0, 1.0, 0.0),
}
SHAPES = ((1, 2, 1), (4, 3, 1), (3, 3, 2), (5, 2, 2))  # examples, inputs, neurons


class Formula(NamedTuple):
    """Which difference is taken, and which input the last factor is."""

    name: str
    sign: float  # of yhat - y
    index: str  # "i" or "j"

    def __call__(self, f: Callable) -> Callable:
        """gradient(w, x, y), of the shape of w."""

        def slope(w, x, y):
            z = x @ w.T
            dz = self.sign * (f(z) - y) * SLOPES[f.__name__](z)
            last = x[:, None, :] if self.index == "j" else x[:, : len(w), None]
            last = jnp.broadcast_to(last, (len(x), *w.shape))
            return 2.0 * jnp.sum(dz[:, :, None] * last, axis=0) / len(x)  # 2/3 is no float

        return slope


PRINTED = Formula("as printed", -1.0, "i")
SIGN_ALONE = Formula("with its sign corrected alone", 1.0, "i")
INDEX_ALONE = Formula("with its index corrected alone", -1.0, "j")
CORRECTED = Formula("corrected", 1.0, "j")


def loss_of(f: Callable) -> Callable:
    return lambda w, x, y: float(len(w)) * mse(f(x @ w.T), y)


def weights(rng: np.random.Generator, neurons: int, inputs: int) -> np.ndarray:
    """Odd numbers over 8, 16, 32 ... by input: no sum of odd eighths so weighted is 0."""
    return odd(rng, (neurons, inputs)) / 2.0 ** np.arange(inputs)[None, :]


LOSSES = {f: loss_of(f) for f in (identity, relu, sigmoid, tanh)}

# --- B3 ------------------------------------------------------------------------------------


def is_the_gradient(formula: Formula, seed: int) -> Trial:
    """Whether the formula is the gradient, exactly, for identity and ReLU on several shapes."""
    rng = np.random.default_rng(seed)
    wrong = total = 0
    for f in (identity, relu):
        for n, m, p in SHAPES:
            args = weights(rng, p, m), odd(rng, (n, m)), odd(rng, (n, p), 4)
            claimed = exact.value(formula(f), *args)
            differ, count = differing(claimed, gradient(LOSSES[f], args))
            wrong, total = wrong + differ, total + count
    says = (
        f"The formula {formula.name} differs from the gradient at {wrong} of {total} weights, on "
        f"{len(SHAPES)} shapes with identity and ReLU (rationals)."
    )
    return Trial(wrong == 0, says)


def is_proved(formula: Formula, f: Callable, n: int = 2) -> Trial:
    """Whether SymPy proves the formula for one neuron of 2 inputs, for all values of all floats.

    One proof per side of the kink for each of the n examples.
    """
    w, y = np.array([[0.625, 0.375]]), odd(np.random.default_rng(n), (n, 1), 4)
    by_hand = lambda w, x, y: (formula(f)(w, x, y),)
    sides = list(product((1.0, -1.0), repeat=n)) if f is relu else [(1.0,) * n]
    proofs = [
        prove(LOSSES[f], by_hand, (w, np.outer(side, [0.375, 0.875]), y), cotangent_symbols=False)
        for side in sides
    ]
    proved = sum(proof.proved for proof in proofs)
    says = (
        f"{f.__name__}: {proved} of {len(proofs)} proved"
        f"{' (one per sign of each z)' if len(proofs) > 1 else ''}"
    )
    return Trial(proved == len(proofs), says)


def proved_for_all(formula: Formula, n: int) -> Trial:
    """The proofs for every activation."""
    trials = [is_proved(formula, f, n) for f in LOSSES]
    says = (
        f"By SymPy for {n} example{'s' * (n > 1)}, one neuron, 2 inputs and all values, the "
        f"formula {formula.name}: {'; '.join(t.says for t in trials)}."
    )
    return Trial(all(t.holds for t in trials), says)


def at_integers(formula: Formula) -> tuple[bool, str]:
    """x = (1, 3), w = (1, 1), y = 1, f the identity: the true gradient is 6, 18."""
    args = np.ones((1, 2)), np.array([[1.0, 3.0]]), np.ones((1, 1))
    claimed, truth = exact.value(formula(identity), *args), gradient(LOSSES[identity], args)
    return differing(claimed, truth)[0] == 0, f"{formula.name} {numbers(claimed)}"


def refuted_at_integers(*formulas: Formula) -> Trial:
    """Whether each of the formulas differs from the gradient there."""
    seen = [at_integers(formula) for formula in formulas]
    says = (
        "One neuron, f the identity, n = 1, x = (1, 3), w = (1, 1), y = 1: yhat = 4, and the "
        "derivatives of (1 - w1 - 3 w2)^2 are 2 (4 - 1) (1, 3) = 6, 18. The formula gives: "
        f"{'; '.join(says for _, says in seen)}."
    )
    return Trial(not any(right for right, _ in seen), says)


WRONG = (PRINTED, SIGN_ALONE, INDEX_ALONE)


def judge_b3(seed: int, truth: Formula = CORRECTED, planted: Formula = INDEX_ALONE) -> Judged:
    """Refuted at small integers; the corrected formula proved, and exact on drawn shapes."""
    return Judged(
        Evidence.REFUTED,
        evidence="Both the sign and the last index are wrong, and correcting one of them is not "
        "enough (see the counterexample). " + earned(is_the_gradient(truth, seed)),
        control=" ".join(
            [
                failed("the sign stays as printed", is_the_gradient(planted, seed)),
                failed("the same, to be proved", proved_for_all(planted, 2)),
                failed("the corrected formula is refuted too", refuted_at_integers(truth)),
            ]
        ),
        counterexample=earned(refuted_at_integers(*WRONG)),
        correction=r"$d\mathrm{MSE}/dw_{ij} = (2/n) \sum_k (\hat{y}_k - y_k) "
        r"f'(\sum_j w_{ij} x_{kj}) x_{kj}$: "
        "the difference the other way round, and the input that the weight multiplies. "
        + earned(proved_for_all(truth, 2)),
    )


# --- B4 ------------------------------------------------------------------------------------


def loss_curve(formula: Formula, args: tuple, rate: fmpq, steps: int = 5) -> list[fmpq]:
    """The loss before and after each step w <- w - rate formula(w), f the identity, exactly."""
    w, x, y = map(exact.number, args)
    losses = [exact.value(LOSSES[identity], w, x, y)[()]]
    for _ in range(steps):
        w = w - rate * exact.value(formula(identity), w, x, y)
        losses.append(exact.value(LOSSES[identity], w, x, y)[()])
    return losses


def lowers(formula: Formula, seed: int, draws: int = 3) -> tuple[Trial, Trial]:
    """Whether every step lowers the loss, and whether every step raises it, on drawn data."""
    rng = np.random.default_rng([seed, 4])
    down = up = total = 0
    for _ in range(draws):
        args = weights(rng, 1, 2), odd(rng, (3, 2)), odd(rng, (3, 1), 4)
        losses = loss_curve(formula, args, fmpq(1, 32), 4)
        down += sum(b < a for a, b in zip(losses[:-1], losses[1:], strict=True))
        up += sum(b > a for a, b in zip(losses[:-1], losses[1:], strict=True))
        total += len(losses) - 1
    says = (
        f"On {draws} drawn data sets the formula {formula.name} lowers the loss in {down} of "
        f"{total} steps and raises it in {up} (rate 1/32, rationals)."
    )
    return Trial(down == total, says), Trial(up == total, says)


def one_weight(formula: Formula) -> list[fmpq]:
    """x = w = 1, y = 0, rate 1/4: the loss is w^2."""
    return loss_curve(formula, (np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1))), fmpq(1, 4))


def judge_b4(seed: int, truth: Formula = CORRECTED, planted: Formula = INDEX_ALONE) -> Judged:
    """With the printed sign the loss climbs at every step; corrected, it falls at every step."""
    climbing, falling = one_weight(PRINTED), one_weight(truth)
    climbs = all(b > a for a, b in zip(climbing[:-1], climbing[1:], strict=True))
    by_hand = (
        f"One weight, x = 1, y = 0, f the identity, w = 1, rate 1/4: the printed gradient is -2 w, "
        f"so w grows by half at every step and the loss is {numbers(*climbing)}."
    )
    says = earned(Trial(climbs, by_hand), lowers(INDEX_ALONE, seed)[1])
    printed = lowers(PRINTED, seed)
    return Judged(
        Evidence.REFUTED,
        evidence=f"{says} With the wrong index as well: {printed[0].says}",
        control=failed("the printed sign lowers the loss", lowers(planted, seed)[0])
        + " "
        + failed("the corrected formula raises it", lowers(CORRECTED, seed)[1]),
        counterexample=by_hand,
        correction=f"With the corrected formula the loss falls: {numbers(*falling)}. "
        + earned(lowers(truth, seed)[0]),
        numbers={
            "printed": [float(int(v.p) / int(v.q)) for v in climbing],
            "corrected": [float(int(v.p) / int(v.q)) for v in falling],
        },
    )


# --- B5 ------------------------------------------------------------------------------------


def unbiased(sampled: Callable[[int], range], seed: int) -> Trial:
    """Whether the mean of the one-example gradients over the sampled k is the full gradient."""
    rng = np.random.default_rng([seed, 5])
    wrong = total = 0
    for f in (identity, relu):
        for n, m, p in SHAPES[1:]:
            w, x, y = weights(rng, p, m), odd(rng, (n, m)), odd(rng, (n, p), 4)
            single = CORRECTED(f)
            drawn = [exact.value(single, w, x[k : k + 1], y[k : k + 1]) for k in sampled(n)]
            mean = sum(drawn) / fmpq(len(drawn))
            differ, count = differing(mean, gradient(LOSSES[f], (w, x, y)))
            wrong, total = wrong + differ, total + count
    says = (
        f"The mean of the one-example gradients over {sampled.__doc__} differs from the full "
        f"gradient at {wrong} of {total} weights (rationals)."
    )
    return Trial(wrong == 0, says)


def every(n: int) -> range:
    """all k, each equally likely,"""
    return range(n)


def all_but_last(n: int) -> range:
    """all k but the last"""
    return range(n - 1)


def judge_b5(seed: int, truth: Callable = every, planted: Callable = all_but_last) -> Judged:
    """The same mistakes for one example; corrected, proved, and unbiased exactly."""
    return Judged(
        Evidence.REFUTED,
        evidence="The sampling is sound, the formula is not: it has the sign and the index of the "
        f"printed full gradient (see the counterexample). {earned(unbiased(truth, seed))}",
        control=" ".join(
            [
                failed("a sampler that never draws the last", unbiased(planted, seed)),
                failed("the printed formula, to be proved", proved_for_all(PRINTED, 1)),
                failed("the corrected formula is refuted too", refuted_at_integers(CORRECTED)),
            ]
        ),
        counterexample=earned(refuted_at_integers(*WRONG)),
        correction=r"For one example the gradient is "
        r"$2 (\hat{y}_k - y_k) f'(\sum_j w_{ij} x_{kj}) x_{kj}$, "
        f"an unbiased estimate of the full one. {earned(proved_for_all(CORRECTED, 1))}",
    )


B3 = Claim(
    "B3",
    r"$d\mathrm{MSE}/dw_{ij} = (2/n) \sum_k (y_k - \hat{y}_k) f'(\sum_j w_{ij} x_{kj}) x_{ki}$.",
    judge_b3,
)
B4 = Claim(
    "B4",
    r"With that gradient, $w_{ij} \leftarrow w_{ij} - \alpha \, d\mathrm{MSE}/dw_{ij}$ minimises "
    "the loss.",
    judge_b4,
)
B5 = Claim(
    "B5",
    "Stochastic gradient descent shuffles, takes one sample k, and steps on the gradient "
    r"$2 (y_k - \hat{y}_k) f'(\sum_j w_{ij} x_{kj}) x_{ki}$.",
    judge_b5,
)
