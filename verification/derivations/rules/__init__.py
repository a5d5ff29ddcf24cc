"""Update rules as people write them: every variant by its name, with formula and reference."""

from . import adafactor, adagrad, adam, descent, layerwise, outside, relatives, rmsprop
from .decay import DECAYS as DECAYS
from .operations import Operations as Operations
from .variant import COUNTS as COUNTS
from .variant import Variant as Variant
from .variant import run as run

VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for family in (descent, adagrad, rmsprop, adam, relatives, adafactor, layerwise, outside)
    for variant in family.VARIANTS
}


def family_of(name: str) -> tuple[Variant, ...]:
    """Every variant of the rule that `name` is a variant of."""
    family = VARIANTS[name].family
    return tuple(variant for variant in VARIANTS.values() if variant.family == family)
