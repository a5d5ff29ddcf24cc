"""Who answers runs of an update rule: a rule in Python, or whoever else can be asked for them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ..measurement.sample import Sample
from .evaluation import Evaluated, evaluated
from .leaves import Layout
from .rule import RATE, Rules
from .vectors import Sequence


class Answering(NamedTuple):
    """evaluate(sequence, rate, layout, dtype) -> Evaluated, and what of the rule can be chosen."""

    name: str
    evaluate: Callable[[Sequence, Any, Layout, str], Evaluated]
    accepts: Callable[[str], bool]  # whether it can be made with another value of a hyperparameter
    follows: Callable[[Mapping[str, Any], Any], bool]  # whether its rate can change on the way
    noted: Callable[[Sample], Sample] = lambda sample: sample  # once its answer is judged


def in_python(made: Rules) -> Answering:
    """A rule that is driven step by step."""
    follows = lambda chosen, rate: made.accepts(RATE) or made.at(chosen, rate).takes_rate
    return Answering(made.name, partial(_evaluated, made), made.accepts, follows)


def _evaluated(made: Rules, sequence: Sequence, rate: Any, where: Layout, dtype: str) -> Evaluated:
    return evaluated(_rule_at(made, sequence, rate), sequence, where, dtype)


def _rule_at(made: Rules, sequence: Sequence, rate: Any) -> Callable:
    """rate -> the rule: one for all rates where it is told them, or has a schedule of its own."""
    one = made.at(sequence.hyperparameters, rate)
    if one.takes_rate or callable(rate) or not made.accepts(RATE):
        return lambda now: one
    others = {now: made.at(sequence.hyperparameters, now) for now in set(sequence.rates)}
    return others.__getitem__
