"""A function that is only called: as a scalar of the coordinates that are wanted, row by row.

What JAX can trace is called for many rows at once, in one compiled program.
"""

from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache, partial, wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from ..arithmetic import inner_programs
from ..arithmetic.inner_programs import equations
from ..measurement.subject import Subject
from ..oracles.question import Question, as_exact
from ..vocabulary import Silent

FACTORS = {"svd", "eigh", "eig", "qr", "geqrf", "lu", "cholesky", "schur"}
ROWS, MEMORY = 64, 2**22  # rows in one call, and float entries


@cache
def no_program() -> ClosedJaxpr:
    return jax.make_jaxpr(lambda: ())()


def of_jax_arrays(of: Callable) -> Callable:
    """The same function, called as JAX traces it: one that says x.at[i] takes no array of NumPy."""
    as_traced = lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x

    @wraps(of)
    def function(*args):
        return of(*jax.tree.map(as_traced, args))

    return function


class BlackBox:
    """The function of a subject at one point, as a scalar of its wanted coordinates."""

    def __init__(self, subject: Subject, args: tuple, cotangent: Any):
        exact = jax.tree.map(as_exact, args)
        self.of, self.cotangent = subject.of, jax.tree.map(as_exact, cotangent)
        paths, self.tree = jax.tree_util.tree_flatten_with_path(exact)
        self.leaves = [leaf for _, leaf in paths]
        order = {argnum: k for k, argnum in enumerate(subject.argnums)}
        mine = [
            (order[path[0].idx], i)
            for i, (path, leaf) in enumerate(paths)
            if path[0].idx in order and leaf.dtype.kind == "f"
        ]
        self.wanted = [i for _, i in sorted(mine)]
        self.paths = tuple(jax.tree_util.keystr(paths[i][0]) for i in self.wanted)
        self.x = np.concatenate([self.leaves[i].ravel() for i in self.wanted])

    @property
    def question(self) -> Question:
        """What is answered, by name; there is no program."""
        return Question(
            no_program(), self.leaves, tuple(self.wanted), self.paths, self, self.of, ()
        )

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """<cotangent, f>, or f, with each row for coordinates.

        NaN for real coordinates at which f raises, or answers no number; of complex ones it raises.
        """
        with jax.enable_x64(True):
            if np.iscomplexobj(rows):
                return np.array([self.value(row) for row in rows])
            return np.array([np.real(self._number(row)) for row in rows], np.float64)

    def _number(self, row: np.ndarray) -> Any:
        try:
            return self.value(row)
        except Exception:  # somebody's function, where it was never meant to go
            return np.nan

    def value(self, row: np.ndarray) -> Any:
        return sum(term.sum() for term in self.terms(row))

    @cached_property
    def size(self) -> float:
        """That of the terms which are summed, at the point itself."""
        with jax.enable_x64(True), np.errstate(all="ignore"):
            return float(sum(np.abs(term).sum() for term in self.terms(self.x)))

    def terms(self, row: np.ndarray) -> list[np.ndarray]:
        """What is summed.  Raises Silent where f answers no arrays, or others than before."""
        leaves = list(self.leaves)
        for i, part in zip(self.wanted, self.split(row), strict=True):
            leaves[i] = part
        answer = jax.tree.leaves(self.of(*jax.tree.unflatten(self.tree, leaves)))
        above = [np.ones(())] if self.cotangent is None else jax.tree.leaves(self.cotangent)
        shapes = [np.shape(value) for value in answer], [c.shape for c in above]
        if shapes[0] != shapes[1]:
            raise Silent(f"it answers arrays of shapes {shapes[0]}, where {shapes[1]} are expected")
        pairs = zip(answer, above, strict=True)
        return [np.asarray(np.asarray(value) * c) for value, c in pairs]

    def split(self, x: np.ndarray) -> list[np.ndarray]:
        shapes = [self.leaves[i].shape for i in self.wanted]
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in shapes])
        return [p.reshape(s) for p, s in zip(np.split(x, ends[:-1]), shapes, strict=True)]


