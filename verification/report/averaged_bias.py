"""A worked finding: a course's network whose bias gradient is averaged once too often."""

import inspect
from collections.abc import Callable

from ..faults.averaged_bias import averaged, loss, sample
from ..judgement.validate import validate
from .worked import Worked

CASES = 4
LINE, LEAF = 'parameters["b1"]', "[0]['b1']"  # what is to be named
TITLE = "A course's network, its hidden bias averaged"
LEAD = (
    "One finding in full. The backward pass of a course's two-layer network is right but for the "
    "gradient of the hidden bias, which is averaged over the batch a second time."
)


def found(seed: int, section: str, gradient: Callable = averaged) -> Worked:
    finding = validate(gradient, of=loss, args=sample, cases=CASES, seed=seed)
    lines, first = inspect.getsourcelines(loss)
    return Worked(section, TITLE, LEAD, finding, "".join(lines), first)
