"""A PyTorch program as a function of arrays: traced where JAX traces, else run by PyTorch."""

import dataclasses
import inspect
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..function import Function
from ..torch_function import answers, array, on_tensors_of, tensor
from ..trees import inward, outward
from . import branches, random_numbers
from .boundaries import SAID, Boundary, Seen, names_of
from .memory import NotTraced
from .names import is_compiled
from .parameters import Module

SEED_SAID = "its random numbers are held: those of torch.manual_seed(0)"


UNSEEN = "PyTorch runs it only where nothing looks on"
WAYS_SAID = "it branches on its numbers: each of the ways that it went, {}, is traced by itself"


class Program:
    """of(*args): the floating-point outputs of a PyTorch program."""

    def __init__(self, run: Callable, original: Any, module: Module | None = None):
        name = getattr(original, "__name__", type(original).__name__)
        self.run, self.original, self.__name__, self.module = run, original, name, module
        self.refused, self.is_random = "", False
        self.records = False  # whether its arguments must be recorded: it asks for slopes in them
        self._traced: dict[Any, tuple[ClosedJaxpr, Any]] = {}
        self.__signature__ = inspect.Signature(parameters(original, module is not None))
        self._ways: dict[tuple, tuple] = {}  # shapes -> what is read of the numbers
        self._others: dict[tuple, Program] = {}  # the same at points where others are read
        self.stops: frozenset[str] = frozenset()  # operators that are measured, not traced through
        self._known: dict[tuple, Program] = {}  # the same at the points that were asked about
        self.check: Callable[[Program, tuple], str] = lambda other, point: ""

    def __call__(self, *args):
        leaves, tree = jax.tree.flatten(inward(args))
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return self._by_jax(leaves, tree)
        torch = sys.modules["torch"]
        with torch.enable_grad(), random_numbers.held(torch):
            answered = self.run(*given(torch, leaves, tree, self.records))
            return outputs(answered, torch, any(map(np.iscomplexobj, leaves)))

    def branches_at(self, point: tuple) -> tuple:
        """What it reads of its numbers at a point; none where it raises there.

        What is measured there is so in float64, where the program takes that.
        """
        torch, wide = sys.modules["torch"], jax.tree.map(widened, inward(point))
        if self.stops and any(map(is_narrow, jax.tree.leaves(inward(point)))):
            try:
                return self.branches_at(wide)
            except Exception:  # somebody's program, which may want another dtype
                pass
        leaves, tree = jax.tree.flatten(inward(point))
        with torch.enable_grad(), random_numbers.held(torch):
            tensors = given(torch, leaves, tree, self.records)
            return branches.taken(torch, lambda: self.run(*tensors), self.stops)

    def along(self, point: tuple) -> "Program":
        """The same, traced the way that it goes at the point.  Raises what it raises there.

        Where an operator stops the trace it is measured at each point from then on.
        """
        at = branches.key(tuple(map(np.asarray, jax.tree.leaves(inward(point)))))
        if at in self._known:  # a point is asked about many times, and an operator takes its time
            return self._known[at]
        there = self._along(point)
        if not (name := there.stopped(point)):
            if self.stops:
                self._known[at] = there
            return there
        self.stops |= {name}
        for known in (self._ways, self._others, self._traced):
            known.clear()
        return self.along(point)

    def stopped(self, point: tuple) -> str:
        """The operator that stops its trace at the point; empty where none does."""
        try:
            with jax.enable_x64(True):
                jax.eval_shape(self, *jax.tree.map(widened, inward(point)))
        except Boundary as stop:
            return "" if stop.name in self.stops | names_of(self.original) else stop.name
        except Exception:  # somebody's program; it is asked again, and what it says then is told
            return ""
        return ""

    def _along(self, point: tuple) -> "Program":
        shapes = tuple(np.shape(leaf) for leaf in jax.tree.leaves(inward(point)))
        if self.refused or (shapes in self._ways and not branches.reads(self._ways[shapes])):
            return self  # what reads nothing at one point reads nothing at another
        try:
            here = self.branches_at(point)
        except Exception as error:  # the person's, or PyTorch's where something looks on
            return self._unseen(point, error)
        way = (shapes, branches.key(here))
        if branches.key(self._ways.setdefault(shapes, here)) == way[1]:
            return self
        if way not in self._others:
            other = self.fresh()
            other._ways[shapes] = here
            self._others[way] = self.checked(other, point)
        return self._others[way]

    def _unseen(self, point: tuple, error: Exception) -> "Program":
        """The same, which wants slopes of its arguments, or a dtype, or cannot be looked into."""
        if not self.records:
            self.records = True
            return self.along(point)
        self.records = False
        wide = jax.tree.map(widened, inward(point))
        if any(map(is_narrow, jax.tree.leaves(inward(point)))):
            return self.along(wide)
        self(*point)  # raises what the person's code raises
        self.refused = f"{UNSEEN}: {type(error).__name__}"
        return self

    def checked(self, other: "Program", point: tuple) -> "Program":
        """The other as it is; not traced where the trace is not to be trusted."""
        if not (why := self.check(other, point)):
            return other
        untraced = self.fresh()  # JAX has kept the trace of the other
        untraced.refused = why
        return untraced

    def fresh(self) -> "Program":
        other = Program(self.run, self.original, self.module)
        other.records, other.stops = self.records, self.stops
        return other

    def _by_jax(self, leaves: list, tree: Any) -> Any:
        """Raises NotTraced, and whatever the program does where it has no numbers."""
        if self.refused:
            raise NotTraced(self.refused)
        key = (
            tree,
            tuple((x.shape, str(x.dtype)) for x in leaves),
            jax.config.read("jax_enable_x64"),
        )
        if key not in self._traced:
            self._traced[key] = self._trace(tree, key[1])
        program, shape = self._traced[key]
        return jax.tree.unflatten(shape, jaxpr_as_fun(program)(*leaves))

    def _trace(self, tree: Any, signature: tuple) -> tuple[ClosedJaxpr, Any]:
        from .traced import WantsSlopes, traced

        torch, shape = sys.modules["torch"], [None]

        def run(*tensors):
            outs = self.run(*outward(jax.tree.unflatten(tree, tensors)))
            found, shape[0] = jax.tree.flatten(numbers_of(outs, torch))
            return found

        names = [getattr(torch, dtype) for _, dtype in signature]
        shapes = [s for s, _ in signature]
        way = self._ways.get(tuple(shapes), ())
        try:
            program, self.is_random = traced(run, shapes, names, way, self.records, self.stops)
        except WantsSlopes:
            self.records = True
            program, self.is_random = traced(run, shapes, names, way, True, self.stops)
        return program, shape[0]

    def derivative(self, ahead: bool = False, batched: bool = False) -> Function:
        """What autograd makes of it, with its value: by forward mode again where `ahead`, and by
        a batch of cotangents where `batched`.
        """
        torch = sys.modules["torch"]

        run = _outputs_of(self.run, torch)
        if during := getattr(self.run, "during", None):
            run.during = lambda args, body: during(args, lambda f: body(_outputs_of(f, torch)))
        ask = lambda argnums: self._pullback(run, argnums, ahead, batched)
        return Function(self.__name__, ask, ahead)

    def _pullback(self, run: Callable, argnums: tuple, ahead: bool, batched: bool) -> Callable:
        """By autograd; and traced, forward and back, where JAX traces it."""
        torch = sys.modules["torch"]
        answer = answers(torch, run, argnums, ahead, batched)
        backward = Program(on_tensors_of(torch, run, argnums), run)

        def asked(*args) -> list:
            if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(args)):
                return jax.tree.leaves(backward(*args))
            return answer(*args)

        return asked

    @property
    def is_own(self) -> bool:
        """Whether it is known at sight, and so its own derivative is what is judged of it."""
        is_rule = isinstance(self.original, type)
        return (
            self.module is not None or is_rule or is_compiled(self.original, sys.modules["torch"])
        )

    def changed(self, point: tuple) -> tuple[str, ...]:
        """The buffers of a module that a pass writes into."""
        assert self.module is not None
        torch = sys.modules["torch"]
        with torch.no_grad(), random_numbers.held(torch):
            return self.module.changed(given(torch, *jax.tree.flatten(inward(point))))

    @property
    def notes(self) -> tuple[str, ...]:
        programs = (self, *self._others.values())
        ways = sum(branches.turns(way) for one in programs for way in one._ways.values())
        said = [WAYS_SAID.format(ways)] * (ways > 0 and not self.refused)
        found = (x for one in programs for way in one._ways.values() for x in way)
        is_measured = any(isinstance(x, Seen) and x.beside is not None for x in found)
        said += [SAID.format(name) for name in sorted(self.stops)] * is_measured
        return (*[SEED_SAID] * any(one.is_random for one in programs), *said)


