"""What is known while a PyTorch program runs without numbers: the JAX value of every tensor.

For each operator the line of the table is run on JAX values; one that has none is taken apart by
PyTorch's own decompositions, and one that cannot be is a boundary (boundaries.py).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..torch_function import array, tensor
from . import boundaries, memory, random_numbers, sparse_tensors, table
from .boundaries import Boundary
from .branches import READS, Way, deciding
from .memory import Memory, NotTraced

IGNORED = {"prim::device", "prim::layout", "aten::_linalg_check_errors", "aten::_assert_async"}

LEFT_OUT = ("layout", "device", "pin_memory", "memory_format", "non_blocking", "generator", "out")
OPAQUE = "the custom operator"
UNKNOWN = "no line is known for its operator"
NO_SHAPE = (RuntimeError, TypeError, NotImplementedError)  # what PyTorch raises, by operator


class WantsSlopes(Exception):
    """The program differentiates inside, and goes another way where its arguments are recorded."""


class Inside:
    """What is known while a program runs: the values of tensors, and whether slopes are cut."""

    def __init__(self, torch: Any, way: Way, records: bool, stops: frozenset, wide: bool):
        self.torch, self.memory, self.cut = torch, Memory(), False
        self.in_rules, self.records, self.stops, self.wide = 0, records, stops, wide
        self.in_torchs = False  # in PyTorch's own Python, whose detach the modes do not see
        self.stand_ins = sparse_tensors.StandIns(
            torch, lambda x: self.made(x.astype(self.dtype_of(x.dtype)))
        )
        self.detached: set[int] = set()  # views of numbers whose slope is cut
        self.is_random, self.way, self.depth = False, way, 0  # depth: inside of an operator's parts

    def switched(self, is_on: bool, wanted: bool) -> None:
        """The person's code switches slopes on or off.

        In the forward pass of a rule they are off, and nobody's code has switched them: what is
        switched there is no cut, because the backward pass is what is judged.
        """
        if wanted:
            self.in_rules += not (is_on or self.cut)
            self.cut = False
        elif self.in_rules:
            self.in_rules -= 1
        else:
            self.cut = self.cut or is_on

    def asked_for_slopes(self, tensor: Any) -> None:
        """Raises WantsSlopes where it was detached: of what has a slope PyTorch may not do so."""
        if id(tensor) in self.detached:
            raise WantsSlopes

    def value(self, x: Any) -> Any:
        """The JAX value of an argument of an operator: of a tensor made elsewhere its numbers."""
        if isinstance(x, self.torch.Tensor):
            if not self.memory.has(x):
                found = constant(self.torch, x)
                self.memory.put(x, found.astype(self.dtype_of(found.dtype)))
            return self.memory.get(x)
        if isinstance(x, self.torch.dtype):
            return self.dtype_of(x)
        if isinstance(x, list | tuple):
            return type(x)(self.value(one) for one in x)
        return x

    def call(self, mode: Any, func: Any, args: tuple, kwargs: dict) -> Any:
        """One operator, on tensors and on their values."""
        name = func._schema.name
        if name in IGNORED:
            return func(*args, **kwargs)
        if str(func) in self.stops:
            return boundaries.traced(self, str(func), (args, kwargs))
        args = self._sized(func, self.stand_ins.of(args))
        rule = table.rule(str(func).removeprefix("aten."))
        if name in sparse_tensors.MADE and rule is not None:
            return self._outputs(self._by_rule(func, rule, args, kwargs))
        if str(func) == "aten.as_strided_scatter.default":
            return self._scattered(func, args, kwargs)
        if self.torch.Tag.nondeterministic_seeded in func.tags and "attention" not in name:
            return self._drawn(func, args, kwargs)
        known = self._constants(func, args, kwargs)
        if str(func) in READS:
            return self._read(func, args, known)
        if known is None and rule is None and (found := table.decomposition(func)) is not None:
            return self.apart(mode, found, args, kwargs)
        if rule is None and (own := table.in_python(func)) is not None:
            return self._custom(mode, func, own, args, kwargs)
        try:
            out = func(*args, **kwargs)
        except NO_SHAPE as error:
            if known is not None:
                return self._outputs(known)
            if rule is None and func.namespace not in ("aten", "prims"):
                raise Boundary(str(func), f"{UNKNOWN} {func}") from error
            if rule is None:
                raise
            return self._outputs(self._by_rule(func, rule, args, kwargs))
        if not self.torch.utils._pytree.tree_any(lambda x: isinstance(x, self.torch.Tensor), out):
            return out
        if str(func) == "aten.as_strided.default":
            self.value(args[0])
            self.memory.put(out, self.memory.strided(args[0], out))
        elif known is not None:
            self._keep(func, args, out, known)
        elif rule is None:
            raise Boundary(str(func), f"{UNKNOWN} {func}")
        else:
            values = self._by_rule(func, rule, args, kwargs)
            self._keep(func, args, out, values, kwargs.get("out") is not None)
            for place, value in table.written(str(func), self.value(list(args))):
                self.memory.write(args[place], value.astype(self.dtype_of(args[place].dtype)))
        return out

    def dtype_of(self, name: Any) -> Any:
        return dtype_of(name, self.wide)

    def by_line(self, name: str, *args: Any) -> Any:
        return self._outputs(table.LINES[name](*self.value(list(args))))

    def apart(self, mode: Any, parts: Callable, args: tuple, kwargs: dict) -> Any:
        """By what PyTorch itself takes the operator apart into."""
        self.depth += 1
        try:
            with mode:
                return parts(*args, **kwargs)
        finally:
            self.depth -= 1

    def _custom(self, mode: Any, func: Any, own: Callable, args: tuple, kwargs: dict) -> Any:
        """An operator that somebody has written in Python: traced through, where it is PyTorch."""
        try:
            with mode:
                return own(*args, **kwargs)
        except (Boundary, WantsSlopes):
            raise
        except Exception as error:  # it may do anything with its tensors
            said = f"{OPAQUE} {func} is no PyTorch inside: {type(error).__name__}"
            raise Boundary(str(func), said) from error

    def forward(self, own: type, run: Callable, *args: Any, **kwargs: Any) -> Any:
        """The forward pass of an autograd.Function: traced through, where it is PyTorch."""
        if (name := boundaries.label(own)) in self.stops:
            given = boundaries.inputs_of(self.torch, own, args), kwargs
            return boundaries.traced(self, name, given)
        try:
            return run(*args, **kwargs)
        except (Boundary, WantsSlopes):
            raise
        except Exception as error:  # it may do anything with its tensors
            said = f"the forward pass of {name} is no PyTorch inside: {type(error).__name__}"
            raise Boundary(name, said) from error

    def _scattered(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Numbers put where a view of other strides would have them."""
        like = self.torch.as_strided(args[0], *args[2:], **kwargs)
        out = func(*args, **kwargs)
        self.value(args[0])
        values = self.memory.scattered(args[0], jnp.asarray(self.value(args[1])), like)
        self._keep(func, args, out, values)
        return out

    def _sized(self, func: Any, args: tuple) -> tuple:
        """The arguments; what says how large the result is is a constant, by the way it goes."""
        wanted = {id(x): x for x in deciding(self.torch, str(func), args)}
        if not wanted:
            return args
        known = {key: self.made(self.way.known(self.value(x))) for key, x in wanted.items()}
        swap = lambda x: known.get(id(x), x)
        lists = lambda x: type(x)(map(swap, x)) if isinstance(x, list | tuple) else swap(x)
        return tuple(map(lists, args))

    def _read(self, func: Any, args: tuple, known: Any) -> Any:
        """A number of a tensor, or whether two are equal: as it is at the point of the trace."""
        if known is not None:
            return known if self.depth else self.way.read(None)
        values = [self.value(x) for x in args]
        is_equal = len(values) == 2
        return self.way.read(jnp.array_equal(*values) if is_equal else values[0])

    def _drawn(self, func: Any, args: tuple, kwargs: dict) -> Any:
        out = func(*args, **kwargs)
        self.is_random = True
        self._keep(func, args, out, random_numbers.drawn(self, func, args, kwargs))
        return out

    def _outputs(self, values: Any) -> Any:
        """The tensors of an operator of which PyTorch says no shapes: those of the values."""
        if isinstance(values, list | tuple):
            return tuple(map(self.made, values))
        return self.made(values)

    def made(self, value: Any) -> Any:
        if not isinstance(value, jax.Array | np.ndarray):
            return value
        is_wide = self.wide and value.dtype == np.float64
        kind = "float32" if is_wide else str(value.dtype)
        tensor = self.torch.empty(value.shape, dtype=getattr(self.torch, kind))
        self.memory.put(tensor, value)
        return tensor

    def _by_rule(self, func: Any, rule: Callable, args: tuple, kwargs: dict) -> Any:
        given = jax.tree.map(table.within_range, self.value(list(args)))
        named = {k: self.value(v) for k, v in kwargs.items() if k not in LEFT_OUT}
        if func._schema.name.removeprefix("aten::").removesuffix("_") not in table.CONCRETE:
            given = jax.tree.map(
                lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, given
            )
        return rule(*given, **named)

    def _constants(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """What PyTorch itself answers where the tensors are constants of the program; else None."""
        torch, leaves = self.torch, jax.tree.leaves([list(args), kwargs])
        values = [self.value(x) for x in leaves if isinstance(x, torch.Tensor)]
        is_known = all(isinstance(x, np.ndarray) for x in values)
        writes = func._schema.is_mutable and not in_place(func)
        if writes or not is_known or "empty" in func._schema.name:
            return None
        with torch._C._DisableTorchDispatch():
            copied = lambda x: tensor(torch, np.array(self.value(x), order="C"))
            real = lambda x: copied(x) if isinstance(x, torch.Tensor) else x
            given = jax.tree.map(real, list(args))
            named = {k: real(v) for k, v in kwargs.items()}
            found = func(*given, **named)
            if any(x.is_meta for x in jax.tree.leaves(found) if isinstance(x, torch.Tensor)):
                return None  # shapes alone
            take = lambda x: np.array(array(torch, x.resolve_conj()))
            return jax.tree.map(lambda x: take(x) if isinstance(x, torch.Tensor) else x, found)

    def _keep(self, func, args, out, values, to_out: bool = False) -> None:
        """The values of what an operator made, in the shapes and dtypes that PyTorch says."""
        outs = out if isinstance(out, list | tuple) else [out]
        values = values if isinstance(values, list | tuple) else [values]
        for one, value in zip(outs, values, strict=False):
            if not isinstance(one, self.torch.Tensor) or value is None:
                continue
            is_known = isinstance(value, np.ndarray)
            value = (value if is_known else jnp.asarray(value)).astype(self.dtype_of(one.dtype))
            if value.shape != tuple(one.shape):
                said = f"{func} has shape {tuple(one.shape)}, and {value.shape} by our table"
                raise NotTraced(said)
            is_written = to_out or any(one is arg for arg in args)
            value = self._cut(str(func), one, value, args, is_written)
            (self.memory.write if is_written else self.memory.put)(one, value)

    def _cut(self, name: str, tensor: Any, value: Any, args: tuple, is_written: bool) -> Any:
        """Without its slope under no_grad; numbers written over there, or behind a detached view
        of them, keep the slope that they had.
        """
        cut = self.cut or self.torch.is_inference_mode_enabled()
        cut = cut or self.in_torchs and name == "aten.detach.default"
        storage = memory.storage_of(tensor)
        tensors = [x for x in args if isinstance(x, self.torch.Tensor)]
        behind = [id(x) for x in tensors if memory.storage_of(x) == storage]
        if behind and (cut or self.detached.intersection(behind)):
            self.detached.add(id(tensor))
        is_cut = cut or is_written and id(tensor) in self.detached
        if isinstance(value, np.ndarray) or not is_cut:
            return value
        value = jax.lax.stop_gradient(value)
        if not is_written or not tensor.is_floating_point():
            return value
        before = self.memory.behind(tensor)
        return value + (before - jax.lax.stop_gradient(before))


def dtype_of(name: Any, wide: bool) -> Any:
    """The dtype here of one of PyTorch's."""
    found = table.dtype_of(name)
    return np.dtype(np.float64) if wide and found == np.float32 else found


def in_place(func: Any) -> bool:
    """Whether its first argument is written, and is what it answers, as of add_."""
    written = [k for k, x in enumerate(func._schema.arguments) if x.is_write]
    return written == [0] and func._schema.name.endswith("_")


def constant(torch, tensor: Any) -> Any:
    """The numbers of a tensor that the program brought along.  Raises NotTraced without any."""
    fake = torch._subclasses.fake_tensor.FakeTensor
    real = tensor.constant if isinstance(tensor, fake) else tensor
    if real is None or isinstance(real, fake):
        raise NotTraced("it reads a tensor whose numbers nobody wrote")
    with torch._C._DisableTorchDispatch():
        return np.array(array(torch, real.detach()))
