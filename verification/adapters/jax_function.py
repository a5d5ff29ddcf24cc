"""JAX functions given as themselves: their own derivative, and their value, are the candidates.

Functions with rules of their own (custom_vjp, custom_jvp; a Pallas kernel inside one) are known at
sight; anything that wraps them goes through `derivative`.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .function import Function
from .trees import inward, outward

JITTED = type(jax.jit(abs))
TANGENTS = 64  # float entries up to which forward mode is asked for every one


def derivative(f: Callable, ahead: bool = False) -> Function:
    """The candidate that JAX's derivative of f is: by jax.vjp, and by jax.jvp where `ahead`.

    Raises TypeError for what is not callable.
    """
    if not callable(f):
        raise TypeError(f"f is {f!r}; pass a function of JAX arrays")
    again = lambda argnums: derivative(pulled(f, argnums))._replace(name=named(f))
    under = lambda transform: derivative(transform(f), ahead)._replace(name=named(f))
    return Function(named(f), lambda argnums: answers(f, argnums, ahead), ahead, again, under)


def named(f: Any) -> str:
    inner = f.func if isinstance(f, partial) else f
    return getattr(inner, "__name__", type(inner).__name__)


def takes(f: Callable, count: int) -> bool:
    """Whether it can be called with so many arguments, as far as it tells."""
    try:
        inspect.signature(f).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # some callables tell nobody
        return True
    return True


def recognised(candidate: Any) -> Function | None:
    """custom_jvp goes both ways; custom_vjp has no forward mode.  Both may be in jit or partial."""
    own = candidate
    while (inside := _within(own)) is not None:
        own = inside
    if isinstance(own, jax.custom_jvp):
        return derivative(candidate, ahead=True)
    return derivative(candidate) if isinstance(own, jax.custom_vjp) else None


def bare(candidate: Any) -> Callable | None:
    """The forward pass of a custom_jvp or custom_vjp; None for what is neither."""
    if (inside := _within(candidate)) is None:
        return candidate.fun if isinstance(candidate, jax.custom_jvp | jax.custom_vjp) else None
    forward = bare(inside)
    if forward is None or not isinstance(candidate, partial):
        return forward
    return partial(forward, *candidate.args, **candidate.keywords)


def _within(candidate: Any) -> Any:
    """What is in a jit or a partial; None for what is neither."""
    if isinstance(candidate, partial):
        return candidate.func
    return getattr(candidate, "__wrapped__", None) if isinstance(candidate, JITTED) else None


def answers(f: Callable, argnums: tuple[int, ...], ahead: bool = False) -> Callable:
    """(*args, cotangent) -> leaves of the value, of the pullback, and by forward mode again."""

    def answer(*args) -> list:
        *inputs, cotangent = jax.tree.map(_numbers, args)
        only, picked = restricted(f, inputs, argnums)
        value, pull = jax.vjp(only, *picked)
        above = like(cotangent, value)
        slopes = pull(above)
        again = forward(only, picked, above) if ahead and entries(picked) <= TANGENTS else ()
        return [*jax.tree.leaves(value), *slopes, *again]

    return answer


def _numbers(leaf: Any) -> Any:
    """An array of JAX; what is no number stays as it is."""
    return leaf if isinstance(leaf, str | bytes) or callable(leaf) else jnp.asarray(leaf)


def pulled(f: Callable, argnums: tuple[int, ...]) -> Callable:
    """(*args, cotangent) -> leaves of the pullback, which can be differentiated again."""

    def slopes(*args) -> list:
        *inputs, cotangent = inward(args)
        only, picked = restricted(f, inputs, argnums)
        value, pull = jax.vjp(only, *picked)
        return list(pull(like(cotangent, value)))

    return slopes


def restricted(f: Callable, inputs: list, argnums: tuple[int, ...]) -> tuple[Callable, list]:
    """f as a function of the float leaves of inputs[i] for i in argnums alone, and those leaves."""
    chosen, tree = jax.tree.flatten([inputs[i] for i in argnums])
    floats = [k for k, leaf in enumerate(chosen) if jnp.issubdtype(leaf.dtype, jnp.floating)]

    def only(*leaves):
        merged = dict(enumerate(chosen)) | dict(zip(floats, leaves, strict=True))
        parts = jax.tree.unflatten(tree, [merged[k] for k in range(len(chosen))])
        whole = dict(enumerate(inputs)) | dict(zip(argnums, parts, strict=True))
        return inward(f(*outward(tuple(whole[i] for i in range(len(inputs))))))

    return only, [chosen[k] for k in floats]


def linearized(f: Callable) -> Callable:
    """f, whose pullback is the transpose of its linearization."""

    def primal(*args):
        return f(*args)

    def forth(*args):
        value, along = jax.linearize(f, *args)
        return value, jax.linear_transpose(along, *args)

    own = jax.custom_vjp(primal)
    own.defvjp(forth, lambda back, above: back(above))
    return own


def forward(only: Callable, picked: list, above: Any) -> tuple:
    """d <value, above> in every entry, by one tangent each."""

    def scalar(*leaves):
        pairs = zip(jax.tree.leaves(only(*leaves)), jax.tree.leaves(above), strict=True)
        return sum(jnp.sum(v * c) for v, c in pairs)

    return jax.jacfwd(scalar, tuple(range(len(picked))))(*picked)


def entries(leaves: list) -> int:
    return sum(leaf.size for leaf in leaves)


def like(cotangent: Any, value: Any) -> Any:
    """The cotangent in the structure and the dtypes of the value."""
    leaves, tree = jax.tree.flatten(value)
    above = jax.tree.leaves(cotangent)
    pairs = zip(above, leaves, strict=True)
    return jax.tree.unflatten(tree, [jnp.asarray(c).astype(v.dtype) for c, v in pairs])
