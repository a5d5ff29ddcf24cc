"""Judge somebody else's gradient: any callable that answers arrays, against the proven truth.

The function differentiated must be traceable by JAX.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain, islice, repeat
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..arithmetic.formats import PRECISIONS
from ..inputs import draws
from ..oracles.question import ask
from ..vocabulary import Case, Finding
from .answer import cast
from .batch import budget_at
from .budget import DTYPES
from .explain import explain
from .formula import right_formula
from .hearing import heard, held, proof
from .sample import Sample
from .verdict import Draws, judge

ADVICE = "; args is one point: pass a sampler, and as many are drawn as it takes"


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
    dtype     one of judgement.budget.DTYPES; the truth is proven at the arguments as cast

    Where the cases could not have shown a catalogued mistake, more are drawn: up to LIMIT times as
    many.  Raises ValueError for a dtype, a number of cases or argnums out of range, TypeError for
    arguments that are not what they should be.
    """
    _check(gradient, of, args, dtype, cases)
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    rng = np.random.default_rng(seed)
    (upstream,) = rng.spawn(1)
    points = repeat(args) if isinstance(args, tuple) else _points(args, rng, dtype)
    first = next(points)
    _check_argnums(numbers, first)
    labelled = (Case(f"case {k}", point) for k, point in enumerate(chain([first], points)))
    here = partial(_sample, gradient, of, argnums=numbers, dtype=dtype, rng=upstream)
    drawn = lambda ks: (here(case) for case in islice(labelled, len(ks)))
    one = isinstance(args, tuple)
    return judge(
        getattr(gradient, "__name__", type(gradient).__name__),
        dtype,
        drawn(range(1)) if one else (),
        faults.ALL.values(),
        formula_is_right=right_formula(gradient),
        reproduce=_reproduce(gradient, of, argnums, dtype, cases, seed),
        draws=None if one else Draws(drawn, cases),
        advice=ADVICE if one else "",
        explain=lambda e: explain(e, of=of, argnums=numbers, scalar=len(e[0].args) == len(first)),
    )


def _points(sampler: Callable, rng: np.random.Generator, dtype: str) -> Iterator[tuple]:
    while True:
        yield _drawn(sampler, rng, dtype)


def _drawn(sampler: Callable, rng: np.random.Generator, dtype: str) -> tuple:
    wants_dtype = len(inspect.signature(sampler).parameters) == 2
    point = sampler(rng, dtype) if wants_dtype else sampler(rng)
    if not isinstance(point, tuple):
        raise TypeError(f"args: the sampler returned {type(point).__name__}; return a tuple")
    return point


def _sample(gradient, of, case: Case, argnums, dtype, rng) -> Sample | None:
    """The gradient asked for at one case; None where the dtype does not reach there."""
    here = held(case, dtype, argnums)
    if here is None:
        return None
    with jax.enable_x64(True):
        out = jax.eval_shape(of, *cast(here.args, "float64"))
    scalar = isinstance(out, jax.ShapeDtypeStruct) and out.shape == ()
    cotangent = None
    if not scalar:
        above = jax.tree.map(lambda leaf: draws.cotangent(rng, leaf.shape), out)
        cotangent = cast(above, PRECISIONS[dtype].results)
    args = here.args if scalar else (*here.args, cotangent)
    proven = proof(ask(of, here.args, argnums, cotangent))
    bound = partial(budget_at, _autodiff(of, argnums, scalar), args, dtype)
    return heard(gradient, proven, bound, Case(case.label, args))


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
