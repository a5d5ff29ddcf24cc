"""One step alone: the reference goes on from the candidate's own weights, for one step.

Loss and gradient of step k are those of the reference at the candidate's weights after step k - 1,
within what one gradient may round.  The update is the rule's, fed with the candidate's own
gradients (where they are told; else with those of the reference, and their budget): its memory
carries the rounding of all steps so far as a running bound.  So no chaos enters, and what left
first is seen.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from jax.extend.core import ClosedJaxpr

from ..arithmetic.bounded import Bounded
from ..arithmetic.bounds import bounds
from ..arithmetic.formats import Format, format_of
from ..arithmetic.interpreter import Arithmetic, run
from ..measurement.budget import budget, floored, running, traced
from ..measurement.drawn_truth import float64_balls
from ..measurement.sample import Sample
from ..measurement.tolerance import lost
from ..oracles.question import as_exact, ask
from ..vocabulary import Ball, Silent
from .steps import Step

PARTS = ("loss", "gradient", "update")


class Reference(NamedTuple):
    """What the run should have been: the loss, the rule, the start and the batches in order."""

    of: Callable
    slopes: Callable  # (params, *batch) -> (loss, gradient)
    rule: Any  # what has .init and .update, as optax has them
    params: Any
    batches: Sequence[tuple]
    paths: tuple[str, ...]
    dtype: str
    given: Callable  # the loss as it came: `of` may draw other numbers in this dtype
    named: tuple[str, Mapping[str, Any]] = ("", {})  # the rule's name and hyperparameters, if any

    def tree(self, leaves: Sequence[Any]) -> Any:
        return jax.tree.unflatten(jax.tree.structure(self.params), list(leaves))

    def weights(self, steps: Sequence[Step], k: int) -> list[np.ndarray]:
        """The candidate's weights after step k; the start for k = 0."""
        return steps[k - 1].weights if k else list(map(np.asarray, jax.tree.leaves(self.params)))


class Memory(NamedTuple):
    """The rule's state, flat: floats with the error that a program in the dtype may have there."""

    tree: Any
    leaves: list[Any]
    dtypes: tuple = ()  # those that the rule keeps them in


def sloped(program: Callable, reference: Reference, leaves: Sequence, batch: tuple) -> Sample:
    """Truth and budget of program(params, *batch) -> (loss, gradient); nothing is answered yet."""
    args = (reference.tree(leaves), *batch)
    paths = ("loss", *reference.paths)
    try:
        allowed = budget(program, args, reference.dtype)
        pairs = running(*traced(program, args), bounds(format_of("float64")))
    except Silent as said:
        return silent(paths, [np.shape(leaf) for leaf in ((), *leaves)], str(said), args)
    balls = [ball(value, error) for value, error in pairs]
    if not all(_is_sharp(*pair) for pair in zip(balls, allowed.allowed, strict=True)):
        balls = [balls[0], *(_drawn(reference, program, args, allowed.allowed) or balls[1:])]
    return Sample("", paths, balls, allowed.allowed, [], args, budgets=allowed.kinds)


def _is_sharp(truth: Ball, allowed: np.ndarray) -> bool:
    return bool((truth.rad <= allowed).all())


def _drawn(reference: Reference, program: Callable, args: tuple, allowed: list) -> list | None:
    """The gradient in float64, and its rounding drawn, where a bound is wider than the budget.

    A bound does not know that the largest of several numbers is one of them.
    """
    question = ask(reference.of, args)
    try:
        return float64_balls(question, _gradient(program), args, allowed[1:], reference.dtype)
    except Silent:
        return None


@lru_cache(maxsize=64)
def _gradient(program: Callable) -> Callable:
    return jax.jit(lambda *args: program(*args)[1])


def silent(paths: tuple[str, ...], shapes: list, why: str, args: tuple = ()) -> Sample:
    """Nothing is known, so nothing is judged."""
    nothing = [np.zeros(shape) for shape in shapes]
    allowed = [zero + np.inf for zero in nothing]
    return Sample("", paths, [ball(z, z) for z in nothing], allowed, [], args, silence=why)


def ball(value, error) -> Ball:
    value = np.asarray(value, np.float64)
    known = np.isfinite(value) & np.isfinite(error)
    return Ball(
        np.where(known, value, 0.0),
        np.zeros(value.shape),
        np.asarray(np.where(known, error, np.inf)),
        proven=False,
    )


# --- the update ------------------------------------------------------------------------------


def start(reference: Reference) -> Memory:
    """The rule's state before the first step."""
    state = begun(reference)
    lift = bounds(format_of(reference.dtype)).lift
    leaves = list(map(np.asarray, jax.tree.leaves(state)))
    entered = [lift(leaf) if leaf.dtype.kind == "f" else leaf for leaf in leaves]
    return Memory(jax.tree.structure(state), entered, tuple(leaf.dtype for leaf in leaves))


def begun(reference: Reference) -> Any:
    """The rule's first state; counts of 64 bits, so that what JAX makes of them has 64 bits."""
    with loose():
        state = reference.rule.init(wide(reference.params))
        tree = jax.tree.map(lambda leaf: counted(jax.numpy.asarray(leaf)), state)
        try:
            jax.eval_shape(
                reference.rule.update, wide(reference.params), tree, wide(reference.params)
            )
        except TypeError:  # a rule that compares its count with one of 32 bits
            return state
    return tree


