"""The catalogue: wrong twins of a derivation that people are known to write."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from ..oracles.question import as_exact
from ..vocabulary import Explanation
from .problem import Problem


def known_twins(problems: Sequence[Problem]) -> list[Explanation]:
    """The twins of the derivation whose function is asked for, that answer the same."""
    from ..faults.assembly import SUBJECTS

    found = []
    p = problems[0]
    for name, subject in SUBJECTS.items():
        if subject.function is p.of and subject.argnums == p.argnums:
            for fault, description, gradient in catalogue(name):
                residual = _residual(problems, gradient)
                if residual <= 1.0:
                    found.append(_said(problems, name, fault, description, residual))
    return found


def catalogue(name: str) -> list[tuple[str, str, Callable]]:
    """The wrong twins of one function's own: name, description, gradient.

    What is mishandled at an arrow of any function is looked for there, and not here.
    """
    from ..faults.assembly import twins

    return [(t.fault, t.description, t.gradient) for t in twins(name) if t.level == "own"]


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
