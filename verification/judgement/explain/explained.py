"""From the cases of a wrong answer to ranked explanations: the stages in their order."""

from collections.abc import Callable

import jax
import numpy as np

from ...vocabulary import Explanation
from ..sample import Sample
from .edges import Edges, one_edge
from .pairs import two_edges
from .problem import Problem

CASES = 4  # of the evidence that columns are made of


def explain(
    evidence: tuple[Sample, ...], *, of: Callable, argnums: tuple[int, ...], scalar: bool
) -> tuple[Explanation, ...]:
    """What is wrong with these answers to the gradient of `of`, the best explanation first.

    Those with `fits` leave nothing beyond rounding at any entry of the evidence; two that are
    marked as one of two mistakes hold together.  Where none fits, the closest is listed as such,
    and what is right and what is wrong.  Empty where there is no answer to explain.
    """
    problems = [Problem(one, of, argnums, scalar) for one in evidence if one.got and not one.failure]
    loose = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), loose[0], loose[1], np.errstate(all="ignore"):
        return tuple(_explained(problems[:CASES])) if problems else ()


def _explained(problems: list[Problem]) -> list[Explanation]:
    edges = Edges(problems)
    found = one_edge(edges)
    if found and found[0].fits:
        return found
    pair = two_edges(edges)
    return pair or found
