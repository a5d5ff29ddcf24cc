"""What is asked beside the functions and the arguments, checked before anything is drawn."""

from typing import Any

from ..adapters.recognition import recognised
from ..measurement import conventions
from ..vocabulary.names import nearest, unknown
from . import complex_arguments
from .edge_evidence import MODES

NAMES = (*conventions.NAMES, complex_arguments.CONJUGATE)


def candidate_of(gradient: Any, of: Any) -> Any:
    """What is judged, as it is known at sight."""
    if not callable(of):
        raise TypeError(f"of is {of!r}; pass a function")
    return recognised(gradient)


def check_options(allow: tuple[str, ...], edges: str) -> None:
    """Raises TypeError or ValueError for a convention, or a mode of edges, that there is not."""
    if isinstance(allow, str):
        raise TypeError(f"allow is {allow!r}; pass a tuple of names, such as ({allow!r},)")
    for name in allow:
        if name not in NAMES:
            known = ", ".join(NAMES)
            guess = nearest(name, NAMES)
            raise ValueError(f"allow has {name!r}; {guess}the conventions are {known}")
    if edges not in MODES:
        raise ValueError(unknown("edges", edges, MODES))
