"""Ask an implementation in the dtype under test, and put its answer beside truth and budget."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..arithmetic.formats import PRECISIONS
from ..arithmetic.linear_algebra.floats import signs_of
from ..oracles import ball, reverse_autodiff
from ..oracles.float_ties import opened
from ..oracles.question import Question, as_exact
from ..oracles.work import products
from ..vocabulary import Ball, Silent
from .budget import Budget
from .sample import Sample

PROVABLE = 2**26  # products in one pass: about a second's work for balls
PATIENCE = {"float64": 8}  # times as many where the truth in float64 is no better than the answer


def cast(args: Any, dtype: str, weights: tuple[int, ...] = ()) -> Any:
    """Float leaves in the input dtype, those of args[i] for i in `weights` in that of weights."""
    precision = PRECISIONS[dtype]
    inputs = jax.tree.map(partial(_as, precision.inputs), args)
    if precision.inputs == precision.weights:
        return inputs
    chosen = (
        jax.tree.map(partial(_as, precision.weights), arg) if i in weights else inputs[i]
        for i, arg in enumerate(args)
    )
    return tuple(chosen)


def _as(dtype: str, leaf) -> np.ndarray:
    array = np.asarray(leaf)
    return array.astype(dtype) if jnp.issubdtype(array.dtype, jnp.floating) else array


def truth(question: Question) -> list[Ball]:
    """The proven gradient, or balls of infinite radius where no proof was possible."""
    return truth_or_silence(question)[0]


def truth_or_silence(
    question: Question, dtype: str = "", is_proven: bool = True
) -> tuple[list[Ball], str]:
    """The truth, and why there is none, where there is none; `dtype` is the one to be judged.

    A proven ball; where a proof is too much work or has no rule, reverse autodiff in float64 with
    its running error bound.  Entries that a tie gives a choice are open there: autodiff has one
    convention, and others are as right.
    """
    most = PROVABLE * PATIENCE.get(dtype, 1)
    silence = f"a proof takes more than {most} products"
    if is_proven and products(question.program) <= most:
        try:
            with signs_of(dtype):
                return ball.gradient(question), ""
        except Silent as said:
            silence = str(said)
    try:
        return opened(question, reverse_autodiff.gradient), ""
    except Silent as said:
        silence = f"{silence}; {said}"
    return unknown(question), silence


def unknown(question: Question) -> list[Ball]:
    """Balls of infinite radius."""
    zeros = [np.zeros(question.leaves[i].shape) for i in question.wanted]
    return [Ball(z, z, z + np.inf, proven=False) for z in zeros]


def answer(
    gradient: Callable,
    question: Question,
    proven: list[Ball],
    budget: Budget,
    args: tuple,
    **labels,
) -> Sample:
    """Call the implementation on `args`, in its dtype (the cotangent, if there is one, is last)."""
    # what overflows is judged by its result
    with jax.enable_x64(True), np.errstate(all="ignore"):
        leaves = [np.asarray(leaf).copy() for leaf in jax.tree.leaves(gradient(*args))]
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
