"""Gradients that are right wherever one draws and wrong at an edge, each with its right twin."""

from . import duplicates, everywhere, limits, masks, overflow, ties, zeros
from .edge_fault import EdgeFault as EdgeFault

KINDS: dict[str, tuple[EdgeFault, ...]] = {
    "no number at a zero": zeros.FAULTS,
    "another number than the limit": limits.FAULTS,
    "a mask by the output": masks.FAULTS,
    "a tie counted twice": ties.FAULTS,
    "a duplicate overwritten": duplicates.FAULTS,
    "an overflow far away": overflow.FAULTS,
    "0/0 far away": everywhere.FAULTS,
}
