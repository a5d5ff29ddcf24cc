"""Ask an implementation in the dtype under test, and put its answer beside truth and budget."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..oracles import ball
from ..oracles.question import Question, as_exact
from ..vocabulary import Ball, Silent
from .budget import Budget
from .sample import Sample


def cast(args: Any, dtype: str) -> Any:
    """Float leaves in `dtype`, other leaves as they are."""
    is_float = lambda leaf: jnp.issubdtype(np.asarray(leaf).dtype, jnp.floating)
    array = lambda x: np.asarray(x).astype(dtype) if is_float(x) else np.asarray(x)
    return jax.tree.map(array, args)


def truth(question: Question) -> list[Ball]:
    """The proven gradient, or balls of infinite radius where no proof was possible."""
    return truth_or_silence(question)[0]


def truth_or_silence(question: Question) -> tuple[list[Ball], str]:
    """The truth, and why there is none, where there is none."""
    try:
        return ball.gradient(question), ""
    except Silent as silence:
        unknown = [np.zeros(question.leaves[i].shape) for i in question.wanted]
        return [Ball(z, z, z + np.inf, proven=False) for z in unknown], str(silence)


def answer(
    gradient: Callable,
    question: Question,
    proven: list[Ball],
    budget: Budget,
    args: tuple,
    **labels,
) -> Sample:
    """Call the implementation on `args`, in its dtype (the cotangent, if there is one, is last)."""
    with jax.enable_x64(True):
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(gradient(*args))]
    shapes, wanted = [leaf.shape for leaf in leaves], [b.mid.shape for b in proven]
    failure = ""
    if shapes != wanted:
        failure = f"the answer has leaves of shapes {shapes}; the gradient has {wanted}"
    got = [as_exact(leaf) for leaf in leaves]
    return Sample(
        paths=question.paths,
        truth=proven,
        allowed=budget.allowed,
        budgets=budget.kinds,
        got=got,
        args=args,
        failure=failure,
        **labels,
    )
