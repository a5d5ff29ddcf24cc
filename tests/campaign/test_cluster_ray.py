"""Questions asked by Ray's workers: one report, whoever of them dies; sentences where none is.

What needs no Ray is asked of something in its place; the rest is skipped where Ray is missing.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from contextlib import suppress
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from benchmarks.kills import group, same, written
from verification.adapters.source_files import Unusable
from verification.campaign import cluster_ray, journal
from verification.campaign.plan import read
from verification.campaign.run import run

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="needs Ray: pip install 'refnet[ray]'"
)
HEAD = """
import ray
ray.init(address="local", num_cpus=1, include_dashboard=False)
print("here", ray.get_runtime_context().gcs_address, flush=True)
input()
"""


def watched(address=""):
    """What makes the executor, and those that were made."""
    made = []

    def make(workers):
        made.append(cluster_ray.ray(address)(workers))
        return made[0]

    return make, made


def killed(made, name):
    """SIGKILL for a process of a name that Ray has started, if there is one."""
    mine = [pid for pid, command in group(made[0].speaker.pid) if name in command]
    for pid in mine[:1]:
        os.kill(pid, signal.SIGKILL)
    return len(mine[:1])


@needs_ray
@pytest.mark.end_to_end
def test_workers_are_killed_and_the_report_is_that_of_one_process(folder, threads):
    plan, (make, made) = read(written(folder, 16).relative_to(folder)), watched()
    kills = []

    def tell(done, total):
        if done in (3, 9):
            kills.append(killed(made, "ray::"))

    run(plan, folder / "alone", make=threads)
    run(plan, folder / "ray", workers=2, make=make, tell=tell)
    assert kills == [1, 1] and same(folder / "alone", folder / "ray")
    assert not [*group(made[0].speaker.pid)]


@needs_ray
@pytest.mark.end_to_end
def test_a_ray_that_is_lost_amid_a_campaign_is_one_sentence(folder, capfd):
    plan, (make, made) = read(written(folder, 16).relative_to(folder)), watched()

    def lost(done, total):
        if done == 3:
            assert killed(made, "raylet/raylet")

    with pytest.raises(Unusable, match="the answers that came are kept, go on with --resume"):
        run(plan, folder / "out", workers=1, make=make, tell=lost)
    assert (folder / "out" / journal.NAME).read_bytes().count(b"\n") >= 4  # the plan, and answers
    assert capfd.readouterr() == ("", "") and not [*group(made[0].speaker.pid)]


@needs_ray
@pytest.mark.end_to_end
def test_a_ray_that_is_there_is_joined_and_stays(folder, threads):
    plan = read(written(folder, 4).relative_to(folder))
    run(plan, folder / "alone", make=threads)
    head = subprocess.Popen(
        [sys.executable, "-c", HEAD], text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert head.stdout is not None
        address = next(x.split()[1] for x in head.stdout if x.startswith("here "))
        run(plan, folder / "ray", workers=1, make=cluster_ray.ray(address))
        assert same(folder / "alone", folder / "ray") and head.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(head.pid, signal.SIGKILL)
        head.communicate()


@needs_ray
@pytest.mark.end_to_end
def test_a_ray_that_does_not_answer_is_said(monkeypatch):
    monkeypatch.setattr(cluster_ray, "ANSWERED", 3.0)
    with pytest.raises(Unusable, match="no Ray answers at '127.0.0.1:9'; is its address right"):
        cluster_ray.ray("127.0.0.1:9")(1)


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Unusable, match=r"pip install 'refnet\[ray\]'"):
        cluster_ray.ray()(2)


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_a_folder_that_is_called_ray_is_no_ray(folder, monkeypatch):
    (folder / "ray").mkdir()
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(Unusable, match=r"pip install 'refnet\[ray\]'"):
        cluster_ray.ray()(2)


# --- what hands out, with something in the place of Ray -----------------------------------------


class RayError(Exception):
    """In the place of Ray's."""


class WorkerCrashedError(RayError):
    """The process that asked has ended."""


class RayTaskError(RayError):
    """What was asked has raised."""

    @property
    def cause(self):
        return self.args[0]


ERRORS = SimpleNamespace(
    WorkerCrashedError=WorkerCrashedError,
    OutOfMemoryError=type("OutOfMemoryError", (RayError,), {}),
    NodeDiedError=type("NodeDiedError", (RayError,), {}),
    RayTaskError=RayTaskError,
)


class InPlaceOfRay:
    """Ray, as far as it is used: what comes of a question is what `said` has next."""

    exceptions = ERRORS

    def __init__(self, said):
        self.said, self.asked = list(said), []

    def remote(self, function):
        ask = SimpleNamespace(remote=self.ask)
        return SimpleNamespace(options=lambda max_retries, num_cpus: ask)

    def ask(self, *args):
        self.asked.append(args)
        told, said = Future(), self.said.pop(0)
        if isinstance(said, Exception):
            told.set_exception(said)
        else:
            told.set_result(said)
        return SimpleNamespace(future=lambda: told)


def handed_out(*said):
    """What the caller is told of one question, when Ray says this, and how often Ray was asked."""
    (mine, its), ray, told = multiprocessing.Pipe(), InPlaceOfRay(said), Future()
    with mine, its:
        mine.send((7, "folder", dict, ()))
        mine.send(None)
        cluster_ray._hand_out(its, ray)
        number, packed = mine.recv()
        assert number == 7 and not mine.poll()
    cluster_ray._tell(told, packed)
    return told, len(ray.asked)


def test_a_question_whose_worker_ended_is_asked_again():
    crashed = [WorkerCrashedError(), ERRORS.NodeDiedError(), ERRORS.OutOfMemoryError()]
    told, asked = handed_out(*crashed, {"a": 1})
    assert told.result() == {"a": 1} and asked == 4


def test_one_that_ends_every_worker_has_no_answer():
    told, asked = handed_out(*[WorkerCrashedError()] * 20)
    assert told.result() is None and asked == cluster_ray.OFTEN + 1


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (RayTaskError(ValueError("other")), ValueError, "other"),
        (RayError("gone"), Unusable, "go on with --resume"),
        (lambda: None, RuntimeError, "pickle"),  # an answer that cannot be sent
    ],
)
def test_what_failed_is_handed_on(said, kind, words):
    told, asked = handed_out(said)
    assert asked == 1
    with pytest.raises(kind, match=words):
        told.result()


def test_what_is_no_pickle_is_an_error_and_no_answer():
    told = Future()
    cluster_ray._tell(told, b"garbage")
    assert told.exception() is not None
