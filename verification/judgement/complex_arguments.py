"""Complex arguments and results: as real and imaginary parts, in the convention of a library.

With L the real number that is differentiated and z = x + i y,

    JAX        dL/dx - i dL/dy, and what arrives from above likewise: jax.vjp
    PyTorch    dL/dx + i dL/dy, its conjugate

A program is judged by the convention of its own library; allow=("conjugate",) accepts the other.
Inside, an argument or a result is `Parts`, and all that is judged is real.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.function import Function
from ..adapters.torch_programs import Program
from ..measurement.subject import referable
from ..vocabulary import Explanation, Finding, Verdict
from . import programs
from .arguments import point_of

CONJUGATE = "conjugate"
JAXS, TORCHS = -1.0, 1.0  # the sign of dL/dy
SENTENCES = {
    JAXS: "it is the conjugate of JAX's gradient, dL/dx + i dL/dy, which is PyTorch's convention",
    TORCHS: "it is the conjugate of PyTorch's gradient, dL/dx - i dL/dy, which is JAX's convention",
}


class Parts(NamedTuple):
    """A complex array."""

    real: Any
    imag: Any


def is_parts(x: Any) -> bool:
    return isinstance(x, Parts)


def apart(tree: Any, sign: float = 1.0) -> Any:
    """Every complex leaf as Parts, the imaginary one times `sign`."""
    xp = lambda x: jnp if isinstance(x, jax.Array) else np

    def one(x):
        if is_parts(x) or not _is_complex(x):
            return x
        x = xp(x).asarray(x)
        return Parts(xp(x).real(x), sign * xp(x).imag(x))

    return jax.tree.map(one, tree, is_leaf=is_parts)


def together(tree: Any, sign: float = 1.0) -> Any:
    """The same back: complex numbers of the width of their parts."""
    return jax.tree.map(
        lambda x: _joined(x.real, sign * x.imag) if is_parts(x) else x, tree, is_leaf=is_parts
    )


def _joined(re: Any, im: Any) -> Any:
    if isinstance(re, jax.Array) or isinstance(im, jax.Array):
        return jax.lax.complex(jnp.asarray(re), jnp.asarray(im))
    re = np.asarray(re)
    out = np.empty(re.shape, np.result_type(re.dtype, np.complex64))
    out.real, out.imag = re, im
    return out


def _is_complex(x: Any) -> bool:
    return isinstance(x, complex) or str(getattr(x, "dtype", "")).startswith("complex")


def are_complex(of: Callable, point: tuple) -> bool:
    """Whether an argument is complex, or a result."""
    if any(map(_is_complex, jax.tree.leaves(point))):
        return True
    try:
        with jax.enable_x64(True):
            return any(map(_is_complex, jax.tree.leaves(jax.eval_shape(referable(of), *point))))
    except Exception:  # somebody's function: what it is, is said elsewhere
        return False


def function(of: Callable) -> Callable:
    """The function, of parts."""

    @wraps(of, updated=())
    def real(*args):
        return apart(of(*together(args)))

    return real


def gradient(candidate: Any, count: int, sign: float) -> Any:
    """A gradient of `count` arguments and a cotangent, of parts; sign -1 is JAX's convention."""
    if isinstance(candidate, Function):
        return _derivative(candidate)
    if not callable(candidate):
        return candidate

    @wraps(candidate, updated=())
    def real(*args):
        return apart(candidate(*whole(args)), sign)

    def whole(args: tuple) -> tuple:
        return (*together(args[:count]), *together(args[count:], sign))

    vars(real)["whole"] = candidate, whole  # what somebody wrote, and the arguments that it takes
    return real


def _derivative(candidate: Function) -> Function:
    """The derivative of the function of parts, or the answers of that of complex numbers."""
    if candidate.under is not None:
        return candidate.under(function)

    def answers(argnums: tuple[int, ...]) -> Callable:
        ask = candidate.answers(argnums)
        return lambda *args: jax.tree.leaves(apart(ask(*together(args))))

    return candidate._replace(answers=answers, again=None)


def sampler(args: Any) -> Any:
    """What draws points, or the one point, in parts."""
    if not callable(args):
        return apart(args)

    @wraps(args, updated=())
    def drawn(*given, **named):
        return apart(point_of(args(*given, **named)))  # a bare array is no two parts

    return drawn


def judged(validate: Callable, candidate: Any, of: Callable, args: Any, first: tuple, **asked):
    """The finding by the convention of the function's library; where that is wrong and all of it
    fits the other, that is said.
    """
    of, theirs = programs.of_complex(of, candidate, first)
    own = TORCHS if isinstance(of, Program) else JAXS
    allow = tuple(asked.pop("allow", ()))
    rest = tuple(name for name in allow if name != CONJUGATE)
    by = lambda sign: validate(
        gradient(theirs, len(first), sign), function(of), sampler(args), allow=rest, **asked
    )
    found = by(own)
    if found.verdict is not Verdict.WRONG:
        return found
    other = by(-own)
    if other.verdict is Verdict.WRONG:
        return found
    return _named(found, other, SENTENCES[own], CONJUGATE in allow)


def _named(found: Finding, other: Finding, sentence: str, allowed: bool) -> Finding:
    if allowed:
        reason = f"{other.reason}; with a convention that was allowed ({CONJUGATE}: {sentence})"
        return replace(other, reason=reason, conventions=(*other.conventions, CONJUGATE))
    remedy = f'allow=("{CONJUGATE}",) accepts that convention'
    why = Explanation("factor", "the whole gradient", sentence, remedy=remedy)
    return replace(
        found,
        reason=f"{found.reason}; {sentence}",
        explanation=(why,),
        conventions=(*found.conventions, CONJUGATE),
    )
