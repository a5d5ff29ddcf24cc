"""What a process of a campaign does: load what it is told of, judge it, answer in plain data.

It never outlives the campaign, nor a question its time: an exception ends that, then the process.
"""

import contextlib
import faulthandler
import json
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..adapters.source_files import Unusable
from ..judgement.remembered import unremembered
from ..judgement.smallest import unhurried
from ..vocabulary import Finding, Verdict
from ..vocabulary.parent import end_with_parent
from ..vocabulary.progress import unseen
from .implementation import Implementation, command, judged, place, row
from .plan import Question

GRACE = 5.0  # seconds between the exception and the end of the process


class Late(BaseException):
    """The time of a question is over.  No Exception: foreign code must not catch it."""


def prepare(folder: str = "") -> None:
    """Of a new process: it works in `folder`, Ctrl-C is for the campaign to answer.

    What foreign code prints is not part of its output.
    """
    os.chdir(folder or os.curdir)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")


def usable(one: Implementation) -> dict[str, Any]:
    """Where the implementation stands; or why it cannot be asked, a sentence."""
    from .usable import check

    try:
        check(one)
        return {"location": place(one), "unusable": ""}
    except Unusable as error:
        return {"unusable": str(error)}


@unseen()
def answered(one: Implementation, question: Question) -> dict[str, Any]:
    """The finding as a row.  Whatever happens to one question, the others go on.

    What was asked before has no part in it, nor how busy the machine is.
    """
    try:
        with unremembered(), unhurried():
            with limited(question.seconds):
                found = judged(one, question.dtype, question.cases, question.seed)
            return _told(found, one, question.seconds)
    except Late:
        said = f"no answer within {question.seconds:g} s"
        verdict = Verdict.REJECTED
    except Unusable as error:
        verdict, said = Verdict.UNDECIDED, str(error)
    except Exception as error:
        said = f"a fault of refnet itself: {type(error).__name__}: {error}"
        verdict = Verdict.UNDECIDED
    return silent(one, question, verdict, said, place(one))


def _told(found: Finding, one: Implementation, seconds: float) -> dict[str, Any]:
    """The row of a finding: without a smallest failing input, where looking for one is too long."""
    try:
        with limited(seconds):
            return row(found, one)
    except Late:
        return row(replace(found, example=None), one)


def is_row(answer: Any, one: Implementation, question: Question) -> bool:
    """Whether it is an answer to this question: who was asked may have gone, or answer garbage."""
    asked = {"implementation": one.name, "dtype": question.dtype}
    return (
        isinstance(answer, dict)
        and answer.get("verdict") in set(map(str, Verdict))
        and all(answer.get(key) == value for key, value in asked.items())
    )


def silent(
    one: Implementation, question: Question, verdict: Verdict, reason: str, where: Mapping
) -> dict[str, Any]:
    """The row of a question to which there is no finding."""
    asked = question.dtype, question.cases, question.seed
    found = Finding(
        one.name, question.dtype, verdict, reason, power={}, worst=None, cases=0, skipped=0,
        oracle="", reproduce=command(one, *asked), cases_asked=question.cases,
    )  # fmt: skip
    told = {"implementation": one.name, "against": one.against or one.of}
    told |= {"location": dict(where), "forward": {"file": ""}}
    return json.loads(found.to_json()) | told


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises Late after so long; ends the process where foreign code does not let it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread: an executor of threads has no limit
        return

    def late(*_) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=nowhere)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)
