"""Drive an update rule through one sequence: what it answers, or why that is no answer.

Only what it returns is handed back to it, as copies; one step is asked for again at the end.  Who
answers is a rule in Python, or whoever else can be asked for whole runs (`Answering`).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..measurement.sample import Sample
from ..vocabulary.raised import in_words
from .copies import copied
from .rule import RATE, Rule, Rules, Unmade
from .vectors import Layout, Sequence, flat

LONG = 100  # steps of a run that is worth compiling for


class Evaluated(NamedTuple):
    """The parameters after every step as float64; or a failure."""

    rows: np.ndarray
    failure: str = ""
    note: str = ""  # what is held against nobody


class Refused(Exception):
    """An answer that is none; the message says why."""


def evaluated(
    rule_at: Callable[[float], Rule], sequence: Sequence, layout: Layout, dtype: str
) -> Evaluated:
    """Every step's parameters.  Foreign code may raise anything; it is the finding, not ours."""
    nothing = np.full(sequence.gradients.shape, np.nan)
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            return Evaluated(*_driven(rule_at, sequence, layout, dtype))
    except Refused as refusal:
        return Evaluated(nothing, str(refusal))
    except Exception as error:
        return Evaluated(nothing, f"it raised {in_words(error)}")


def _driven(rule_at, sequence: Sequence, layout: Layout, dtype: str) -> tuple:
    """The rows, no failure, and a note."""
    held = format_of(dtype).name
    vectors = [x.astype(held) for x in (sequence.params, *sequence.gradients)]
    params, last = layout.tree_of(vectors[0]), vectors[0].astype(np.float64)
    if len(sequence.rates) >= LONG:
        rule_at = _compiled(rule_at, sequence.rates)
    state = _asked("init", rule_at(sequence.rates[0]).init, (params,), {"params": (params, last)})
    rows, again, note = [], (), ""
    for k, (row, rate) in enumerate(zip(vectors[1:], sequence.rates, strict=True)):
        gradient = layout.tree_of(row)
        question = (rule_at(rate), gradient, copied(state), params, rate)
        if k == len(sequence.gradients) // 2:
            again = (question[0], *copied(question[1:]))
        handed = {"gradient": (gradient, row.astype(np.float64)), "params": (params, last)}
        answer = _asked("update", _call, question, handed)
        params, state, widened = _answer(answer, layout, held, k + 1)
        note = note or widened
        rows.append(last := flat(params))
    if again:
        told = flat(_answer(_call(*again), layout, held, 0)[0])
        _check_again(told, rows[len(sequence.gradients) // 2])
    return np.stack(rows), "", note


def _compiled(rule_at: Callable, rates: tuple[float, ...]) -> Callable:
    """rate -> the rule, its update as one program where it has one."""
    made = {rate: rule_at(rate) for rate in set(rates)}
    found = {x: r._replace(update=r.compiled) if r.compiled else r for x, r in made.items()}
    return found.__getitem__


def _call(rule: Rule, gradient, state, params, rate):
    told = {RATE: rate} if rule.takes_rate else {}
    return rule.update(gradient, state, params, **told)


def _asked(what: str, function: Callable, question: tuple, handed: Mapping) -> Any:
    """The answer; Refused where a tree that was handed out is no longer the vector that it was."""
    answer = function(*question)
    for name, (tree, before) in handed.items():
        if not np.array_equal(flat(tree), before, equal_nan=True):
            raise Refused(f"{what} changed the {name} that it was given; return new arrays")
    return answer


def _answer(answer: Any, layout: Layout, held: str, step: int) -> tuple[Any, Any, str]:
    """Parameters and state, and a note; Refused unless they have the shape of a step."""
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        raise Refused(f"update answered {type(answer).__name__}; return (params, state)")
    params, state = answer
    leaves, tree = jax.tree.flatten(params)
    arrays = [*map(np.asarray, leaves)]
    shapes = tuple(array.shape for array in arrays)
    if tree != layout.tree or shapes != layout.shapes:
        raise Refused(
            f"at step {step} the parameters came back as {tree} of shapes {list(shapes)}; "
            f"they are {layout.tree} of shapes {list(layout.shapes)}"
        )
    dtypes = {str(dtype) for dtype in {array.dtype for array in arrays}} - {held}
    note = _came(dtypes, held, step) if dtypes else ""
    if dtypes and not all(_widened_by_numpy(leaf, held) for leaf in leaves):
        raise Refused(note)
    if dtypes:
        arrays = [array.astype(held) for array in arrays]
        note = "" if held == "bfloat16" else note + WIDENED  # NumPy has no scalars of bfloat16
    return jax.tree.unflatten(tree, arrays), state, note


def _came(dtypes: set[str], held: str, step: int) -> str:
    return f"at step {step} parameters in {held} came back in {', '.join(sorted(dtypes))}"


def _widened_by_numpy(leaf: Any, held: str) -> bool:
    """Whether NumPy has this, or a format that is wider, as it makes of it and a float of NumPy.

    It has no bfloat16 of its own, and makes float32 of it and a Python float.
    """
    mine = isinstance(leaf, np.ndarray | np.generic)
    return mine and str(leaf.dtype) in WIDER.get(held, (held,))


WIDER = {
    "bfloat16": ("bfloat16", "float32", "float64"),
    "float16": ("float16", "float32", "float64"),
    "float32": ("float32", "float64"),
}
WIDENED = (  # the usual way in which it happens
    ": a wider scalar has widened them, as np.sqrt(1 - b2**t) does, which is a float64 of NumPy; "
    "they are judged as rounded after every step; make it a Python float, or cast what is returned"
)


def _check_again(told: np.ndarray, row: np.ndarray) -> None:
    """The same question must have the same answer, whatever happened in between."""
    if not np.array_equal(told, row, equal_nan=True):
        raise Refused(
            "one step asked for again was answered differently: something is remembered outside "
            "of the state that update returns, or drawn at random"
        )


class Answering(NamedTuple):
    """evaluate(sequence, rate, layout, dtype) -> Evaluated, and what of the rule can be chosen."""

    name: str
    evaluate: Callable[[Sequence, Any, Layout, str], Evaluated]
    accepts: Callable[[str], bool]  # whether it can be made with another value of a hyperparameter
    follows: Callable[[Mapping[str, Any], Any], bool]  # whether its rate can change on the way
    noted: Callable[[Sample], Sample] = lambda sample: sample  # once its answer is judged


def in_python(made: Rules) -> Answering:
    """A rule that is driven step by step."""
    return Answering(made.name, partial(_evaluated, made), made.accepts, partial(_follows, made))


def _follows(made: Rules, chosen: Mapping[str, Any], rate: Any) -> bool:
    try:
        return made.accepts(RATE) or made.at(chosen, rate).takes_rate
    except Unmade:
        return False  # and it is said where it is driven


def _evaluated(made: Rules, sequence: Sequence, rate: Any, where: Layout, dtype: str) -> Evaluated:
    try:
        rule_at = _rule_at(made, sequence, rate)
    except Unmade as refusal:
        return Evaluated(np.full(sequence.gradients.shape, np.nan), str(refusal))
    return evaluated(rule_at, sequence, where, dtype)


def _rule_at(made: Rules, sequence: Sequence, rate: Any) -> Callable:
    """rate -> the rule: one for all rates where it is told them, or has a schedule of its own."""
    one = made.at(sequence.hyperparameters, rate)
    if one.takes_rate or callable(rate) or not made.accepts(RATE):
        return lambda now: one
    others = {now: made.at(sequence.hyperparameters, now) for now in set(sequence.rates)}
    return others.__getitem__
