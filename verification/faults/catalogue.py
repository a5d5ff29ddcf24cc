"""The catalogue: every named mistake, its class, and where people meet it.

Mistakes seen in the answer alone, mistakes in one piece of any chain rule, mistakes of one
function's own, and right formulas that lose their digits.
"""

from collections.abc import Callable

from . import ALL, answers
from .fault import Fault
from .lossy_forms import FORMS
from .named import NAMED
from .pieces import moves, operands, slopes, sums, upstream
from .pieces.rule import Rule
from .twin import Mistake

PIECES: dict[str, Rule] = {
    **upstream.RULES,
    **operands.RULES,
    **slopes.RULES,
    **sums.RULES,
    **moves.RULES,
}
# name -> class, kinds of explanations that count as right, and (where it is not in ALL) the maker
ANSWERS: dict[str, tuple[str, tuple[str, ...], Callable | None]] = {
    "sign": ("sign", ("sign", "factor"), None),
    "doubled": ("factor", ("factor",), None),
    "halved": ("factor", ("factor",), None),
    "sum for mean": ("factor", ("factor",), None),
    "mean for sum": ("factor", ("factor",), None),
    "leaf dropped": ("missing term", ("zero", "dropped path"), None),
    "entry zeroed": ("off by one", ("zero", "factor", "layer"), None),
    "entry off": ("stale or contaminated state", ("factor", "layer"), None),
    "transposed": ("transpose", ("transposed", "permuted"), None),
    "axis flipped": ("wrong index, axis or stride", ("flipped", "shifted"), None),
    "axis rolled": ("off by one", ("shifted", "flipped", "swapped"), None),
    "column order": ("transpose", ("reordered", "transposed", "permuted"), None),
    "upstream averaged": ("upstream ignored", ("broadcast", "axis", "edge"), None),
    "first example only": ("wrong index, axis or stride", ("one example", "broadcast"), None),
    "leaves swapped": ("wrong variable", ("swapped",), None),
    "absolute value": ("sign", ("sign", "edge"), None),
    "through bfloat16": ("low precision in the middle", ("cast",), None),
    "through float16": ("low precision in the middle", ("cast",), None),
    "through float32": ("low precision in the middle", ("cast",), None),
    "not a number": ("NaN at a special point", ("layer",), None),
    "all zero": ("missing term", ("zero", "dropped path"), answers.all_zero),
    "first leaf dropped": ("missing term", ("zero", "dropped path"), answers.first_dropped),
    "first leaf negated": ("sign", ("sign", "factor"), answers.first_negated),
    "last leaf doubled": (
        "overwritten instead of accumulated",
        ("factor",),
        answers.last_doubled,
    ),
    "last row lost": (
        "off by one",
        ("zero", "one example", "edge", "dropped path"),
        answers.last_row_lost,
    ),
    "first row lost": (
        "off by one",
        ("zero", "one example", "edge", "dropped path"),
        answers.first_row_lost,
    ),
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
    "scaled to length one": ("wrong formula", ("factor",), answers.clipped),
    "mean subtracted": ("wrong reduction", ("axis",), answers.centred),
    "signs for numbers": ("wrong formula", ("factor", "sign", "edge"), answers.signs),
    "second moment": ("wrong variable", ("factor", "edge"), answers.squares),
    "another leaf added": ("stale or contaminated state", ("swapped",), answers.leaves_summed),
    "not cleared": ("stale or contaminated state", ("shifted",), answers.accumulated),
    "half of it": (
        "missing term",
        ("zero", "one example", "edge", "dropped path"),
        answers.half_of_it,
    ),
    "one triangle": ("wrong index, axis or stride", ("zero",), answers.upper_triangle),
    "something added": ("epsilon placement", ("factor",), answers.decayed),
}


def line(thing) -> str:
    """The docstring, on one line."""
    return " ".join((thing.__doc__ or "").split())


def _loses(form: str) -> str:
    return "overflow" if form in OVERFLOWING else "cancellation"


OVERFLOWING = (
    "autodiff of the naive logistic function",
    "naive softplus",
    "log of a sum of exponentials without the shift",
    "length as the root of a sum of squares",
)
FAULTS: dict[str, Fault] = {
    name: ALL[name] if make is None else Fault(name, line(make), make)
    for name, (_, _, make) in ANSWERS.items()
}
MISTAKES: dict[str, Mistake] = {
    **{
        name: Mistake(name, kind, FAULTS[name].description, "answer", ("fault", *kinds))
        for name, (kind, kinds, _) in ANSWERS.items()
    },
    **{
        name: Mistake(name, rule.kind, line(rule.wrong), "piece", rule.kinds)
        for name, rule in PIECES.items()
    },
    **{
        name: Mistake(name, own.kind, own.description, "own", own.kinds)
        for name, own in NAMED.items()
    },
    **{
        form.name: Mistake(form.name, _loses(form.name), f"digits lost: {form.latex}", "form", ())
        for form in FORMS
    },
}
