"""What the stages of a judgement take, for the tables that say where the time goes."""

import resource
import time
from collections.abc import Mapping, Sequence


class Stages:
    """What the stages of a judgement take: seconds, those of processors, and the peak so far.

    What a stage has inside of it counts there alone.
    """

    def __init__(self):
        self.found: dict[str, list[float]] = {}
        self.inside, self.since = ["all else"], self._now()

    def __call__(self, what: str, begins: bool) -> None:
        self.told()
        if begins:
            self.inside.append(what)
        else:
            self.inside.pop()

    def told(self) -> dict[str, list[float]]:
        """Until now."""
        now, here = self._now(), self.found.setdefault(self.inside[-1], [0.0, 0.0, 0.0])
        spent = [after - before for after, before in zip(now, self.since, strict=True)]
        self.found[self.inside[-1]] = [here[0] + spent[0], here[1] + spent[1], peak()]
        self.since = now
        return {what: [round(x, 2) for x in row] for what, row in self.found.items()}

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def peak() -> float:
    """GiB held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def by_stage(stages: Mapping[str, Sequence[float]]) -> list[str]:
    """Stage by stage as a table."""
    heads = ("stage", "seconds", "processor seconds", "share", "peak GiB so far")
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    all_used = sum(used for _, used, _ in stages.values()) or 1.0
    for what, (wall, used, most) in stages.items():
        lines += [f"| {what} | {wall:.3g} | {used:.3g} | {used / all_used:.0%} | {most:.3g} |"]
    return [*lines, ""]
