"""The catalogue: wrong twins of a derivation that people are known to write."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from ... import faults
from ...derivations import ALL as DERIVATIONS
from ...faults import slopes
from ...oracles.question import as_exact
from ...vocabulary import Explanation
from .problem import Problem


def known_twins(problems: Sequence[Problem]) -> list[Explanation]:
    """The twins of the derivation whose function is asked for, that answer the same."""
    found = []
    p = problems[0]
    for name, derivation in DERIVATIONS.items():
        if derivation.function is p.of and derivation.argnums == p.argnums:
            for fault, description, gradient in catalogue(name):
                residual = _residual(problems, gradient)
                if residual <= 1.0:
                    found.append(_said(problems, name, fault, description, residual))
    return found


def catalogue(name: str) -> list[tuple[str, str, Callable]]:
    """Every wrong twin of a derivation: its name, what it is, its gradient."""
    twins: Any = getattr(faults, "twins", None)
    if twins is not None:
        return [(t.fault, t.description, t.gradient) for t in twins(name)]
    return [(fault, fault, made) for fault, made in slopes.ALL.get(name, {}).items()]


def _residual(problems: Sequence[Problem], gradient: Callable) -> float:
    worst = 0.0
    for p in problems:
        args = jax.tree.map(as_exact, p.sample.args)
        try:
            said = [np.asarray(x, np.float64) for x in jax.tree.leaves(gradient(*args))]
        except Exception:  # a twin need not be defined everywhere
            return np.inf
        if [x.shape for x in said] != [b.mid.shape for b in p.sample.truth]:
            return np.inf
        worst = max(worst, p.residual(said))
        if not worst <= 1.0:
            break
    return worst


def _said(problems, name: str, fault: str, description: str, residual: float) -> Explanation:
    wrong = [any(p.wrong[k] for p in problems) for k in range(len(problems[0].wrong))]
    paths = problems[0].sample.paths
    return Explanation(
        kind="fault",
        term=f"the gradient of {name}",
        mistake=description if description == fault else f"{fault}: {description}",
        residual=residual,
        fault=fault,
        leaves=tuple(path for path, w in zip(paths, wrong, strict=True) if w),
    )
