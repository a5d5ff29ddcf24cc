"""Which kind of derivative an implementation answers, in words; and the question that it makes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..adapters.source_files import located
from ..vocabulary import Finding

if TYPE_CHECKING:
    from .implementation import Implementation, Subject


class Kind(NamedTuple):
    """By default the first derivative, backwards, of the function itself."""

    order: int = 1
    under: tuple[str, ...] = ()  # transformations
    meant: str = ""  # a name, or FILE.py:SURROGATE
    forward: bool = False  # a tangent rule
    samples: int = 0  # of a random estimate; 0: it is none
    bias: float = 0.0  # the smallest that must have been seen; 0: as it is by itself
    error: float = 0.0  # the chance of a wrong verdict; 0: as it is by itself


FIRST = Kind()


def words(kind: Kind) -> list[str]:
    """The options that say it."""
    said = ["--order", str(kind.order)] if kind.order != 1 else []
    said += [part for name in kind.under for part in ("--under", name)]
    said += ["--meant", kind.meant] if kind.meant else []
    said += ["--forward"] if kind.forward else []
    said += ["--samples", str(kind.samples)] if kind.samples else []
    said += ["--bias", f"{kind.bias:g}"] if kind.bias else []
    return said + (["--error", f"{kind.error:g}"] if kind.error else [])


def asked(one: "Implementation", it: "Subject", dtype: str, cases: int, seed: int) -> Finding:
    """The finding of validate, validate_jvp or validate_estimator.

    Raises Unusable where there is no surrogate of that name, and what they raise.
    """
    given: dict[str, Any] = {"of": it.of, "args": it.args, "argnums": it.argnums}
    given |= {"dtype": dtype, "cases": cases, "seed": seed}
    if one.kind.samples:
        from ..judgement.estimator import validate_estimator

        told = {"bias": one.kind.bias, "error": one.kind.error}
        more: dict[str, Any] = {name: value for name, value in told.items() if value}
        return validate_estimator(it.gradient.function, **given, **more, samples=one.kind.samples)
    given |= one.options
    if one.kind.forward:
        from ..judgement.tangent import validate_jvp

        return validate_jvp(it.gradient.function, **given)
    from ..judgement.validate import validate

    return validate(it.gradient.function, **given, **_more(one))


def _more(one: "Implementation") -> dict[str, Any]:
    """What only validate is asked."""
    kind, given = one.kind, {}
    if one.kwargs:
        given["kwargs"] = one.keywords
    if one.limits:
        given["timeout"] = dict(one.limits)["seconds"]
    if ":" in kind.meant:
        given["meant"] = located("--meant", kind.meant, Path(one.folder).absolute()).function
    elif kind.meant:
        given["meant"] = kind.meant
    return given | {"order": kind.order, "under": kind.under}
