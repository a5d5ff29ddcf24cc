"""The sentences that the project was created from: open one_neuron.py first.

In: a seed.
On the way: one function per claim, which proves, encloses, computes exactly or measures; trial.py
runs the same procedure on a planted falsehood, the claim's negative control.
Out: ALL, id -> Claim; each is judged to a Judged with its evidence, or raises Unproven.
"""

from ..vocabulary import Claim
from .backpropagation import C10
from .convexity import C7
from .descents import A6, B7
from .lost_digits import C11
from .mean_squared_error import B1, B2, B6
from .one_neuron import C1, C2, C3, C4, C5
from .one_step import C6
from .onward_paths import A5
from .other_activations import C8
from .printed_gradient import B3, B4, B5
from .slopes_in_gradients import B8
from .step_size import C9
from .update_rules import A1, A4
from .which_weights_move import A2, A3

ALL: dict[str, Claim] = {
    "A1": A1,
    "A2": A2,
    "A3": A3,
    "A4": A4,
    "A5": A5,
    "A6": A6,
    "B1": B1,
    "B2": B2,
    "B3": B3,
    "B4": B4,
    "B5": B5,
    "B6": B6,
    "B7": B7,
    "B8": B8,
    "C1": C1,
    "C2": C2,
    "C3": C3,
    "C4": C4,
    "C5": C5,
    "C6": C6,
    "C7": C7,
    "C8": C8,
    "C9": C9,
    "C10": C10,
    "C11": C11,
}