def counted(leaf: Any) -> Any:
    return leaf.astype(np.int64) if leaf.dtype == np.int32 else leaf


def arithmetic_of(target: Format, steps: int) -> Arithmetic:
    """Running bounds; a constant that the rule holds in float32 is known to half a unit of that.

    1 - b^t is e^x - 1 of our rules; others have b^t in the dtype, or multiply b once in every step.
    """
    exact, unit = bounds(target), format_of("float32").unit

    def lift(number):
        out = exact.lift(number)
        narrow = np.asarray(number).dtype == np.float32 and target.unit < unit
        return Bounded(out.value, unit * np.abs(out.value)) if narrow else out

    def power(x, y, **more):
        whole = isinstance(y, Bounded) and not np.any(y.error) and np.all(y.value == 1.0)
        return x if whole else exact.rules["pow"](x, y, **more)

    def product(*operands, **more):  # of a schedule: one of them may say where the others count
        lifted = [x if isinstance(x, Bounded) else lift(np.asarray(x, float)) for x in operands]
        return exact.rules["dot_general"](*lifted, **more)

    def expm1(x, **more):
        out = exact.rules["expm1"](x, **more)
        return Bounded(out.value, out.error + (steps + 2) * target.unit * (1.0 + out.value))

    mine = {"pow": power, "dot_general": product, "expm1": expm1}
    return exact._replace(lift=lift, rules={**exact.rules, **mine})


def moved(
    reference: Reference, memory: Memory, gradient: list[Bounded], leaves: Sequence
) -> tuple[Sample, Memory]:
    """Truth and budget of the weights after one update, and the memory after it."""
    before, target = [np.asarray(leaf, np.float64) for leaf in leaves], format_of(reference.dtype)
    try:
        numbers = [*gradient, *memory.leaves, *map(Bounded, before)]
        with np.errstate(all="ignore"):
            out = run(advance(reference, memory), numbers, arithmetic_of(target, counts(memory)))
    except Silent as said:
        return silent(reference.paths, [leaf.shape for leaf in before], str(said)), memory
    new, state = out[: len(before)], out[len(before) :]
    errors = [known(leaf) for leaf in new]
    flushed, program = float(lost(target, before)), advance(reference, memory)
    pairs = list(zip(new, errors, strict=True))
    balls = [ball(leaf.value, own(error, target)) for leaf, error in pairs]
    # another correct program may write a weight twice: decay first, then the step
    allowed = [floored(leaf.value, error, program, target, flushed) for leaf, error in pairs]
    sample = Sample("", reference.paths, balls, list(map(np.asarray, allowed)), [])
    return sample, memory._replace(leaves=state)


def counts(memory: Memory) -> int:
    """How many steps the rule has counted."""
    whole = [x for x in memory.leaves if getattr(x, "dtype", None) is not None and np.size(x)]
    return max((int(np.max(x)) for x in whole if np.dtype(x.dtype).kind in "iu"), default=0)


def known(out: Bounded) -> np.ndarray:
    """NaN, from infinities that met, is no bound at all."""
    return np.asarray(np.where(np.isnan(out.error) | np.isnan(out.value), np.inf, out.error))


def own(error: np.ndarray, target: Format) -> np.ndarray:
    """Our error in float64: the same running bound, of first order, with a smaller unit."""
    return np.asarray(error * (format_of("float64").unit / target.unit))


_PROGRAMS: dict[tuple, tuple[ClosedJaxpr, Any]] = {}  # and the rule, whose id is in the key


def advance(reference: Reference, memory: Memory) -> ClosedJaxpr:
    """(gradient, state, params) -> (params, state), flat, traced once for each rule and shapes."""
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(reference.params)]
    key = (id(reference.rule), memory.tree, tuple(shapes))
    if key not in _PROGRAMS:
        if len(_PROGRAMS) > 64:
            _PROGRAMS.clear()
        wide = [jax.ShapeDtypeStruct(shape, np.float64) for shape in shapes]
        pairs = zip(memory.leaves, memory.dtypes, strict=True)
        kept = [jax.ShapeDtypeStruct(x.shape, dtype) for x, dtype in pairs]
        with loose():
            program = jax.make_jaxpr(lambda *flat: _advance(reference, memory.tree, flat))
            _PROGRAMS[key] = program(*wide, *kept, *wide), reference.rule
    return _PROGRAMS[key][0]


def _advance(reference: Reference, tree: Any, flat: tuple) -> list:
    count = len(jax.tree.leaves(reference.params))
    gradient, params = map(reference.tree, (flat[:count], flat[len(flat) - count :]))
    state = jax.tree.unflatten(tree, flat[count : len(flat) - count])
    change, state = reference.rule.update(gradient, state, params)
    return jax.tree.leaves((optax.apply_updates(params, change), state))


class loose:
    """64 bits, and NumPy's promotions: a rule of optax mixes what strict JAX keeps apart."""

    def __enter__(self):
        self.settings = (
            jax.enable_x64(True),
            jax.numpy_rank_promotion("allow"),
            jax.numpy_dtype_promotion("standard"),
        )
        for setting in self.settings:
            setting.__enter__()

    def __exit__(self, *error):
        for setting in reversed(self.settings):
            setting.__exit__(*error)


def wide(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jax.numpy.asarray(as_exact(leaf)), tree)
