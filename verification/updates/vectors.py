"""What an update rule is driven by: vectors built to tell variants of rules apart.

All leaves of a tree lie in one flat vector.  Each entry of the parameters meets gradients of its
own kind, over scales from far below every epsilon to huge; every kind is there at once, in leaves
of unequal size and rank.  The rate changes twice, by factors that are no powers of two.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import jax
import numpy as np

from ..arithmetic.formats import format_of
from ..derivations.rules import Variant
from ..oracles.question import as_exact


class Slices(tuple[slice, ...]):
    """Where each leaf lies in the vector; with the shapes, where they matter."""

    shapes: tuple[tuple[int, ...], ...] = ()


def along(x: np.ndarray, where: Slices, axis: int) -> np.ndarray:
    """Sums of matrices along an axis, at every entry that is summed; other leaves as they are."""
    out = x.copy()
    for s, shape in _matrices(where):
        leaf = x[..., s].reshape(*x.shape[:-1], *shape)
        sums = np.broadcast_to(leaf.sum(axis=axis, keepdims=True), leaf.shape)
        out[..., s] = sums.reshape(*x.shape[:-1], -1)
    return out


def elsewhere(x: np.ndarray, where: Slices, value: Any) -> np.ndarray:
    """The entries of matrices; at those of other leaves a value, or another vector's entries."""
    out = np.full_like(x, value)
    for s, _ in _matrices(where):
        out[..., s] = x[..., s]
    return out


def filled(where: Slices) -> list[slice]:
    """The leaves that have entries."""
    return [s for s in where if s.stop > s.start]


def _matrices(where: Slices) -> list[tuple[slice, tuple[int, ...]]]:
    return [(s, n) for s, n in zip(where, where.shapes, strict=True) if len(n) > 1]


class Layout(NamedTuple):
    """Where each leaf lies in the vector."""

    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    tree: Any

    @property
    def slices(self) -> Slices:
        return _slices(self.shapes)

    @property
    def size(self) -> int:
        return self.slices[-1].stop

    def tree_of(self, vector: np.ndarray) -> Any:
        """A tree of fresh arrays in the dtype of the vector."""
        pairs = zip(self.slices, self.shapes, strict=True)
        return jax.tree.unflatten(self.tree, [vector[s].reshape(n).copy() for s, n in pairs])

    def leaves_of(self, rows: np.ndarray) -> list[np.ndarray]:
        """Vectors stacked step first, leaf by leaf: (steps, *shape)."""
        pairs = zip(self.slices, self.shapes, strict=True)
        return [rows[:, s].reshape(len(rows), *n) for s, n in pairs]


@cache
def _slices(shapes: tuple[tuple[int, ...], ...]) -> Slices:
    ends = accumulate(map(math.prod, shapes), initial=0)
    out = Slices(slice(a, b) for a, b in pairwise(ends))
    out.shapes = shapes
    return out


def flat(tree: Any) -> np.ndarray:
    """All leaves in one vector of float64."""
    leaves = [np.asarray(leaf).reshape(-1) for leaf in jax.tree.leaves(tree)]
    if len({leaf.dtype for leaf in leaves}) > 1:
        leaves = [as_exact(leaf) for leaf in leaves]
    return as_exact(np.concatenate(leaves))


def layout(params: Any) -> Layout:
    """Raises ValueError for a tree without entries."""
    found, tree = jax.tree_util.tree_flatten_with_path(params)
    paths = tuple(jax.tree_util.keystr(path) for path, _ in found)
    shapes = tuple(np.shape(leaf) for _, leaf in found)
    if not sum(int(np.prod(shape)) for shape in shapes):
        raise ValueError("params has no entries; pass a tree of arrays, or leave it out")
    return Layout(paths, shapes, tree)


PARAMS = {"w": np.zeros((2, 3)), "b": np.zeros(4), "scale": np.zeros(())}
MATRICES = {"w": np.zeros((2, 3)), "u": np.zeros((4, 2))}  # for rules of matrices
SQUARISH = {"w": np.zeros((2, 3)), "u": np.zeros((3, 2))}  # one gradient has a basis
DENSE = ("soap",)  # rules of eigenvectors: a gradient of zeros has none, a small one bad ones
KINDS = 7
CALM = 4  # of so many steps the last is calm: no norm is large there
LARGEST, SMALLEST = 6.0, 9.0  # decimal orders of gradients, as far as the format goes


