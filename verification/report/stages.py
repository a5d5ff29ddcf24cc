"""What one run consists of: stages, each a list of tasks that know nothing of one another.

A task is named, so that it can be sent to another process; its result depends on the seed alone.
"""

import contextlib
import multiprocessing
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from importlib.util import find_spec
from typing import Any, NamedTuple

import jax

from ..vocabulary import Check
from ..vocabulary.parent import end_with_parent
from ..vocabulary.progress import counted, unseen
from . import panels, peers, peers_recorded
from .claim_tasks import claim_names, in_order, judge_claims
from .document import Figure, Panel, Report, fault_rows, implementation_row
from .sections import SECTIONS
from .sections.section import Part, Section

Make = Callable[[int], Executor]
Progress = Callable[[str, int, int], None]  # stage, tasks done, tasks in all
CASES, QUICK_CASES = 8, 4  # at first, in each dtype; in narrow ones, quick or not, the fewer
PACKAGES = ("jax", "jaxlib", "numpy", "optax", "python-flint", "scikit-learn", "scipy", "sympy")
QUICK_DTYPES = ("float32", "bfloat16")  # of derivations: each format compiles anew
ARROWS = ("float64", "float32")  # one factor of the chain rule has the digits of the whole
OPTIONAL = ("chex", "torch", "keras")


class Stage(NamedTuple):
    """The names of its tasks, and how one of them is done."""

    names: Callable[[], list[str]]
    work: Callable[[str, int, bool], Any]  # work(name, seed, quick)


class Task(NamedTuple):
    """One piece of work that a process can be sent."""

    stage: str
    name: str
    seed: int
    quick: bool


class Done(NamedTuple):
    """What a task found, and how long it took."""

    result: Any
    seconds: float


# --- the work --------------------------------------------------------------------------------


def derivation_names() -> list[str]:
    from ..derivations import ALL

    return list(ALL)


def check_derivation(name: str, seed: int, quick: bool) -> Check:
    from ..judgement.check import check
    from ..measurement.budget import DTYPES

    cases, dtypes = (QUICK_CASES, QUICK_DTYPES) if quick else (CASES, DTYPES)
    return check(name, cases, seed, dtypes, narrow=QUICK_CASES, arrows_in=ARROWS)


def data_names() -> list[str]:
    from .real_data import TASKS

    return [task.dataset for task in TASKS]


def judge_on_data(name: str, seed: int, quick: bool) -> tuple[dict, list[dict]]:
    """The training row, and the rows of every implementation at both ends of the run."""
    from . import real_data

    (task,) = (task for task in real_data.TASKS if task.dataset == name)
    trained = real_data.train(task, seed)
    rows = [implementation_row(i) for i in real_data.implementations(trained)]
    return real_data.training_row(trained), rows


def calibration_names() -> list[str]:
    return ["networks"]


def calibrate(name: str, seed: int, quick: bool) -> list[dict]:
    from . import panels

    return panels.calibrated(seed, quick)


def checker_names() -> list[str]:
    from . import peers

    return list(peers.GROUPS)


def lay_side_by_side(name: str, seed: int, quick: bool) -> list[dict]:
    """The rows of one group of checkers."""
    from . import peers

    here = [row._asdict() for row in peers.rows(peers.GROUPS[name], peers.QUICK, seed)]
    return here if quick else [*here, *peers_recorded.rows(peers.GROUPS[name])]


def lossy_names() -> list[str]:
    from . import panels

    return panels.lossy_names()


def lose_digits(name: str, seed: int, quick: bool) -> tuple[list[dict], Panel]:
    from . import panels

    return panels.lossy_form(name)


def figure_names() -> list[str]:
    return ["step_sizes", "forms"]


def draw_figure(name: str, seed: int, quick: bool) -> Figure:
    from . import series

    makers = {"step_sizes": series.step_sizes, "forms": series.forms}
    return makers[name]()


def of_section(section: Section) -> Stage:
    """A section's parts as tasks."""
    return Stage(lambda: list(section.parts), section.work)


STAGES: dict[str, Stage] = {  # long tasks first, so that no worker is left alone with one
    "claims": Stage(claim_names, judge_claims),
    "calibration": Stage(calibration_names, calibrate),
    "side by side": Stage(checker_names, lay_side_by_side),
    "real data": Stage(data_names, judge_on_data),
    "derivations": Stage(derivation_names, check_derivation),
    "digits": Stage(lossy_names, lose_digits),
    "figures": Stage(figure_names, draw_figure),
    **{name: of_section(section) for name, section in SECTIONS.items()},
}


# --- the run ---------------------------------------------------------------------------------


