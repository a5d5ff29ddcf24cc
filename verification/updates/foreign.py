"""Judge an update rule in any language: whole runs of it are asked over stdin and stdout."""

import shlex
from collections.abc import Sequence as Words
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..adapters.limits import Limits
from ..adapters.process import Tool
from ..adapters.run_layouts import run_layout
from ..adapters.strict_json import Improper
from ..judgement.foreign import DEFAULT, note, program
from ..measurement.sample import Sample
from ..vocabulary import Finding
from .evaluation import Answering, Evaluated
from .trees import question
from .validate import Asked, judged
from .vectors import Layout, Sequence, flat

CHANGED = (
    "the same run asked for again was answered differently: something is remembered from one "
    "question to the next, or drawn at random"
)


def validate_update_process(
    command: str | Words[str],
    *,
    against: str,
    dtype: str = "float64",
    cases: int = 4,
    steps: int = 16,
    seed: int = 0,
    params: Any = None,
    limits: Limits = DEFAULT,
    **hyperparameters: Any,
) -> Finding:
    """The verdict on a program that answers whole runs of the update rule `against`.

    command          the program and its arguments; a string is split as a shell would
    hyperparameters  held at these values, by optax's names, others are drawn anew for every case;
                     learning_rate is the first rate, or a schedule (steps taken -> rate)
    params           a tree of dicts, lists and arrays; only shapes count
    limits           of time, memory and output, as for validate_process

    Every run is asked twice, and must be answered alike.  Runs, truth, budgets and explanations
    are those of validate_update; docs/protocol.md has the layout.  Raises ValueError and TypeError
    as these two do.
    """
    words, of = program(command), run_layout(against)
    asked = Asked.of(against, dtype, cases, steps, seed, params, hyperparameters)
    call = f"verification.validate_update_process({shlex.join(words)!r}"
    with Tool(words, of, dtype, limits, seed) as tool:
        return judged(over_stdin(tool), asked, call)


def over_stdin(tool: Tool) -> Answering:
    """Made anew for every run, with any hyperparameters and rates."""
    always = lambda *_: True
    name = shlex.join(tool.command)
    return Answering(name, partial(_evaluated, tool), always, always, partial(_noted, tool))


def _evaluated(tool: Tool, sequence: Sequence, rate: Any, where: Layout, dtype: str) -> Evaluated:
    run, nothing = question(sequence, where), np.full(sequence.gradients.shape, np.nan)
    try:
        rows, again = (np.stack([flat(t) for t in tool.evaluate(run, dtype)]) for _ in range(2))
    except Improper as error:
        return Evaluated(nothing, str(error))
    return (
        Evaluated(rows)
        if np.array_equal(rows, again, equal_nan=True)
        else Evaluated(nothing, CHANGED)
    )


def _noted(tool: Tool, sample: Sample) -> Sample:
    """The sample; the program is told what its answer was found to be."""
    if sample.failure:
        return sample
    try:
        note(tool, sample)
    except Improper as error:
        return replace(sample, failure=str(error))
    return sample
