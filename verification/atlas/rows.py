"""One row of the atlas: a library's own derivative of one function, judged in one dtype."""

import contextlib
import time
import warnings
from dataclasses import asdict, dataclass
from typing import Any

import jax
import numpy as np

from ..judgement.validate import validate
from ..measurement.answer import cast
from ..vocabulary import Finding
from .torch_operators import Sampled
from .tried import Suited, named

CRASH, SLOW, ABSENT = "crash", "too slow", "not in this dtype"


@dataclass(frozen=True)
class Row:
    """What is known of one function in one dtype; numbers are None where there are none."""

    name: str
    dtype: str
    verdict: str
    arguments: str
    oracle: str = ""
    budget: str = ""
    power: float | None = None
    budgets: float | None = None  # the worst error, in units of what rounding allows
    ulps: float | None = None  # the same in units in the last place of the truth
    seconds: float = 0.0
    reason: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


def row(
    suited: Suited | Sampled, dtype: str, cases: int, limit: contextlib.AbstractContextManager
) -> Row:
    """The verdict as a row; what is raised is a row, too."""
    begun = time.perf_counter()
    taken = lambda: round(time.perf_counter() - begun, 2)
    known: dict[str, Any] = {"name": suited.name, "dtype": dtype, "arguments": named(suited.kinds)}
    try:
        with limit, warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if why := refused(suited, dtype):
                return Row(**known, verdict=ABSENT, reason=why, seconds=taken())
            found = judged(suited, dtype, cases)
    except Exception as error:
        return Row(**known, verdict=CRASH, reason=first_line(error), seconds=taken())
    return Row(**known, **measured(found), seconds=taken())


def refused(suited: Suited | Sampled, dtype: str) -> str:
    """What a function of JAX itself raises in a dtype that it does not take; empty where it does.

    It takes float64: that is how its arguments were found.
    """
    if isinstance(suited, Sampled) or dtype == "float64":
        return ""
    args = cast(suited.sample(np.random.default_rng(0)), dtype)
    try:
        with jax.enable_x64(True):
            jax.block_until_ready(jax.jit(suited.of)(*args))
    except Exception as error:  # LAPACK has no bfloat16
        return first_line(error)
    return ""


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]


def judged(suited: Suited | Sampled, dtype: str, cases: int) -> Finding:
    asked = {"dtype": dtype, "cases": cases, "edges": "none", "argnums": suited.argnums}
    return validate(suited.derivative, of=suited.of, args=suited.sample, **asked)


def measured(found: Finding) -> dict[str, Any]:
    """The numbers of a finding."""
    worst, powers = found.worst, [p for p in found.power.values() if np.isfinite(p)]
    return {
        "verdict": str(found.verdict),
        "oracle": found.oracle,
        "budget": found.budget,
        "power": max(powers) if powers else None,
        "budgets": None if worst is None else _finite(worst.budgets),
        "ulps": None if worst is None else _finite(worst.ulps),
        "reason": "" if found.verdict == "correct" else found.reason[:300],
    }


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
