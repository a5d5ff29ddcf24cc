"""The same mistakes through the standard gradient checkers, as their users call them.

A derivation becomes a function with the twin for its own derivative; a checker accepts it or not.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import faults
from ..derivations import ALL as SUBJECTS
from ..faults.twin import Twin
from ..inputs import draws
from ..judgement import check as judging
from ..measurement.answer import cast
from ..selftest.kill_table import answered, caught
from ..vocabulary import Case, Derivation
from .peers_checkers import installed

REFUSED, ACCEPTED, NOT_RUN, NO_ANSWER = "refused", "accepted", "not run", "no answer"
LIMIT = 3e6  # forward passes times numbers that one check may take
SIZES = (10, 1_000, 100_000)
ONE: Callable = lambda rng, n: (draws.reals(rng, n),)
TWO: Callable = lambda rng, n: (draws.reals(rng, n), draws.reals(rng, n))
LABELLED: Callable = lambda rng, n: (draws.reals(rng, n), draws.labels(rng, n))
SIZED: dict[str, Callable] = {  # entrywise: (rng, entries) -> arguments
    **dict.fromkeys(("sigmoid", "tanh", "relu", "softplus", "gelu", "silu"), ONE),
    **dict.fromkeys(("mse", "huber"), TWO),
    "binary_cross_entropy_with_logits": LABELLED,
}


class Point(NamedTuple):
    """A derivation at one point of one size; `size` counts the numbers differentiated by."""

    subject: Derivation
    args: tuple
    size: int

    @property
    def outputs(self) -> int:
        if self.subject.scalar:
            return 1
        shapes = jax.eval_shape(self.subject.function, *self.args)
        return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


def points(name: str, sizes: Iterable[int], dtype: str, seed: int = 0) -> Iterator[Point]:
    """The derivation at each size; at its own draw where it is not entrywise."""
    subject = SUBJECTS[name]
    for size in sizes if name in SIZED else (0,):
        rng = np.random.default_rng([seed, size])
        args = SIZED[name](rng, size) if size else subject.draw(rng)
        held = jax.tree.map(jnp.asarray, cast(args, dtype))
        count = sum(leaf.size for k in subject.argnums for leaf in jax.tree.leaves(held[k]))
        yield Point(subject, held, count)


def with_derivative(subject: Derivation, gradient: Callable) -> Callable:
    """The function whose own derivative is the gradient that it is given; of argnums alone."""

    def of(args: tuple) -> Callable:
        merge = lambda chosen: merged(subject, args, chosen)

        @jax.custom_vjp
        def function(*chosen):
            return compiled(subject.function)(*merge(chosen))

        def pull(chosen, d):
            inputs = merge(chosen)
            if subject.scalar:
                return tuple(jax.tree.map(lambda g: d * g, tuple(gradient(*inputs))))
            return tuple(gradient(*inputs, d))

        function.defvjp(lambda *chosen: (function(*chosen), chosen), pull)
        return function

    return of


def merged(subject: Derivation, args: tuple, chosen: tuple) -> list:
    named = dict(enumerate(args)) | dict(zip(subject.argnums, chosen, strict=True))
    return [named[k] for k in range(len(args))]


@lru_cache(maxsize=64)
def compiled(function: Callable) -> Callable:
    return jax.jit(function)


# --- the checkers ----------------------------------------------------------------------------


def refnet(point: Point, gradient: Callable, dtype: str) -> bool:
    """Whether we refuse it: one point, truth and budget made once."""
    return bool(caught(answered(gradient, _judged(point.subject.name, point.size, dtype))))


@lru_cache(maxsize=64)
def _judged(name: str, size: int, dtype: str):
    for point in points(name, SIZES if name in SIZED else (0,), dtype):
        if point.size == size:
            case = Case(f"{size} numbers", jax.tree.map(np.asarray, point.args))
            rng = np.random.default_rng(size)
            found = judging.sample(
                point.subject, dtype, judging.with_cotangent(point.subject, case, rng)
            )
            assert found is not None
            return found
    raise ValueError(f"size is {size}; {name} is not looked at there")


def jax_grads(point: Point, gradient: Callable, dtype: str) -> bool:
    import jax.test_util

    check = lambda f, chosen: jax.test_util.check_grads(f, chosen, order=1, modes=("rev",))
    return _asserts(check, point, gradient)


def chex_grads(point: Point, gradient: Callable, dtype: str) -> bool:
    import chex

    check = lambda f, chosen: chex.assert_numerical_grads(f, chosen, order=1, modes=("rev",))
    return _asserts(check, point, gradient)


def _asserts(check: Callable, point: Point, gradient: Callable) -> bool:
    chosen = tuple(point.args[k] for k in point.subject.argnums)
    try:
        check(with_derivative(point.subject, gradient)(point.args), chosen)
    except AssertionError:
        return True
    return False


def scipy_grad(point: Point, gradient: Callable, dtype: str) -> bool:
    """It gives a number: read as kindly as can be, a mistake is seen where it doubles it."""
    numbers = [_scipy(point, g) for g in (point.subject.gradient, gradient)]
    return not numbers[1] < 2.0 * numbers[0]


def _scipy(point: Point, gradient: Callable) -> float:
    from jax.flatten_util import ravel_pytree
    from scipy.optimize import check_grad

    flat, back = ravel_pytree(tuple(point.args[k] for k in point.subject.argnums))
    value = lambda x: float(
        compiled(point.subject.function)(*merged(point.subject, point.args, back(x)))
    )
    slope = lambda x: np.asarray(
        ravel_pytree(gradient(*merged(point.subject, point.args, back(x))))[0], np.float64
    )
    as_held = lambda f: lambda x: f(jnp.asarray(x, flat.dtype))
    return float(check_grad(as_held(value), as_held(slope), np.asarray(flat, np.float64)))


def torch_grads(fast: bool) -> Callable[[Point, Callable, str], bool]:
    def refused(point: Point, gradient: Callable, dtype: str) -> bool:
        import torch  # pyright: ignore[reportMissingImports]

        chosen, tree = jax.tree.flatten(tuple(point.args[k] for k in point.subject.argnums))
        function = _torch_function(point, gradient, tree)
        inputs = [torch.tensor(np.asarray(leaf)).requires_grad_() for leaf in chosen]
        passed = torch.autograd.gradcheck(function, inputs, fast_mode=fast, raise_exception=False)
        return not passed

    return refused


def _torch_function(point: Point, gradient: Callable, tree) -> Callable:
    import torch  # pyright: ignore[reportMissingImports]

    subject, wrong = point.subject, gradient
    array = lambda leaf: jnp.asarray(leaf.detach().numpy())
    inputs = lambda leaves: merged(
        subject, point.args, jax.tree.unflatten(tree, list(map(array, leaves)))
    )
    tensor = lambda leaf: torch.tensor(np.asarray(leaf))

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *leaves):
            ctx.save_for_backward(*leaves)
            return tensor(compiled(subject.function)(*inputs(leaves)))

        @staticmethod
        def backward(ctx: Any, d):
            args = inputs(ctx.saved_tensors)
            found = wrong(*args) if subject.scalar else wrong(*args, array(d))
            times = d if subject.scalar else 1.0
            return tuple(times * tensor(leaf) for leaf in jax.tree.leaves(found))

    return Planted.apply


class Peer(NamedTuple):
    package: str
    refuses: Callable[[Point, Callable, str], bool]
    passes: Callable[[Point], float]  # forward passes, about
    scalar_only: bool = False


PEERS: dict[str, Peer] = {
    "refnet": Peer("jax", refnet, lambda point: 1),
    "JAX check_grads, reverse": Peer("jax", jax_grads, lambda point: 4),
    "chex assert_numerical_grads": Peer("chex", chex_grads, lambda point: 8),
    "PyTorch gradcheck": Peer(
        "torch", torch_grads(fast=False), lambda point: 3.0 * (point.size + point.outputs)
    ),
    "PyTorch gradcheck, fast": Peer("torch", torch_grads(fast=True), lambda point: 6),
    "SciPy check_grad": Peer("scipy", scipy_grad, lambda point: 2 * point.size, scalar_only=True),
}


def rows(
    names: Iterable[str],
    sizes: Iterable[int] = SIZES,
    dtypes: Iterable[str] = ("float64", "float32"),
    every: int = 1,
    checkers: Iterable[str] = tuple(PEERS),
    limit: float = LIMIT,
) -> Iterator[dict[str, Any]]:
    """Every mistake, and the right gradient first, through every checker: refused or accepted."""
    sizes, dtypes, checkers = tuple(sizes), tuple(dtypes), tuple(checkers)
    for name in names:
        right = Twin("none", "", "", SUBJECTS[name].gradient, faults.Expects(()))
        wrong = [t for t in faults.twins(name) if t.level != "answer"][::every]
        twins = [t._replace(gradient=jax.jit(t.gradient)) for t in (right, *wrong)]
        for dtype in dtypes:
            with jax.enable_x64(True):
                for point in points(name, sizes, dtype):
                    for checker in checkers:
                        for twin in twins:
                            head = {"checker": checker, "derivation": name, "fault": twin.fault}
                            head |= {"place": twin.place, "size": point.size, "dtype": dtype}
                            yield head | asked(checker, point, twin, dtype, limit)


def asked(checker: str, point: Point, twin: Twin, dtype: str, limit: float) -> dict[str, str]:
    """What it says of one gradient, or why it was not run."""
    peer = PEERS[checker]
    if why := obstacle(peer, point, limit):
        return {"said": NOT_RUN, "note": why}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            refused = peer.refuses(point, twin.gradient, dtype)
        except Exception as error:  # foreign code: whatever it raises is its answer
            said = " ".join(str(error).split())[:100]
            return {"said": NO_ANSWER, "note": f"it raised {type(error).__name__}: {said}"}
    return {"said": REFUSED if refused else ACCEPTED, "note": ""}


def obstacle(peer: Peer, point: Point, limit: float) -> str:
    if not installed(peer.package):
        return f"{peer.package} is not installed"
    if peer.scalar_only and not point.subject.scalar:
        return "for functions with one output only"
    if peer.passes(point) * point.size > limit:
        return f"about {peer.passes(point):,.0f} forward passes"
    return ""