class Sequence(NamedTuple):
    """One run: hyperparameters, the first parameters, gradients and rates step by step."""

    hyperparameters: Mapping[str, Any]
    params: np.ndarray
    gradients: np.ndarray  # (steps, entries)
    rates: tuple[float, ...]


Draw = Callable[[np.random.Generator], int | float]
between = lambda low, high: lambda rng: float(rng.uniform(low, high))
logarithmic = lambda low, high: lambda rng: float(10.0 ** rng.uniform(low, high))
counted = lambda low, high: lambda rng: int(rng.integers(low, high + 1))

DRAWN: dict[str, Draw] = {  # away from 0, 1, halves and every library's default
    "b1": between(0.6, 0.96),
    "b2": between(0.8, 0.995),
    "decay": between(0.4, 0.96),
    "rho": between(0.6, 0.96),
    "momentum": between(0.55, 0.95),
    "dampening": between(0.1, 0.6),
    "eps": logarithmic(-5.0, -1.5),
    "eps_root": logarithmic(-10.0, -5.0),
    "weight_decay": between(0.02, 0.3),
    "lr_decay": between(0.02, 0.2),
    "momentum_decay": between(0.01, 0.5),
    "initial_accumulator_value": between(0.05, 0.4),
    "max_norm": between(0.5, 3.0),
    "max_delta": between(0.05, 0.8),
    "gamma": between(0.55, 0.95),
    "every": counted(2, 4),
    "step_size": counted(2, 5),
    "total": counted(5, 18),
    "warmup": counted(3, 7),
    "decay_rate": between(0.55, 0.95),
    "threshold": between(1.0, 1.6),
    "min_scale": between(0.05, 0.5),
    "b3": between(0.7, 0.98),
    "alpha": between(0.3, 4.0),
    "interval": counted(2, 5),
    "clipping": between(0.05, 0.6),
    "trust": between(0.02, 0.4),
    "inv_gamma": between(0.4, 3.0),
    "power": between(0.4, 0.9),
    "matrix_eps": between(0.3, 1.2),
    "begins": counted(2, 6),
    "cycle": counted(2, 4),
    "init_scale": lambda rng: float(2.0 ** rng.integers(1, 9)),
    "radius": between(0.02, 0.4),
    "estim_lr0": between(0.005, 0.05),
    "estim_lr_coef": between(0.4, 1.7),
    "learning_rate": logarithmic(-2.5, -0.7),
}

COARSE = 2.0**-12  # units above it: what is decided there must be large beside the weights
STRONG: dict[str, Draw] = {
    "learning_rate": logarithmic(-1.0, -0.1),
    "b1": between(0.4, 0.75),  # far from b2
    "b2": between(0.88, 0.985),
    "weight_decay": between(0.2, 1.2),
    "eps": logarithmic(-2.0, -0.3),
    "initial_accumulator_value": between(0.02, 0.1),
}
RELATIVE = logarithmic(-0.8, 0.2)  # about 1 / sqrt t, which is there the largest rate


def hyperparameters(
    variant: Variant, rng: np.random.Generator, dtype: str
) -> dict[str, int | float]:
    """Settings of a variant, the rate among them, at numbers that the dtype holds.

    None is 1: a decay that is rounded to it leaves nothing of the weights.
    """
    names, drawn = ["learning_rate", *variant.defaults], DRAWN
    if is_coarse(dtype):
        drawn = DRAWN | STRONG
    if variant.family in ("adafactor", "prodigy"):
        drawn = drawn | {"learning_rate": RELATIVE}
    return {name: _below_one(drawn[name](rng), dtype) for name in names}


def _below_one(x: int | float, dtype: str) -> int | float:
    """The number that the dtype holds; the one below 1 for 1."""
    kept = held(x, dtype)
    return 1.0 - format_of(dtype).unit if isinstance(kept, float) and kept == 1.0 else kept


def held(x: int | float, dtype: str) -> int | float:
    """The number that the dtype holds."""
    return x if isinstance(x, int) else float(np.float64(x).astype(format_of(dtype).name))


