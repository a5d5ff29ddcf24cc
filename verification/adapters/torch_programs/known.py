"""What is a PyTorch program: known at sight, by the names in its code, or by trial.

What is known at sight: a module, a subclass of torch.autograd.Function or its apply, a compiled or
a scripted one.  A plain function is taken for one of tensors if its code names PyTorch, and it
answers tensors where it is given them.
"""

import functools
import sys
import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any

import jax
import numpy as np

from ..trees import inward
from .names import is_compiled, names_torch
from .parameters import Module
from .passed import opened
from .programs import Program


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


def as_program(of: Any, point: tuple) -> Any:
    """`of` as a Program where it answers tensors at the point; a function of arrays as it is."""
    known = program(of)
    if known is None or isinstance(of, Program) or _takes_tensors(known, of, point):
        return of if known is None else known
    return of if _answers(lambda: of(*inward(point))) else known


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


TRIED = (("records", False), ("records", True), ("narrow", True))  # a program, in turn


def _takes_tensors(known: Program, of: Any, point: tuple) -> bool:
    """What is known at sight does; another function is tried, and how it wants its tensors."""
    torch = sys.modules["torch"]
    leaves, tree = jax.tree.flatten(inward(point))
    outs = None
    for name, wanted in TRIED:
        known.records, known.narrow = False, False
        setattr(known, name, wanted)
        try:
            with warnings.catch_warnings(action="ignore"):
                outs = known.run(*known.given(leaves, tree))
            break
        except Exception:  # a function of arrays, which may do anything with tensors
            known.narrow = False
    found = jax.tree.leaves(opened(outs))
    is_array = lambda x: isinstance(x, jax.Array | np.ndarray)
    is_one = any(isinstance(x, torch.Tensor) for x in found) and not any(map(is_array, found))
    return is_one or known.is_own
