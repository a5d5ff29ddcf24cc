"""Whether what the user handed over fits together, seen at one sample before anything is judged."""

import inspect
import shlex
import shutil
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..adapters.gradbench import module_of
from ..adapters.source_files import Unusable
from ..judgement.arguments import point_of
from ..judgement.keywords import with_keywords
from ..judgement.programs import of_itself
from ..measurement.answer import cast
from .derivative_kind import FIRST
from .implementation import Implementation, Subject, derivation, raised, rule, subject, variant


def check(one: Implementation) -> None:
    """Raises Unusable, in one sentence, where the parts do not fit."""
    if one.update:
        variant(one.update)
    if one.process:
        _program(one)
    elif one.update:
        rule(one)
    else:
        _functions(_bound(one), first=one.kind._replace(under=()) == FIRST)


def _bound(one: Implementation) -> Subject:
    """What the words name, its functions with their keyword arguments."""
    it = subject(one)
    if not one.kwargs:
        return it
    mine = it.gradient._replace(function=with_keywords(it.gradient.function, one.keywords))
    return it._replace(of=with_keywords(it.of, one.keywords), gradient=mine)


def _own_forward(it: Subject) -> None:
    """Raises Unusable where the gradient is no function with a derivative of its own."""
    try:
        of_itself(it.gradient.function, None)
    except TypeError as error:
        raise Unusable(
            f"the gradient is {it.gradient.given!r}, but --of is missing; give the function whose "
            "gradient it is: --of FILE.py:LOSS"
        ) from error


def _functions(it: Subject, first: bool = True) -> None:
    """Raises Unusable where the functions cannot be called with what there is for them.

    What a gradient is called with is known where the derivative is a first one, backwards.
    """
    point = sample(it)
    if it.of is None:
        _own_forward(it)
        return
    taking(it.names[0], it.of, len(point), f"{it.names[1]} returns {_count(point)}")
    scalar = is_scalar(it, point)
    above = "" if scalar else " and the cotangent"
    wanted = len(point) + (not scalar)
    if first and inspect.isfunction(
        it.gradient.function
    ):  # an adapter's object may be asked otherwise
        why = f"it is called with the {_count(point)} of {it.names[1]}{above}"
        taking(it.gradient.given, it.gradient.function, wanted, why)


def _program(one: Implementation) -> None:
    """Raises Unusable where a process cannot be begun: from the working directory, by no shell."""
    if one.of:
        it = _bound(one)
        point = sample(it)
        taking(it.names[0], it.of, len(point), f"{it.names[1]} returns {_count(point)}")
    elif not one.update and not _is_module(one.against):
        derivation(one.against)
    try:
        words = shlex.split(one.process)
    except ValueError as error:
        raise Unusable(f"process is {one.process!r}: {str(error).lower()}; fix it") from error
    if not words or shutil.which(words[0]) is None:
        name = words[0] if words else ""
        raise Unusable(f"process is {one.process!r}, but there is no program {name!r}; fix it")


def _is_module(name: str) -> bool:
    """Whether it is one of GradBench's.  Raises Unusable for one that it does not have."""
    try:
        return module_of(name) is not None
    except ValueError as error:
        raise Unusable(str(error)) from error


def sample(it: Subject) -> tuple:
    """The first point: a tuple."""
    if isinstance(it.args, tuple):
        return it.args
    name, extra = it.names[1], ("float64",) * (len(inspect.signature(it.args).parameters) == 2)
    taking(name, it.args, 1 + len(extra), "it is called with one, the random generator")
    try:
        point = it.args(np.random.default_rng(0), *extra)
    except Exception as error:
        raise _said(it.args, name, error) from error
    try:
        return point_of(point, f"{name} returns", f"return the tuple of arguments of {it.names[0]}")
    except TypeError as error:
        raise Unusable(str(error)) from error


def is_scalar(it: Subject, point: tuple) -> bool:
    """Whether `of` is scalar-valued there: traced where it can be, called where it cannot."""
    try:
        with jax.enable_x64(True):
            out = jax.eval_shape(it.of, *cast(point, "float64"))
    except Exception:  # the call has the last word: what cannot be traced may well run
        try:
            with np.errstate(all="ignore"):
                out = it.of(*point)
        except Exception as error:
            raise _said(it.of, it.names[0], error) from error
    leaves: list[Any] = jax.tree.leaves(out)
    if not leaves:
        raise Unusable(f"{it.names[0]} returns nothing; return its value")
    return len(leaves) == 1 and not isinstance(out, tuple | list | dict) and not np.shape(leaves[0])


def _said(function: Any, name: str, error: Exception) -> Unusable:
    sentence = raised(function, name, error)
    text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return sentence or Unusable(f"{name} raised {text}; fix it")


# --- how many arguments ------------------------------------------------------------------------


def taking(name: str, function: Callable, count: int, why: str) -> None:
    """Raises Unusable where the function cannot be called with so many arguments."""
    accepted = _accepted(function)
    if accepted is None or count in accepted:
        return
    takes = " or ".join(map(str, sorted(accepted))) or "none without a name"
    plural = "" if accepted == {1} else "s"
    raise Unusable(
        f"{name} takes {takes} argument{plural}, but {why}; give both the same arguments"
    )


def _accepted(function: Any, most: int = 32) -> set[int] | None:
    """The numbers of positional arguments it can be called with; None where nobody knows."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return {count for count in range(most) if _binds(signature, count)}


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _count(point: tuple) -> str:
    return f"{len(point)} argument{'' if len(point) == 1 else 's'}"
