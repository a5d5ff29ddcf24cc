"""The catalogue: every named mistake, its class, and where people meet it."""

from collections.abc import Callable

from . import ALL, answers, fault, lossy, named
from .pieces import operands, slopes, sums, upstream
from .pieces.rule import Rule
from .twin import Mistake

PIECES: dict[str, Rule] = {
    **upstream.RULES,
    **operands.RULES,
    **slopes.RULES,
    **sums.RULES,
}
# name -> class, kinds of explanations that count as right, and (where it is not in ALL) the maker
ANSWERS: dict[str, tuple[str, tuple[str, ...], Callable | None]] = {
    "sign": ("sign", ("sign", "factor"), None),
    "doubled": ("factor", ("factor",), None),
    "halved": ("factor", ("factor",), None),
    "sum for mean": ("factor", ("factor",), None),
    "mean for sum": ("factor", ("factor",), None),
    "leaf dropped": ("missing term", ("zero", "dropped path"), None),
    "entry zeroed": ("off by one", ("layer",), None),
    "entry off": ("stale or contaminated state", ("layer",), None),
    "transposed": ("transpose", ("transposed", "permuted"), None),
    "axis flipped": ("wrong index, axis or stride", ("flipped", "shifted"), None),
    "axis rolled": ("off by one", ("shifted", "flipped", "swapped"), None),
    "column order": ("transpose", ("reordered", "transposed", "permuted"), None),
    "upstream averaged": ("upstream ignored", ("broadcast", "axis", "layer"), None),
    "first example only": ("wrong index, axis or stride", ("one example", "broadcast"), None),
    "leaves swapped": ("wrong variable", ("swapped",), None),
    "absolute value": ("sign", ("sign", "layer"), None),
    "through bfloat16": ("low precision in the middle", ("cast",), None),
    "through float16": ("low precision in the middle", ("cast",), None),
    "through float32": ("low precision in the middle", ("cast",), None),
    "not a number": ("NaN at a special point", ("layer",), None),
    "all zero": ("missing term", ("zero",), answers.all_zero),
    "first leaf dropped": ("missing term", ("zero", "dropped path"), answers.first_dropped),
    "first leaf negated": ("sign", ("sign", "factor"), answers.first_negated),
    "last leaf doubled": (
        "overwritten instead of accumulated",
        ("factor",),
        answers.last_doubled,
    ),
    "last row lost": ("off by one", ("one example", "layer", "edge"), answers.last_row_lost),
    "first row lost": ("off by one", ("one example", "layer", "edge"), answers.first_row_lost),
    "rows rolled": ("off by one", ("shifted", "flipped", "swapped"), answers.rows_rolled),
    "rows flipped": (
        "wrong index, axis or stride",
        ("flipped", "shifted", "swapped"),
        answers.rows_flipped,
    ),
    "rows exchanged": (
        "wrong variable",
        ("permuted", "shifted", "flipped", "layer"),
        answers.rows_exchanged,
    ),
    "columns exchanged": (
        "wrong variable",
        ("permuted", "shifted", "flipped", "layer"),
        answers.columns_exchanged,
    ),
    "over columns": ("wrong reduction", ("factor",), answers.over_columns),
    "n - 1 for n": ("factor", ("factor",), answers.less_one),
    "learning rate inside": ("factor", ("factor",), answers.times_rate),
    "scaled to length one": ("wrong formula", ("factor", "layer"), answers.clipped),
    "mean subtracted": ("wrong reduction", ("layer",), answers.centred),
    "signs for numbers": ("wrong formula", ("layer",), answers.signs),
    "second moment": ("wrong variable", ("layer",), answers.squares),
    "another leaf added": ("stale or contaminated state", ("layer",), answers.leaves_summed),
    "not cleared": ("stale or contaminated state", ("layer",), answers.accumulated),
    "half of it": ("missing term", ("layer", "one example"), answers.half_of_it),
    "one triangle": ("wrong index, axis or stride", ("layer",), answers.upper_triangle),
    "something added": ("epsilon placement", ("layer",), answers.decayed),
}
FAULTS: dict[str, fault.Fault] = {
    name: ALL[name] if make is None else fault.Fault(name, _line(make), make)
    for name, (_, _, make) in ANSWERS.items()
} if False else {}


def _line(thing) -> str:
    return (thing.__doc__ or "").strip()
