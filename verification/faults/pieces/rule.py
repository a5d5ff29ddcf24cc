"""A rule makes one named mistake at every piece where it can be made."""

from collections.abc import Callable
from typing import NamedTuple

from .piece import Site, Wrong

FACTOR = ("factor", "edge", "slope", "reduction", "fault")
SIGN = ("sign", "edge", "slope", "factor", "fault")
DROPPED = ("dropped path", "edge", "zero", "slope", "reduction", "fault")
SLOPE = ("slope", "edge", "factor", "fault")
REDUCTION = (
    "reduction",
    "edge",
    "slope",
    "axis",
    "broadcast",
    "one example",
    "factor",
    "zero",
    "fault",
)
ELSE = ("fault", "slope", "reduction", "edge")


class Rule(NamedTuple):
    """`wrong(piece, d)` are the operands' cotangents where `where(site)` holds."""

    kind: str  # one of CLASSES
    where: Callable[[Site], bool]
    wrong: Wrong
    kinds: tuple[str, ...]  # of explanations that count as right


# --- where -----------------------------------------------------------------------------------

LINEAR = ("neg", "convert_element_type", "copy", "copy_p", "reshape", "squeeze", "transpose",
          "broadcast_in_dim", "reduce_sum", "slice", "concatenate", "add", "sub", "add_any",
          "pad", "rev", "gather", "dynamic_slice", "reduce_precision", "expand_dims")  # fmt: skip
MOVES = ("convert_element_type", "copy", "copy_p", "reshape", "squeeze", "expand_dims")


def anywhere(site: Site) -> bool:
    """Any arrow that does arithmetic."""
    return site.name not in MOVES


def many(site: Site) -> bool:
    """An arrow whose cotangent has a last axis of more than one entry."""
    return anywhere(site) and bool(site.out) and site.out[-1] > 1


def rows(site: Site) -> bool:
    return anywhere(site) and bool(site.out) and site.out[0] > 1


def named(*names: str) -> Callable[[Site], bool]:
    return lambda site: site.name in names


def binary(site: Site) -> bool:
    """Two operands, and a gradient in both."""
    return len(site.active) == 2 and all(site.active)


def alike(site: Site) -> bool:
    """Two operands of one shape, and a gradient in both."""
    return binary(site) and site.shapes[0] == site.shapes[1]


def curved(site: Site) -> bool:
    """An elementwise function of one operand, which is not linear."""
    shapes = [s for s, a in zip(site.shapes, site.active, strict=True) if a]
    return (
        site.name not in LINEAR
        and len(shapes) == 1
        and site.active[0]
        and (site.name not in PRODUCTS and shapes[0] == site.out and site.name not in KINKED)
    )


PRODUCTS = ("mul", "div", "dot_general", "max", "min", "select_n", "scatter-add", "cumsum")
KINKED = ("abs", "sign", "clamp", "cumsum", "sort", "reduce_max", "dynamic_update_slice")


def both(*conditions: Callable[[Site], bool]) -> Callable[[Site], bool]:
    return lambda site: all(holds(site) for holds in conditions)
