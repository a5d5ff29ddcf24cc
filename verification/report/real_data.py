"""Real data: train on it, and judge gradients at the first and the last weights of the run."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

import refnet
from refnet import ACTIVATIONS, LOSSES, datasets

from .. import faults
from ..adapters import scikit_learn
from ..derivations import ALL as DERIVATIONS
from ..judgement.answer import answer, cast, truth
from ..judgement.budget import budget
from ..judgement.formula import same_formula
from ..judgement.verdict import judge
from ..oracles.question import ask
from ..vocabulary import Finding

BATCH = 32
BATCHES = 3
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
    Task("digits", (64, 32, 10), "relu", "softmax_cross_entropy_with_integer_labels", 0.1, 20),
)


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
    whole = lambda params: float(trained.loss(trained.network(params, trained.data.train.x), trained.data.train.y))
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


def implementations(trained: Trained) -> Iterator[Implementation]:
    """refnet's autodiff, its derivation by hand, and scikit-learn, at both ends of the run."""
    task = trained.task
    plain = partial(objective, trained.network, trained.loss)
    theirs = scikit_learn.objective(trained.loss, task.loss, ALPHA, trained.network)
    sklearn = scikit_learn.backpropagation(task.loss, task.activation, ALPHA)
    estimator = scikit_learn.OUTPUTS[task.loss]
    candidates = (
        ("refnet, reverse autodiff", jax.jit(jax.grad(plain)), plain, ""),
        ("refnet, by hand", jax.jit(by_hand(task, trained.network)), plain, ""),
        (f"scikit-learn {estimator.estimator}", sklearn, theirs, estimator.convention),
    )
    for at, params in (("initialisation", trained.first), ("after training", trained.run.params)):
        for name, gradient, of, convention in candidates:
            for dtype in DTYPES:
                finding = judged(name, gradient, of, params, trained, dtype)
                yield Implementation(name, task.dataset, _network(task), at, convention, finding)


def objective(network: Callable, loss: Callable, params, x, y):
    return loss(network(params, x), y)


def by_hand(task: Task, network: Callable) -> Callable:
    """The chain rule as derived: the loss's slope, pulled back through the recursion."""
    recursion = DERIVATIONS[f"mlp_{task.activation}"] if task.activation != "tanh" else DERIVATIONS["mlp"]
    slope = DERIVATIONS[task.loss].gradient

    def gradient(params, x, y):
        dz = slope(network(params, x), y)[0]
        return recursion.gradient(params, x, dz)[0]

    return gradient


def judged(name: str, gradient: Callable, of: Callable, params, trained: Trained, dtype: str) -> Finding:
    """The verdict over a few real batches, in one dtype."""
    reference = jax.grad(of)
    samples = []
    for k in range(BATCHES):
        rows = slice(k * BATCH, (k + 1) * BATCH)
        x, y = (np.asarray(a)[rows] for a in trained.data.train)
        args = cast((params, x, y), dtype)
        question = ask(of, args)
        allowed = budget(reference, args, dtype)
        label = f"rows {rows.start} to {rows.stop - 1}"
        samples.append(answer(gradient, question, truth(question), allowed, args, label=label))
    excuse = lambda s: same_formula(gradient, s.args, s.truth)
    return judge(name, dtype, samples, faults.ALL.values(), formula_is_right=excuse)


def _network(task: Task) -> str:
    return "-".join(map(str, task.sizes)) + f" {task.activation}"
