"""A training run as a table: one row for each epoch, or for some of many."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import numpy as np

    from refnet import Run

Table = tuple[str, dict[str, Any], float | None]  # title, columns, accuracy
MOST_ROWS = 20  # of the table; a longer run shows evenly spaced epochs


def right_class(logits: Any, label: Any) -> Any:
    return (logits.argmax(axis=-1).astype(label.dtype) == label).mean()


def right_side(logit: Any, label: Any) -> Any:
    return ((logit > 0.0) == (label > 0.5)).mean()


def told_epochs(epochs: int) -> Callable[[int], None] | None:
    """What `rn.train` tells of its epochs, where somebody looks on; elsewhere nothing."""
    from ..vocabulary.progress import begin

    runs = begin("epochs", range(epochs))

    def tell(epoch: int) -> None:
        for run in runs:
            run.done = int(epoch)

    return tell if runs else None


def per_epoch(run: "Run", examples: int, batch: int, epochs: int) -> dict[str, "np.ndarray"]:
    """Means over the examples of each epoch: a last smaller batch counts for its size."""
    import numpy as np

    sizes = np.minimum(batch, examples - np.arange(0, examples, batch))
    mean = lambda steps: np.asarray(steps, np.float64).reshape(epochs, -1) @ sizes / examples
    columns = {"loss": mean(run.history.loss)}
    columns |= {name: mean(steps) for name, steps in run.history.metrics.items()}
    return columns | {"validation loss": np.asarray(run.history.validation_loss, np.float64)}


def print_table(title: str, columns: dict[str, "np.ndarray"], accuracy: float | None) -> int:
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
