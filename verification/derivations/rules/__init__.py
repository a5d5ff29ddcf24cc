"""Update rules as people write them: every variant by its name, with formula and reference."""

from . import (
    adafactor,
    adagrad,
    adam,
    averages,
    descent,
    guarded,
    layerwise,
    mixtures,
    orthogonal,
    outside,
    rectified,
    relatives,
    rmsprop,
    schedule_free,
    shampoo,
    soap,
    units,
)
from .decay import DECAYS as DECAYS
from .operations import Operations as Operations
from .rectified import LEAST as LEAST
from .variant import COUNTS as COUNTS
from .variant import SIDES as SIDES
from .variant import Variant as Variant
from .variant import run as run

FAMILIES = (
    descent, adagrad, rmsprop, adam, relatives, rectified, mixtures, adafactor, layerwise, units,
    orthogonal, shampoo, soap, schedule_free, outside, averages, guarded,
)  # fmt: skip

VARIANTS: dict[str, Variant] = {
    variant.name: variant for family in FAMILIES for variant in family.VARIANTS
}


def family_of(name: str) -> tuple[Variant, ...]:
    """Every variant of the rule that `name` is a variant of."""
    family = VARIANTS[name].family
    return tuple(variant for variant in VARIANTS.values() if variant.family == family)
