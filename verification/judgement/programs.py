"""Where `of` is a PyTorch program: what is judged, at which points, and whether the trace is it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ..adapters import jax_function, jax_modules, nnx_arguments
from ..adapters.function import Function
from ..adapters.recognition import recognised
from ..adapters.torch_function import derivative, on_tensors
from ..adapters.torch_programs import Program, as_program, by_trial, program
from ..adapters.trees import inward
from ..arithmetic.bounds import bounds
from ..arithmetic.complex_numbers.programs import real_program
from ..arithmetic.formats import format_of
from ..arithmetic.inner_programs import equations
from ..measurement.answer import cast
from ..measurement.budget import running
from ..measurement.subject import inside, on_inward
from ..vocabulary import Finding, Silent
from ..vocabulary.raised import in_words

ELSEWHERE = "traced, its value at the first point is not that of PyTorch"
UNBOUNDED = "traced, nothing bounds the rounding of its value"


def handed_over(gradient: Any, of: Any, args: Any) -> tuple[Any, Any, Any]:
    """The candidate, what it should be the derivative of, and the arguments; a module is opened."""
    gradient, of, args = jax_modules.opened(gradient, of, args)
    gradient, of, args = nnx_arguments.opened(gradient, of, args)
    return gradient, of_itself(gradient, of), args


def of_itself(gradient: Any, of: Any) -> Any:
    """What a function with a derivative of its own should be the derivative of: itself.

    Raises TypeError for another candidate without `of`.
    """
    if of is not None:
        return of
    if (own := jax_function.bare(gradient)) is not None:
        return own  # its rule is not consulted, not even for what rounding may do
    known = program(gradient)
    if known is not None and isinstance(known.derivative(), Function):
        return gradient
    if callable(gradient) and isinstance(recognised(gradient), Function):
        return gradient
    raise TypeError("of is missing; pass the function that was differentiated")


def traced(of: Any) -> Any:
    """`of` as JAX traces it."""
    known = program(of)
    return of if known is None else known


def sampled(of: Any, args: tuple | Callable) -> tuple | Callable:
    """args, with a module's parameters before them where they lack those."""
    known = program(of)
    return args if known is None or known.module is None else known.module.sampler(args)


def settled(of: Any, first: tuple, candidate: Any, gradient: Any, dtype: str) -> tuple[Any, Any]:
    """`of` as a program, checked at the first point, and the candidate beside it.

    What is no program of PyTorch's is as it was.
    """
    known = _found(of, gradient, first)
    if known is None:
        return of, candidate
    known.check = unlike
    point = cast(inward(first), dtype)  # numbers are drawn in the dtype that is judged
    _check_wide(known, dtype)
    try:
        candidate = beside(candidate, gradient, known, first)
        known.along(point)
    except Exception as error:  # somebody's function may raise anything
        said = f"of raised {in_words(error)}, at the first point that args gave"
        raise ValueError(said) from error
    return known if known.refused else known.checked(known, point), candidate


def _found(of: Any, gradient: Any, first: tuple) -> Program | None:
    """`of` as a program of PyTorch's, by its code or by trial; None where it is none."""
    known = as_program(of, first)
    if isinstance(known, Program):
        return known
    is_tried = "torch" in sys.modules and not jax_traces(of, first)
    return by_trial(of, first, gradient is of) if is_tried else None


def _check_wide(of: Program, dtype: str) -> None:
    """Raises ValueError where it is to be judged in more digits than it takes."""
    if of.narrow and dtype == "float64":
        raise ValueError(
            f"{of.__name__} takes float32 alone, because of a tensor that it holds or a kernel; "
            'judge it with dtype="float32", or cast what it holds to the dtype of its arguments'
        )


def jax_traces(of: Any, first: tuple) -> bool:
    try:
        with jax.enable_x64(True):
            jax.eval_shape(inside(of), *cast(inward(first), "float64"))
    except Exception:  # somebody's function; what it is, is found out by trial
        return False
    return True


def beside(candidate: Any, gradient: Any, of: Program, first: tuple) -> Any:
    """The candidate: its own derivative with its state, or a gradient of tensors or of arrays."""
    theirs = program(gradient)
    if theirs is None:
        return of.derivative() if gradient is of.original else candidate
    if theirs.module is not None and of.module is not None:
        theirs.module.state = of.module.state = of.changed(first)
    if theirs.is_own or theirs.original is of.original:
        return theirs.derivative()
    return candidate if takes_arrays(candidate, of, first) else on_tensors(gradient)


