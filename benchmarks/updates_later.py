"""What came after the last whole run of benchmarks.updates: new mistakes, new variants, the cost.

    python -m benchmarks.updates_later [--faults NAME ...] [--variants NAME ...] [--every 4]
                                       [--seed N] [--seconds N]

Plants these mistakes into one in `every` of all variants, or all mistakes into these variants, and
measures what a verdict costs.  Adds to updates.json and updates.md; what is there is not asked
again.  After so many seconds no other variant is begun, and it exits with 2.
"""

import argparse
import json
import math
import secrets
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import verification as vf
from benchmarks.updates import HERE
from benchmarks.updates_page import page
from verification.derivations.rules import VARIANTS
from verification.report.findings.writing import write_text
from verification.updates.planted import planted
from verification.updates.rule import rules

DONE, MORE = 0, 2  # exit statuses
TREE = {f"w{k}": np.zeros((3, 4)) for k in range(10)}
WARM = 4  # verdicts, of which the fastest counts


def adam(learning_rate, b1, b2, eps):
    """By hand, in NumPy, in the dtype of its weights."""

    def init(params):
        zeros = jax.tree.map(np.zeros_like, params)
        return 0, zeros, zeros

    def step(w, m, v, t):
        c = w.dtype.type
        mean, square = m / c(1 - b1**t), v / c(1 - b2**t)
        return w - c(learning_rate) * mean / (np.sqrt(square) + c(eps))

    def update(gradient, state, params):
        t, m, v = state
        mix = lambda b: lambda x, y: x.dtype.type(b) * x + x.dtype.type(1 - b) * y
        m = jax.tree.map(mix(b1), m, gradient)
        v = jax.tree.map(mix(b2), v, jax.tree.map(np.square, gradient))
        new = jax.tree.map(lambda w, m, v: step(w, m, v, t + 1), params, m, v)
        return new, (t + 1, m, v)

    return init, update


def jax_adam(learning_rate, b1, b2, eps):
    """By hand, in JAX, operation by operation."""

    def init(params):
        zeros = jax.tree.map(jnp.zeros_like, params)
        return 0, zeros, zeros

    def update(gradient, state, params):
        t, m, v = state
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, gradient)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g**2, v, gradient)
        one, two = 1 - b1 ** (t + 1), 1 - b2 ** (t + 1)
        step = lambda w, m, v: w - learning_rate * (m / one) / (jnp.sqrt(v / two) + eps)
        return jax.tree.map(step, params, m, v), (t + 1, m, v)

    return init, update


RULES = {"NumPy": adam, "JAX": jax_adam, "optax": optax.adam}


def cost() -> list[dict[str, Any]]:
    """Processor seconds of a warm verdict on Adam over a tree of ten leaves, 16 steps."""
    return [_cost(name, dtype) for name in RULES for dtype in ("float64", "float32")]


def _cost(name: str, dtype: str) -> dict[str, Any]:
    """The fastest of some verdicts, and what the rule itself takes for as many steps."""
    taken = []
    for _ in range(WARM):
        start = time.process_time()
        found = vf.validate_update(RULES[name], against="adam", params=TREE, steps=16, dtype=dtype)
        taken.append(time.process_time() - start)
    return {
        "rule": name,
        "dtype": dtype,
        "verdict": str(found.verdict),
        "seconds": round(min(taken), 2),
        "of them the rule": round(min(_steps(name, dtype) for _ in range(WARM)), 2),
    }


def _steps(name: str, dtype: str, count: int = 364) -> float:
    """Of the rule alone: four cases of 16 steps and a run of 300, its answers as NumPy's arrays."""
    with jax.enable_x64(True):
        rule = rules(RULES[name], None).at({"b1": 0.9, "b2": 0.999, "eps": 1e-8}, 1e-3)
        params = jax.tree.map(lambda x: x.astype(dtype), TREE)
        state, start = rule.init(params), time.process_time()
        for _ in range(count):
            params, state = rule.update(params, state, params)
            params = jax.tree.map(np.asarray, params)
        return time.process_time() - start


def wanted(faults: list[str], variants: list[str], every: int) -> list[str]:
    return variants or (list(VARIANTS)[::every] if faults else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faults", nargs="*", default=[])
    parser.add_argument("--variants", nargs="*", default=[])
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--seconds", type=float, default=math.inf)
    given, start = parser.parse_args(), time.process_time()
    path = HERE / "updates.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    made["cost"] = cost()
    later = made.setdefault("later", [])
    known = {(row["rule"], row["fault"]) for row in later}
    for name in wanted(given.faults, given.variants, given.every):
        if time.process_time() - start > given.seconds:
            return MORE
        found = planted(name, seed=given.seed, only=given.faults)
        later += [one._asdict() for one in found if (name, one.fault) not in known]
        write(path, made)
    write(path, made)
    return DONE


def write(path: Path, made: dict[str, Any]) -> None:
    write_text(path, json.dumps(made, indent=1) + "\n")
    write_text(path.with_suffix(".md"), page(made))


if __name__ == "__main__":
    raise SystemExit(main())
