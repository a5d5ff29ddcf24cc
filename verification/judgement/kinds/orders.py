"""Higher orders: the derivative of a derivative is judged as a derivative.

The first derivative of `of` is that of its program: custom rules, which may hide what the second
one needs, are opened before JAX differentiates.
"""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...adapters import jax_function, torch_function
from ...adapters.function import Function
from ...adapters.recognition import recognised
from ...adapters.trees import inward, outward
from ...arithmetic.without_rules import without_rules
from .problem import Problem, first_point, followed, is_float, like, named_by, output, weights
from .values import value_problem

ORDERS = (1, 2, 3)


def check_order(order: Any) -> None:
    if isinstance(order, bool) or order not in ORDERS:
        raise ValueError(f"order is {order!r}; it must be one of {', '.join(map(str, ORDERS))}")


def of_order(problem: Problem, order: int) -> Problem:
    """The same problem about the derivative of that order.

    A function with its own derivative, and a gradient that JAX can trace, are differentiated again.
    A Hessian, or all third derivatives, are known by their shapes; what takes one more argument
    answers Hessian-vector products.
    Raises TypeError for what is neither.
    """
    if order == 3 and _is_whole(problem, order):
        return value_problem(problem.gradient, every(problem, order), problem.args)
    for _ in range(order - 1):
        problem = _again(problem)
    return problem


def _again(problem: Problem) -> Problem:
    gradient, point = problem.gradient, first_point(problem.args)
    shapes, known = output(problem.of, point), recognised(problem.gradient)
    if isinstance(known, Function):
        return _pulled_again(problem, known)
    is_scalar = getattr(shapes, "shape", None) == ()
    given = point if is_scalar else (*point, outward(like(np.random.default_rng(0), shapes)))
    said = _answer(gradient, given)
    if said is None:
        return _products(problem, shapes)
    if is_scalar and _shapes(said) == _powers(point, problem.numbers, 2):
        return value_problem(gradient, every(problem, 2), problem.args)
    return _differentiated(problem, is_scalar, given)


# --- functions, and gradients that JAX can trace ----------------------------------------------


def _pulled_again(problem: Problem, known: Function) -> Problem:
    if known.again is None:
        raise TypeError(
            f"order is 2, and the pullback of {known.name} cannot be differentiated again; hand "
            "over a function of JAX or PyTorch"
        )
    candidate = known.again(problem.numbers)
    above = len(first_point(problem.args))
    more = lambda rng, point: (weights(problem.of, rng, point),)
    args = followed(problem.args, more)
    return Problem(candidate, pullback(problem), args, (*problem.numbers, above))


def _differentiated(problem: Problem, is_scalar: bool, given: tuple) -> Problem:
    """A gradient by hand, whose own derivative is judged."""
    candidate = _derivative(problem.gradient, given)
    if is_scalar:
        return Problem(candidate, first(problem), problem.args, problem.argnums)
    more = lambda rng, point: (weights(problem.of, rng, point),)
    numbers = (*problem.numbers, len(given) - 1)
    return Problem(candidate, pullback(problem), followed(problem.args, more), numbers)


def _derivative(gradient: Callable, given: tuple) -> Function:
    """What autograd of PyTorch, or of JAX, makes of a gradient.  Raises TypeError for others."""
    if (of_tensors := getattr(gradient, "of_tensors", None)) is not None:
        return torch_function.derivative(of_tensors)
    leaves = lambda *args: [x for x in jax.tree.leaves(inward(gradient(*args))) if is_float(x)]
    try:
        with jax.enable_x64(True):
            jax.eval_shape(lambda *args: leaves(*outward(args)), *inward(given))
    except Exception as error:  # it may be anybody's, in any library
        raise TypeError(
            f"order is 2, and JAX cannot differentiate the gradient ({type(error).__name__}); hand "
            "over a Hessian, or hessian_vector(*args, v)"
        ) from error
    return jax_function.derivative(leaves)._replace(name=jax_function.named(gradient))


def first(problem: Problem) -> Callable:
    """(*args) -> the leaves of the gradient of a scalar function."""

    def made(opened: Callable) -> Callable:
        def gradient(*args):
            only, picked = _restricted(problem, args)
            return list(jax.grad(opened(only), tuple(range(len(picked))))(*picked))

        return gradient

    return _spelled(made, problem)


