"""`refnet train --network lenet`, and others: what each learns from, and what it starts with.

The defaults learn something within a minute on two cores: digits, sums of two numbers, sentences,
and addition modulo 31.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .epochs import Table, per_epoch, right_class, told_epochs
from .mistakes import Mistake, known

if TYPE_CHECKING:
    from refnet import Split


class Made(NamedTuple):
    """A network, its first weights, its sizes by their names, and its state, where it has any."""

    network: Callable
    params: Any
    said: str
    running: Any = None

    def logits(self, run: Any, x: Any) -> Any:
        """What it says of x once it is trained."""
        if self.running is None:
            return self.network(run.params, x)
        return self.network(run.params, x, running=run.running)[0]


class Named(NamedTuple):
    """A network of the reference by its name, and how it is trained where nothing is said."""

    data: str
    draw: Callable[[Any], "Split"]
    sizes: tuple[int, ...]
    names: tuple[str, ...]  # of the sizes
    make: Callable[..., Made]
    loss: str
    update: Callable[[float], Any]
    method: str
    rate: float
    batch: int
    epochs: int


def lenet(key, split: "Split", first: int, second: int, hidden: int) -> Made:
    import refnet as rn

    _, height, width, depth = split.train.x.shape
    params = rn.init_lenet(key, (height, width, depth), 10, (first, second), hidden)
    return Made(rn.lenet, params, f"channels {first}, {second}, hidden {hidden}")


def resnet(key, split: "Split", first: int, second: int) -> Made:
    import refnet as rn

    params, running = rn.init_resnet(key, split.train.x.shape[-1], 10, (first, second))
    return Made(rn.resnet, params, f"channels {first}, {second}", running)


def character(key, split: "Split", units: int) -> Made:
    import refnet as rn

    del split
    params = rn.init_character_model(key, len(rn.LETTERS), units)
    return Made(rn.character_model, params, f"units {units}")


def lstm(key, split: "Split", units: int) -> Made:
    import refnet as rn

    params = rn.init_recurrent_classifier(key, split.train.x.shape[-1], units, 1)
    return Made(rn.recurrent_classifier, params, f"units {units}")


def gpt(key, split: "Split", layers: int, heads: int, width: int) -> Made:
    """The answer stands at the last place: the logits of what follows."""
    import refnet as rn

    length, vocabulary = split.train.x.shape[-1], int(split.train.x.max()) + 1
    params = rn.init_gpt(key, vocabulary, length, layers, heads, width)
    network = lambda params, symbols: rn.gpt(params, symbols, heads)[..., -1, :]
    return Made(network, params, f"layers {layers}, heads {heads}, width {width}")


def networks() -> Mapping[str, Named]:
    """By name; a function, for refnet is imported when something is trained."""
    import refnet as rn

    classes = "softmax_cross_entropy_with_integer_labels"
    decayed = lambda rate: rn.adamw(rate, b2=0.98, weight_decay=0.3)
    return {
        "lenet": Named(
            *("digit_images", rn.digit_images, (16, 32, 64), ("channels", "channels", "hidden")),
            *(lenet, classes, rn.adam, "adam", 2e-3, 32, 20),
        ),
        "resnet": Named(
            *("digit_images", rn.digit_images, (8, 16), ("channels", "channels")),
            *(resnet, classes, rn.adam, "adam", 5e-3, 64, 12),
        ),
        "character": Named(
            *("sums_in_words", rn.sums_in_words, (32,), ("units",)),
            *(character, classes, rn.adam, "adam", 1e-2, 50, 15),
        ),
        "lstm": Named(
            *("adding", rn.adding, (32,), ("units",)),
            *(lstm, "mse", rn.adam, "adam", 5e-3, 50, 15),
        ),
        "gpt": Named(
            *("modular_addition", rn.modular_addition, (1, 4, 64), ("layers", "heads", "width")),
            *(gpt, classes, decayed, "adamw (b2 0.98, weight decay 0.3)", 2e-3, 128, 300),
        ),
    }


NAMES = ("lenet", "resnet", "lstm", "character", "gpt")


def is_named(text: str) -> bool:
    """Whether it begins with a letter: sizes do not."""
    return text[:1].isalpha()


def parse(text: str) -> tuple[str, tuple[int, ...]]:
    """ "gpt:2,4,64" is gpt with these sizes, "gpt" with its own.  Raises Mistake."""
    name, colon, rest = text.partition(":")
    known("network", name, NAMES)
    named = networks()[name]
    if not colon:
        return name, named.sizes
    sizes = sizes_in(rest)
    if len(sizes) != len(named.sizes):
        shown = ",".join(map(str, named.sizes))
        raise Mistake(
            f"--network is {text!r}; {name} wants {', '.join(named.names)}: give {name}:{shown}, "
            "or other whole numbers above 0"
        )
    return name, sizes


def sizes_in(text: str) -> tuple[int, ...]:
    """The whole numbers above 0 between commas; none where one of them is anything else."""
    words = [word.strip() for word in text.split(",")]
    are_sizes = all(word.isdecimal() and int(word) > 0 for word in words)
    return tuple(map(int, words)) if are_sizes else ()


class Asked(NamedTuple):
    """What the command line says; None where it says nothing."""

    method: str | None
    rate: float | None
    batch: int | None
    whole: bool  # the full batch
    epochs: int | None
    seed: int


def train_named(text: str, asked: Asked) -> Table:
    """The title, the columns of the table, and the share of right answers (None for values)."""
    import jax

    import refnet as rn

    name, sizes = parse(text)
    named = networks()[name]
    split_key, weight_key, order_key = jax.random.split(jax.random.key(asked.seed), 3)
    split = named.draw(split_key)
    made = _made(text, named, weight_key, split, sizes)
    rule = named.update if asked.method is None else rn.UPDATES[asked.method]
    rate, epochs = asked.rate or named.rate, asked.epochs or named.epochs
    examples = len(split.train.x)
    batch = examples if asked.whole else named.batch if asked.batch is None else asked.batch
    if not 1 <= batch <= examples:
        raise Mistake(f"--batch is {batch}; {named.data} trains on {examples} examples")
    hit = None if named.loss == "mse" else right_class
    run = rn.train(
        *(made.network, rn.LOSSES[named.loss], rule(rate), made.params, split.train),
        key=order_key,
        batch=batch,
        epochs=epochs,
        metrics={"accuracy": hit} if hit else None,
        validation=split.validation,
        running=made.running,
        tell=told_epochs(epochs),
    )
    final = hit and float(hit(made.logits(run, split.validation.x), split.validation.y))
    method = f"{asked.method or named.method} {rate:g}, batch {batch}"
    title = f"{named.data}: {name} ({made.said}), {named.loss}, {method}"
    return title, per_epoch(run, examples, batch, epochs), final


def _made(text: str, named: Named, key, split: "Split", sizes: tuple[int, ...]) -> Made:
    try:
        return named.make(key, split, *sizes)
    except ValueError as error:
        raise Mistake(f"--network is {text!r}: {error}") from None
