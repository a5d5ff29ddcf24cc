"""Whether a function holds values still on purpose, which differences of its values do not see.

`stop_gradient(x)` moves when x does; its derivative is 0 by the wish of who wrote it.  A draw of
the gamma distribution has the slope of a path that no step of its program follows.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

from ..arithmetic import gamma_draws
from ..arithmetic.inner_programs import PLAIN_CALLS, RULED_CALLS, bodies, equations, program_of
from ..arithmetic.linear import bind
from ..arithmetic.shifts import anew, replayed, within_steps
from ..oracles.question import as_exact

STOP = "stop_gradient"
STILL = (
    "a value is held still in it (stop_gradient, or a draw of the gamma distribution), which "
    "differences do not see"
)
ALIKE = 2.0**-20  # relative: much more than float64 rounds, much less than what is left out


def holds_still(of: Callable, args: tuple, argnums: tuple[int, ...]) -> bool:
    """Whether the derivative that is meant is another than that of the values, at this point.

    In float64: what a narrower format rounds is no sign of it.
    """
    leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
    flat = lambda *given: jax.tree.leaves(of(*jax.tree.unflatten(tree, given)))
    with jax.enable_x64(True):
        program = jax.make_jaxpr(flat)(*leaves)
    if any(eqn.primitive.name == gamma_draws.NAME for eqn in equations(program.jaxpr)):
        return True
    if not any(eqn.primitive.name == STOP for eqn in _followed(program.jaxpr)):
        return False
    numbers = jax.tree.unflatten(tree, list(range(len(leaves))))
    moving = [k for i in argnums for k in jax.tree.leaves(numbers[i]) if _is_float(leaves[k])]
    try:
        meant, moved = (_slopes(program, leaves, moving, still) for still in (True, False))
    except Exception:  # without the stop it has no derivative at all
        return True
    pairs = zip(meant, moved, strict=True)
    return not all(np.allclose(a, b, rtol=ALIKE, atol=0.0, equal_nan=True) for a, b in pairs)


def _followed(program: Jaxpr) -> Iterator[JaxprEqn]:
    """The equations that autodiff goes through: where a rule is given the body is not one."""
    for eqn in program.eqns:
        yield eqn
        if eqn.primitive.name not in RULED_CALLS:
            for body in bodies(eqn.params):
                yield from _followed(body)


def _is_float(leaf: Any) -> bool:
    return jnp.issubdtype(np.asarray(leaf).dtype, jnp.floating)


def _slopes(program: ClosedJaxpr, leaves: list, moving: list[int], still: bool) -> list:
    """Of a weighted sum of all that is returned."""

    def scalar(*numbers):
        given = dict(enumerate(leaves)) | dict(zip(moving, numbers, strict=True))
        inputs = [given[k] for k in range(len(leaves))]
        outs = replayed(program, inputs, partial(_outputs, still))
        parts = [x for out in outs if _is_inexact(out) for x in (out.real, out.imag)]
        weights = lambda x: jnp.cos(jnp.arange(float(x.size))).reshape(x.shape)
        return sum(jnp.sum(x * weights(x)) for x in parts)

    with jax.enable_x64(True):
        picked = [jnp.asarray(leaves[k]) for k in moving]
        return list(jax.grad(scalar, tuple(range(len(picked))))(*picked))


def _is_inexact(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _outputs(still: bool, eqn: JaxprEqn, ins: list) -> list:
    if eqn.primitive.name in PLAIN_CALLS:
        return replayed(program_of(eqn.params), ins, partial(_outputs, still))
    if not still:
        eqn = within_steps(eqn, lambda program: anew(program, partial(_outputs, still)))
    return ins if eqn.primitive.name == STOP and not still else bind(eqn, ins)
