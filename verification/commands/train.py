"""`refnet train`: train a network of the reference, and print how its loss went."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from .epochs import Table, per_epoch, print_table, right_class, right_side, told_epochs
from .mistakes import Mistake, at_least_one, known, positive, seed_of
from .named_networks import Asked, is_named, sizes_in, train_named
from .sweep import Sweep, run_sweep

if TYPE_CHECKING:
    from refnet import Split

WORDS = {"sgd": "gradient_descent"}  # what people say -> what refnet calls it
BINARY = "binary_cross_entropy_with_logits"
CLASSES = "softmax_cross_entropy_with_integer_labels"


class Task(NamedTuple):
    """What the labels of a data set ask of a network."""

    labels: str
    outputs: int
    losses: dict[str, str]  # what the command line says -> what is trained; the first is default
    hit: Callable | None  # (prediction, y) -> the share of examples classified rightly


def train(
    data: Annotated[
        str | None, typer.Option(help="A data set of refnet. Default: breast_cancer.")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            help="Sizes of a perceptron, inputs first: 30,16,1; or a name, with sizes of its own "
            "after a colon: lenet:16,32,64 (channels, channels, hidden), resnet:8,16 (channels), "
            "lstm:32 and character:32 (units), gpt:1,4,64 (layers, heads, width). Default: one "
            "hidden layer of 16."
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="Default: the one that fits the labels. The last layer is linear, and "
            "cross-entropies are taken from its logits: binary_cross_entropy here is the sigmoid "
            "and the loss in one, the stable form."
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="An update rule of refnet, or several: sgd,adam. Default: sgd."),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            help="Examples per step, or several: 1,32,all; 1 is stochastic. Default: all."
        ),
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="The learning rate, or several: 0.01,0.1. Default: 0.1.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training data. Default: 10.")
    ] = None,
    activation: Annotated[
        str | None, typer.Option(help="Activation of the hidden layers. Default: tanh.")
    ] = None,
    initializer: Annotated[
        str | None, typer.Option(help="How weights are drawn; biases start at 0. Default: glorot.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the split, the weights and the shuffling.")
    ] = 0,
    seeds: Annotated[
        int | None, typer.Option(help="For a sweep: how many runs of each method, rate and batch.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="For a sweep: the folder of its tables, figure and checkpoints."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="For a sweep: go on with the one in --out.")
    ] = False,
    form: Annotated[
        str, typer.Option("--format", help="Format of a sweep's tables: csv or parquet.")
    ] = "csv",
) -> int:
    """Train a network, and print its loss in each epoch; or train many side by side.

    Accuracy too, where labels are classes.
    Lists, --seeds or --out make a sweep: every method, rate and batch, with so many seeds.
    lenet and resnet learn digits, lstm the sum of two numbers in a sequence, character sentences
    letter by letter, gpt addition modulo 31; each has data, loss and defaults of its own, and
    takes --method, --rate, --batch, --epochs, --seed.
    Exit status 1 where the loss (of all runs) stops being finite.
    """
    seed_of(seed)
    if network is not None and is_named(network):
        own = {"--data": data, "--loss": loss, "--activation": activation}
        own |= {"--initializer": initializer, "--seeds": seeds, "--out": out, "--resume": resume}
        return _named(network, (method, rate, batch, epochs), seed, own)
    data, epochs = data or "breast_cancer", 10 if epochs is None else epochs
    activation, initializer = activation or "tanh", initializer or "glorot"
    grid = Grid(methods_of(method or "sgd"), rates_of(rate or "0.1"), batches_of(batch))
    at_least_one("--epochs", epochs)
    sizes = None if network is None else parse_sizes(network)
    import jax

    import refnet as rn

    from ..vocabulary.progress import watched

    known("data set", data, rn.DATASETS)
    known("activation", activation, rn.ACTIVATIONS)
    known("initializer", initializer, rn.INITIALIZERS)
    for name in grid.methods:
        known("method", name, (*WORDS, *rn.UPDATES))
    split_key, weight_key, order_key = jax.random.split(jax.random.key(seed), 3)
    split = rn.DATASETS[data](split_key)
    task = task_of(split)
    trained = _fitting_loss(data, task, loss)
    sizes = _fitting_sizes(data, split, task, sizes)
    examples = len(split.train.x)
    for count in grid.batches:
        if count is not None and not 1 <= count <= examples:
            said = f"--batch is {count}; {data} trains on {examples} examples"
            raise Mistake(f"{said}, give 1 to that")
    count = at_least_one("--seeds", 1 if seeds is None else seeds)
    plan = Sweep(data, sizes, activation, initializer, trained, *grid, count, epochs, seed)
    if grid.is_sweep or seeds is not None or out is not None or resume:
        rules = {name: rn.UPDATES[WORDS.get(name, name)] for name in grid.methods}
        return run_sweep(plan, split, rules, out, resume, form)
    with watched("train"):
        made = _perceptron(plan, split, task.hit, weight_key, order_key)
    return print_table(*made)


def _perceptron(plan: Sweep, split: "Split", hit: Callable | None, weight_key, order_key) -> Table:
    """One run of the one method, rate and batch."""
    import refnet as rn

    (method,), (step_rate,), (size,) = plan.methods, plan.rates, plan.batches
    f, examples = rn.ACTIVATIONS[plan.activation], len(split.train.x)
    run = rn.train(
        lambda params, x: rn.mlp(params, x, f),
        rn.LOSSES[plan.loss],
        rn.UPDATES[WORDS.get(method, method)](step_rate),
        rn.init_mlp(weight_key, plan.network, rn.INITIALIZERS[plan.initializer]),
        split.train,
        key=order_key,
        batch=size,
        epochs=plan.epochs,
        metrics={"accuracy": hit} if hit else None,
        validation=split.validation,
        tell=told_epochs(plan.epochs),
    )
    prediction = rn.mlp(run.params, split.validation.x, f)
    final = float(hit(prediction, split.validation.y)) if hit else None
    shape = ",".join(map(str, plan.network))
    title = f"{plan.data}: {shape}, {plan.activation}, {plan.loss}, {method} {step_rate:g}"
    return title, per_epoch(run, examples, size or examples, plan.epochs), final


def _named(network: str, said: tuple, seed: int, own: dict[str, Any]) -> int:
    """A network by its name: one run, with what it has of its own."""
    import refnet as rn

    from ..vocabulary.progress import watched

    for option, value in own.items():
        if value not in (None, False):
            raise Mistake(f"{option} is for perceptrons; {network} has its own, leave it out")
    method, rate, batch, epochs = said
    if method is not None:
        method = WORDS.get(known("method", method, (*WORDS, *rn.UPDATES)), method)
    if "," in f"{rate}{batch}":
        raise Mistake(f"lists make a sweep, of perceptrons; give {network} one rate and one batch")
    step = None if rate is None else rates_of(rate)[0]
    count = None if batch is None else batches_of(batch)[0]
    if epochs is not None:
        at_least_one("--epochs", epochs)
    asked = Asked(method, step, count, batch == "all", epochs, seed)
    with watched(f"train {network}"):
        title, columns, final = train_named(network, asked)
    return print_table(title, columns, final)


class Grid(NamedTuple):
    """What is trained with: one of each is a run, more are a sweep."""

    methods: tuple[str, ...]
    rates: tuple[float, ...]
    batches: tuple[int | None, ...]

    @property
    def is_sweep(self) -> bool:
        return any(len(part) > 1 for part in self)


def words_of(option: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words) or len(set(words)) < len(words):
        raise Mistake(f"{option} is {text!r}; give different values with commas between them")
    return words


def methods_of(text: str) -> tuple[str, ...]:
    return tuple(words_of("--method", text))


def rates_of(text: str) -> tuple[float, ...]:
    def rate(word: str) -> float:
        try:
            return positive("--rate", float(word))
        except ValueError:
            raise Mistake(f"--rate is {text!r}; give numbers above 0, such as 0.01,0.1") from None

    return tuple(map(rate, words_of("--rate", text)))


def batches_of(text: str | None) -> tuple[int | None, ...]:
    """Whole numbers; `all` is the full batch."""

    def batch(word: str) -> int | None:
        if word == "all":
            return None
        if not word.lstrip("-").isdecimal():
            raise Mistake(f"--batch is {text!r}; give whole numbers or all, such as 1,32,all")
        return int(word)

    return (None,) if text is None else tuple(map(batch, words_of("--batch", text)))


def parse_sizes(text: str) -> tuple[int, ...]:
    """The sizes in "30,16,1": (30, 16, 1)."""
    sizes = sizes_in(text)
    if len(sizes) < 2:
        raise Mistake(
            f"--network is {text!r}; give at least two whole numbers above 0 with commas between "
            "them and no spaces, such as 30,16,1"
        )
    return sizes


def task_of(split: "Split") -> Task:
    """Integer labels are classes; floats that are all 0 or 1 are binary; others are values."""
    import numpy as np

    y = np.concatenate([np.asarray(part.y) for part in split])
    if np.issubdtype(y.dtype, np.integer):
        losses = {"softmax_cross_entropy": CLASSES, CLASSES: CLASSES}
        return Task("classes", int(y.max()) + 1, losses, right_class)
    if np.isin(y, (0.0, 1.0)).all():
        losses = {"binary_cross_entropy": BINARY, BINARY: BINARY}
        return Task("0 or 1", y.shape[1], losses, right_side)
    return Task("real values", y.shape[1], {"mse": "mse"}, None)


def _fitting_loss(data: str, task: Task, loss: str | None) -> str:
    import refnet as rn

    if loss is None:
        return next(iter(task.losses.values()))
    if known("loss", loss, rn.LOSSES) not in task.losses:
        raise Mistake(
            f"--loss is {loss!r}, but the labels of {data} are {task.labels}; "
            f"give {next(iter(task.losses))}"
        )
    return task.losses[loss]


def _fitting_sizes(
    data: str, split: "Split", task: Task, sizes: tuple[int, ...] | None
) -> tuple[int, ...]:
    features = split.train.x.shape[1]
    sizes = sizes or (features, 16, task.outputs)
    if (sizes[0], sizes[-1]) != (features, task.outputs):
        inner = ",".join(map(str, (features, *sizes[1:-1], task.outputs)))
        raise Mistake(
            f"--network is {','.join(map(str, sizes))!r}, but {data} has {features} inputs and "
            f"wants {task.outputs} output{'s'[: task.outputs != 1]}; give {inner}"
        )
    return sizes
