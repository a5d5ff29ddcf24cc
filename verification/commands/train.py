"""`refnet train`: train a network of the reference, and print how its loss went."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from .mistakes import Mistake, at_least_one, known, positive, seed_of
from .sweep import Sweep, run_sweep

if TYPE_CHECKING:
    import numpy as np

    from refnet import Run, Split

MOST_ROWS = 20  # of the table; a longer run shows evenly spaced epochs
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
    data: Annotated[str, typer.Option(help="A data set of refnet.")] = "breast_cancer",
    network: Annotated[
        str | None,
        typer.Option(
            help="Sizes of the layers, inputs first: 30,16,1. Default: one hidden layer of 16."
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
        str, typer.Option(help="An update rule of refnet, or several: sgd,adam.")
    ] = "sgd",
    batch: Annotated[
        str | None,
        typer.Option(
            help="Examples per step, or several: 1,32,all; 1 is stochastic. Default: all."
        ),
    ] = None,
    rate: Annotated[str, typer.Option(help="The learning rate, or several: 0.01,0.1.")] = "0.1",
    epochs: Annotated[int, typer.Option(help="Passes over the training data.")] = 10,
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "tanh",
    initializer: Annotated[
        str, typer.Option(help="How weights are drawn; biases start at 0.")
    ] = "glorot",
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
    Exit status 1 where the loss (of all runs) stops being finite.
    """
    grid = Grid(methods_of(method), rates_of(rate), batches_of(batch))
    at_least_one("--epochs", epochs)
    seed_of(seed)
    sizes = None if network is None else parse_sizes(network)
    import jax

    import refnet as rn

    known("data set", data, rn.DATASETS)
    f = rn.ACTIVATIONS[known("activation", activation, rn.ACTIVATIONS)]
    weights = rn.INITIALIZERS[known("initializer", initializer, rn.INITIALIZERS)]
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
    if grid.is_sweep or seeds is not None or out is not None or resume:
        count = at_least_one("--seeds", 1 if seeds is None else seeds)
        rules = {name: rn.UPDATES[WORDS.get(name, name)] for name in grid.methods}
        plan = Sweep(data, sizes, activation, initializer, trained, *grid, count, epochs, seed)
        return run_sweep(plan, split, rules, out, resume, form)
    (method,), (step_rate,), (size,) = grid
    run = rn.train(
        lambda params, x: rn.mlp(params, x, f),
        rn.LOSSES[trained],
        rn.UPDATES[WORDS.get(method, method)](step_rate),
        rn.init_mlp(weight_key, sizes, weights),
        split.train,
        key=order_key,
        batch=size,
        epochs=epochs,
        metrics={"accuracy": task.hit} if task.hit else None,
        validation=split.validation,
    )
    prediction = rn.mlp(run.params, split.validation.x, f)
    final = float(task.hit(prediction, split.validation.y)) if task.hit else None
    title = f"{data}: {','.join(map(str, sizes))}, {activation}, {trained}, {method} {step_rate:g}"
    return _print(title, per_epoch(run, examples, size or examples, epochs), final)


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
    words = [word.strip() for word in text.split(",")]
    if len(words) < 2 or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise Mistake(
            f"--network is {text!r}; give at least two whole numbers above 0 with commas between "
            "them and no spaces, such as 30,16,1"
        )
    return tuple(map(int, words))


def task_of(split: "Split") -> Task:
    """Integer labels are classes; floats that are all 0 or 1 are binary; others are values."""
    import numpy as np

    y = np.concatenate([np.asarray(part.y) for part in split])
    if np.issubdtype(y.dtype, np.integer):
        losses = {"softmax_cross_entropy": CLASSES, CLASSES: CLASSES}
        return Task("classes", int(y.max()) + 1, losses, _right_class)
    if np.isin(y, (0.0, 1.0)).all():
        losses = {"binary_cross_entropy": BINARY, BINARY: BINARY}
        return Task("0 or 1", y.shape[1], losses, _right_side)
    return Task("real values", y.shape[1], {"mse": "mse"}, None)


def _right_class(logits: Any, label: Any) -> Any:
    return (logits.argmax(axis=-1) == label).mean()


def _right_side(logit: Any, label: Any) -> Any:
    return ((logit > 0.0) == (label > 0.5)).mean()


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


def per_epoch(run: "Run", examples: int, batch: int, epochs: int) -> dict[str, "np.ndarray"]:
    """Means over the examples of each epoch: a last smaller batch counts for its size."""
    import numpy as np

    sizes = np.minimum(batch, examples - np.arange(0, examples, batch))
    mean = lambda steps: np.asarray(steps, np.float64).reshape(epochs, -1) @ sizes / examples
    columns = {"loss": mean(run.history.loss)}
    columns |= {name: mean(steps) for name, steps in run.history.metrics.items()}
    return columns | {"validation loss": np.asarray(run.history.validation_loss, np.float64)}


def _print(title: str, columns: dict[str, "np.ndarray"], accuracy: float | None) -> int:
    import numpy as np
    from rich import box
    from rich.console import Console
    from rich.table import Table

    epochs = len(columns["loss"])
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("epoch", *columns):
        table.add_column(name, justify="right")
    shown = np.unique(np.linspace(0, epochs - 1, min(epochs, MOST_ROWS)).round().astype(int))
    for row in shown:
        table.add_row(str(row + 1), *(f"{column[row]:.6g}" for column in columns.values()))
    console = Console()
    console.print(title, table, sep="\n", highlight=False)
    said = "" if accuracy is None else f", validation accuracy {accuracy:.4f}"
    console.print(f"final: validation loss {columns['validation loss'][-1]:.6g}{said}")
    lost = ~np.isfinite(columns["loss"] + columns["validation loss"])
    if lost.any():
        typer.echo(
            f"refnet: the loss is not finite from epoch {lost.argmax() + 1} on; lower --rate",
            err=True,
        )
    return int(lost.any())
