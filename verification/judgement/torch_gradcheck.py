"""torch_gradcheck: what torch.autograd.gradcheck asks, answered by proof, in any dtype.

The same arguments, and the same answer: True, or GradcheckError.  eps, atol, rtol, nondet_tol and
fast_mode are taken and change nothing: no step is made, and what may be off is a derived budget.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from ..adapters.function import Function
from ..adapters.torch_function import array
from ..adapters.torch_programs import Program
from ..adapters.torch_programs.undefined import undefined_gradients
from ..vocabulary import Finding, Verdict
from .complex_parts import in_parts
from .validate import validate

CASES, SEED = 4, 0
NEAR = 2.0**-4  # the draws beside the inputs themselves: each number moved by less than this of it
DTYPES = ("float64", "float32", "float16", "bfloat16")
PARTS = {"complex128": "float64", "complex64": "float32"}  # of which real and imaginary parts are


def torch_gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether autograd's derivative of func is right at the inputs, and close to them.

    inputs  a tensor, or several; judged are those with requires_grad, all of one dtype, which may
            be float64, float32, float16 or bfloat16, or complex with such parts
    check_forward_ad, check_batched_grad   the derivative by forward mode, and by vmap, too

    Raises GradcheckError with the finding in words, or returns False where raise_exception is
    False; an undecided one is not a pass.  ValueError for inputs that are not judged.
    """
    import torch  # pyright: ignore[reportMissingImports]

    tensors = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
    _, dtype = _asked(torch, tensors)
    is_ahead = check_forward_ad or check_batched_forward_grad
    _check_wide(torch, func, tensors)
    program = Program(func, func)
    by = [_ahead(torch, func, tensors)] if is_ahead else [(program.derivative(), program, tensors)]
    by += [(program.derivative(batched=True), program, tensors)] if check_batched_grad else []
    said = ""
    for way, of, at in by:
        found = validate_near(way, of, at, _asked(torch, at)[0], dtype)
        said = said or ("" if found.verdict is Verdict.CORRECT else str(found))
    if not said and check_undefined_grad:
        said = undefined_gradients(torch, func, tensors)
    if said and raise_exception:
        raise import_module("torch.autograd.gradcheck").GradcheckError(said)
    return not said


def torch_gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the derivative of func's own backward is right, in the inputs and the cotangents.

    As torch_gradcheck; grad_outputs are drawn where they are not given.
    """
    import torch  # pyright: ignore[reportMissingImports]

    tensors = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
    _asked(torch, tensors)
    above = _cotangents(torch, func, tensors, grad_outputs)
    return torch_gradcheck(
        _backward(torch, func, len(tensors)),
        (*tensors, *above),
        raise_exception=raise_exception,
        check_undefined_grad=False,
        check_forward_ad=check_fwd_over_rev,
        check_batched_grad=check_batched_grad,
    )


def _asked(torch: Any, tensors: tuple) -> tuple[tuple[int, ...], str]:
    """The positions that are judged, and their dtype."""
    chosen = [k for k, x in enumerate(tensors) if isinstance(x, torch.Tensor) and x.requires_grad]
    if not chosen:
        raise ValueError("inputs: none of them requires a gradient; set requires_grad=True")
    kinds = {str(tensors[k].dtype).removeprefix("torch.") for k in chosen}
    dtypes = {PARTS.get(kind, kind) for kind in kinds}
    if len(dtypes) > 1 or not dtypes <= set(DTYPES):
        said, known = (", ".join(names) for names in (sorted(kinds), (*DTYPES, *PARTS)))
        raise ValueError(f"inputs: their dtypes are {said}; give all in one of {known}")
    return tuple(chosen), dtypes.pop()


def _ahead(torch: Any, func: Callable, tensors: tuple) -> tuple[Function, Program, tuple]:
    """Forward mode: of complex tensors in their real and imaginary parts."""
    if any(isinstance(x, torch.Tensor) and x.is_complex() for x in tensors):
        func, tensors = in_parts(torch, func, tensors)
    program = Program(func, func)
    return program.derivative(ahead=True), program, tensors


def _check_wide(torch: Any, func: Callable, tensors: tuple) -> None:
    """Raises ValueError where func cannot be run in float64, where its truth is."""
    is_float = lambda x: isinstance(x, torch.Tensor) and x.is_floating_point()
    if all(x.dtype == torch.float64 for x in tensors if is_float(x)):
        return
    try:
        func(*(x.double() if is_float(x) else x for x in tensors))
    except RuntimeError as error:
        said = " ".join(str(error).split())[:160]
        if "dtype" not in said:  # whatever it is, it is said where func is judged
            return
        raise ValueError(
            f"func cannot be run in float64, where the truth is ({said}); what it closes over has "
            "another dtype: pass it as an input, or cast it to the dtype of the inputs inside"
        ) from None


def validate_near(
    way: Function, program: Program, tensors: tuple, argnums: tuple[int, ...], dtype: str
) -> Finding:
    """The finding at the inputs, and at draws close to them."""
    import torch  # pyright: ignore[reportMissingImports]

    point = tuple(np.array(array(torch, x)) if isinstance(x, torch.Tensor) else x for x in tensors)
    start = np.random.default_rng(SEED).bit_generator.state

    def sample(rng):
        is_first = rng.bit_generator.state == start
        moved = [_moved(rng, x) if k in argnums else x for k, x in enumerate(point)]
        return point if is_first else tuple(moved)

    return validate(
        way, program, sample, argnums=argnums, dtype=dtype, cases=CASES, seed=SEED, edges="none"
    )


def _moved(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return (x * (1.0 + NEAR * rng.uniform(-1.0, 1.0, x.shape))).astype(x.dtype)


def _cotangents(torch: Any, func: Callable, tensors: tuple, given: Any) -> tuple:
    if given is not None:
        return (given,) if isinstance(given, torch.Tensor) else tuple(given)
    outs = func(*tensors)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        outs = (outs,) if isinstance(outs, torch.Tensor) else tuple(outs)
        return tuple(torch.randn_like(x).requires_grad_() for x in outs if x.requires_grad)


def _backward(torch: Any, func: Callable, count: int) -> Callable:
    """(*inputs, *cotangents) -> the slopes that autograd has, with a graph of their own."""

    def backward(*args):
        inputs, above = args[:count], args[count:]
        wanted = [
            x if x.requires_grad else x.requires_grad_()
            for x in inputs
            if isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex())
        ]
        with torch.enable_grad():
            outs = func(*inputs)
            outs = (outs,) if isinstance(outs, torch.Tensor) else tuple(outs)
            outs = [x for x in outs if x.requires_grad]
            slopes = torch.autograd.grad(outs, wanted, above, create_graph=True, allow_unused=True)
        return tuple(x for x in slopes if x is not None)

    backward.__name__ = f"the backward of {getattr(func, '__name__', 'func')}"
    return backward