def _outputs_of(f: Callable, torch: Any) -> Callable:
    """f, with the random numbers that it is traced with, and the numbers among its outputs."""

    def run(*tensors):
        with random_numbers.held(torch):
            return numbers_of(f(*tensors), torch)

    return run


def is_narrow(leaf: Any) -> bool:
    kind = np.asarray(leaf).dtype
    return jnp.issubdtype(kind, jnp.floating) and kind != np.float64


def widened(leaf: Any) -> Any:
    return np.asarray(leaf, np.float64) if is_narrow(leaf) else leaf


def given(torch: Any, leaves: list, tree: Any, records: bool = False) -> tuple:
    """The arguments of a program, of arrays."""
    tensors = [tensor(torch, np.array(leaf, order="C")) for leaf in leaves]
    for one in tensors if records else ():
        one.requires_grad_(one.is_floating_point() or one.is_complex())
    return outward(jax.tree.unflatten(tree, tensors))


def parameters(original: Any, is_module: bool) -> list[inspect.Parameter]:
    """What it takes, by name: of a module its parameters and what `forward` takes."""
    free = inspect.Parameter.POSITIONAL_ONLY
    is_rule = isinstance(original, type)
    called = original.forward if is_module or is_rule else original
    try:
        known = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # some callables tell nobody
        return [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]
    if is_rule and "setup_context" not in vars(original):
        known = known[1:]  # the context
    first = ["params"] if is_module and "params" not in {p.name for p in known} else []
    return [*(inspect.Parameter(name, free) for name in first), *known]


