"""Where textbook forms lose their digits: ulps lost over the input, and the regions outside.

The truth is proven at every input, all inputs of a form at once; the budget is the running bound
of the stable twin, so that what is outside it is lost by the form and not by the format.
"""

from typing import NamedTuple

import numpy as np

from ..faults.lossy_forms import FORMS, Form
from ..measurement.budget import running_bound
from ..measurement.error import beyond, ulp
from ..oracles import ball
from ..oracles.question import ask


class Region(NamedTuple):
    """An interval of the input in which the form is outside the budget, ends included."""

    low: float
    high: float
    sentence: str


class Lost(NamedTuple):
    """One form in one dtype, input by input (of a row, the entry that is furthest outside)."""

    x: np.ndarray
    ulps: np.ndarray  # the form's error; infinite where it is not finite
    ulps_right: np.ndarray  # the error of the stable twin
    budget_ulps: np.ndarray
    regions: tuple[Region, ...]


def forms() -> tuple[Form, ...]:
    """Every form that is looked at: name, LaTeX, the function, three gradients, the inputs."""
    return FORMS


def ulps_lost(form: Form, dtype: str) -> Lost:
    """The error of a form and of its stable twin in ulps of the proven slope, over the grid."""
    t = form.grid(dtype)
    x, ones = form.rows(t).astype(dtype), np.ones(len(t), dtype)
    (truth,) = ball.gradient(ask(form.of, (x,), cotangent=ones))
    (allowed,) = running_bound(form.right, (x, ones), dtype)
    one = ulp(truth.mid, dtype)
    with np.errstate(all="ignore"):
        errors = [beyond(g(x, ones), truth) for g in (form.lossy, form.right)]
        in_ulps = [error / one for error in (*errors, allowed, np.abs(truth.mid))]
    lossy, right, budget, whole = (np.where(np.isnan(u), np.inf, u) for u in in_ulps)
    entry = _furthest(lossy, budget)
    lossy, right, budget, whole = (_rows(u, entry) for u in (lossy, right, budget, whole))
    found = regions(form.variable, dtype, t, lossy, budget, whole)
    return Lost(t, lossy, right, budget, found)


def _furthest(ulps: np.ndarray, budget: np.ndarray) -> np.ndarray:
    """Of each row the entry with the largest error in budgets."""
    with np.errstate(invalid="ignore"):
        ratio = np.where(budget == np.inf, 0.0, ulps / budget)
    return np.argmax(ratio.reshape(len(ulps), -1), axis=1)


def _rows(values: np.ndarray, entry: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)[np.arange(len(values)), entry]


# --- regions --------------------------------------------------------------------------------------


def regions(variable: str, dtype: str, x, ulps, budget, whole) -> tuple[Region, ...]:
    """The intervals of ascending inputs with errors outside the budget, and a sentence each.

    Some errors are small by luck: inputs outside that are less than a factor of 2 apart belong
    to one region.  `whole` is the truth in ulps: an error as large has lost every digit.
    """
    found = []
    for at in _runs(x, np.flatnonzero(ulps > budget)):
        where, outward = _where(variable, x, at), _outward(x, at)
        said = f"digits are lost {where} in {dtype}: {_how(x, ulps, whole, outward)}"
        found.append(Region(float(x[at[0]]), float(x[at[-1]]), said))
    return tuple(found)


def _outward(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The indices of a region from where the form is still right: its end inside, or nearest 0."""
    if at[0] == 0 or (at[-1] < len(x) - 1 and abs(x[at[0]]) > abs(x[at[-1]])):
        return at[::-1]
    return at


def _runs(x: np.ndarray, out: np.ndarray) -> list[np.ndarray]:
    """Indices of neighbours: of one sign, and within a factor of 2 or next to each other."""
    if not len(out):
        return []
    low, high = x[out[:-1]], x[out[1:]]
    with np.errstate(over="ignore"):  # neighbours of either end of float64's range
        near = (np.sign(low) == np.sign(high)) & (np.maximum(low / high, high / low) < 2.0)
    return np.split(out, np.flatnonzero(~(near | (np.diff(out) == 1))) + 1)


def _where(variable: str, x: np.ndarray, at: np.ndarray) -> str:
    low, high = f"{x[at[0]]:.4g}", f"{x[at[-1]]:.4g}"
    if at[-1] == len(x) - 1:
        return f"from {variable} = {low} up"
    if at[0] == 0:
        return f"from {variable} = {high} down"
    return f"at {variable} = {low}" if low == high else f"for {variable} from {low} to {high}"


def _how(x, ulps, whole, outward: np.ndarray) -> str:
    """What is lost, on the way out."""
    every = next((k for k in outward if ulps[k] >= whole[k]), None)
    never = next((k for k in outward if np.isinf(ulps[k])), None)
    if outward[0] == never:
        return "the answer is not finite"
    parts = ["every one"]
    if outward[0] != every:
        some = max(ulps[k] for k in outward if ulps[k] < min(whole[k], np.inf))
        parts = [f"up to {some:.2g} ulps"]
        parts += [] if every in (None, never) else [f"every one from {x[every]:.4g}"]
    return ", ".join(parts + ([] if never is None else [f"not finite from {x[never]:.4g}"]))
