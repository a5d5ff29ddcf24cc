"""How what arrives at an arrow of the chain rule is mishandled: a bank of wrong pullbacks.

Each takes the operation, its operands and the cotangent that arrives, and gives what is handed
back in place of the right one.  They are rules of arithmetic, not of any function.
"""

from . import above, moves, operands, sums
from .arrow import Arrow as Arrow
from .arrow import Rule as Rule

RULES: tuple[Rule, ...] = (*above.ABOVE, *operands.LOCAL, *sums.SUMS, *moves.MOVES)
PASSED = ("enter", "copy", "convert_element_type", "row", "rows", "squeeze", "stop_gradient")
