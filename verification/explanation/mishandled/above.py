"""What arrives from above is mishandled: lost, averaged, shifted, rounded, of the wrong sign."""

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from .arrow import Array, Rule, always, many, rows, table, without

CLIPS = (0.25, 0.5, 1.0)


def _from_above(words: str, make: Callable[[Array], Array], where=many, kind="edge") -> Rule:
    return Rule(f"what arrives there {words}", kind, where, lambda a: a.pull(make(a.d)))


def _through(dtype: Any) -> Callable[[Array], Array]:
    return lambda d: np.asarray(d).astype(dtype).astype(np.float64)


ABOVE = (
    _from_above("is taken to be one", np.ones_like, always),
    _from_above("is replaced by its mean", lambda d: np.full_like(d, d.mean())),
    _from_above("is replaced by its sign", np.sign, always),
    _from_above("has lost its sign: its absolute value", np.abs),
    _from_above("is multiplied in twice: its square", np.square, always),
    _from_above("is the first example's, for all", lambda d: np.broadcast_to(d[:1], d.shape), rows),
    _from_above("lacks the last example", lambda d: without(d, -1), rows),
    _from_above("lacks the first example", lambda d: without(d, 0), rows),
    _from_above("lacks the last column", lambda d: without(d, (..., -1))),
    _from_above("lacks the first column", lambda d: without(d, (..., 0))),
    *(
        _from_above(f"is off by one along axis {axis}", lambda d, s=s, x=axis: np.roll(d, s, x), w)
        for axis, w in ((-1, many), (0, rows))
        for s in (1, -1)
    ),
    _from_above("runs backwards along the first axis", lambda d: np.flip(d, 0), rows),
    _from_above("runs backwards along the last axis", lambda d: np.flip(d, -1)),
    _from_above("is read in column order", lambda d: d.T.reshape(d.shape), table),
    *(
        _from_above(f"goes through {name}", _through(dtype), always, "cast")
        for name, dtype in (
            ("bfloat16", ml_dtypes.bfloat16),
            ("float16", np.float16),
            ("float32", np.float32),
        )
    ),
    *(_from_above(f"is clipped to {c:g}", lambda d, c=c: np.clip(d, -c, c), always) for c in CLIPS),
)
