"""Questions asked by Dask's workers: one report, whoever of them dies; sentences where none is."""

import multiprocessing
import os
import random
import signal
import sys
from concurrent.futures import Future

import pytest

from benchmarks.kills import same, written
from verification.adapters.source_files import Unusable
from verification.campaign import cluster, journal, worker
from verification.campaign.plan import read
from verification.campaign.run import run
from verification.vocabulary import Verdict


class Killer:
    """A SIGKILL for a worker of this process after every few answers."""

    def __init__(self):
        self.rng, self.kills = random.Random(3), []
        self.before = {child.pid for child in multiprocessing.active_children()}

    def __call__(self, done: int, total: int) -> None:
        mine = [c.pid for c in multiprocessing.active_children() if c.pid not in self.before]
        if mine and done in (3, 9):
            self.kills.append(self.rng.choice(mine))
            os.kill(self.kills[-1], signal.SIGKILL)


def watched():
    """What makes a cluster of this machine, and where those that were made are."""
    made = []

    def make(workers):
        made.append(cluster.dask()(workers))
        return made[0]

    return make, made


@pytest.mark.end_to_end
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of sockets to workers that were killed
def test_workers_are_killed_and_the_report_is_that_of_one_process(folder, threads):
    pytest.importorskip("distributed")
    file = written(folder, 16)
    plan, killer = read(file.relative_to(folder)), Killer()
    run(plan, folder / "alone", make=threads)
    run(plan, folder / "dask", workers=2, make=cluster.dask(), tell=killer)

    assert len(killer.kills) == 2 and same(folder / "alone", folder / "dask")
    left = {child.pid for child in multiprocessing.active_children()} - killer.before
    assert not left


@pytest.mark.end_to_end
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_that_nobody_starts_again_are_replaced(folder, threads, monkeypatch):
    """One that takes too long to start is given up by its nurse: nobody would ask the questions."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "MISSED", 2.0)
    plan, (make, made) = read(written(folder, 8).relative_to(folder)), watched()

    def give_up(done, total):
        for nurse in [*made[0].local.workers.values()] if done == 2 else ():
            made[0].local.sync(nurse.close)

    run(plan, folder / "alone", make=threads)
    run(plan, folder / "dask", workers=1, make=make, tell=give_up)
    assert same(folder / "alone", folder / "dask")


@pytest.mark.end_to_end
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_that_is_lost_amid_a_campaign_is_one_sentence(folder, monkeypatch, capfd):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS", 5)
    plan, (make, made) = read(written(folder, 16).relative_to(folder)), watched()

    def lost(done, total):
        if done == 3:
            made[0].local.close()

    with pytest.raises(Unusable, match="the answers that came are kept, go on with --resume"):
        run(plan, folder / "out", workers=1, make=make, tell=lost)
    assert (folder / "out" / journal.NAME).read_bytes().count(b"\n") >= 4  # the plan, and answers
    assert capfd.readouterr().err == ""


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(Unusable, match="no scheduler answers at 'tcp://127.0.0.1:9' within 1 s"):
        cluster.dask("tcp://127.0.0.1:9")(1)


def test_without_distributed_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Unusable, match=r"pip install 'refnet\[cluster\]'"):
        cluster.dask()(2)


class KilledWorker(Exception):
    """In the place of Dask's."""


@pytest.mark.parametrize(
    ("came", "told"),
    [(KilledWorker("gone"), None), (ValueError("other"), ValueError), ({"a": 1}, {"a": 1})],
)
def test_what_came_of_a_question_is_handed_on(came, told):
    asked, mine = Future(), Future()
    if isinstance(came, Exception):
        asked.set_exception(came)
    else:
        asked.set_result(came)
    cluster._tell(mine, KilledWorker, asked)
    if told is ValueError:
        assert isinstance(mine.exception(), ValueError)
    else:
        assert mine.result() == told


def test_a_lost_cluster_says_how_to_go_on():
    asked, mine = Future(), Future()
    asked.cancel()
    asked.set_running_or_notify_cancel()
    cluster._tell(mine, KilledWorker, asked)
    with pytest.raises(Unusable, match="go on with --resume"):
        mine.result()


def test_garbage_is_no_answer(described, folder, threads):
    plan = read(described("right", cases=1))
    (question,), (one,) = plan.questions, plan.implementations
    good = worker.silent(one, question, Verdict.CORRECT, "", {})
    assert worker.is_row(good, one, question)
    others = (None, 3, "correct", [good], good | {"verdict": "fine"}, good | {"dtype": "float16"})
    assert not any(worker.is_row(other, one, question) for other in others)
