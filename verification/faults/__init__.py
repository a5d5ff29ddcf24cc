"""Mistakes people make, planted on purpose: open catalogue.py first.

In: a right gradient (leaves.py, answers.py), a program (pieces/, slopes.py) or an update rule
(update_rules/, rules.py).
On the way: assembly.py collects every wrong twin of a derivation, of layers/ and named/ too.
Out: twins (twin.py): a wrong gradient, the mistake's name, and what a good explanation says of it.
"""

from . import leaves
from .fault import Fault as Fault
from .fault import Leaves as Leaves
from .twin import CLASSES as CLASSES
from .twin import Expects as Expects
from .twin import Mistake as Mistake
from .twin import Twin as Twin
from .twin import explains as explains

OF_DIGITS = ("entry off", "through bfloat16", "through float16", "through float32")
ALL: dict[str, Fault] = {
    name: Fault(name, (make.__doc__ or "").strip(), make, name in OF_DIGITS)
    for name, make in {
        "sign": leaves.negated,
        "doubled": leaves.doubled,
        "halved": leaves.halved,
        "sum for mean": leaves.times_rows,
        "mean for sum": leaves.over_rows,
        "leaf dropped": leaves.dropped,
        "entry zeroed": leaves.one_zeroed,
        "entry off": leaves.one_off,
        "transposed": leaves.transposed,
        "axis flipped": leaves.flipped,
        "axis rolled": leaves.rolled,
        "column order": leaves.reshaped,
        "upstream averaged": leaves.averaged,
        "first example only": leaves.first_row,
        "leaves swapped": leaves.swapped,
        "absolute value": leaves.absolute,
        "through bfloat16": leaves.through_bfloat16,
        "through float16": leaves.through_float16,
        "through float32": leaves.through_float32,
        "not a number": leaves.not_a_number,
    }.items()
}


def twins(name: str) -> tuple[Twin, ...]:
    """Every wrong twin of a derivation, or of a layer: see assembly.py.

    Raises ValueError for an unknown name.
    """
    from .assembly import twins as assembled

    return assembled(name)


def mistakes() -> dict[str, Mistake]:
    """The whole catalogue, by name."""
    from .catalogue import MISTAKES

    return MISTAKES
