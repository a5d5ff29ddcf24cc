"""A PyTorch program as a function of arrays: traced where JAX traces, else run by PyTorch."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..function import Function
from ..torch_function import answers, on_tensors_of
from ..trees import inward, outward
from . import branches, random_numbers
from .boundaries import SAID, Boundary, Seen, names_of
from .memory import NotTraced
from .names import is_compiled
from .parameters import Module
from .passed import given, is_narrow, narrowed, numbers_of, outputs, parameters, widened

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
        self.narrow = False  # whether it takes float32 alone: what it holds has that dtype
        self._known: dict[tuple, Program] = {}  # the same at the points that were asked about
        self.check: Callable[[Program, tuple], str] = lambda other, point: ""

    def __call__(self, *args):
        leaves, tree = jax.tree.flatten(inward(args))
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return self._by_jax(leaves, tree)
        torch = sys.modules["torch"]
        with torch.enable_grad(), random_numbers.held(torch):
            answered = self.run(*self.given(leaves, tree))
            return outputs(answered, torch, any(map(np.iscomplexobj, leaves)))

    def given(self, leaves: list, tree: Any) -> tuple:
        """Its arguments as tensors."""
        leaves = list(map(narrowed, leaves)) if self.narrow else leaves
        return given(sys.modules["torch"], leaves, tree, self.records)

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
            tensors = self.given(leaves, tree)
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
        if shapes not in self._ways:
            self._ways[shapes] = here
            self._traced.clear()  # somebody may have asked for its shapes alone
        if branches.key(self._ways[shapes]) == way[1]:
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
        other.records, other.stops, other.narrow = self.records, self.stops, self.narrow
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
        is_complex = any(dtype.startswith("complex") for _, dtype in signature)

        def run(*tensors):
            outs = self.run(*outward(jax.tree.unflatten(tree, tensors)))
            found, shape[0] = jax.tree.flatten(numbers_of(outs, torch, is_complex))
            return found

        wide = self.narrow and any(dtype == "float64" for _, dtype in signature)
        own = lambda dtype: "float32" if wide and dtype == "float64" else dtype
        names = [getattr(torch, own(dtype)) for _, dtype in signature]
        shapes = [s for s, _ in signature]
        way = self._ways.get(tuple(shapes), ())
        ask = lambda: traced(run, shapes, names, way, self.records, self.stops, wide)
        try:
            program, self.is_random = ask()
        except WantsSlopes:
            self.records = True
            program, self.is_random = ask()
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
        is_complex = any(
            x.is_complex() for x in jax.tree.leaves(tensors) if hasattr(x, "is_complex")
        )
        with random_numbers.held(torch):
            return numbers_of(f(*tensors), torch, is_complex)

    return run
