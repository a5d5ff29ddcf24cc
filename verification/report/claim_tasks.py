"""The claims as tasks: each alone, but for those that share what is trained."""

from collections.abc import Iterable

from ..vocabulary import Unproven
from .document import ARTICLES, ClaimRow

TOGETHER = (("A6", "B7"),)  # about the same training runs: one process trains them once


def claim_names() -> list[str]:
    """The names of the tasks: ids of claims, joined by + where they are one task."""
    from ..claims import ALL

    shared = {name for group in TOGETHER for name in group}
    return [*("+".join(group) for group in TOGETHER), *(name for name in ALL if name not in shared)]


def judge_claims(names: str, seed: int, quick: bool) -> list[ClaimRow]:
    return [judge_claim(name, seed) for name in names.split("+")]


def judge_claim(name: str, seed: int) -> ClaimRow:
    from ..claims import ALL

    claim = ALL[name]
    article = ARTICLES[claim.id[0]]
    try:
        return ClaimRow(claim.id, article, claim.statement, claim.judge(seed))
    except Unproven as failure:
        return ClaimRow(claim.id, article, claim.statement, None, str(failure))


def in_order(found: Iterable[list[ClaimRow]]) -> tuple[ClaimRow, ...]:
    """The rows of all tasks in the order of the claims.  Raises KeyError where one is missing."""
    from ..claims import ALL

    rows = {row.id: row for rows in found for row in rows}
    return tuple(rows[claim.id] for claim in ALL.values())
