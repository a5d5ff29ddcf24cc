"""Oracle: JAX's reverse mode in float64.

Method       jax.grad's program, in float64 with running error bounds.
Independent  of our arithmetics and slopes; it trusts JAX's rules, and custom_jvp and custom_vjp.
Guarantee    the radius bounds the rounding, if elementary functions keep their ulp bounds.
Kinks        whatever convention the function's own rules choose, and the branch that is taken by
             equality: as a witness it says so; as a truth it is silent there (see float_ties.py).
Silent on    points where it is inf or NaN, or where no bound is known.
"""

import jax

from ..vocabulary import Ball, Rank
from . import autodiff
from .question import Question

NAME, RANK = "reverse_autodiff", Rank.ROUNDED


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative, by one reverse pass."""
    return autodiff.gradient(question, jax.grad, "reverse autodiff")
