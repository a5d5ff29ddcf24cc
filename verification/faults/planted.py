"""One wrong local derivative, anywhere in a function: a reverse sweep by hand, in NumPy.

It shares no code with what explains mistakes: it is there to examine it.  A straight-line program
of the primitives of PULLS is run, and pulled back once; what one operand of one equation hands on
is multiplied by a factor: 0 drops the path, -1 is a wrong sign.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from ..vocabulary import NoRule

Place = tuple[int, int]  # the number of an equation, and of its operand


def traced(function: Callable, args: tuple) -> ClosedJaxpr:
    with jax.enable_x64(True):
        return jax.make_jaxpr(function)(*args)


def places(program: ClosedJaxpr) -> list[Place]:
    """Every operand that is a float and no constant."""
    return [
        (k, i)
        for k, eqn in enumerate(program.jaxpr.eqns)
        for i, atom in enumerate(eqn.invars)
        if not isinstance(atom, Literal) and atom.aval.dtype.kind == "f"
    ]


def planted(program: ClosedJaxpr, mistakes: dict[Place, float]) -> Callable:
    """gradient(*args) in every argument, what goes through each place times its factor."""
    return lambda *args: tuple(swept(program, args, mistakes))


def swept(program: ClosedJaxpr, args: tuple, mistakes: dict[Place, float]) -> list[np.ndarray]:
    jaxpr = program.jaxpr
    value: dict = dict(zip(jaxpr.invars, map(np.asarray, args), strict=True))
    value |= zip(jaxpr.constvars, map(np.asarray, program.consts), strict=True)
    read = lambda atom: np.asarray(atom.val) if isinstance(atom, Literal) else value[atom]
    for eqn in jaxpr.eqns:
        ins = [read(atom) for atom in eqn.invars]
        value[eqn.outvars[0]] = np.asarray(rule(VALUES, eqn)(*ins, **eqn.params))
    handed: dict = {jaxpr.outvars[0]: np.ones(())}
    for k, eqn in reversed(list(enumerate(jaxpr.eqns))):
        above = handed.pop(eqn.outvars[0], None)
        if above is None:
            continue
        ins, out = [read(atom) for atom in eqn.invars], value[eqn.outvars[0]]
        pulled = rule(PULLS, eqn)(above, out, *ins, **eqn.params)
        for i, (atom, d) in enumerate(zip(eqn.invars, pulled, strict=True)):
            if not isinstance(atom, Literal) and d is not None:
                part = mistakes.get((k, i), 1.0) * fitted(d, value[atom].shape)
                handed[atom] = handed[atom] + part if atom in handed else part
    return [handed.get(v, np.zeros(v.aval.shape)) for v in jaxpr.invars]


def rule(table: dict[str, Callable], eqn) -> Callable:
    if eqn.primitive.name not in table:
        raise NoRule(f"no mistake can be planted in a program with {eqn.primitive.name!r}")
    return table[eqn.primitive.name]


def fitted(d, shape: tuple[int, ...]):
    """Summed back along the axes that an operand was stretched along."""
    d = np.asarray(d)
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and d.shape[i] > 1)
    return d.sum(axis=axes, keepdims=True)


def _spread(x, shape, broadcast_dimensions, **_):
    sizes = [1] * len(shape)
    for axis, n in zip(broadcast_dimensions, x.shape, strict=True):
        sizes[axis] = n
    return np.broadcast_to(x.reshape(sizes), shape)


def _unspread(d, out, x, shape, broadcast_dimensions, **_):
    gone = tuple(i for i in range(len(shape)) if i not in broadcast_dimensions)
    return (fitted(d.sum(axis=gone), x.shape),)


def _back(d, out, x, axes, **_):
    return (np.broadcast_to(np.expand_dims(d, tuple(axes)), x.shape),)


VALUES: dict[str, Callable] = {
    "add": lambda x, y, **_: x + y,
    "sub": lambda x, y, **_: x - y,
    "mul": lambda x, y, **_: x * y,
    "div": lambda x, y, **_: x / y,
    "neg": lambda x, **_: -x,
    "tanh": lambda x, **_: np.tanh(x),
    "sin": lambda x, **_: np.sin(x),
    "cos": lambda x, **_: np.cos(x),
    "exp": lambda x, **_: np.exp(x),
    "log1p": lambda x, **_: np.log1p(x),
    "logistic": lambda x, **_: 1.0 / (1.0 + np.exp(-x)),
    "square": lambda x, **_: x * x,
    "integer_pow": lambda x, y, **_: x**y,
    "dot_general": lambda x, y, **_: x @ y,
    "reduce_sum": lambda x, axes, **_: x.sum(axis=tuple(axes)),
    "broadcast_in_dim": _spread,
    "reshape": lambda x, new_sizes, **_: x.reshape(new_sizes),
}
PULLS: dict[str, Callable[..., Any]] = {
    "add": lambda d, out, x, y, **_: (d, d),
    "sub": lambda d, out, x, y, **_: (d, -d),
    "mul": lambda d, out, x, y, **_: (d * y, d * x),
    "div": lambda d, out, x, y, **_: (d / y, -d * out / y),
    "neg": lambda d, out, x, **_: (-d,),
    "tanh": lambda d, out, x, **_: (d * (1.0 - out) * (1.0 + out),),
    "sin": lambda d, out, x, **_: (d * np.cos(x),),
    "cos": lambda d, out, x, **_: (-d * np.sin(x),),
    "exp": lambda d, out, x, **_: (d * out,),
    "log1p": lambda d, out, x, **_: (d / (1.0 + x),),
    "logistic": lambda d, out, x, **_: (d * out / (1.0 + np.exp(x)),),
    "square": lambda d, out, x, **_: (2.0 * d * x,),
    "integer_pow": lambda d, out, x, y, **_: (d * y * x ** (y - 1),),
    "dot_general": lambda d, out, x, y, **_: (d @ y.T, x.T @ d),
    "reduce_sum": _back,
    "broadcast_in_dim": _unspread,
    "reshape": lambda d, out, x, **_: (d.reshape(x.shape),),
}