def is_coarse(dtype: str) -> bool:
    return format_of(dtype).unit > COARSE


def rates(rate: Any, steps: int, changes: bool, dtype: str = "float64") -> tuple[float, ...]:
    """The rate of every step: a schedule's own, or one that changes twice, or never does.

    In a coarse format it changes early and by more: rounding grows with every step, and with the
    rate.
    """
    if callable(rate):
        return tuple(float(np.asarray(rate(i))) for i in range(steps))
    if not changes:
        return (float(rate),) * steps
    if is_coarse(dtype):
        first, second = -(-steps // 6), -(-steps * 7 // 16)
        coarse = lambda i: (1.0, 0.125, 0.75)[(i >= first) + (i >= second)]
        return tuple(float(rate) * coarse(i) for i in range(steps))
    factors = (1.0, 0.4375, 1.3125)  # few bits: every dtype holds the product or nearly
    third = -(-steps // 3)
    return tuple(float(rate) * factors[i // third] for i in range(steps))


def draw(
    rng: np.random.Generator, size: int, steps: int, dtype: str, family: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """First parameters and gradients, held by the dtype, as the rules of a family meet them."""
    target = format_of(dtype)
    reach = min(1.0, np.log10(target.largest) / 38.0)  # half precision does not go as far
    smallest = -2.0 if target.unit < COARSE else -4.0
    params = rng.choice([-1.0, 1.0], size) * 10.0 ** rng.uniform(smallest, 0.5, size)
    scale = 10.0 ** rng.uniform(-1.0, 0.3, (steps, size))
    gradients = rng.choice([-1.0, 1.0], (steps, size)) * scale
    kinds = rng.permutation(size) % KINDS
    for entry, kind in enumerate(kinds if family not in DENSE else ()):
        gradients[:, entry] = _kind(int(kind), gradients[:, entry], rng, reach)
    gradients[CALM - 1 :: CALM] = _calmed(gradients[CALM - 1 :: CALM], rng)
    near = lambda x: x.astype(target.name).astype(np.float64)
    if family in MODERATE:
        gradients = np.clip(gradients, -MODERATE[family], MODERATE[family])
    if family in OVERFLOWING:
        for step in OVERFLOWS:
            gradients[step % steps, rng.integers(size)] = np.inf
    return near(params), near(gradients)


MODERATE = {"average": 10.0, "shampoo": 2.0}  # the largest gradient; a root of sums has few digits
OVERFLOWING = ("guarded", "loss_scaling")  # rules that look whether a gradient is a number
OVERFLOWS = (2, 9, 10)  # steps, from 0: one alone, and two in a row


def _kind(kind: int, g: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """Of one sign; zeros at first, or amid; tiny; huge once; a spread; signs that take turns."""
    t = np.arange(len(g))
    match kind:
        case 0:
            return np.abs(g)
        case 1:
            return np.where(t < int(rng.integers(1, 4)), 0.0, g)
        case 2:
            return np.where((t % 5 == 1) | (t % 5 == 2), 0.0, g)
        case 3:
            return g * 10.0 ** -rng.uniform(2.0 * reach, SMALLEST * reach)
        case 4:
            return g * np.where(t == len(g) // 2, 10.0 ** (LARGEST * reach), 1.0)
        case 5:
            return g * 10.0 ** (reach * rng.uniform(-3.0, 2.0, len(g)))
        case _:  # the sign of a mean of them hangs on its weights
            return np.abs(g) * (-1.0) ** t * 10.0 ** rng.uniform(-1.0, 1.0, len(g))


def _calmed(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows with norms far below every max_norm, and about it, by turns."""
    orders = np.array([rng.uniform(*BELOW if k % 2 == 0 else ABOUT) for k in range(len(rows))])
    norms = np.sqrt((rows * rows).sum(axis=1))
    return rows * (10.0**orders / np.where(norms == 0.0, 1.0, norms))[:, None]


BELOW, ABOUT = (-1.5, -0.7), (-0.6, 0.5)  # decimal orders; half of the least max_norm is 10^-0.6


def params_of(variant: Variant) -> dict[str, np.ndarray]:
    """A tree of leaves as the rule takes them."""
    if variant.family in DENSE:
        return SQUARISH
    return MATRICES if variant.matrices else PARAMS
