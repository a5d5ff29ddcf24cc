"""Oracle: JAX's reverse mode in float64.

Method       jax.grad, compiled once, at the point and at neighbours.
Independent  of our arithmetics and slopes; it trusts JAX's rules, and custom_jvp and custom_vjp.
Guarantee    none: exact up to a rounding error that is estimated, not bounded.
Kinks        whatever convention the function's own rules choose.
Silent on    functions without a float32 form, and points where it is inf or NaN.
"""

import jax

from ..vocabulary import Ball, Rank
from . import autodiff
from .question import Question

NAME, RANK = "reverse_autodiff", Rank.ROUNDED


def gradient(question: Question) -> list[Ball]:
    """Every partial derivative, by one reverse pass."""
    return autodiff.gradient(question, jax.grad, "reverse autodiff")
