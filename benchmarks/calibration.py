"""False alarms: correct gradients by NumPy and JAX, in every dtype, over sizes and scales.

    python -m benchmarks.calibration [--settings 240] [--seed 0]

Each setting draws a network (width 1 to 512, depth 1 to 4, batch 1 to 256, inputs scaled by 1e-3 to
1e3), and judges two right gradients in four dtypes, every entry: JAX's by autodiff under jit, and
NumPy's by hand, operation by operation.  The truth is the same gradient in float64; in float64 it
is NumPy's in extended precision.  Prints the verdicts by dtype, and the largest error in budgets;
exits with 1 where a single entry was outside its budget.
"""

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from refnet import mlp, mse, relu, tanh
from refnet.layers import Dense as Layer
from verification.judgement.answer import cast
from verification.judgement.budget import DTYPES, RANDOM, budget

WIDTHS = (1, 2, 3, 5, 8, 16, 31, 64, 100, 256, 512)
BATCHES = (1, 2, 3, 7, 16, 32, 100, 128, 256)
ACTIVATIONS: dict[str, tuple[Callable, Callable, Callable]] = {  # JAX's; NumPy's; slope from (z, a)
    "tanh": (tanh, np.tanh, lambda z, a: (1 / np.cosh(z)) ** 2),
    "relu": (relu, lambda z: np.maximum(z, z.dtype.type(0)), lambda z, a: (z > 0).astype(z.dtype)),
}


Dense: Callable = Layer  # of NumPy arrays here, where the type says JAX's


class Judged(NamedTuple):
    """One verdict: who answered, in which dtype, by which budget, and the worst error in it."""

    who: str
    dtype: str
    kinds: tuple[str, ...]
    worst: float  # in budgets; over 1 is a false alarm
    decided: bool  # whether every entry has a budget
    setting: str


def loss_of(name: str) -> Callable:
    def loss(params, x, y):
        return mse(mlp(params, x, activation=ACTIVATIONS[name][0]), y)

    return loss


LOSSES = {name: loss_of(name) for name in ACTIVATIONS}
GRADIENTS = {name: jax.grad(loss) for name, loss in LOSSES.items()}


def by_hand(name: str) -> Callable:
    """Backpropagation in NumPy, rounding each operation in the dtype of its arguments."""
    _, f, slope = ACTIVATIONS[name]

    def gradient(params, x, y):
        zs, inputs = [], [x]
        for w, b in params:
            zs.append(inputs[-1] @ w + b)
            inputs.append(f(zs[-1]))
        error = zs[-1] - y
        dz = error * error.dtype.type(2.0 / error.size)
        layers = []
        for l in reversed(range(len(params))):
            layers.append(Dense(w=inputs[l].T @ dz, b=np.asarray(dz.sum(axis=0))))
            if l > 0:
                dz = (dz @ params[l].w.T) * slope(zs[l - 1], inputs[l])
        return tuple(layers[::-1])

    return gradient


def draw(rng: np.random.Generator) -> tuple[str, str, tuple]:
    """A label, an activation and the arguments of one network, in float64."""
    depth, batch = int(rng.integers(1, 5)), int(rng.choice(BATCHES))
    sizes = [int(n) for n in rng.choice(WIDTHS, depth + 1)]
    scale = float(10.0 ** rng.uniform(-3, 3))
    name = str(rng.choice(list(ACTIVATIONS)))
    params = tuple(
        Dense(w=rng.normal(size=(m, n)) / np.sqrt(m), b=0.1 * rng.normal(size=n))
        for m, n in zip(sizes, sizes[1:], strict=False)
    )
    x, y = scale * rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))
    label = f"{'-'.join(map(str, sizes))} {name}, batch {batch}, inputs of size {scale:.1e}"
    return label, name, (params, x, y)


def answers(name: str, args: tuple) -> dict[str, list]:
    with np.errstate(all="ignore"):
        hand = jax.tree.leaves(by_hand(name)(*args))
    with jax.enable_x64(True):
        auto = jax.tree.leaves(jax.jit(GRADIENTS[name])(*jax.tree.map(jnp.asarray, args)))
    return {"JAX": auto, "NumPy": hand}


def judged(label: str, name: str, point: tuple, dtype: str) -> list[Judged]:
    args = cast(point, dtype)
    wide = jax.tree.map(lambda x: x.astype(np.longdouble), args)
    with np.errstate(all="ignore"):
        truth = jax.tree.leaves(by_hand(name)(*wide))
    budgets = budget(GRADIENTS[name], args, dtype)
    return [
        Judged(
            who,
            dtype,
            budgets.kinds,
            max(worst(*leaf) for leaf in zip(got, truth, budgets.allowed, strict=True)),
            all(np.isfinite(allowed).all() for allowed in budgets.allowed),
            label,
        )
        for who, got in answers(name, args).items()
    ]


def worst(got, truth: np.ndarray, allowed: np.ndarray) -> float:
    """The largest error in budgets; an entry without a budget is not judged, NaN is infinite."""
    with np.errstate(all="ignore"):
        error = np.abs(np.asarray(got).astype(np.longdouble) - truth).astype(float)
        ratio = np.where(error == 0.0, 0.0, error / allowed)
    ratio = np.where(np.isnan(error) & np.isfinite(allowed), np.inf, ratio)
    return float(np.where(np.isfinite(allowed), ratio, 0.0).max(initial=0.0))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows: list[Judged] = []
    for _ in range(options.settings):
        point = draw(rng)
        for dtype in DTYPES:
            rows += judged(*point, dtype)
            for row in rows[-2:]:
                if row.worst > 1.0:
                    print(f"FALSE ALARM: {row}", flush=True)
    return report(rows)


def report(rows: list[Judged]) -> int:
    alarms = sum(row.worst > 1.0 for row in rows)
    for dtype in DTYPES:
        mine = [row for row in rows if row.dtype == dtype]
        worsts = np.array([row.worst for row in mine])
        print(
            f"{dtype:9} {len(mine)} verdicts, {int((worsts > 1).sum())} false alarms, "
            f"{sum(not row.decided for row in mine)} with entries beyond the format, "
            f"{sum(RANDOM in row.kinds for row in mine)} by random rounding; "
            f"error in budgets: median {np.median(worsts):.2g}, largest {worsts.max():.2g}"
        )
    print(f"{alarms} false alarms in {len(rows)} verdicts")
    return int(alarms > 0)


if __name__ == "__main__":
    assert ml_dtypes.finfo("bfloat16").bits == 16  # and NumPy knows its name
    sys.exit(main())
