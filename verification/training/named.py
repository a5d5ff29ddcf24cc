"""A training run that words name: a loop or a record, its loss, its rule, its start, in files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..adapters.source_files import Located, Unusable, located
from ..vocabulary.raised import in_words, kind_of
from .band import RUNS
from .finding import TrainingFinding
from .validate import validate_training

SAMPLE = "the first weights and the list of batches"


class Words(NamedTuple):
    """What was written: FILE.py:NAME, names and numbers; nothing is loaded yet."""

    run: str  # FILE.py:LOOP, or what `vf.record` wrote
    of: str  # FILE.py:LOSS
    args: str  # FILE.py:SAMPLE, a function of a random generator that returns (params, batches)
    rule: str  # a name, or FILE.py:RULE, a function that makes an optax transformation
    kwargs: Mapping[str, Any] = {}  # the hyperparameters of the rule
    instead: tuple[str, ...] = ()  # NAME=FILE.py:LOSS
    held_out: str = ""  # FILE.py:SAMPLE, a function of a random generator that returns a batch


def judged(words: Words, dtype: str, seed: int = 0, runs: int = RUNS) -> TrainingFinding:
    """The verdict.  Raises Unusable, in a sentence, for what cannot be used."""
    rng = np.random.default_rng(seed)
    params, batches = _start(words, rng)
    rule, hyperparameters = _rule(words)
    held_out = _drawn("--held-out", words.held_out, rng) if words.held_out else None
    given = {"of": _function("--of", words.of), "instead": _instead(words), "held_out": held_out}
    try:
        return validate_training(
            _train(words),
            rule=rule,
            params=params,
            batches=batches,
            dtype=dtype,
            seed=seed,
            runs=runs,
            **given,
            **hyperparameters,
        )
    except (TypeError, ValueError) as error:
        if kind_of(error) != type(error).__name__:  # of JAX, inside the loss
            raise Unusable(f"--of {words.of!r} raised {in_words(error)}") from error
        raise Unusable(in_words(error).partition(": ")[2] or str(error)) from error
    except Exception as error:
        raise Unusable(f"--of {words.of!r} raised {in_words(error)}") from error


def place(words: Words) -> Located | None:
    """Where the loop stands; None of a record."""
    return None if _is_record(words) else located("the loop", words.run)


def _is_record(words: Words) -> bool:
    return ".py:" not in words.run and Path(words.run).exists()


def _train(words: Words) -> Any:
    found = place(words)
    return words.run if found is None else found.function


def _function(option: str, given: str) -> Callable:
    return located(option, given).function


def _drawn(option: str, given: str, rng: np.random.Generator) -> Any:
    try:
        return _function(option, given)(rng)
    except Unusable:
        raise
    except Exception as error:
        raise Unusable(f"{option}: {given!r} raised {in_words(error)}") from error


def _start(words: Words, rng: np.random.Generator) -> tuple[Any, Any]:
    answer = _drawn("--args", words.args, rng)
    if not (isinstance(answer, tuple) and len(answer) == 2):
        kind = type(answer).__name__
        raise Unusable(f"--args: {words.args!r} returned a {kind}; return {SAMPLE}, as a pair")
    return answer


def _rule(words: Words) -> tuple[Any, dict[str, Any]]:
    """The rule, and what is left to say of it."""
    if ":" not in words.rule:
        return words.rule, dict(words.kwargs)
    try:
        return _function("--rule", words.rule)(**words.kwargs), {}
    except Unusable:
        raise
    except Exception as error:
        raise Unusable(f"--rule: {words.rule!r} raised {in_words(error)}") from error


def _instead(words: Words) -> dict[str, Callable]:
    found = {}
    for given in words.instead:
        name, equals, place = given.partition("=")
        if not (equals and name and place):
            raise Unusable(f"--instead is {given!r}; give NAME=FILE.py:LOSS")
        found[name] = _function("--instead", place)
    return found
