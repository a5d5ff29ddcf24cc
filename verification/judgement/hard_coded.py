"""A size that is written into a gradient: right at one size of an axis, wrong at all others."""

from typing import Any, NamedTuple

import jax
import numpy as np

from ..measurement.sample import Sample, outside
from ..vocabulary.headline import HARD_CODED


class Sizes:
    """The sizes that a few draws had, and whether the answer was right there."""

    def __init__(self, inputs: int):
        self.inputs, self.seen = inputs, []

    def noted(self, sample: Sample | None) -> Sample | None:
        """The sample as it is."""
        if sample is not None and sample.args:
            bad = bool(sample.failure) or any(
                outside(sample, k).any() for k in range(len(sample.paths))
            )
            self.seen.append(Seen(sizes(sample.args[: self.inputs]), bad))
        return sample

    def sentence(self) -> str:
        """Which size it is; empty where none tells right from wrong."""
        good = [one.sizes for one in self.seen if not one.bad]
        bad = [one.sizes for one in self.seen if one.bad]
        if not good or not bad:
            return ""
        for axis, size in good[0].items():
            alone = all(one.get(axis) == size for one in good)
            if alone and all(one.get(axis, size) != size for one in bad):
                return SENTENCE.format(axis=axis[1], of=f"args{axis[0]}", size=size)
        return ""


class Seen(NamedTuple):
    sizes: dict[tuple[str, int], int]
    bad: bool


SENTENCE = (
    HARD_CODED + "{axis} of {of} has {size} entries: that size is written into it; "
    "take it from the shape"
)


def sizes(args: Any) -> dict[tuple[str, int], int]:
    """(path, axis) -> size, of every array."""
    found = jax.tree_util.tree_flatten_with_path(args)[0]
    named = [(jax.tree_util.keystr(path), np.shape(leaf)) for path, leaf in found]
    return {(path, axis): n for path, shape in named for axis, n in enumerate(shape)}
