"""Whether a system of equations has one root beside a point: Krawczyk's interval Newton step.

Theorem (Krawczyk, 1969; Moore, 1977).  Let F be continuously differentiable on a box X around x,
J(X) an enclosure of its Jacobian there, and Y any matrix.  If

    K = x - Y F(x) + (I - Y J(X)) (X - x)

lies inside of X, then F has exactly one root in X, and it lies in K.  All of it is computed in real
balls; Y is the inverse of the Jacobian at x, in floats.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb, ctx

from ..arithmetic.balls import BALLS
from ..arithmetic.interpreter import is_plain, run
from .question import as_exact

BITS = 192
WIDER = (8.0, 64.0, 4096.0)  # times the first step: how far from the point a box is tried


def has_one_root(residual: Callable, x: np.ndarray, args: tuple) -> bool:
    """Whether residual(x, *args) = 0 has one root in a box around the vector x."""
    leaves = [as_exact(leaf) for leaf in jax.tree.leaves(args)]
    tree = jax.tree.structure(args)
    of = lambda x, *rest: residual(x, *jax.tree.unflatten(tree, rest))
    with jax.enable_x64(True):
        value = jax.make_jaxpr(of)(x, *leaves)
        slope = jax.make_jaxpr(jax.jacfwd(of))(x, *leaves)
        inverse = np.linalg.inv(np.asarray(jax.jacfwd(of)(jnp.asarray(x), *leaves)))
    with ctx.workprec(BITS):
        given = [leaf if is_plain(leaf) else BALLS.lift(leaf) for leaf in leaves]
        off = _product(inverse, run(value, [BALLS.lift(x), *given], BALLS)[0])
        size = max((float(abs(o).abs_upper()) for o in off), default=0.0)
        least = float(np.spacing(np.abs(x).max(initial=1.0)))
        return any(_holds(x, wide * size + least, off, inverse, slope, given) for wide in WIDER)


def _holds(x, radius: float, off, inverse: np.ndarray, slope, given: list) -> bool:
    box = np.array([arb(float(v), radius) for v in x], object)
    jacobian = run(slope, [box, *given], BALLS)[0]
    rest = np.eye(len(x), dtype=object) - _product(inverse, jacobian)
    step = _product(rest, np.array([arb(0, radius)] * len(x), object)) - off
    return all(bool(abs(s) < radius) for s in step)


def _product(matrix, other):
    lifted = np.frompyfunc(arb, 1, 1)(np.asarray(matrix, object))
    return np.asarray(lifted @ np.asarray(other, object), object)
