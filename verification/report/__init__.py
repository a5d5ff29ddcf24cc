"""The report, one folder that a person and a machine can read: open stages.py first.

In: a seed, and whether the run is quick.
On the way: stages.py runs every task, sections/ and panels.py make tables and figures, document.py
puts all rows into one document; html.py and markdown.py are its pages, first_screen.py and heat.py
what is seen first; findings/ writes findings.  What takes hours is read from benchmarks/.
Out: index.html, report.md, report.json and junit.xml (write.py), swapped in as one folder.

The stage itself can be called: verification.report(out) is verification.report.report(out).
"""

import sys
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

from ..vocabulary.progress import watched
from .document import Report as Report


def report(
    out: str | Path = "reports/local/",
    seed: int = 0,
    quick: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    workers: int = 1,
    make: Callable[[int], Executor] | None = None,
) -> Report:
    """Judge all there is and write index.html, report.md, report.json and junit.xml to `out`.

    progress(stage, done, total) is called as each task ends; without it a line, or a bar, says how
    far the run has come.  With workers above 1 the tasks are spread over processes, or over what
    make(workers) makes, such as verification.campaign.cluster.dask() or cluster_ray.ray(); the rows
    do not depend on their number.  (A script that asks for that keeps its own work under
    `if __name__ == "__main__"`: the processes import it.)

    Raises OSError, before anything is computed, where `out` cannot be written; a former report
    stays as it is until the new one is whole.
    """
    from .stages import run
    from .write import writable, write

    writable(out)
    tell = progress or (lambda stage, done, total: None)
    with watched("report") if progress is None else nullcontext():
        done = run(seed, quick, tell, workers, make)
    write(done, out)
    return done


class _Stage(ModuleType):
    """A module that can be called: the name `verification.report` is both stage and verb."""

    def __call__(self, *args, **kwargs) -> Report:
        return report(*args, **kwargs)


sys.modules[__name__].__class__ = _Stage