def of_complex(of: Any, gradient: Any, first: tuple) -> tuple[Any, Any]:
    """A program of PyTorch's, and its gradient, of complex arrays; others as they are."""
    known = _found(of, gradient, first)
    return (of, gradient) if known is None else (known, beside(gradient, gradient, known, first))


def of_arrays(gradient: Any, of: Any, first: tuple) -> Any:
    """What answers about another derivative than the first, on arrays: a gradient, a Hessian, or a
    Hessian times a vector that were written for tensors; a function of tensors as its derivative.
    """
    theirs, known = program(gradient), program(of)
    if not (isinstance(theirs, Program) and isinstance(known, Program)) or theirs.is_own:
        return gradient
    if theirs.original is known.original:
        return derivative(gradient)
    beside = [(), (known(*first),), first]  # alone, with a cotangent, with directions
    return (
        gradient
        if any(answers_arrays(gradient, (*first, *x)) for x in beside)
        else on_tensors(gradient)
    )


def takes_arrays(gradient: Callable, of: Program, first: tuple) -> bool:
    """Whether it answers arrays at the first point, and at the value for a cotangent."""
    value = of(*first)
    return answers_arrays(gradient, (*first, *(() if np.shape(value) == () else (value,))))


def answers_arrays(gradient: Callable, point: tuple) -> bool:
    try:
        found = jax.tree.leaves(inward(gradient(*point)))
    except Exception:  # somebody's function, which may have been meant for tensors
        return False
    return not any(hasattr(leaf, "detach") for leaf in found)


def unlike(of: Program, first: tuple) -> str:
    """Why the trace is not to be trusted; empty where it is, or where there is none."""
    point = cast(inward(first), "float64")
    traced = on_inward(of, point)
    try:
        with jax.enable_x64(True):
            program = jax.make_jaxpr(traced)(*point)
    except Exception:  # somebody's program; it is asked again, and what it says then is told
        return ""
    # random numbers are those of the dtype that is judged: they may be others in float64
    points = [point, *[inward(first)] * of.is_random]
    why = [apart(traced, program, point, there, of.narrow) for there in points]
    return "" if "" in why else why[0]


def apart(traced: Any, program: Any, point: tuple, there: tuple, narrow: bool = False) -> str:
    """Why the value that PyTorch has there is not that of the trace; empty where it is."""
    theirs = jax.tree.leaves(inward(traced(*there)))
    leaves = [np.asarray(x) for x in jax.tree.leaves(point)]
    for name in ["float32"] if narrow else formats_in(program.jaxpr, there):
        try:
            ours = running(real_program(program), leaves, bounds(format_of(name)))
        except Silent as said:
            return f"{UNBOUNDED}: {said}"
        pairs = zip(theirs, ours, strict=True)
        if all(_alike(np.asarray(x, np.float64), *pair) for x, pair in pairs):
            return ""
    return ELSEWHERE


def formats_in(jaxpr: Any, point: tuple) -> list[str]:
    """The formats by whose bounds its value is compared: that of the digits it has at least."""
    made = {eqn.primitive.name for eqn in equations(jaxpr)}
    ends = [v.aval for eqn in equations(jaxpr) for v in eqn.outvars]
    return [narrowest([*ends, *jax.tree.leaves(point)]), *["float32"] * bool(made & LOSSY)]


LOSSY = {"digamma", "polygamma", "zeta"}  # in float64 PyTorch has half of their digits
NARROW = ("bfloat16", "float16", "float32")


def narrowest(arrays: list) -> str:
    """The format of the fewest digits that the program itself rounds to."""
    made = {str(getattr(x, "dtype", "")) for x in arrays}
    return next((name for name in NARROW if name in made), "float64")


def _alike(theirs: np.ndarray, value: np.ndarray, error: np.ndarray) -> bool:
    """Each is within the bound of the exact value."""
    if theirs.shape != value.shape:
        return False
    with np.errstate(invalid="ignore"):
        near = (np.abs(theirs - value) <= 2.0 * error) & np.isfinite(error)
    return bool((near | (theirs == value) | (np.isnan(theirs) & np.isnan(value))).all())


def noted(finding: Finding, of: Any) -> Finding:
    said = of.notes if isinstance(of, Program) else ()
    return replace(finding, notes=(*finding.notes, *said)) if said else finding
