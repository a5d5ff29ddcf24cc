"""A campaign of 1,000 questions, killed 25 times at random moments, beside one left alone.

Every kill is a SIGKILL of the whole process group.  Then --resume must give the same report, byte
for byte; after every kill no answer that was in the journal may be gone.

Over Dask, and over Ray where it is installed, the campaign stays, and one of its two workers is
killed 25 times, at random answers: the report must be the same again, without anybody's help.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from verification.campaign import journal, pool
from verification.campaign.plan import read
from verification.campaign.run import run
from verification.report.findings.writing import write_text

from . import executors

RECORD = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).resolve().parent.parent
REPORT = ("campaign.json", "findings.json", "findings.sarif", "junit.xml", "index.html")
PYTHON = '''"""Gradients that are judged in milliseconds."""
import jax.numpy as jnp


def loss(w, x):
    return jnp.sum((w * x - 1.0) ** 2)


def right(w, x):
    return 2 * (w * x - 1.0) * x


def wrong(w, x):
    return (w * x - 1.0) * x


def sample(rng):
    return rng.normal(size=3), rng.normal(size=3)
'''
TOML = """
title = "Tiny gradients"
cases = {cases}
chunk = 1
{entries}
"""
ENTRY = """
[[implementation]]
name = "{name}"
gradient = "tiny.py:{name}"
of = "tiny.py:loss"
args = "tiny.py:sample"
"""


def written(folder: Path, questions: int) -> Path:
    """A campaign of so many questions, half of them about a wrong gradient."""
    (folder / "tiny.py").write_text(PYTHON)
    entries = "".join(ENTRY.format(name=name) for name in ("right", "wrong"))
    file = folder / "tiny.toml"
    file.write_text(TOML.format(cases=questions // 2, entries=entries))
    return file


def begun(file: Path, out: Path, workers: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "verification", "campaign", file.name, "--out", str(out)]
    return subprocess.Popen(
        [*command, "--workers", str(workers), "--resume"],
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def finished(file: Path, out: Path, workers: int) -> float:
    """Seconds of a run to its end."""
    start = time.perf_counter()
    assert begun(file, out, workers).wait(timeout=600) == 1  # half of them are wrong
    return time.perf_counter() - start


def lines(out: Path) -> int:
    path = out / journal.NAME
    return path.read_bytes().count(b"\n") if path.exists() else 0


def members(leader: int) -> Iterator[tuple[Path, list[str]]]:
    """Of the processes of a group that are alive (on Linux): where /proc has it, and its stat."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader and fields[0] != "Z":
                yield file.parent, fields


def spent(leader: int) -> float:
    """Processor seconds of the processes of a group."""
    ticks = sum(sum(map(int, fields[11:15])) for _, fields in members(leader))
    return ticks / os.sysconf("SC_CLK_TCK")


def group(leader: int) -> Iterator[tuple[int, str]]:
    """The number and the command of each process of a group."""
    for place, _ in members(leader):
        with contextlib.suppress(OSError):
            yield int(place.name), (place / "cmdline").read_text().replace("\0", " ")


def kill(file: Path, out: Path, workers: int, rng: random.Random, most: int) -> tuple[str, float]:
    """Kill a run at a random moment: in its start, or after some answers.  Says when, and its
    processor seconds."""
    run, before = begun(file, out, workers), lines(out)
    if rng.random() < 0.3:
        delay, wanted = rng.uniform(0.05, 1.5), 0
    else:
        delay, wanted = rng.uniform(0.0, 0.05), rng.randint(1, most)
    deadline = time.monotonic() + 60
    while lines(out) < before + wanted and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(delay)
    ended, cpu = run.poll() is not None, spent(run.pid)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return "ended before" if ended else f"after {lines(out) - before} answers", cpu


def answers(file: Path, out: Path) -> dict:
    """What the journal holds of this plan, whatever the last kill left at its end."""
    path = out / journal.NAME
    plan = read(Path(file.name))
    head = journal.header(plan.hash, len(plan.questions))
    raw = path.read_bytes() if path.exists() else b""
    return journal.read(plan.hash, raw[len(head) :], len(plan.questions)).answers


