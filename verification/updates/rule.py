"""What people hand over as an update rule, made into one thing that can be driven.

init, update             init(params) -> state; update(gradient, state, params) -> (params, state)
make                     make(**hyperparameters) -> such a pair, or what has .init and .update
optax's transformations  .init and .update, whose answers are to be added to the parameters
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..adapters.optax_rule import optax_rule
from ..vocabulary.raised import in_words

RATE = "learning_rate"
ADDING = ("optax.", "refnet.rule")  # whose bare `update` answers what is to be added


class Rule(NamedTuple):
    """One pair; `takes_rate` where update has a parameter learning_rate to be told each step's."""

    init: Callable
    update: Callable
    takes_rate: bool
    compiled: Callable | None = None  # the same update as one program, for runs of many steps


class Unmade(Exception):
    """What the function that makes a rule raised, in words."""


class Rules(NamedTuple):
    """at(hyperparameters, rate) -> Rule, and what of it can be chosen.  `at` raises Unmade."""

    at: Callable[[Mapping[str, Any], Any], Rule]
    accepts: Callable[[str], bool]  # whether it can be made with another value of a hyperparameter
    name: str
    needs: tuple[str, ...] = ()  # hyperparameters that it cannot be made without


def rules(init: Any, update: Callable | None) -> Rules:
    """Raises TypeError for what is none of the three."""
    name = _name(init if update is None else update)
    if update is not None or _is_pair(init):
        fixed = pair(init if update is None else (init, update))
        return Rules(lambda h, rate: fixed, lambda name: False, name)
    if _remembers(init):
        kind = init if isinstance(init, type) else type(init)
        raise TypeError(
            f"{kind.__name__} makes objects that take steps; hand over what makes a pair of it: "
            f"lambda learning_rate: optimizer_object(lambda: {kind.__name__}(learning_rate), "
            "lambda one, array, gradient: one.step(array, gradient)), from "
            "verification.adapters.optimizer_object; docs/updates.md has an example"
        )
    if not callable(init):
        raise TypeError(
            f"init is {init!r}; pass init and update, a function that makes both from "
            "hyperparameters, or an optax transformation"
        )
    accepts = accepted(init)

    def at(hyperparameters: Mapping[str, Any], rate: Any) -> Rule:
        chosen = {n: x for n, x in {**hyperparameters, RATE: rate}.items() if accepts(n)}
        try:
            made = init(**chosen)
        except Exception as error:
            raise Unmade(f"making the rule raised {in_words(error)}") from error
        return pair(made)

    return Rules(at, accepts, name, needed(init))


def accepted(make: Callable) -> Callable[[str], bool]:
    """Which keywords a function takes."""
    parameters = inspect.signature(make).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return lambda name: True
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return named.__contains__


def needed(make: Callable) -> tuple[str, ...]:
    """The keywords that a function must be called with."""
    found = inspect.signature(make).parameters.values()
    by_name = [p for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return tuple(p.name for p in by_name if p.default is p.empty)


def pair(made: Any) -> Rule:
    """Raises TypeError for what is no pair of functions."""
    if _is_transformation(made):
        init, update = optax_rule(made)
        return Rule(init, update, False, optax_rule(made, compiled=True)[1])
    if not (isinstance(made, tuple) and len(made) == 2 and all(map(callable, made))):
        raise TypeError(f"the rule is {made!r}; make it a pair of functions (init, update)")
    init, update = made
    if f"{getattr(update, '__module__', '')}.".startswith(ADDING):
        init, update = optax_rule(_Pair(init, update))
    return Rule(init, update, _takes_rate(update))


def _remembers(made: Any) -> bool:
    """Whether it is an optimizer that is an object, or the class of such."""
    takes = any(callable(getattr(made, name, None)) for name in ("step", "update"))
    return takes and not hasattr(made, "init") and (isinstance(made, type) or not callable(made))


class _Pair(NamedTuple):
    init: Callable
    update: Callable


def _is_pair(made: Any) -> bool:
    return isinstance(made, tuple) or _is_transformation(made)


def _is_transformation(made: Any) -> bool:
    return hasattr(made, "init") and hasattr(made, "update") and not isinstance(made, Rule)


def _takes_rate(update: Callable) -> bool:
    try:
        return RATE in inspect.signature(update).parameters
    except ValueError:  # a builtin tells nothing of itself
        return False


def _name(thing: Any) -> str:
    return getattr(thing, "__qualname__", type(thing).__name__).partition(".")[0]
