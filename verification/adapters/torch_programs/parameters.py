"""A module as a function of its parameters by name, with its buffers held."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from ..torch_function import holding

SPREAD = 0.3  # of numbers around parameters that are all alike, such as 1 and 0 of a normalization
PREFIX = "_orig_mod."  # what torch.compile puts before the names of a module's parameters


class Module:
    """module(*inputs), or module(parameters, *inputs) where it has any.

    Tied parameters are one; buffers are as they are, and what a pass writes into them is its own.
    """

    def __init__(self, torch: Any, module: Any):
        self.torch, self.state = torch, cast(tuple[str, ...], ())
        self.module = getattr(module, "_orig_mod", module)
        self.compiled = module if self.module is not module else None
        self.names = [name for name, _ in self.module.named_parameters()]
        self.writes = any(getattr(one, "max_norm", None) for one in self.module.modules())

    def __call__(self, *args):
        first = self._first(args)
        inputs = args[1:] if self.names else args
        held = self.buffers(next((x.dtype for x in first.values()), None))
        out = self._run(first | held, inputs)
        return (out, {name: held[name].detach() for name in self.state}) if self.state else out

    def during(self, args: tuple, body: Callable) -> Any:
        """body(self), while the parameters are args[0]: what a checkpoint runs again on the way
        back must find them."""
        if self.compiled is not None or not self.names or not self.is_parameters(args[0]):
            return body(self)
        return holding(self.torch, self.module, args[0], lambda: body(self))

    def _run(self, held: dict, inputs: tuple) -> Any:
        functional = self.torch.func.functional_call
        if self.compiled is not None:
            return functional(self.compiled, {PREFIX + k: x for k, x in held.items()}, inputs)
        if isinstance(self.module, self.torch.nn.DataParallel):  # on one device it is the module
            own = {k.removeprefix("module."): x for k, x in held.items()}
            return functional(self.module.module, own, inputs)
        if isinstance(self.module, self.torch.jit.ScriptModule):
            with scripted(self.module, held):
                return self.module(*inputs)
        return functional(self.module, held, inputs)

    def changed(self, args: tuple) -> tuple[str, ...]:
        """The floating-point buffers that a pass writes into."""
        first, inputs = self._first(args), args[1:] if self.names else args
        before = self.buffers(next((x.dtype for x in first.values()), None))
        after = {name: buffer.clone() for name, buffer in before.items()}
        self._run(first | after, inputs)
        dense = lambda x: x.to_dense()  # of sparse tensors, which cannot be compared
        moved = lambda name: not self.torch.equal(dense(before[name]), dense(after[name]))
        return tuple(name for name in before if before[name].is_floating_point() and moved(name))

    def buffers(self, dtype: Any) -> dict:
        """Copies, floats among them in the dtype of the parameters."""
        named = self.module.named_buffers()
        wide = lambda x: dtype is not None and x.is_floating_point()
        return {name: x.to(dtype, copy=True) if wide(x) else x.clone() for name, x in named}

    def _first(self, args: tuple) -> dict:
        """The parameters; copies where a pass writes into them.  Raises ValueError otherwise."""
        if not self.names:
            return {}
        if not args or not self.is_parameters(args[0]):
            said = ", ".join(sorted(self.names))
            raise ValueError(
                f"the first argument must be a dict of the module's parameters: {said}"
            )
        return {k: x.clone() for k, x in args[0].items()} if self.writes else args[0]

    def is_parameters(self, value: Any) -> bool:
        return isinstance(value, dict) and set(value) == set(self.names)

    def sampler(self, args: tuple | Callable) -> tuple | Callable:
        """args with the module's own parameters before them, where they have none.

        A tuple has them as they are; draws have them moved by random numbers of their own spread,
        because what is 1 or 0 everywhere hides mistakes.
        """
        if not self.names:
            return args
        if isinstance(args, tuple):
            return args if args and self.is_parameters(args[0]) else (self.own(), *args)
        return self._drawing(args)

    def _drawing(self, draw: Callable) -> Callable:
        def sample(rng, *dtype, **named):
            inputs = arguments_of(draw(rng, *dtype, **named))
            if inputs and self.is_parameters(inputs[0]):
                return inputs
            return ({name: moved(rng, x) for name, x in self.own().items()}, *inputs)

        sample.__signature__ = signature_of(draw)  # pyright: ignore[reportFunctionMemberAccess]
        return sample

    def own(self) -> dict[str, np.ndarray]:
        """Its parameters as arrays; integers stay integers."""
        found = {}
        for name, parameter in self.module.named_parameters():
            found[name] = parameter.detach().double().cpu().numpy()
        return found


@contextmanager
def scripted(module: Any, held: dict) -> Iterator[None]:
    """A scripted or traced module with these tensors for its own, which it has again after."""
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    parts = dict(module.named_modules())

    def put(tensors: dict) -> None:
        for name, tensor in tensors.items():
            place, _, leaf = name.rpartition(".")
            parts[place]._c.setattr(leaf, tensor)

    try:
        put(held)
        yield
    finally:
        put({name: own[name] for name in held})


def moved(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    spread = float(np.std(x)) or SPREAD
    return x + spread * rng.normal(size=x.shape)


def arguments_of(drawn: Any) -> tuple:
    """What a sampler returned, as the arguments of a call."""
    return tuple(drawn) if isinstance(drawn, list | tuple) else (drawn,)


def signature_of(draw: Callable) -> Any:
    import inspect

    return inspect.signature(draw)
