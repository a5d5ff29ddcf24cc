"""The standard gradient checkers, each as its users call it, and ours beside them.

A checker is made ready for one function, point and dtype; then it is asked whether it accepts the
gradient in which one entry is wrong by so much.  Errors relative to the root mean square.
"""

import importlib.util
import itertools
import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..inputs import draws
from ..judgement.verdict import judge
from ..measurement.budget import budget
from ..measurement.evaluation import evaluated, proof
from ..oracles.question import ask
from ..vocabulary import Case, Verdict
from .peers_functions import Kind, Problem, compiled, planted, right_gradient

ACCEPTED, REFUSED, UNDECIDED, NO_VERDICT = "accepted", "refused", "undecided", "no verdict"
Answers = Callable[[float], str]  # relative error of the one wrong entry -> one of the above


class Checker(NamedTuple):
    """How it is asked, and what it costs: forward passes, and entries of the largest array."""

    package: str
    ready: Callable[[Problem, str], Answers]
    passes: Callable[[Problem], int]
    entries: Callable[[Problem], int] = lambda problem: problem.size
    scalar_only: bool = False


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


# --- JAX and chex ----------------------------------------------------------------------------


def jax_grads(*modes: str) -> Callable[[Problem, str], Answers]:
    def check(function, params):
        import jax.test_util

        jax.test_util.check_grads(function, params, order=1, modes=modes)

    return asserting(check)


def chex_grads(function: Callable, params: tuple) -> None:
    import chex

    chex.assert_numerical_grads(function, params, order=1)


def asserting(check: Callable) -> Callable[[Problem, str], Answers]:
    """check(function, params) raises AssertionError where it refuses."""

    def ready(problem: Problem, dtype: str) -> Answers:
        params, data = problem.held(dtype)

        def answers(error: float) -> str:
            wrong = tuple(problem.wrong_slopes(dtype, error))
            with jax.enable_x64(True):
                arrays = jax.tree.map(jnp.asarray, (params, data, wrong))
                function = lambda *inputs: planted(problem.kind)(inputs, *arrays[1:])
                try:
                    check(function, arrays[0])
                except AssertionError:
                    return REFUSED
            return ACCEPTED

        return answers

    return ready


# --- PyTorch ---------------------------------------------------------------------------------


class Enough(Exception):
    """More forward passes than a check that accepts takes."""


def torch_gradcheck(fast: bool) -> Callable[[Problem, str], Answers]:
    """In fast mode a refusal is looked at again element by element to word it: that is cut off."""

    def ready(problem: Problem, dtype: str) -> Answers:
        import torch  # pyright: ignore[reportMissingImports]

        to = lambda leaf: torch.tensor(leaf).to(getattr(torch, dtype))
        params, data = [to(p).requires_grad_() for p in problem.params], [*map(to, problem.data)]
        most = 4.0 * (len(params) + 1) if fast else math.inf

        def answers(error: float) -> str:
            wrong = [to(s.astype(np.float64)) for s in problem.wrong_slopes(dtype, error)]
            function = torch_planted(problem.kind, data, wrong, most)
            try:
                passed = torch.autograd.gradcheck(
                    function, params, fast_mode=fast, raise_exception=False
                )
            except Enough:
                return REFUSED
            return ACCEPTED if passed else REFUSED

        return answers

    return ready


def torch_planted(kind: Kind, data: list, slopes: list, most: float) -> Callable:
    """The function as an autograd.Function whose own backward is the slopes it is given."""
    import torch  # pyright: ignore[reportMissingImports]

    calls = itertools.count()

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *params):
            if next(calls) >= most:
                raise Enough
            return kind.torch_value(params, data)

        @staticmethod
        def backward(ctx: Any, cotangent):
            return tuple(cotangent * slope for slope in slopes)

    return Planted.apply


# --- SciPy -----------------------------------------------------------------------------------


def scipy_check_grad(problem: Problem, dtype: str) -> Answers:
    """It gives a number and no verdict, so it is read as kindly as can be: an error is seen where
    it doubles the number.  A number over half of the gradient itself is a refusal by any reading.
    """
    from scipy.optimize import check_grad

    with jax.enable_x64(True):
        params, data = jax.tree.map(jnp.asarray, problem.held(dtype))
    shapes = [p.shape for p in params]
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    flat = lambda leaves: np.concatenate([np.asarray(x, np.float64).ravel() for x in leaves])

    def value(x: np.ndarray) -> float:
        parts = zip(np.split(x, ends), shapes, strict=True)
        inputs = tuple(part.reshape(shape).astype(dtype) for part, shape in parts)
        return float(compiled(problem.kind.value)(inputs, data))

    def number(error: float) -> float:
        wrong = flat(problem.wrong_slopes(dtype, error))
        with jax.enable_x64(True):
            return float(check_grad(value, lambda x: wrong, flat(params)))

    right = number(0.0)
    read = NO_VERDICT if right < 0.5 * np.linalg.norm(flat(problem.slopes(dtype))) else REFUSED

    def answers(error: float) -> str:
        if error == 0.0:
            return read
        return ACCEPTED if number(error) < 2.0 * right else REFUSED

    return answers


# --- ours ------------------------------------------------------------------------------------


def ours(problem: Problem, dtype: str) -> Answers:
    """What verification.validate says; truth and budget are made once, for all the answers."""
    kind, args, cotangent = problem.kind, problem.held(dtype), None
    if not kind.scalar:
        cotangent = draws.cotangent(problem.rng, problem.params[0].shape).astype(dtype)
        args = (*args, cotangent)
    proven = proof(ask(kind.value, args[:2], (0,), cotangent))
    bound = cache(lambda: budget(right_gradient(kind), args, dtype))

    def answers(error: float) -> str:
        wrong = problem.wrong_slopes(dtype, error)
        gradient = lambda params, data, d=None: [s if d is None else s * d for s in wrong]
        sample = evaluated(gradient, proven, bound, Case("the point", args))
        verdict = judge(kind.name, dtype, [sample], faults.ALL.values()).verdict
        return {Verdict.CORRECT: ACCEPTED, Verdict.UNDECIDED: UNDECIDED}.get(verdict, REFUSED)

    return answers


# --- the table -------------------------------------------------------------------------------

JACOBIAN = lambda problem: problem.size * problem.outputs
CHECKERS: dict[str, Checker] = {
    "refnet": Checker("jax", ours, lambda problem: 1),
    "JAX check_grads, reverse": Checker("jax", jax_grads("rev"), lambda problem: 4),
    "JAX check_grads, forward": Checker("jax", jax_grads("fwd"), lambda problem: 4),
    "chex assert_numerical_grads": Checker("chex", asserting(chex_grads), lambda problem: 8),
    "PyTorch gradcheck": Checker(
        "torch",
        torch_gradcheck(fast=False),
        lambda problem: 2 * problem.size + 2 * problem.outputs + 4,
        JACOBIAN,
    ),
    "PyTorch gradcheck, fast": Checker(
        "torch", torch_gradcheck(fast=True), lambda problem: 2 * len(problem.params) + 2
    ),
    "SciPy check_grad": Checker(
        "scipy", scipy_check_grad, lambda problem: problem.size + 1, scalar_only=True
    ),
}