def killed(file: Path, out: Path, workers: int, kills: int, seed: int) -> dict:
    """Kill it so many times, then let it end; what was seen."""
    rng, said, known, cpu = random.Random(seed), [], {}, 0.0
    start, before = time.perf_counter(), processor()
    most = max(1, len(read(file).questions) // (kills + 1))
    for _ in range(kills):
        when, used = kill(file, out, workers, rng, most)
        said.append(when)
        cpu += used
        now = answers(file, out)
        assert now.items() >= known.items(), "an answer that was kept is gone"
        known = now
    finished(file, out, workers)
    seconds = round(time.perf_counter() - start, 1)
    return {"seconds": seconds, "cpu": round(cpu + processor() - before, 1), "kills": said}


class Killer:
    """A SIGKILL for one worker of this process's cluster, at answers that are drawn."""

    def __init__(self, questions: int, kills: int, seed: int, workers: Callable[[], list[int]]):
        self.rng, self.killed, self.workers = random.Random(seed), [], workers
        self.at = set(self.rng.sample(range(1, questions), kills))

    def __call__(self, done: int, total: int) -> None:
        if self.at and done >= min(self.at) and (mine := self.workers()):
            self.at.remove(min(self.at))
            os.kill(self.rng.choice(mine), signal.SIGKILL)
            self.killed.append(f"after {done} answers")


class Cluster:
    """One of this machine: what makes it, and the processes that are its workers."""

    def __init__(self, make: pool.Make):
        self.made, self.makes = [], make
        self.before = {child.pid for child in multiprocessing.active_children()}

    def make(self, workers: int):
        self.made.append(self.makes(workers))
        return self.made[-1]

    def workers(self) -> list[int]:
        if (speaker := getattr(self.made[-1], "speaker", None)) is not None:  # Ray's are its group
            return [pid for pid, command in group(speaker.pid) if command.startswith("ray::")]
        mine = (child.pid for child in multiprocessing.active_children())
        return [pid for pid in mine if pid is not None and pid not in self.before]

    def left(self) -> bool:
        speaker = getattr(self.made[-1], "speaker", None)
        children = {child.pid for child in multiprocessing.active_children()} - self.before
        return bool(children or (speaker is not None and [*group(speaker.pid)]))


def over(make: pool.Make, file: Path, out: Path, workers: int, kills: int, seed: int) -> dict:
    """One campaign over a cluster of this machine, whose workers are killed one by one."""
    plan, where = read(Path(file.name)), Cluster(make)
    killer = Killer(len(plan.questions), kills, seed, where.workers)
    start = time.perf_counter()
    run(plan, out, workers=workers, make=where.make, tell=killer)
    assert not where.left(), "workers are left"
    return {"seconds": round(time.perf_counter() - start, 1), "kills": killer.killed}


def processor() -> float:
    """Seconds of all children that were waited for, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in REPORT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = written(folder, asked.questions)
        os.chdir(folder)
        alone = finished(file, folder / "alone", asked.workers)
        seen = killed(file, folder / "killed", asked.workers, asked.kills, asked.seed)
        row = {
            "questions": asked.questions,
            "workers": asked.workers,
            "undisturbed s": round(alone, 1),
            "questions a second": round(asked.questions / alone, 1),
            "killed and resumed s": seen["seconds"],
            "processor s of that": seen["cpu"],
            "load average": round(os.getloadavg()[0], 1),
            "kills": seen["kills"],
            "byte for byte the same": same(folder / "alone", folder / "killed"),
        }
        for name, make in executors.clusters().items():
            seen = over(make, file, folder / name, asked.workers, asked.kills, asked.seed)
            seen["byte for byte the same"] = same(folder / "alone", folder / name)
            row[f"over {name}"] = seen
    print(json.dumps(row, indent=1))
    write_text(RECORD, json.dumps(row, indent=1) + "\n")
    assert row["byte for byte the same"]
    for name in executors.clusters():
        seen = row[f"over {name}"]
        assert seen["byte for byte the same"] and len(seen["kills"]) == asked.kills


if __name__ == "__main__":
    main()
