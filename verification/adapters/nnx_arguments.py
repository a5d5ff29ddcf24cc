"""Modules of Flax NNX among the arguments of a function: each as a dict of its parameters by path.

    loss(module, x), nnx.grad(loss)  ->  of the dict, of its slopes: {"first.kernel": array, ...}

A module that a function is called with is a new one at every call, so that running statistics and
random numbers are those of the first draw, whatever a call does to them.  A slope may be a State, a
module, or a dict by path, nested or flat.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import numpy as np

from .jax_modules import by_path, like, wide_as
from .torch_programs.parameters import arguments_of, signature_of


class Opened:
    """The arguments of one point: where modules are, and what each holds beside its parameters."""

    def __init__(self, nnx: Any, point: tuple):
        self.nnx = nnx
        leaves, self.tree = jax.tree.flatten(point, is_leaf=self.is_module)
        self.split = {
            k: nnx.split(leaf, nnx.Param, ...)
            for k, leaf in enumerate(leaves)
            if self.is_module(leaf)
        }

    def is_module(self, value: Any) -> bool:
        return isinstance(value, self.nnx.Module)

    def inward(self, point: tuple) -> tuple:
        """Modules as dicts; raises ValueError where another draw has them elsewhere."""
        leaves, tree = jax.tree.flatten(point, is_leaf=self.is_module)
        found = {k for k, leaf in enumerate(leaves) if self.is_module(leaf)}
        if tree != self.tree or found != set(self.split):
            raise ValueError("args: modules are not at the same places of every draw")
        return jax.tree.unflatten(tree, [self.named(leaf) for leaf in leaves])

    def outward(self, point: tuple) -> tuple:
        """Dicts as new modules; what comes after the arguments stays."""
        count = self.tree.num_nodes and len(self.tree.children())
        parts = self.tree.flatten_up_to(tuple(point[:count]))
        whole = [self.merged(k, x) if k in self.split else x for k, x in enumerate(parts)]
        return (*jax.tree.unflatten(self.tree, whole), *point[count:])

    def merged(self, k: int, named: dict) -> Any:
        graph, moving, rest = self.split[k]
        kept = jax.tree.map(wide_as(named), rest)
        return self.nnx.merge(graph, like(moving, named), kept)

    def named(self, value: Any) -> Any:
        """A module or State as a dict by path; anything else as it is."""
        if self.is_module(value):
            value = self.nnx.state(value, self.nnx.Param)
        return by_path(value) if isinstance(value, self.nnx.State) else value

    def answer(self, value: Any) -> Any:
        """A gradient's answer with dicts by path for States, modules and dicts of dicts."""
        is_whole = lambda x: isinstance(x, self.nnx.State | self.nnx.Module) or self._is_nested(x)
        flat = lambda x: by_path(x) if self._is_nested(x) else self.named(x)
        return jax.tree.map(flat, value, is_leaf=is_whole)

    def _is_nested(self, value: Any) -> bool:
        if not isinstance(value, dict) or not value:
            return False
        return any(
            set(by_path(value)) == set(by_path(moving)) for _, moving, _ in self.split.values()
        )


def opened(gradient: Any, of: Any, args: Any) -> tuple[Any, Any, Any]:
    """The three with dicts of parameters for modules; as they are where there is no module."""
    nnx = sys.modules.get("flax.nnx")
    if nnx is None or not callable(of) or args is None:
        return gradient, of, args
    point = _first(args)
    if point is None or not (here := Opened(nnx, point)).split:
        return gradient, of, args
    return (
        _through(gradient, lambda *given: here.answer(gradient(*here.outward(given)))),
        _through(of, lambda *given: of(*here.outward(given))),
        _drawing(args, here) if callable(args) else here.inward(point),
    )


def _first(args: Any) -> tuple | None:
    """One point; None where a sampler cannot be asked here, and will be asked again."""
    if not callable(args):
        return args if isinstance(args, tuple) else None
    try:
        return arguments_of(args(np.random.default_rng(0)))
    except Exception:  # somebody's sampler: what is wrong with it is said where it is drawn from
        return None


def _drawing(args: Callable, here: Opened) -> Callable:
    def sample(rng, *dtype, **named):
        return here.inward(arguments_of(args(rng, *dtype, **named)))

    sample.__signature__ = signature_of(args)  # pyright: ignore[reportFunctionMemberAccess]
    return sample


def _through(function: Callable, run: Callable) -> Callable:
    try:
        return wraps(function)(run)
    except (AttributeError, TypeError):  # a callable that tells nobody what it is
        return run
