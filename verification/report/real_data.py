"""Real data: train on it, and judge gradients at the first and the last weights of the run."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import refnet
from refnet import ACTIVATIONS, LOSSES, datasets

from .. import faults
from ..adapters import scikit_learn
from ..derivations import ALL as DERIVATIONS
from ..judgement.verdict import judge
from ..measurement.answer import cast
from ..measurement.batch import budget_at
from ..measurement.evaluation import evaluated, proof
from ..measurement.higher_precision import right_formula
from ..oracles.question import ask
from ..vocabulary import Case, Finding

BATCH = 32
BATCHES = 8
ALPHA = 1e-4  # scikit-learn's default L2 strength
DTYPES = ("float64", "float32")


class Task(NamedTuple):
    """A data set, the network that learns it, and how."""

    dataset: str
    sizes: tuple[int, ...]
    activation: str
    loss: str
    rate: float
    epochs: int


TASKS = (
    Task("breast_cancer", (30, 16, 1), "tanh", "binary_cross_entropy_with_logits", 0.1, 20),
    Task("diabetes", (10, 16, 1), "tanh", "mse", 0.02, 40),
    Task("digits", (64, 16, 10), "tanh", "softmax_cross_entropy_with_integer_labels", 0.1, 20),
)
RECURSIONS = {"tanh": "mlp", "relu": "mlp_relu"}
TEXTBOOK = {
    "tanh": jnp.tanh,
    "relu": refnet.relu,
}  # slopes from the value: 1 - a^2, as foreign code


class Trained(NamedTuple):
    """A task, its data, its network and loss, the run, and the weights at both ends of it."""

    task: Task
    data: datasets.Split
    network: Callable
    loss: Callable
    first: tuple
    run: refnet.Run


class Implementation(NamedTuple):
    """One implementation's verdict on one network at one time."""

    name: str
    dataset: str
    network: str
    at: str
    convention: str
    finding: Finding


def train(task: Task, seed: int) -> Trained:
    """Mini-batch descent in float32, from Glorot weights."""
    key_data, key_weights, key_order = jax.random.split(jax.random.key(seed), 3)
    data = datasets.DATASETS[task.dataset](key_data)
    network = partial(refnet.mlp, activation=ACTIVATIONS[task.activation])
    first = refnet.init_mlp(key_weights, task.sizes)
    run = refnet.train(
        network,
        LOSSES[task.loss],
        refnet.gradient_descent(task.rate),
        first,
        data.train,
        key=key_order,
        batch=BATCH,
        epochs=task.epochs,
        validation=data.validation,
    )
    return Trained(task, data, network, LOSSES[task.loss], first, run)


def training_row(trained: Trained) -> dict:
    """What the run did to the loss; a run that did not learn is visible here."""
    task, run = trained.task, trained.run
    whole = lambda params: float(
        trained.loss(trained.network(params, trained.data.train.x), trained.data.train.y)
    )
    assert run.history.validation_loss is not None
    return {
        "dataset": task.dataset,
        "network": _network(task),
        "loss": task.loss,
        "method": f"gradient_descent, rate {task.rate}",
        "batch": BATCH,
        "epochs": task.epochs,
        "loss_first": whole(trained.first),
        "loss_last": whole(run.params),
        "validation_loss": float(run.history.validation_loss[-1]),
    }


class Candidate(NamedTuple):
    """An implementation, the function it claims to differentiate, and the best way to do it."""

    name: str
    gradient: Callable
    of: Callable
    reference: Callable  # the gradient whose rounding is what is allowed
    convention: str = ""


def candidates(trained: Trained) -> tuple[Candidate, ...]:
    """refnet's autodiff, its derivation by hand, and scikit-learn.

    scikit-learn takes the slope of tanh from its value, and loses digits where a unit saturates;
    it is allowed what that form rounds, as others who write it are.
    """
    task = trained.task
    plain = partial(objective, trained.network, trained.loss)
    hand, auto = by_hand(task, trained.network), jax.grad(plain)
    usual = partial(refnet.mlp, activation=TEXTBOOK[task.activation])
    output = scikit_learn.OUTPUTS[task.loss]
    return (
        Candidate("refnet, reverse autodiff", jax.jit(auto), plain, auto),
        Candidate("refnet, by hand", jax.jit(hand), plain, hand),
        Candidate(
            f"scikit-learn {output.estimator}",
            scikit_learn.backpropagation(task.loss, task.activation, ALPHA),
            scikit_learn.objective(trained.loss, task.loss, ALPHA, trained.network),
            scikit_learn.reference(
                jax.grad(partial(objective, usual, trained.loss)), task.loss, ALPHA
            ),
            output.convention,
        ),
    )


def implementations(trained: Trained) -> Iterator[Implementation]:
    """Every candidate at both ends of the run, in every dtype."""
    for at, params in (("initialisation", trained.first), ("after training", trained.run.params)):
        for candidate in candidates(trained):
            for dtype in DTYPES:
                finding = judged(candidate, params, trained.data.train, dtype)
                convention = candidate.convention and _with_control(candidate, params, trained)
                task = trained.task
                yield Implementation(
                    candidate.name, task.dataset, _network(task), at, convention, finding
                )


def _with_control(candidate: Candidate, params, trained: Trained) -> str:
    """The convention, and what the same answers are called by one who does not know it."""
    plain = partial(objective, trained.network, trained.loss)
    naive = judged(candidate._replace(of=plain), params, trained.data.train, "float64")
    return f"{candidate.convention}; judged without it: {naive.verdict}"


def objective(network: Callable, loss: Callable, params, x, y):
    return loss(network(params, x), y)


def by_hand(task: Task, network: Callable) -> Callable:
    """The chain rule as derived: the loss's slope, pulled back through the recursion."""
    recursion = DERIVATIONS[RECURSIONS[task.activation]].gradient
    slope = DERIVATIONS[task.loss].gradient

    def gradient(params, x, y):
        dz = slope(network(params, x), y)[0]
        return recursion(params, x, dz)[0]

    return gradient


def judged(
    candidate: Candidate, params, data: datasets.Examples, dtype: str, batches: int = BATCHES
) -> Finding:
    """The verdict over a few real batches, in one dtype."""
    samples = []
    for k in range(batches):
        rows = slice(k * BATCH, (k + 1) * BATCH)
        args = cast((params, *(np.asarray(a)[rows] for a in data)), dtype)
        case = Case(f"rows {rows.start} to {rows.stop - 1}", args)
        bound = partial(budget_at, candidate.reference, args, dtype)
        samples.append(evaluated(candidate.gradient, proof(ask(candidate.of, args)), bound, case))
    return judge(
        candidate.name,
        dtype,
        samples,
        faults.ALL.values(),
        formula_is_right=right_formula(candidate.gradient),
    )


def _network(task: Task) -> str:
    return "-".join(map(str, task.sizes)) + f" {task.activation}"
