"""Judge somebody else's gradient: any callable that answers arrays, against the proven truth.

The function differentiated must be traceable by JAX.
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..inputs import draws
from ..oracles.question import ask
from ..vocabulary import Case, Finding, Silent
from .answer import answer, cast, truth_or_silence
from .budget import DTYPES, Budget, budget
from .formula import right_formula
from .sample import Sample
from .verdict import judge


def validate(
    gradient: Callable,
    *,
    of: Callable,
    args: tuple | Callable,
    argnums: int | tuple[int, ...] = 0,
    dtype: str = "float64",
    cases: int = 16,
    seed: int = 0,
) -> Finding:
    """The verdict on gradient(*args) -> d of / d args[argnums].

    of        scalar- or array-valued, traceable by JAX
    gradient  any callable; for an array-valued `of` it is called as gradient(*args, cotangent)
    args      one tuple, or sample(rng) -> tuple, drawn `cases` times and cast to `dtype`
    dtype     float64, float32, float16 or bfloat16; the truth is proven at the arguments as cast

    Raises ValueError for a dtype, a number of cases or argnums out of range, TypeError for
    arguments that are not what they should be.
    """
    _check(gradient, of, args, dtype, cases)
    rng = np.random.default_rng(seed)
    points = [args] if isinstance(args, tuple) else [_drawn(args, rng, dtype) for _ in range(cases)]
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    _check_argnums(numbers, points[0])
    samples = [
        _sample(gradient, of, Case(f"case {k}", cast(point, dtype)), numbers, dtype, rng)
        for k, point in enumerate(points)
    ]
    return judge(
        getattr(gradient, "__name__", type(gradient).__name__),
        dtype,
        samples,
        faults.ALL.values(),
        formula_is_right=right_formula(gradient),
        reproduce=_reproduce(gradient, of, argnums, dtype, cases, seed),
    )


def _drawn(sampler: Callable, rng: np.random.Generator, dtype: str) -> tuple:
    wants_dtype = len(inspect.signature(sampler).parameters) == 2
    point = sampler(rng, dtype) if wants_dtype else sampler(rng)
    if not isinstance(point, tuple):
        raise TypeError(f"args: the sampler returned {type(point).__name__}; return a tuple")
    return point


def _sample(gradient, of, case: Case, argnums, dtype, rng) -> Sample:
    with jax.enable_x64(True):
        out = jax.eval_shape(of, *case.args)
    scalar = isinstance(out, jax.ShapeDtypeStruct) and out.shape == ()
    cotangent = None
    if not scalar:
        cotangent = cast(jax.tree.map(lambda leaf: draws.cotangent(rng, leaf.shape), out), dtype)
    args = case.args if scalar else (*case.args, cotangent)
    question = ask(of, case.args, argnums, cotangent)
    proven, silence = truth_or_silence(question)
    try:
        allowed = budget(_autodiff(of, argnums, scalar), args, dtype)
    except Silent as unbounded:
        silence = silence or str(unbounded)
        allowed = Budget([np.full(b.mid.shape, np.inf) for b in proven], ())
    labels = {"label": case.label, "silence": silence}
    try:
        return answer(gradient, question, proven, allowed, args, **labels)
    except Exception as error:  # foreign code may raise anything; it is the finding, not ours
        said = f"it raised {type(error).__name__}: {error}"
        return Sample(case.label, question.paths, proven, allowed.allowed, [], args, failure=said)


@lru_cache(maxsize=64)
def _autodiff(of: Callable, argnums: tuple[int, ...], scalar: bool) -> Callable:
    """The program whose rounding sets the budget: reverse autodiff of the function itself."""
    if scalar:
        return jax.grad(of, argnums)

    def pullback(*args):
        *inputs, cotangent = args
        picked = tuple(inputs[i] for i in argnums)

        def only(*chosen):
            merged = dict(enumerate(inputs)) | dict(zip(argnums, chosen, strict=True))
            return of(*(merged[i] for i in range(len(inputs))))

        return jax.vjp(only, *picked)[1](cotangent)

    return pullback


def _check(gradient, of, args, dtype, cases) -> None:
    for name, value in (("gradient", gradient), ("of", of)):
        if not callable(value):
            raise TypeError(f"{name} is {value!r}; pass a function")
    if not isinstance(args, tuple) and not callable(args):
        raise TypeError(f"args is a {type(args).__name__}; pass a tuple or a function of an rng")
    if dtype not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}; it must be one of {', '.join(DTYPES)}")
    if cases < 1:
        raise ValueError(f"cases is {cases}; at least 1 is needed")


def _check_argnums(argnums: tuple[int, ...], point: tuple) -> None:
    for number in argnums:
        if not 0 <= number < len(point):
            raise ValueError(f"argnums is {number}; there are {len(point)} arguments, from 0")
        leaves: list[Any] = jax.tree.leaves(point[number])
        if not any(jnp.issubdtype(np.asarray(x).dtype, jnp.floating) for x in leaves):
            raise ValueError(f"argnums is {number}; that argument holds no floating-point array")


def _reproduce(gradient, of, argnums, dtype, cases, seed) -> str:
    names = (getattr(f, "__name__", "...") for f in (gradient, of))
    g, f = names
    return (
        f"verification.validate({g}, of={f}, args=..., argnums={argnums}, "
        f'dtype="{dtype}", cases={cases}, seed={seed})'
    )
