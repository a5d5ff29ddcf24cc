"""Carry a campaign out: ask what is not answered yet, keep each answer, report at the end."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from ..adapters.source_files import Unusable
from ..vocabulary import Verdict
from . import journal, pool, worker
from .plan import Plan, Question
from .results import merged, write

Row = Mapping[str, Any]
Tell = Callable[[int, int], None]  # how many are answered, of how many


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with the sentence that says how to go on."""


class Done(NamedTuple):
    """A campaign at its end: one row for each implementation and dtype, and the page."""

    rows: list[dict[str, Any]]
    page: Path
    damaged: tuple[int, ...]  # lines of the journal that were asked again


def run(
    plan: Plan,
    out: Path,
    workers: int = 1,
    resume: bool = False,
    tell: Tell = lambda done, total: None,
    make: pool.Make = pool.processes,
) -> Done:
    """Every question of the plan answered, journalled and reported in the folder `out`.

    make(workers) is the executor, of processes by default, cluster.dask(scheduler) or
    cluster_ray.ray(address); of threads it may have one, for the precision of the proofs belongs to
    the process.  Raises Unusable where the folder is in use, holds another plan, or a file or a
    cluster cannot be used; Interrupted on Ctrl-C.
    """
    out.mkdir(parents=True, exist_ok=True)
    with journal.locked(out):
        kept, known = journal.begin(out, plan.hash, len(plan.questions), resume)
        answers = dict(known.answers)
        with closing(kept):
            tell(len(answers), len(plan.questions))
            try:
                _ask(plan, answers, kept, workers, tell, make)
            except KeyboardInterrupt:
                count = f"{len(answers)} of {len(plan.questions)} answers are kept in {out}"
                raise Interrupted(f"interrupted; {count}; go on with --resume") from None
        rows = merged(plan, answers)
        return Done(rows, write(out, plan, answers, rows), known.damaged)


def _ask(plan: Plan, answers: dict[int, Row], kept: journal.Journal, workers, tell, make) -> None:
    open_ones = [q for q in plan.questions if q.number not in answers]
    if not open_ones:
        return
    asked = pool.Pool(min(workers, len(open_ones)), make)
    try:
        places = _places(plan, open_ones, asked)
        tasks = ((plan.implementations[q.implementation], q) for q in open_ones)
        for (one, question), row in asked.each(worker.answered, tasks, _is_answer):
            if not worker.is_row(row, one, question):
                row = _dead(one, question, places[question.implementation])
            kept.add(question.number, row)
            answers[question.number] = row
            tell(len(answers), len(plan.questions))
    finally:
        asked.close()


def _places(plan: Plan, questions: list[Question], asked: pool.Pool) -> dict[int, Row]:
    """Where each implementation stands.  Raises Unusable before anything is judged."""
    wanted = sorted({q.implementation for q in questions})
    numbers = {plan.implementations[k]: k for k in wanted}
    places, sentences = {}, {}
    for (one,), said in asked.each(worker.usable, ((plan.implementations[k],) for k in wanted)):
        said = said or {"unusable": f"{one.gradient} ends the process that loads it; fix it"}
        places[numbers[one]] = said.get("location", {})
        if said["unusable"]:
            sentences[numbers[one]] = f"implementation {one.name!r}: {said['unusable']}"
    if sentences:
        raise Unusable(sentences[min(sentences)])
    return places


def _is_answer(task: tuple, row: Any) -> bool:
    """None is one: that of a question which ends its process."""
    return row is None or worker.is_row(row, *task)


def _dead(one, question: Question, where: Row) -> dict[str, Any]:
    said = (
        "the process that asked this question ended twice without an answer: it crashed, ran out "
        f"of memory, or took more than {question.seconds:g} s"
    )
    return worker.silent(one, question, Verdict.REJECTED, said, where)
