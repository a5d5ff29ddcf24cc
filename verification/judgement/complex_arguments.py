"""Complex arguments and results: as real and imaginary parts, in the convention of a library.

With L the real number that is differentiated and z = x + i y,

    JAX        dL/dx - i dL/dy, and what arrives from above likewise: jax.vjp
    PyTorch    dL/dx + i dL/dy, its conjugate; allow=("conjugate",) accepts it

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
from ..measurement.subject import referable
from ..vocabulary import Explanation, Finding, Verdict

CONJUGATE = "conjugate"
SENTENCE = "it is the conjugate of JAX's gradient, dL/dx + i dL/dy, which is PyTorch's convention"


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
    if isinstance(candidate, Function) and candidate.under is not None:
        return candidate.under(function)
    if not callable(candidate):
        return candidate

    @wraps(candidate, updated=())
    def real(*args):
        return apart(candidate(*whole(args)), sign)

    def whole(args: tuple) -> tuple:
        return (*together(args[:count]), *together(args[count:], sign))

    vars(real)["whole"] = candidate, whole  # what somebody wrote, and the arguments that it takes
    return real


def sampler(args: Any) -> Any:
    """What draws points, or the one point, in parts."""
    if not callable(args):
        return apart(args)

    @wraps(args, updated=())
    def drawn(*given, **named):
        return apart(args(*given, **named))

    return drawn


def judged(validate: Callable, candidate: Any, of: Callable, args: Any, count: int, **asked):
    """The finding by JAX's convention; where that is wrong, by PyTorch's, if all of it fits."""
    allow = tuple(asked.pop("allow", ()))
    rest = tuple(name for name in allow if name != CONJUGATE)
    by = lambda sign: validate(
        gradient(candidate, count, sign), function(of), sampler(args), allow=rest, **asked
    )
    found = by(-1.0)
    if found.verdict is not Verdict.WRONG:
        return found
    other = by(1.0)
    if other.verdict is Verdict.WRONG:
        return found
    return _named(found, other, CONJUGATE in allow)


def _named(found: Finding, other: Finding, allowed: bool) -> Finding:
    if allowed:
        reason = f"{other.reason}; with a convention that was allowed ({CONJUGATE}: {SENTENCE})"
        return replace(other, reason=reason, conventions=(*other.conventions, CONJUGATE))
    remedy = f'allow=("{CONJUGATE}",) accepts that convention'
    why = Explanation("factor", "the whole gradient", SENTENCE, remedy=remedy)
    return replace(
        found,
        reason=f"{found.reason}; {SENTENCE}",
        explanation=(why,),
        conventions=(*found.conventions, CONJUGATE),
    )
