"""Gradients at symmetric and triangular matrices, which differ although all of them are right.

With T the derivative by each entry as if all were free, the gradients that people write are

symmetric    (T + T') / 2                       the symmetrised one
             tril(T + T') - diag(T)             a function that reads the lower triangle; the upper
             T + T' - diag(T)                   by each pair of equal entries at once
triangular   tril(T), triu(T)                   by the entries that are no constant zeros

A form counts only for arguments that have the structure at every case.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import keystr, tree_flatten_with_path, tree_map_with_path

from ..adapters.trees import inward, opened, outward
from ..arithmetic.formats import format_of
from ..oracles.question import as_exact
from ..vocabulary import Ball
from .layout import is_real

SYMMETRIC, TRIANGULAR = "symmetric", "triangular"


class Form(NamedTuple):
    """A gradient that differs from the derivative by each entry, and the function it belongs to."""

    structure: str
    sentence: str
    of_derivative: Callable  # of T, linear, with entries at least 0: of a radius or a budget, too
    of_argument: Callable  # equal to the argument where that has the structure
    doubled: bool = False  # the answer is that, with what is off the diagonal twice

    def applied(self, ball: Ball) -> Ball:
        return Ball(*map(self.room, ball[:3]), proven=ball.proven)

    def room(self, x: np.ndarray) -> np.ndarray:
        """The form of numbers that stand entry by entry beside a derivative."""
        return np.asarray(self.of_derivative(x) * (weights(x) if self.doubled else 1.0))


def _t(x):
    return x.swapaxes(-1, -2)


def _library(x) -> Any:
    return jnp if isinstance(x, jax.Array) else np


def _tril(x, k=0):
    return _library(x).tril(x, k)


def _triu(x, k=0):
    return _library(x).triu(x, k)


def weights(x) -> np.ndarray:
    """2, and 1 on the diagonal."""
    return 2.0 - np.eye(x.shape[-1])


FORMS = {
    "symmetrised": Form(
        SYMMETRIC,
        "the symmetrised gradient, half of it and of its transpose",
        lambda t: 0.5 * t + 0.5 * _t(t),
        lambda a: 0.5 * a + 0.5 * _t(a),
    ),
    "lower": Form(
        SYMMETRIC,
        "the gradient of a function that reads the lower triangle",
        lambda t: _tril(t) + _tril(_t(t), -1),
        lambda a: _tril(a) + _t(_tril(a, -1)),
    ),
    "upper": Form(
        SYMMETRIC,
        "the gradient of a function that reads the upper triangle",
        lambda t: _triu(t) + _triu(_t(t), 1),
        lambda a: _triu(a) + _t(_triu(a, 1)),
    ),
    "doubled": Form(
        SYMMETRIC,
        "the derivative by both of two equal entries at once, twice as much off the diagonal",
        lambda t: 0.5 * t + 0.5 * _t(t),
        lambda a: 0.5 * a + 0.5 * _t(a),
        doubled=True,
    ),
    "lower alone": Form(TRIANGULAR, "the lower triangle of the gradient", _tril, _tril),
    "upper alone": Form(TRIANGULAR, "the upper triangle of the gradient", _triu, _triu),
}


class Structured(NamedTuple):
    """One form, for the arguments at `paths`, which have its structure."""

    form: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        return FORMS[self.form].structure

    @property
    def sentence(self) -> str:
        mine = ", ".join(f"args{path}" for path in self.paths)
        are = "is" if len(self.paths) == 1 else "are"
        return f"it is {FORMS[self.form].sentence} ({mine} {are} {self.name} at every case)"

    def room(self, x: np.ndarray, path: str) -> np.ndarray:
        return FORMS[self.form].room(x) if path in self.paths else x

    def truth(self, ball: Ball, path: str) -> Ball:
        return FORMS[self.form].applied(ball) if path in self.paths else ball

    def function(self, of: Callable) -> Callable:
        """Equal to `of` where the arguments are structured; its derivative is of this form."""
        change = FORMS[self.form].of_argument

        def reads_less(*args) -> Any:
            at = lambda path, x: change(x) if keystr(path) in self.paths else x
            return of(*tree_map_with_path(at, inward(args)))

        return reads_less

    def candidate(self, gradient: Any, argnums: int | tuple[int, ...]) -> Any:
        """The gradient whose truth is the derivative of `function`."""
        if not FORMS[self.form].doubled or not callable(gradient):
            return gradient

        def changed(path, x):
            number, rest = (
                (argnums, path) if isinstance(argnums, int) else (argnums[path[0].idx], path[1:])
            )
            return x / weights(x) if f"[{number}]{keystr(rest)}" in self.paths else x

        @wraps(gradient, updated=())
        def halved(*args) -> Any:
            return outward(tree_map_with_path(changed, opened(gradient(*args))))

        return halved

    def holds(self, args: tuple) -> bool:
        """Whether those arguments have the structure here, too."""
        leaves = tree_flatten_with_path(inward(args))[0]
        mine = (x for path, x in leaves if keystr(path) in self.paths)
        return all(self.form in forms(x) for x in mine)


def forms(x: Any) -> tuple[str, ...]:
    """The forms for a matrix, or a stack of them, of this structure."""
    x = np.asarray(x)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2] or x.shape[-1] < 2:
        return ()
    met = {
        "symmetrised": _near(x, _t(x)),
        "lower alone": np.array_equal(x, np.tril(x)),
        "upper alone": np.array_equal(x, np.triu(x)),
    }
    met |= dict.fromkeys(("lower", "upper", "doubled"), met["symmetrised"])
    return tuple(name for name in FORMS if met[name])


def _near(x: np.ndarray, other: np.ndarray) -> bool:
    """Equal but for the rounding of a product of two matrices of this size."""
    room = x.shape[-1] * format_of(x.dtype.name).unit * np.abs(x).max(initial=0.0)
    return bool((np.abs(as_exact(x) - as_exact(other)) <= float(room)).all())


def structures(args: tuple, argnums: tuple[int, ...]) -> Iterator[Structured]:
    """Every form that some of the arguments args[i], i in argnums, have the structure for."""
    leaves = tree_flatten_with_path(inward(args))[0]
    known = [(keystr(p), forms(x)) for p, x in leaves if p[0].idx in argnums and is_real(x)]
    for name in FORMS:
        if found := tuple(path for path, names in known if name in names):
            yield Structured(name, found)
