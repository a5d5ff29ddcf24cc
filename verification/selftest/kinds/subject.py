"""One question of a corpus: what is asked, whether it is right, and what must be said of it."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ...vocabulary import Finding, Verdict

CAUGHT = (Verdict.WRONG, Verdict.REJECTED)


class Subject(NamedTuple):
    """ask() is the finding; of a right one `said` is in its reason, of a wrong one in its words."""

    name: str
    is_right: bool
    ask: Callable[[], Finding]
    said: str = ""


def row(subject: Subject) -> dict[str, Any]:
    """What was found, as plain data; an exception is a finding that nobody wanted."""
    head = {"name": subject.name, "right": subject.is_right}
    try:
        found = subject.ask()
    except Exception as error:  # a crash is a row, too
        what = {"verdict": "crash", "oracle": "", "told": False, "named": False}
        return {**head, **what, "said": f"{type(error).__name__}: {error}"[:300]}
    told = found.verdict is Verdict.CORRECT if subject.is_right else found.verdict in CAUGHT
    explained = [f"{one.term}: {one.mistake}" for one in found.explanation]
    words = " ".join([found.reason, *explained, *(f"{one.leaves}" for one in found.explanation)])
    named = bool(subject.said) and subject.said in words
    said = found.reason if subject.is_right else (explained or [found.reason])[0]
    said = re.split(r"Traceback|\n", said)[0].strip()  # frames are of one machine
    what = {"verdict": str(found.verdict), "oracle": found.oracle}
    return {**head, **what, "told": told, "named": named, "said": said[:300]}


def totals(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Right ones and how many are accepted; wrong ones, how many are caught, and how many named."""
    every = list(rows)
    right, wrong = ([r for r in every if r["right"] is is_right] for is_right in (True, False))
    count = lambda rows, key: sum(r[key] for r in rows)
    return {
        "right": len(right),
        "accepted": count(right, "told"),
        "wrong": len(wrong),
        "caught": count(wrong, "told"),
        "named": count(wrong, "named"),
    }