def outputs(outs: Any, torch: Any, is_complex: bool = False) -> Any:
    return jax.tree.map(lambda x: array(torch, x), numbers_of(outs, torch, is_complex))


def numbers_of(outs: Any, torch: Any, is_complex: bool = False) -> Any:
    """The outputs that have a derivative: not indices, masks or None.

    Of complex ones both parts, along a last axis, but where the arguments are complex, too.
    """
    if isinstance(outs, torch.Tensor):
        return _numbers(outs, torch, is_complex)
    return jax.tree.map(lambda x: _numbers(x, torch, is_complex), opened(outs))


def _numbers(x: Any, torch: Any, is_complex: bool) -> Any:
    if not isinstance(x, torch.Tensor):
        return None
    if x.is_complex():
        return x if is_complex else torch.view_as_real(x.resolve_conj())
    return x if x.is_floating_point() else None


def opened(outs: Any) -> Any:
    """The named results of PyTorch, such as those of max along an axis, as tuples.

    And an instance of a dataclass as the dict of its fields.
    """
    if dataclasses.is_dataclass(outs) and not isinstance(outs, type):
        outs = {field.name: getattr(outs, field.name) for field in dataclasses.fields(outs)}
    return jax.tree.map(lambda x: tuple(x) if isinstance(x, tuple) else x, outs)
