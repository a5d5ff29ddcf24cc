"""The exit status of verdicts: 0 correct, 1 wrong, inaccurate or rejected, 3 undecided."""

from collections.abc import Iterable

CORRECT, WRONG, UNDECIDED = 0, 1, 3


def status_of(verdicts: Iterable[str]) -> int:
    """What is wrong outweighs what is undecided; nothing at all is undecided too."""
    seen = set(verdicts)
    if seen & {"wrong", "inaccurate", "rejected", "unproven"}:
        return WRONG
    return CORRECT if seen and "undecided" not in seen else UNDECIDED
