"""Somebody's gradient, and the function of which it should be one: how each is asked at a case."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from ..adapters import jax_function
from ..adapters.function import Function
from ..adapters.trees import Key, has_foreign, inward, is_key, opened, outward
from ..arithmetic.centered import centered
from ..arithmetic.complex_numbers.programs import real_program
from ..arithmetic.formats import PRECISIONS
from ..arithmetic.gamma_draws import has_draws
from ..arithmetic.stored import run_with_room
from ..inputs import draws
from ..oracles.question import Question, ask, counted
from .answer import cast
from .contract import Rejection, answered, copied, into_a_default, not_taken
from .evaluation import Proof, proof
from .layout import leaves_of
from .moving import program_in
from .opened import other_spellings
from .own_draws import in_own_draws
from .replayed import replayed
from .sample import VALUE, Sample, restricted
from .ways import along, on_ways

AHEAD = " by forward mode"  # how the paths end of a gradient that is given a second time


class Subject:
    """What is judged, in one dtype; `candidate` is a gradient, or a function by its own derivative.

    Arguments are inward trees (see adapters/trees.py), a cotangent follows them where there is one.
    """

    def __init__(
        self,
        candidate: Callable | Function,
        of: Callable,
        argnums: int | tuple[int, ...],
        dtype: str,
        point: tuple,
    ):
        self.function = candidate if isinstance(candidate, Function) else None
        self.name = (
            candidate.name
            if isinstance(candidate, Function)
            else getattr(candidate, "__name__", type(candidate).__name__)
        )
        self.single = isinstance(argnums, int)
        self.argnums = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        self.dtype, self.inputs = dtype, len(point)
        self.of = in_own_draws(referable(of), point, self.argnums, dtype)
        self.typed = _typed(point, dtype)
        self.asked = argnums, dtype, point
        self.proved = 0  # products of the proofs at draws so far
        self._spelled: tuple[Callable, list[Callable]] | None = None
        self._ways: dict[Callable, Subject] = {}
        if isinstance(candidate, Function):
            raw = candidate.answers(self.argnums)
        else:
            raw = lambda *args: candidate(*outward(args))
        self.raw = replayed(raw, candidate)
        self.candidate = candidate

    def on_way(self, point: tuple) -> "Subject":
        """The same beside a function of tensors as it goes at the point: see ways.py."""
        of = along(self.of, cast(point, self.dtype))
        if of is self.of:
            return self
        if of not in self._ways:
            self._ways[of] = Subject(self.candidate, of, self.asked[0], self.dtype, point)
        return self._ways[of]

    # --- the candidate ---------------------------------------------------------------------------

    def answer(self, *args) -> list:
        """Its leaves at args; raises Rejection where it does not answer properly."""
        try:
            said = answered(lambda *a: self.raw(*a), args, self.inputs)
        except (TypeError, ValueError) as error:
            if advice := self._advice(args, error):
                raise Rejection(advice) from None
            raise
        if self.function is not None:
            return copied(said)
        given = args[: self.inputs]
        return copied(leaves_of(said, given, self.argnums, self.single, self.typed))

    def _advice(self, args: tuple, error: Exception) -> str:
        """What to change in how it takes its arguments; empty where that is not what failed."""
        mine = self.candidate
        if not callable(mine):
            return ""
        said = not_taken(mine, args, self.inputs) if isinstance(error, TypeError) else ""
        return said or into_a_default(mine, args, self.inputs)

    def plain(self, *args) -> list:
        """Its leaves, whatever they are: traced, or in another arithmetic."""
        return jax.tree.leaves(opened(self.raw(*args)))

    # --- the function -----------------------------------------------------------------------------

    def cotangent(self, args: tuple, rng: np.random.Generator) -> Any:
        """What arrives from above; None for a scalar function that a gradient is asked for."""
        with jax.enable_x64(True):
            out = jax.eval_shape(self.of, *cast(args, "float64"))
            if any(map(is_key, jax.tree.leaves(out))):
                self.of = with_words(self.of)
                out = jax.eval_shape(self.of, *cast(args, "float64"))
        return self.above(out, rng)

    def above(self, out: Any, rng: np.random.Generator) -> Any:
        scalar = hasattr(out, "shape") and out.shape == ()
        if scalar and self.function is None:
            return None
        finish = draws.whole if self.dtype == "float64" else lambda values: values
        words = jax.tree.map(words_of, out, is_leaf=lambda node: isinstance(node, Key))
        drawn = jax.tree.map(lambda leaf: finish(draws.cotangent(rng, leaf.shape)), words)
        return cast(drawn, PRECISIONS[self.dtype].results)

    def question(self, args: tuple, cotangent: Any) -> Question:
        """The slopes; of a function its value too, which is the slope in the cotangent."""
        if self.function is None:
            return ask(self.of, args, self.argnums, cotangent)
        asked = ask(self.contracted, (*args, cotangent), (self.inputs, *self.argnums))
        return replace(asked, paths=tuple(self._path(path) for path in asked.paths))

    def proven(
        self, args: tuple, cotangent: Any, prove: Callable[[Question, str], Proof] = proof
    ) -> Proof:
        """The truth of everything that is answered."""
        found = prove(self.question(args, cotangent), self.dtype)
        values = sum(path.startswith(VALUE) for path in found.question.paths)
        if not self.ahead_at(args):
            return found
        again = tuple(path + AHEAD for path in found.question.paths[values:])
        asked = replace(found.question, paths=(*found.question.paths, *again))
        return Proof(asked, [*found.truth, *found.truth[values:]], found.silence)

    def ahead_at(self, args: tuple) -> bool:
        """Whether forward mode is asked for, too."""
        if self.function is None or not self.function.ahead:
            return False
        chosen = jax.tree.leaves([args[i] for i in self.argnums])
        floats = [np.asarray(x) for x in chosen if jnp.issubdtype(x.dtype, jnp.floating)]
        return jax_function.entries(floats) <= jax_function.TANGENTS

    def reference(self, scalar: bool) -> Callable:
        """The program whose rounding sets the budget: autodiff of the function itself."""
        return (
            self._reference
            if self.function is not None
            else autodiff(self.of, self.argnums, scalar)
        )

    def references(self, scalar: bool) -> list[Callable]:
        """The same of the function, and of every other spelling that is known of it."""
        return [self.reference(scalar), *(self._reference_of(of, scalar) for of in self._others())]

    def _others(self) -> list[Callable]:
        """The other spellings, looked for once."""
        if self._spelled is None or self._spelled[0] is not self.of:
            own = getattr(self.of, "spellings", ())
            self._spelled = self.of, [*own, *other_spellings(self.of, self.asked[2])]
        return self._spelled[1]

    def _reference_of(self, of: Callable, scalar: bool) -> Callable:
        if self.function is None:
            return autodiff(of, self.argnums, scalar)
        return jax_function.answers(with_paths(of), self.argnums, self.function.ahead)

    @cached_property
    def _reference(self) -> Callable:
        return self._reference_of(self.of, False)

    @cached_property
    def contracted(self) -> Callable:
        """<cotangent, of(*args)>, of (*args, cotangent)."""

        def scalar(*args):
            *inputs, cotangent = args
            value = jax.tree.leaves(self.of(*inputs))
            pairs = zip(value, jax.tree.leaves(cotangent), strict=True)
            return sum(jnp.sum(counted(v, c) * c) for v, c in pairs)

        return scalar

    def _path(self, path: str) -> str:
        mine = f"[{self.inputs}]"
        return VALUE + path.removeprefix(mine) if path.startswith(mine) else path


def words_of(node: Any) -> Any:
    """What arrives from above at a key that is returned arrives at its words: it is no key."""
    return node.words if isinstance(node, Key) else node


def slopes(sample: Sample) -> Sample:
    """The sample with the gradient alone, once."""
    keep = [k for k, p in enumerate(sample.paths) if not (p.startswith(VALUE) or p.endswith(AHEAD))]
    if len(keep) == len(sample.paths) or not sample.got:
        return sample
    return restricted(sample, keep)


def _typed(point: tuple, dtype: str) -> bool:
    """Whether every float array of the sample came in the dtype that is judged."""
    precision = PRECISIONS[dtype]
    kinds = {str(x.dtype) for x in jax.tree.leaves(point) if _is_float_array(x)}
    alike = precision.inputs == precision.weights == precision.results
    return alike and kinds == {precision.inputs} and dtype != "float64"


def _is_float_array(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(np.asarray(x).dtype, jnp.floating)


@lru_cache(maxsize=64)
def autodiff(of: Callable, argnums: tuple[int, ...], scalar: bool) -> Callable:
    """Reverse autodiff of (*args), or of (*args, cotangent), in the float leaves alone.

    Slopes may be read back from stored outputs: see arithmetic/stored.py.
    """

    def slopes_of(*args):
        inputs = args if scalar else args[:-1]
        only, picked = jax_function.restricted(of, list(inputs), argnums)
        only = with_stored(only)
        if scalar:
            return jax.grad(only, tuple(range(len(picked))))(*picked)
        return jax.vjp(only, *picked)[1](args[-1])

    return slopes_of


def referable(of: Callable) -> Callable:
    """The function itself, or around one of NumPy's: JAX refers weakly to what it traces.

    NumPy's dispatchers take no such reference, and the second trace of one ends the interpreter.
    """
    is_numpys = type(of).__module__.partition(".")[0] == "numpy"
    return (lambda *args: of(*args)) if is_numpys else of


@lru_cache(maxsize=64)
def with_words(of: Callable) -> Callable:
    """The same function, with the words of a random key that it returns."""
    words = lambda leaf: jax.random.key_data(leaf) if is_key(leaf) else leaf
    return lambda *args: jax.tree.map(words, of(*args))


def with_stored(of: Callable) -> Callable:
    """The same function, whose slopes by reverse autodiff have room for stored outputs."""

    def function(*args):
        leaves, tree = jax.tree.flatten(args)
        flat = lambda *flat_leaves: of(*jax.tree.unflatten(tree, flat_leaves))
        program, out = jax.make_jaxpr(flat, return_shape=True)(*leaves)
        outs = run_with_room(centered(real_program(program)), leaves)
        return jax.tree.unflatten(jax.tree.structure(out), outs)

    return function


@lru_cache(maxsize=64)
def with_paths(of: Callable) -> Callable:
    """The same function, by other ways back: see arithmetic/gamma_draws.py and centered.py."""

    def function(*args):
        program, out, numbers = program_in(lambda leaf: hasattr(leaf, "dtype"), of, args)
        still = centered(program)
        if has_draws(program.jaxpr):
            return jax.tree.unflatten(out, run_with_room(still, numbers))
        if still is program:
            return of(*args)
        return jax.tree.unflatten(out, jaxpr_as_fun(still)(*numbers))

    return function


def on_inward(of: Callable, point: tuple) -> Callable:
    """The function on inward trees, as itself where the point has nothing of a framework's."""
    return inside(of) if has_foreign(point) else of


def inside(of: Callable) -> Callable:
    """The function on inward trees."""
    function = lambda *args: inward(of(*outward(args)))
    if spellings := getattr(of, "spellings", ()):
        function.spellings = tuple(map(inside, spellings))  # pyright: ignore[reportFunctionMemberAccess]
    return on_ways(function, of, inside)