def run(
    seed: int, quick: bool, progress: Progress, workers: int, make: Make | None = None
) -> Report:
    """Every task of every stage; the rows stand in the order of the tables, not of the clock."""
    tasks = [Task(s, name, seed, quick) for s, stage in STAGES.items() for name in stage.names()]
    done = carried_out(tasks, progress, workers, make)
    of = lambda stage: [done[task].result for task in tasks if task.stage == stage]
    real, lossy, claims = of("real data"), of("digits"), in_order(of("claims"))
    calibration_rows = tuple(row for rows in of("calibration") for row in rows)
    parts = {n: {t.name: done[t].result for t in tasks if t.stage == n} for n in SECTIONS}
    every = [part for found in parts.values() for part in found.values()]
    drawn = (
        *of("figures"),
        *(figure for part in every for figure in part.figures),
        *panels.descent_figures(claims),
        *panels.digits_figures(tuple(panel for _, panel in lossy)),
        *panels.calibration_figures(calibration_rows),
    )
    return Report(
        seed=seed,
        versions=versions(),
        quick=quick,
        claims=claims,
        checks=tuple(of("derivations")),
        implementations=tuple(row for _, rows in real for row in rows),
        faults=tuple(row for check in of("derivations") for row in fault_rows(check)),
        training=tuple(row for row, _ in real),
        calibration=calibration_rows,
        side_by_side=peers.ordered(row for rows in of("side by side") for row in rows),
        digits=tuple(row for rows, _ in lossy for row in rows),
        tables=tuple(t for n, section in SECTIONS.items() for t in section.tables(parts[n])),
        worked=tuple(one for part in every for one in part.worked),
        figures=drawn,
        absent=absent(),
        timings=seconds_of(done),
    )


def seconds_of(done: Mapping[Task, Done]) -> dict[str, float]:
    """Of every task, and of the rows of those that say it."""
    found = {f"{task.stage}: {task.name}": answer.seconds for task, answer in done.items()}
    for task, answer in done.items():
        if isinstance(answer.result, Part):
            rows = answer.result.seconds.items()
            found |= {f"{task.stage}: {task.name}: {row}": seconds for row, seconds in rows}
    return {name: round(seconds, 3) for name, seconds in found.items()}


def carried_out(
    tasks: list[Task], progress: Progress, workers: int, make: Make | None = None
) -> dict[Task, Done]:
    done: dict[Task, Done] = {}
    totals = {name: sum(task.stage == name for task in tasks) for name in STAGES}
    finished = dict.fromkeys(STAGES, 0)
    with arrivals(tasks, workers, make) as answers:
        for task, answer in counted("tasks", answers, range(len(tasks))):
            done[task] = answer
            finished[task.stage] += 1
            progress(task.stage, finished[task.stage], totals[task.stage])
    return done


@contextlib.contextmanager
def arrivals(
    tasks: list[Task], workers: int, make: Make | None = None
) -> Iterator[Iterator[tuple[Task, Done]]]:
    """Tasks with their answers as they come; nothing goes on working after the block."""
    if workers < 2 and make is None:
        yield ((task, carry_out(task)) for task in tasks)
        return
    before = set(multiprocessing.active_children())
    pool, x64 = (make or processes)(workers), jax.config.read("jax_enable_x64")
    try:
        ask = lambda task: pool.submit(in_mode, x64, task)
        futures = {ask(task): task for task in tasks}
        yield (
            (futures[future], _told(futures[future], future.result(), ask))
            for future in as_completed(futures)
        )
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def processes(workers: int) -> Executor:
    """Fresh ones: JAX has threads, and they do not fork."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=alone_with_interruptions)


def alone_with_interruptions() -> None:
    """Of a process: its parent alone answers to Ctrl-C, and it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _told(task: Task, done: Any, ask: Callable[[Task], Future]) -> Done:
    """The answer; what is none is asked for once more."""
    if done is None:  # a cluster's word for it, see campaign/relay.py
        raise RuntimeError(f"{task.stage}: {task.name} ended the process that it ran in, twice")
    if not isinstance(done, Done) and not isinstance(done := ask(task).result(), Done):
        raise RuntimeError(f"{task.stage}: {task.name} was answered by what is no result, twice")
    return done


def in_mode(x64: bool, task: Task) -> Done:
    """The task, in the mode of whoever asks."""
    jax.config.update("jax_enable_x64", x64)
    return carry_out(task)


def carry_out(task: Task) -> Done:
    """In an empty folder: what earlier runs have left in .refnet/ is no part of a report."""
    start = time.perf_counter()
    with unseen(), tempfile.TemporaryDirectory() as room, contextlib.chdir(room):
        result = STAGES[task.stage].work(task.name, task.seed, task.quick)
    return Done(result, time.perf_counter() - start)


def absent() -> tuple[str, ...]:
    """What some row would ask and is not on this machine."""
    from .sections.other_implementations import absent_programs

    packages = (name for name in OPTIONAL if find_spec(name) is None)
    return (*packages, *absent_programs())


def versions() -> dict[str, str]:
    """What the numbers may depend on."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    said = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    for name in OPTIONAL:
        with contextlib.suppress(PackageNotFoundError):
            said[name] = version(name)
    return said
