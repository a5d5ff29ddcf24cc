"""A campaign of 1,000 questions, killed 25 times at random moments, beside one left alone.

Every kill is a SIGKILL of the whole process group.  Then --resume must give the same report, byte
for byte; after every kill no answer that was in the journal may be gone.

Over Dask the campaign stays, and one of its two workers is killed 25 times, at random answers: the
report must be the same again, without anybody's help.
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
from pathlib import Path

from verification.campaign import cluster, journal
from verification.campaign.plan import read
from verification.campaign.run import run
from verification.report.findings.writing import write_text

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


def spent(group: int) -> float:
    """Processor seconds of the processes of a group that are alive (on Linux)."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15])) if int(fields[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


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

    def __init__(self, questions: int, kills: int, seed: int):
        self.rng, self.killed = random.Random(seed), []
        self.at = set(self.rng.sample(range(1, questions), kills))
        self.before = {child.pid for child in multiprocessing.active_children()}

    def __call__(self, done: int, total: int) -> None:
        mine = [c.pid for c in multiprocessing.active_children() if c.pid not in self.before]
        if mine and self.at and done >= min(self.at):
            self.at.remove(min(self.at))
            os.kill(self.rng.choice(mine), signal.SIGKILL)
            self.killed.append(f"after {done} answers")


def over_dask(file: Path, out: Path, workers: int, kills: int, seed: int) -> dict:
    """One campaign over a cluster of this machine, whose workers are killed one by one."""
    plan = read(Path(file.name))
    killer, start = Killer(len(plan.questions), kills, seed), time.perf_counter()
    run(plan, out, workers=workers, make=cluster.dask(), tell=killer)
    left = {child.pid for child in multiprocessing.active_children()} - killer.before
    assert not left, "workers are left"
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
        seen = over_dask(file, folder / "dask", asked.workers, asked.kills, asked.seed)
        seen["byte for byte the same"] = same(folder / "alone", folder / "dask")
        row["over dask"] = seen
    print(json.dumps(row, indent=1))
    write_text(RECORD, json.dumps(row, indent=1) + "\n")
    assert row["byte for byte the same"] and row["over dask"]["byte for byte the same"]
    assert len(row["over dask"]["kills"]) == asked.kills


if __name__ == "__main__":
    main()