def pullback(problem: Problem) -> Callable:
    """(*args, cotangent) -> the leaves of the gradient."""

    def made(opened: Callable) -> Callable:
        def pulled(*args):
            *inputs, above = args
            only, picked = _restricted(problem, inputs)
            value, pull = jax.vjp(opened(only), *picked)
            return list(pull(jax_function.like(inward(above), value)))

        return pulled

    return _spelled(made, problem, "cotangent")


def _spelled(made: Callable, problem: Problem, *more: str) -> Callable:
    """Made of the program itself; made by the rules that JAX has is another spelling."""
    count = len(first_point(problem.args))
    function = named_by(made(without_rules), problem.of, count, *more)
    function.spellings = (made(lambda f: f),)  # pyright: ignore[reportFunctionMemberAccess]
    return function


def _restricted(problem: Problem, args: Any) -> tuple[Callable, list]:
    return jax_function.restricted(problem.of, list(inward(tuple(args))), problem.numbers)


# --- Hessians, and products with them -----------------------------------------------------------


def _is_whole(problem: Problem, order: int) -> bool:
    """Whether it answers every derivative of that order of a scalar function."""
    point = first_point(problem.args)
    if isinstance(recognised(problem.gradient), Function):
        return False
    if getattr(output(problem.of, point), "shape", None) != ():
        return False
    return _shapes(_answer(problem.gradient, point)) == _powers(point, problem.numbers, order)


def every(problem: Problem, order: int) -> Callable:
    """(*args) -> a tree for each entry of a tree, `order` deep, as jax.hessian has it."""
    single = isinstance(problem.argnums, int)

    def made(opened: Callable) -> Callable:
        def program(*args):
            def scalar(chosen):
                whole = dict(enumerate(args)) | dict(zip(problem.numbers, chosen, strict=True))
                return problem.of(*(whole[i] for i in range(len(args))))

            slopes = jax.grad(opened(scalar))
            for _ in range(order - 1):
                slopes = jax.jacfwd(slopes)
            found = slopes(tuple(args[i] for i in problem.numbers))
            return _unwrapped(found[0], order - 1) if single else found

        return program

    return _spelled(made, problem)


def _unwrapped(tree: Any, depth: int) -> Any:
    """What is differentiated by one argument has its part alone, not in a tuple of one."""
    for _ in range(depth):
        tree = jax.tree.map(lambda row: row[0] if is_one(row) else row, tree, is_leaf=is_one)
    return tree


def is_one(tree: Any) -> bool:
    return type(tree) is tuple and len(tree) == 1


def _products(problem: Problem, shapes: Any) -> Problem:
    """hessian_vector(*args, v): the gradient of <gradient, v>."""
    single, numbers = isinstance(problem.argnums, int), problem.numbers
    slopes = first(problem) if getattr(shapes, "shape", None) == () else None
    if slopes is None:
        raise TypeError(
            "order is 2, and `of` returns arrays: hand over a function of JAX or PyTorch, or a "
            "gradient that JAX can trace"
        )

    def of(*args):
        *inputs, along = args
        floats = [x for x in jax.tree.leaves(inward(along)) if is_float(x)]
        return sum(jnp.sum(s * v) for s, v in zip(slopes(*inputs), floats, strict=True))

    def direction(rng, point):
        chosen = tuple(inward(point[i]) for i in numbers)
        found = outward(like(rng, chosen))
        return (found[0] if single else found,)

    args = followed(problem.args, direction)
    of = named_by(of, problem.of, len(first_point(problem.args)), "along")
    return Problem(problem.gradient, of, args, problem.argnums)


def _answer(gradient: Callable, point: tuple) -> Any:
    """What it answers; None where it takes one more argument."""
    try:
        with jax.enable_x64(True), np.errstate(all="ignore"):
            return gradient(*point)
    except TypeError as error:
        if jax_function.takes(gradient, len(point)):
            raise TypeError(f"order is 2, and the gradient raised TypeError: {error}") from error
        return None


def _shapes(tree: Any) -> list[tuple[int, ...]]:
    return [np.shape(x) for x in jax.tree.leaves(inward(tree))]


def _powers(point: tuple, numbers: tuple[int, ...], order: int) -> list[tuple[int, ...]]:
    """The shapes of every derivative of that order, in the order of their leaves."""
    own = [shape for i in numbers for shape in _shapes(point[i])]
    return [sum(shapes, ()) for shapes in itertools.product(own, repeat=order)]
