"""What a gradient must do beside being right: structure, dtype, inputs, constancy, linearity.

structure   the pytree of the argument (of the arguments, in a tuple or list, for several argnums;
            a tuple of one is taken for a single one), with None, or anything, where an argument has
            integers or no numbers; the shape of every array, where lists of numbers are arrays
            (see listed.py)
dtype       a floating-point one.  Of another width than the argument it is refused only where the
            sample itself came in the dtype under test, so that the user's own types say which it
            is; where it was cast, NumPy's scalars may have widened it, and the values are judged
inputs      the arguments are as they were; what shares memory is a note (see memory.py)
constancy   the same question has the same answer, but for rounding: all are within the budget, and
            as far apart as two such answers may be (see constancy.py)
linearity   (where the answer is right) -2 times the cotangent has -2 times the answer, and a
            cotangent of zeros has zeros
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.trees import outward
from ..oracles.question import as_exact
from ..vocabulary.raised import in_words
from . import listed, memory
from .constancy import Inconstant, asked_again, is_outside
from .memory import Unsettled, called, named, settled
from .sample import VALUE, Sample, decidable

SCALE = -2.0  # a power of two: exact in every format; negative: absolute values are seen


class Rejection(Exception):
    """The implementation did not answer properly; the message says how."""


def answered(gradient: Callable, args: tuple, inputs: int) -> Any:
    """gradient(*args) on copies, which must come back as they were.  Raises Rejection.

    `inputs` of the args are the function's, what follows is the cotangent.
    """
    given = jax.tree.map(np.array, args)
    answer = gradient(*outward(given))
    for (path, before), after in zip(named(args), jax.tree.leaves(given), strict=True):
        if not np.array_equal(as_exact(before), as_exact(after), equal_nan=True):
            raise Rejection(f"it changed its input {called(path, inputs)}; work on a copy")
    return answer


def copied(leaves: Sequence) -> list[np.ndarray]:
    """The values of an answer, as they are now.  Raises Rejection where they do not stay so."""
    try:
        return settled(leaves)
    except Unsettled as said:
        raise Rejection(str(said)) from None


# --- constancy and linearity --------------------------------------------------------------------


def behaved(
    sample: Sample,
    ask: Callable,
    raw: Callable | None,
    inputs: int,
    is_right: Callable[[Sample], bool | None] = lambda sample: None,
) -> Sample:
    """The sample, or why its answer is none: ask(*args) gives leaves, raw(*args) the answer.

    Without `raw` nothing is said of memory: a framework owns what its adapter answers.  `is_right`
    says of an answer that is outside whether its formula is right.
    """
    if sample.failure:
        return sample
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            sample = asked_again(sample, ask, is_right)
            sample = replace(sample, notes=_remarks(sample, raw, inputs) if raw else ())
            if not is_outside(sample) and len(sample.args) > inputs:
                _linear(sample, ask, inputs)
    except (Rejection, Inconstant) as said:
        return replace(sample, failure=str(said))
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        said = f"called again it raised {in_words(error)}"
        return replace(sample, failure=said)
    return sample


def _remarks(sample: Sample, raw: Callable, inputs: int) -> tuple[str, ...]:
    given = [jax.tree.map(np.array, sample.args) for _ in range(2)]
    first, second = (raw(*args) for args in given)
    shapes = [b.mid.shape for b in sample.truth]
    lists = listed.notes(first, shapes)
    return (*lists, *memory.notes(first, given[0], inputs), *memory.kept(first, second))


def _linear(sample: Sample, ask: Callable, inputs: int) -> None:
    """Of c: what it answers at SCALE c and at 0."""
    *given, above = sample.args
    scaled = jax.tree.map(lambda c: (c * np.asarray(SCALE, c.dtype)).astype(c.dtype), above)
    for k, leaf in enumerate(ask(*given, scaled)):
        room = 2.0 * abs(SCALE) * sample.allowed[k]
        wanted, held = SCALE * sample.got[k], _largest(np.asarray(leaf).dtype)
        with np.errstate(invalid="ignore"):
            near = np.abs(as_exact(leaf) - wanted) <= room
        fits = np.abs(wanted) + room <= float(held)  # so much larger it may be infinite
        if not near[_scalable(sample, k) & fits].all():
            raise Rejection(
                f"not linear in the cotangent: {SCALE:g} times the cotangent does not give "
                f"{SCALE:g} times the answer in {_leaf(sample, k)}"
            )
    for k, leaf in enumerate(ask(*given, jax.tree.map(np.zeros_like, above))):
        is_value = sample.paths[k].startswith(VALUE)
        if not (is_value or (as_exact(leaf) == 0.0)[decidable(sample, k)].all()):
            raise Rejection(f"a cotangent of zeros does not give zeros in {_leaf(sample, k)}")


def _largest(dtype: np.dtype) -> float:
    return float(jnp.finfo(dtype).max) if jnp.issubdtype(dtype, jnp.floating) else np.inf


def _scalable(sample: Sample, leaf: int) -> np.ndarray:
    """Entries of slopes that are no choice at a kink: there another choice is as right."""
    no_choice = sample.truth[leaf].rad <= sample.allowed[leaf]
    is_slope = not sample.paths[leaf].startswith(VALUE)
    return np.asarray(decidable(sample, leaf) & no_choice & is_slope)


def _leaf(sample: Sample, leaf: int) -> str:
    return sample.paths[leaf] or "the gradient"


# --- what it is called with --------------------------------------------------------------------


def not_taken(gradient: Callable, args: tuple, inputs: int) -> str:
    """What to change where it cannot be called so; empty where it can, or where nobody knows."""
    try:
        signature = inspect.signature(gradient)
    except (TypeError, ValueError):  # some callables tell nobody
        return ""
    if _binds(signature, args):
        return ""
    if len(args) == inputs and _binds(signature, (*args, None)):
        return f"{CALLED.format('a number', 'without')}: drop its last argument"
    if not (len(args) > inputs and _binds(signature, args[:inputs])):
        return f"the gradient is called with {len(args)} arguments; it takes {signature}"
    if _is_beside(args[-1]):
        return BESIDE
    if _is_scalar(gradient, args[:inputs]):
        return (
            "the gradient answers a number, and `of` an array: the two are swapped; call "
            "validate(gradient, of=loss, args=sample)"
        )
    return f"{CALLED.format('an array', 'with')}: add a last argument"


def into_a_default(gradient: Callable, args: tuple, inputs: int) -> str:
    """What to change where a parameter with a default takes the cotangent, and is not made for it.

    Empty where it answers nothing of its own without the cotangent, either.
    """
    try:
        parameters = list(inspect.signature(gradient).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return ""
    taken = parameters[inputs] if inputs < min(len(args), len(parameters)) else None
    if taken is None or taken.default is None or taken.default is taken.empty:
        return ""
    if taken.kind not in (taken.POSITIONAL_ONLY, taken.POSITIONAL_OR_KEYWORD):
        return ""
    try:
        gradient(*outward(jax.tree.map(np.array, args[:inputs])))
    except Exception:  # foreign code, called to find words for what it has raised already
        return ""
    if _is_beside(args[-1]):
        return BESIDE
    return (
        f"{CALLED.format('an array', 'with')}, which arrives in `{taken.name}`: add an argument "
        f"for it before `{taken.name}`"
    )


def _is_beside(above: Any) -> bool:
    """Whether a loss comes with something beside it: a number first, in a tuple of several."""
    several = isinstance(above, tuple) and len(above) > 1
    return several and np.ndim(jax.tree.leaves(above)[0]) == 0


BESIDE = "`of` returns a loss with something beside it: let it return the loss alone"
CALLED = "`of` returns {}, so the gradient is called {} a cotangent"


def _is_scalar(function: Callable, args: tuple) -> bool:
    try:
        return np.shape(function(*outward(jax.tree.map(np.array, args)))) == ()
    except Exception:  # foreign code, called to find words for what it has raised already
        return False


def _binds(signature: inspect.Signature, args: tuple) -> bool:
    try:
        signature.bind(*args)
    except TypeError:
        return False
    return True
