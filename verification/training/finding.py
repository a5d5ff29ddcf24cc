"""A finding about a training run: which step left first, which tensor, and what of the step."""

from dataclasses import dataclass

from ..vocabulary import Finding


@dataclass(frozen=True)
class TrainingFinding(Finding):
    """A finding, and where the run left the reference; `cases` are its steps.

    `left` says what was outside its budget first at the first wrong step: "loss" (the forward pass
    or the data), "gradient" (the backward pass) or "update" (the rule, or where gradients are not
    told, either); "band" where every step alone is right and only all of them together are not.
    """

    step: int | None = None  # the first that left, from 1
    tensor: str = ""  # the first that left: its name in the parameters, or "loss"
    left: str = ""
    out_of_band: int | None = None  # the first step whose weights are outside the band
    chaos_from: int | None = None  # the first step at which the band is as wide as the weights
    band: float = 0.0  # its width over the weights at the last step
