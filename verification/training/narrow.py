"""What a rule itself does, where it computes in float32: so do optax's schedules.

The reference has all digits of the rate.  A loop that applies the very rule has not, and is right
as well: as far as both are apart, nobody is wrong.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from ..arithmetic.bounded import Bounded
from ..arithmetic.formats import format_of
from ..measurement.sample import Sample
from .local import Reference, loose, wide

ROUNDINGS = 4.0  # of the rate: as many operations as a schedule has


class Itself(NamedTuple):
    """The rule as it is, compiled, and its state."""

    update: Callable
    state: Any

    def after(self, gradient: Any, params: Any) -> tuple[Any, "Itself"]:
        change, state = self.update(gradient, self.state, params)
        return optax.apply_updates(params, change), self._replace(state=state)


def itself(reference: Reference) -> Itself | None:
    """None for a rule that computes in the dtype of the weights."""
    if reference.dtype != "float64":
        return None
    rule = reference.rule
    with loose():
        params = wide(reference.params)
        state = rule.init(params)
        try:
            narrow = "f32[" in str(jax.make_jaxpr(rule.update)(params, state, params))
        except TypeError:  # a rule that wants more than gradient, state and weights
            return None
    return Itself(jax.jit(rule.update), state) if narrow else None


def beside(
    sample: Sample, own: Itself, reference: Reference, gradient: list[Bounded], before: list
) -> tuple[Sample, Itself]:
    """The sample, its budget wider by the distance to what the rule itself makes of the step."""
    with loose():
        slopes = wide(reference.tree([g.value for g in gradient]))
        new, own = own.after(slopes, wide(reference.tree(before)))
    rows = zip(jax.tree.leaves(new), sample.truth, before, strict=True)
    gaps = [_apart(np.asarray(after), ball.mid, was) for after, ball, was in rows]
    allowed = [np.asarray(a + gap) for a, gap in zip(sample.allowed, gaps, strict=True)]
    return replace(sample, allowed=allowed), own


def _apart(after: np.ndarray, exact: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The distance; a compiler may round the rate otherwise, a few times in float32."""
    gap = np.abs(after - exact) + ROUNDINGS * format_of("float32").unit * np.abs(exact - before)
    return np.where(np.isfinite(gap), gap, 0.0)


def path(reference: Reference, steps: int) -> list[list[np.ndarray]] | None:
    """The weights after every step of a run of the rule itself."""
    own, out = itself(reference), []
    if own is None:
        return None
    with loose():
        params, slopes = wide(reference.params), jax.jit(reference.slopes)
        for batch in reference.batches[:steps]:
            params, own = own.after(slopes(params, *wide(batch))[1], params)
            out.append([np.asarray(leaf) for leaf in jax.tree.leaves(params)])
    return out
