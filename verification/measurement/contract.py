"""What a gradient must do beside being right: structure, dtype, inputs, constancy, linearity.

structure   the pytree of the argument (of the arguments, in a tuple or list, for several argnums;
            a tuple of one is taken for a single one), with None, or anything, where an argument has
            integers or no numbers; the shape of every array, where lists of numbers are arrays
            (see listed.py)
dtype       a floating-point one.  Of another width than the argument it is refused only where the
            sample itself came in the dtype under test, so that the user's own types say which it
            is; where it was cast, NumPy's scalars may have widened it, and the values are judged
inputs      the arguments are as they were; what shares memory is a note (see memory.py)
constancy   the same question has the same answer, but for rounding: both are within the budget, and
            as far apart as two such answers may be
linearity   (where the answer is right) -2 times the cotangent has -2 times the answer, and a
            cotangent of zeros has zeros
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.trees import Held, inward, outward
from ..oracles.question import as_exact
from ..vocabulary.raised import in_words
from . import listed, memory
from .memory import Unsettled, called, named, settled
from .sample import VALUE, Sample, decidable, outside

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


def behaved(sample: Sample, ask: Callable, raw: Callable | None, inputs: int) -> Sample:
    """The sample, or why its answer is none: ask(*args) gives leaves, raw(*args) the answer.

    Without `raw` nothing is said of memory: a framework owns what its adapter answers.
    """
    if sample.failure:
        return sample
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            _constant(sample, ask)
            sample = replace(sample, notes=_remarks(sample, raw, inputs) if raw else ())
            is_right = not any(outside(sample, k).any() for k in range(len(sample.paths)))
            if is_right and len(sample.args) > inputs:
                _linear(sample, ask, inputs)
    except Rejection as said:
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


def _constant(sample: Sample, ask: Callable) -> None:
    for k, leaf in enumerate(map(as_exact, ask(*sample.args))):
        known, room = decidable(sample, k), 2.0 * sample.allowed[k]
        with np.errstate(invalid="ignore"):
            near = np.abs(leaf - sample.got[k]) <= room
        same = near | (np.isnan(leaf) & np.isnan(sample.got[k])) | (leaf == sample.got[k])
        if not same[known].all():
            raise Rejection(f"called twice alike, it answers differently in {_leaf(sample, k)}")


def _linear(sample: Sample, ask: Callable, inputs: int) -> None:
    """Of c: what it answers at SCALE c and at 0."""
    *given, above = sample.args
    scaled = jax.tree.map(lambda c: (c * np.asarray(SCALE, c.dtype)).astype(c.dtype), above)
    for k, leaf in enumerate(ask(*given, scaled)):
        room = 2.0 * abs(SCALE) * sample.allowed[k]
        wanted, held = SCALE * sample.got[k], jnp.finfo(np.asarray(leaf).dtype).max
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
    above = args[-1]
    if isinstance(above, tuple) and len(above) > 1 and np.ndim(jax.tree.leaves(above)[0]) == 0:
        return "`of` returns a loss with something beside it: let it return the loss alone"
    return f"{CALLED.format('an array', 'with')}: add a last argument"


CALLED = "`of` returns {}, so the gradient is called {} a cotangent"


def _binds(signature: inspect.Signature, args: tuple) -> bool:
    try:
        signature.bind(*args)
    except TypeError:
        return False
    return True


# --- structure and dtype ------------------------------------------------------------------------


def leaves_of(
    answer: Any, args: tuple, argnums: tuple[int, ...], single: bool, typed: bool = False
) -> list:
    """The answer's leaves where the arguments have real numbers.  Raises Rejection.

    `typed` arguments came in the dtype under test: the answer must have it too.
    """
    wanted = [args[i] for i in argnums]
    _gradient_alone(answer, wanted[0] if single else tuple(wanted))
    parts = zip(_parts(answer, wanted, single), wanted, strict=True)
    found = [leaf for part, arg in parts for leaf in _matched(part, arg)]
    reals = [x for x in jax.tree.leaves(wanted) if is_real(x)]
    for got, arg in zip(map(np.asarray, found), map(np.asarray, reals), strict=True):
        if typed and got.dtype != arg.dtype:
            raise Rejection(f"the answer is of dtype {got.dtype}; the argument is {arg.dtype}")
    return found


def _gradient_alone(answer: Any, wanted: Any) -> None:
    if type(answer) is not tuple or len(answer) != 2 or not _is_number(answer[0]):
        return
    if _is_number(answer[1]) and np.shape(wanted) == (2,):
        return  # a pair of numbers for an array of two
    if jax.tree.structure(inward(answer[1])) == jax.tree.structure(wanted):
        raise Rejection(
            "it answers a value and a gradient, as value_and_grad does: hand over the gradient "
            "alone, such as lambda *args: value_and_gradient(*args)[1]"
        )


def _is_number(x: Any) -> bool:
    return isinstance(x, float | int) or (hasattr(x, "dtype") and np.ndim(x) == 0)


def _parts(answer: Any, wanted: list, single: bool) -> list:
    if single:
        is_pair = type(answer) is tuple and len(answer) == 1
        wraps = is_pair and not (type(wanted[0]) is tuple and len(wanted[0]) == 1)
        return list(answer) if wraps else [answer]
    if not isinstance(answer, tuple | list) or len(answer) != len(wanted):
        raise Rejection(
            f"it answered {_kind(answer)}; one part for each of {len(wanted)} argnums was asked for"
        )
    return list(answer)


def _matched(part: Any, arg: Any) -> list:
    real = jax.tree.map(lambda x: float(x) if type(x) is int else x, part)
    if isinstance(arg, float | np.ndarray) and isinstance(real, float):
        part = real  # 2 is as good as 2.0
    part = inward(listed.arrays_for(part, arg))
    ours, theirs = _bare(arg), _bare(part)
    if jax.tree.structure(ours) == jax.tree.structure(theirs):
        return _shaped(jax.tree.leaves(theirs), jax.tree.leaves(ours))
    if jax.tree.structure(arg) == jax.tree.structure(part):  # something for the integers too
        pairs = zip(jax.tree.leaves(part), jax.tree.leaves(arg), strict=True)
        chosen = [(x, a) for x, a in pairs if is_real(a)]
        return _shaped([x for x, _ in chosen], [a for _, a in chosen])
    raise Rejection(f"its answer is {_layout(part)}, where the argument is {_layout(arg)}")


def _bare(tree: Any) -> Any:
    """The tree with None where there is no real number."""
    is_held = lambda x: isinstance(x, Held)
    kept = lambda x: None if is_held(x) or not _may_be_slope(x) else x
    return jax.tree.map(kept, tree, is_leaf=is_held)


def _may_be_slope(x: Any) -> bool:
    return is_real(x) or np.asarray(x).dtype.kind not in "iu"


def is_real(x: Any) -> bool:
    return isinstance(x, float) or jnp.issubdtype(np.asarray(x).dtype, jnp.floating)


def _shaped(leaves: list, wanted: list) -> list:
    for got, arg in zip(map(np.asarray, leaves), map(np.asarray, wanted), strict=True):
        if arg.shape and got.shape == 2 * arg.shape:
            raise Rejection(
                f"the answer is of shape {got.shape}, as a Hessian is; the gradient has the shape "
                f"of the argument, {arg.shape}"
            )
        if got.shape != arg.shape:
            shapes = [np.shape(x) for x in leaves], [np.shape(x) for x in wanted]
            raise Rejection(
                f"the answer has leaves of shapes {shapes[0]}; the gradient has {shapes[1]}"
            )
        if not is_real(got):
            raise Rejection(f"the answer is of dtype {got.dtype}; the argument is {arg.dtype}")
    return leaves


NAMED = re.compile(
    r"CustomNode\((?:Fields\[\(<class '(?:[^']*\.)?(\w+)'>, .*?\)\]|namedtuple\[(\w+)\]), "
    r"\[([^\[\]]*)\]\)"
)


def _layout(tree: Any) -> str:
    said = str(jax.tree.structure(tree)).removeprefix("PyTreeDef(").removesuffix(")")
    said = NAMED.sub(lambda found: f"{found[1] or found[2]}({found[3]})", said)
    if said == "*":
        return "an array"
    return said if len(said) <= 120 else said[:117] + "..."


def _kind(answer: Any) -> str:
    return (
        f"{type(answer).__name__} of {len(answer)}" if hasattr(answer, "__len__") else repr(answer)
    )
