"""One question in a process of its own, which is ended where an answer takes too long for that."""

from concurrent.futures import BrokenExecutor

from ..adapters.time_limit import MAY_END
from ..vocabulary import Finding, Verdict
from .implementation import Implementation, command, judged
from .pool import Pool

ENDED = (
    "the process that asked it ended without an answer: it took more than {seconds:g} s and could "
    "not be interrupted, crashed, or ran out of memory"
)


def in_time(one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    """As implementation.judged; apart, where `limits` has seconds for each answer in Python."""
    if one.process or not one.limits:
        return judged(one, dtype, cases, seed)
    asked = Pool(1)
    try:
        return asked.executor.submit(_judged, one, dtype, cases, seed).result()
    except BrokenExecutor:
        said = ENDED.format(**dict(one.limits))
        return Finding(
            one.name, dtype, Verdict.REJECTED, said, power={}, worst=None, cases=0, skipped=0,
            oracle="", reproduce=command(one, dtype, cases, seed), cases_asked=cases,
        )  # fmt: skip
    finally:
        asked.close()


def _judged(one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    MAY_END.set()
    return judged(one, dtype, cases, seed)