class TracedBox(BlackBox):
    """The same for a function that JAX traces: many rows under one compilation."""

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        total = max(sum(leaf.size for leaf in self.leaves), 1)
        size = int(np.clip(MEMORY // total, 1, ROWS))
        parts = [rows[low : low + size] for low in range(0, len(rows), size)]
        try:
            return np.concatenate([self._batch(part, size) for part in parts])
        except Exception:
            if np.iscomplexobj(rows):
                raise
            return self._one_by_one(rows)  # it can be called, though not compiled for many

    def _one_by_one(self, rows: np.ndarray) -> np.ndarray:
        """One compiled program, called for each row: a callback is compiled once, not each time."""
        try:
            with jax.enable_x64(True):
                run = _compiled_alone(self.of, self.tree, tuple(self.wanted))
                found = [run(row, self.leaves, self.cotangent) for row in rows]
                return np.array([np.real(np.asarray(one)) for one in found], np.float64)
        except Exception:  # what it raises at a row is that row's: it is called for each, plainly
            return super().__call__(rows)

    def _batch(self, rows: np.ndarray, size: int) -> np.ndarray:
        """Filled up to one size, so that it is compiled once."""
        filled = np.concatenate([rows, np.repeat(rows[-1:], size - len(rows), axis=0)])
        loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
        with jax.enable_x64(True), loose[0], loose[1]:
            return np.asarray(self._rows(filled))[: len(rows)]

    def _rows(self, filled: np.ndarray) -> Any:
        run = _compiled(self.of, self.tree, tuple(self.wanted))
        return run(filled, self.leaves, self.cotangent)


class FloatsTracedBox(TracedBox):
    """The same where JAX traces floats alone, as where integers index a constant of NumPy.

    Integers are held as they are at the point: one program for each value of theirs.
    """

    @cached_property
    def is_traced(self) -> bool:
        try:
            with jax.enable_x64(True):
                value = partial(_value_where, self.of, self.tree, tuple(self.wanted), self.held)
                return jax.eval_shape(value, self.x, self.leaves, self.cotangent).shape == ()
        except Exception:  # somebody's function may raise anything
            return False

    @cached_property
    def held(self) -> tuple[tuple[int, str, tuple[int, ...], bytes], ...]:
        """Integers: which leaf, and what is in it."""
        whole = [(i, x) for i, x in enumerate(self.leaves) if x.dtype.kind in "iub"]
        return tuple((i, x.dtype.str, x.shape, x.tobytes()) for i, x in whole)

    def _rows(self, filled: np.ndarray) -> Any:
        run = _compiled(self.of, self.tree, tuple(self.wanted), self.held)
        return run(filled, self.leaves, self.cotangent)


@lru_cache(maxsize=64)
def _compiled(of: Callable, tree: Any, wanted: tuple[int, ...], held: tuple = ()) -> Callable:
    """of's terms, summed, at every row of coordinates."""
    value = partial(_value_where, of, tree, wanted, held)
    return jax.jit(jax.vmap(value, (0, None, None)))


@lru_cache(maxsize=64)
def _compiled_alone(of: Callable, tree: Any, wanted: tuple[int, ...]) -> Callable:
    """The same at one row: what cannot be run for many at once."""
    return jax.jit(partial(_value, of, tree, wanted))


def _value_where(of: Callable, tree: Any, wanted: Iterable[int], held, row, leaves, cotangent):
    """One row, with the leaves that are held as constants."""
    leaves = list(leaves)
    for i, dtype, shape, data in held:
        leaves[i] = np.frombuffer(data, dtype).reshape(shape)
    return _value(of, tree, wanted, row, leaves, cotangent)


def _value(of: Callable, tree: Any, wanted: Iterable[int], row, leaves, cotangent) -> Any:
    """One row in place of the wanted leaves."""
    leaves, low = list(leaves), 0
    for i in wanted:
        size = leaves[i].size
        leaves[i] = jnp.reshape(row[low : low + size], leaves[i].shape)
        low += size
    answer = jax.tree.leaves(of(*jax.tree.unflatten(tree, leaves)))
    if cotangent is None:
        return answer[0]
    pairs = zip(answer, jax.tree.leaves(cotangent), strict=True)
    return sum(jnp.sum(v * c) for v, c in pairs)


def waits(of: Callable, args: tuple) -> bool:
    """Whether some loop of the traced function goes on for as long as real numbers say."""
    with jax.enable_x64(True):
        return inner_programs.waits(jax.make_jaxpr(of)(*args).jaxpr)


def is_factored(of: Callable, args: tuple) -> bool:
    """Whether some matrix of the traced function is factored."""
    with jax.enable_x64(True):
        program = jax.make_jaxpr(of)(*args)
    return any(eqn.primitive.name in FACTORS for eqn in equations(program.jaxpr))


def is_complex(of: Callable, args: tuple) -> bool:
    """Whether some number of the traced function is complex."""
    with jax.enable_x64(True):
        program = jax.make_jaxpr(of)(*args)
    holds = lambda v: jnp.issubdtype(v.aval.dtype, jnp.complexfloating)
    return any(holds(v) for eqn in equations(program.jaxpr) for v in eqn.outvars)
