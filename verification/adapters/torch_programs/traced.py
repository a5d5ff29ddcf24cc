"""A PyTorch program, traced: run once on tensors without numbers, each operator written in JAX.

PyTorch's own dispatcher takes the program apart into ATen operators, and says their shapes and
dtypes (FakeTensorMode); inside.py has the JAX value of each.  Because the person's code itself is
running, JAX notes the lines of it that every equation came from.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr

from . import boundaries
from .branches import Way
from .inside import Inside, WantsSlopes, dtype_of
from .modes import running, tracing

__all__ = ["WantsSlopes", "traced"]


def traced(
    run: Callable,
    shapes: list[tuple],
    names: list[Any],
    answers: tuple = (),
    records: bool = False,
    stops: frozenset = frozenset(),
    wide: bool = False,
) -> tuple[ClosedJaxpr, bool]:
    """The program of run(*tensors) -> tensors, for arrays of these shapes and torch dtypes.

    And whether it draws random numbers, which are constants then.  `answers` are what it reads of
    its numbers, in turn; where they are others the outputs are NaN.  `stops` are the operators
    that are not looked into: what they do there is among the answers.  Where it is `wide`, what is
    float32 to PyTorch is float64 here.
    Raises whatever the program does where it cannot be run without numbers, NotTraced, and, where
    its arguments are not recorded by autograd (`records`), WantsSlopes.
    """
    dtypes = [dtype_of(name, wide) for name in names]
    given = [jax.ShapeDtypeStruct(s, d) for s, d in zip(shapes, dtypes, strict=True)]
    is_random = []

    def flat(*values):
        with tracing() as torch, torch.enable_grad():
            inside = Inside(torch, Way(answers), records, stops, wide)
            tensors = [torch.empty(s, dtype=n) for s, n in zip(shapes, names, strict=True)]
            for tensor, value in zip(tensors, values, strict=True):
                inside.memory.put(tensor, value)
                tensor.requires_grad_(records and tensor.is_floating_point())
            with running(inside), boundaries.forwards(torch, inside.forward):
                outs = run(*tensors)
            is_random.append(inside.is_random)
            return [inside.way.kept(inside.value(out)) for out in outs]

    return jax.make_jaxpr(flat)(*given), any(is_random)
