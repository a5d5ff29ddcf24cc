"""What a flag of a test stands for: the kind of mistake that it is there to catch."""

import re
from typing import NamedTuple

from .. import faults
from ..faults import update_rules
from ..faults.update_rules import UpdateFault


class Note(NamedTuple):
    """bugType groups flags; the effect is what becomes of a program that fails."""

    bug_type: str
    description: str
    effect: str

    def row(self) -> dict[str, str]:
        return {"bugType": self.bug_type, "description": self.description, "effect": self.effect}


DRAWS, KINK = "Normal", "Kink"
EDGES = {  # flag -> pattern of the labels it belongs to, and its note; the first that matches
    "Kink": (
        r"$^",
        Note(
            "CONVENTION",
            "At a kink any slope between the left and the right one is right.",
            "None if it stays between them. Outside of them the answer is wrong.",
        ),
    ),
    "Tie": (
        r"tie|even|y = a|p = t|p near t|all (on|off)",
        Note(
            "EDGE_CASE",
            "Two numbers that are compared or subtracted are equal, or nearly so.",
            "0/0, cancellation, or a gradient that goes to the wrong one of the two numbers.",
        ),
    ),
    "Depth": (
        r"depth",
        Note(
            "EDGE_CASE",
            "A network of another depth: one layer, or many.",
            "The first, last or only layer is treated as one in the middle.",
        ),
    ),
    "Saturation": (
        r"near|sure|far below|= -?(17|37|88|104|700)|^-?(17|37|88|104|700)|times (16|64)",
        Note(
            "EDGE_CASE",
            "An activation or a probability has reached its limit, within rounding.",
            "1 - a is 0: gradients vanish, become infinite or 0/0.",
        ),
    ),
    "Tiny": (
        r"e-|tiny|2\^-30",
        Note(
            "EDGE_CASE",
            "Very small numbers, subnormal ones among them.",
            "Underflow: a gradient of 0, or a division by 0.",
        ),
    ),
    "Huge": (
        r"e\+|e4|huge|2\^30",
        Note(
            "EDGE_CASE",
            "Very large numbers.",
            "Overflow: infinity or NaN where the gradient is an ordinary number.",
        ),
    ),
    "Zero": (
        r"(= |^|\b)-?0(\.0)?\b|zero",
        Note(
            "EDGE_CASE",
            "A weight, an input, a target or a gradient is exactly 0.",
            "0/0, a path that is dropped, or a state that never starts.",
        ),
    ),
    "Special": (
        r"",
        Note(
            "EDGE_CASE",
            "A value at which a mistake is easily hidden or easily made.",
            "Right elsewhere, wrong here.",
        ),
    ),
}
NORMAL = Note(
    "BASIC",
    "Numbers drawn away from special values. If these fail, look at the layout, the order of "
    "axes and the harness first.",
    "The gradient, or the reading of these files, is wrong everywhere.",
)
KINDS = {  # of planted mistakes: the fault's name -> bugType
    "sign": "SIGN",
    "absolute value": "SIGN",
    "doubled": "FACTOR",
    "halved": "FACTOR",
    "sum for mean": "FACTOR",
    "mean for sum": "FACTOR",
    "leaf dropped": "MISSING_TERM",
    "entry zeroed": "MISSING_TERM",
    "first example only": "MISSING_TERM",
    "upstream averaged": "MISSING_TERM",
    "transposed": "INDEX",
    "axis flipped": "INDEX",
    "axis rolled": "INDEX",
    "column order": "INDEX",
    "leaves swapped": "INDEX",
    "entry off": "PRECISION",
    "through bfloat16": "PRECISION",
    "through float16": "PRECISION",
    "through float32": "PRECISION",
    "not a number": "NOT_A_NUMBER",
}
ACCEPTED = "A comparison that accepts this answer would accept a program that makes the mistake."


def edge_flag(label: str) -> str:
    """The flag of an edge case, by its label."""
    return next(flag for flag, (form, _) in EDGES.items() if re.search(form, label))


def fault_flag(name: str) -> str:
    """sum for mean -> SumForMean."""
    return "".join(word.capitalize() for word in re.split(r"\W+", name))


def bug_type(fault: str) -> str:
    return KINDS.get(fault, "FORMULA")


def run_bug_type(fault: UpdateFault) -> str:
    """The file of the catalogue that has it: MOMENTS, TIMING, ..."""
    return fault.make.__module__.rpartition(".")[2].upper()


def run_notes() -> dict[str, Note]:
    """The same for update rules."""
    planted = {
        fault_flag(name): Note(run_bug_type(fault), fault.description, ACCEPTED)
        for name, fault in update_rules.ALL.items()
    }
    basic = NORMAL._replace(effect="The rule, or the reading of these files, is wrong everywhere.")
    return {DRAWS: basic, **planted}


def notes() -> dict[str, Note]:
    """Every flag -> its note."""
    planted = {
        fault_flag(name): Note(bug_type(name), fault.description, ACCEPTED)
        for name, fault in faults.ALL.items()
    }
    return {DRAWS: NORMAL, **{flag: note for flag, (_, note) in EDGES.items()}, **planted}
