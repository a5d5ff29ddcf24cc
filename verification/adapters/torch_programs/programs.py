"""A PyTorch program as a function of arrays: traced where JAX traces, else run by PyTorch itself.

What is known at sight: a module, a subclass of torch.autograd.Function or its apply, a compiled or
a scripted one.  A plain function is taken for one of tensors if its code names PyTorch, and it
answers tensors where it is given them.
"""

import functools
import inspect
import sys
import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..function import Function
from ..torch_function import answers, array, on_tensors_of, tensor
from ..trees import inward, outward
from . import branches, random_numbers
from .memory import NotTraced
from .names import names_torch
from .parameters import Module

SEED_SAID = "its random numbers are held: those of torch.manual_seed(0)"


WAYS_SAID = "it branches on its numbers: each of the ways that it went, {}, is traced by itself"


class Program:
    """of(*args): the floating-point outputs of a PyTorch program."""

    def __init__(self, run: Callable, original: Any, module: Module | None = None):
        name = getattr(original, "__name__", type(original).__name__)
        self.run, self.original, self.__name__, self.module = run, original, name, module
        self.refused, self.is_random = "", False
        self._traced: dict[Any, tuple[ClosedJaxpr, Any]] = {}
        self.__signature__ = inspect.Signature(parameters(original, module is not None))
        self._ways: dict[tuple, tuple] = {}  # shapes -> what is read of the numbers
        self._others: dict[tuple, Program] = {}  # the same at points where others are read
        self.check: Callable[[Program, tuple], str] = lambda other, point: ""

    def __call__(self, *args):
        leaves, tree = jax.tree.flatten(inward(args))
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return self._by_jax(leaves, tree)
        torch = sys.modules["torch"]
        with torch.enable_grad(), random_numbers.held(torch):
            answered = self.run(*given(torch, leaves, tree))
            return outputs(answered, torch, any(map(np.iscomplexobj, leaves)))

    def branches_at(self, point: tuple) -> tuple:
        """What it reads of its numbers at a point; none where it raises there."""
        torch = sys.modules["torch"]
        leaves, tree = jax.tree.flatten(inward(point))
        with torch.enable_grad(), random_numbers.held(torch):
            tensors = given(torch, leaves, tree)
            return branches.taken(torch, lambda: self.run(*tensors))

    def along(self, point: tuple) -> "Program":
        """The same, traced the way that it goes at the point.  Raises what it raises there."""
        shapes = tuple(np.shape(leaf) for leaf in jax.tree.leaves(inward(point)))
        if self.refused or self._ways.get(shapes) == ():
            return self  # what reads nothing at one point reads nothing at another
        here = self.branches_at(point)
        way = (shapes, branches.key(here))
        if branches.key(self._ways.setdefault(shapes, here)) == way[1]:
            return self
        if way not in self._others:
            other = self.fresh()
            other._ways[shapes] = here
            self._others[way] = self.checked(other, point)
        return self._others[way]

    def checked(self, other: "Program", point: tuple) -> "Program":
        """The other as it is; not traced where the trace is not to be trusted."""
        if not (why := self.check(other, point)):
            return other
        untraced = self.fresh()  # JAX has kept the trace of the other
        untraced.refused = why
        return untraced

    def fresh(self) -> "Program":
        return Program(self.run, self.original, self.module)

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
        from .traced import traced

        torch, shape = sys.modules["torch"], [None]

        def run(*tensors):
            outs = self.run(*outward(jax.tree.unflatten(tree, tensors)))
            found, shape[0] = jax.tree.flatten(numbers_of(outs, torch))
            return found

        names = [getattr(torch, dtype) for _, dtype in signature]
        shapes = [s for s, _ in signature]
        program, self.is_random = traced(run, shapes, names, self._ways.get(tuple(shapes), ()))
        return program, shape[0]

    def derivative(self, ahead: bool = False, batched: bool = False) -> Function:
        """What autograd makes of it, with its value: by forward mode again where `ahead`, and by
        a batch of cotangents where `batched`.
        """
        torch = sys.modules["torch"]

        def run(*tensors):
            with random_numbers.held(torch):
                return numbers_of(self.run(*tensors), torch)

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
        ways = sum(len(way) > 0 for one in programs for way in one._ways.values())
        said = [WAYS_SAID.format(ways)] * (ways > 0 and not self.refused)
        return (*[SEED_SAID] * any(one.is_random for one in programs), *said)


def given(torch: Any, leaves: list, tree: Any) -> tuple:
    """The arguments of a program, of arrays."""
    tensors = [tensor(torch, np.array(leaf, order="C")) for leaf in leaves]
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
    """The named results of PyTorch, such as those of max along an axis, as tuples."""
    return jax.tree.map(lambda x: tuple(x) if isinstance(x, tuple) else x, outs)


def program(of: Any) -> Program | None:
    """What is known at sight, or by the names in its code; None for what is not PyTorch's."""
    torch = sys.modules.get("torch")
    if torch is None or isinstance(of, Program):
        return of if isinstance(of, Program) else None
    applied = getattr(of, "__name__", "") == "apply"
    own = getattr(of, "__self__", of) if applied else of
    if isinstance(own, type) and issubclass(own, torch.autograd.Function):
        return Program(own.apply, own)
    if isinstance(of, torch.nn.Module):
        module = Module(torch, of)
        return Program(module, of, module)
    if is_compiled(of, torch):
        return Program(of, of)
    if callable(of) and names_torch(of, torch):
        return Program(of, of)
    return None


def is_compiled(of: Any, torch: Any) -> bool:
    """A function under torch.compile, or of TorchScript."""
    return hasattr(of, "_torchdynamo_orig_callable") or isinstance(of, torch.jit.ScriptFunction)


def as_program(of: Any, point: tuple) -> Any:
    """`of` as a Program where it answers tensors at the point; a function of arrays as it is."""
    known = program(of)
    if known is None or not isinstance(of, Program) and not _takes_tensors(known, of, point):
        return of
    return known


def by_trial(of: Any, point: tuple, is_own: bool) -> Program | None:
    """A function whose code does not name PyTorch, but that answers tensors alone.

    Where its own derivative is asked for, of one that answers arrays, too.
    """
    if sys.modules.get("torch") is None or not isinstance(of, FunctionType | functools.partial):
        return None
    known = Program(of, of)
    if not is_own and _answers(lambda: of(*inward(point))):
        return None
    return known if _takes_tensors(known, of, point) else None


def _answers(ask: Callable) -> bool:
    try:
        ask()
    except Exception:  # somebody's function, of arrays that were meant to be tensors
        return False
    return True


def _takes_tensors(known: Program, of: Any, point: tuple) -> bool:
    """What is known at sight does; another function is tried."""
    torch = sys.modules["torch"]
    if known.is_own:
        return True
    inputs = given(torch, *jax.tree.flatten(inward(point)))
    try:
        with warnings.catch_warnings(action="ignore"):
            outs = known.run(*inputs)
    except Exception:  # a function of arrays, which may do anything with tensors
        return False
    found = jax.tree.leaves(opened(outs))
    is_array = lambda x: isinstance(x, jax.Array | np.ndarray)
    return any(isinstance(x, torch.Tensor) for x in found) and not any(map(is_array, found))
