"""Modules of PyTorch as people write them, judged by themselves: verdicts, seconds cold and warm.

Each is a module in training mode, with its own parameters moved at random; the cold time is that of
a first verdict in a process of its own, the warm time that of a second one there, on the clock and
by the processor (others use the machine, too).  Resumable: rows that are in the table stay.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from verification.report.findings.writing import write_text

RECORD = Path(__file__).with_suffix(".json")
TABLE = Path(__file__).with_suffix(".md")
DTYPES = ("float64", "float32", "bfloat16")
CASES, SECONDS = 2, 300  # draws of one verdict, and what a process may take


def modules() -> dict[str, Callable]:
    """name -> () -> (module, sampler of its inputs)."""
    from . import torch_networks as made

    return {
        "Linear": lambda: (made.nn.Linear(8, 4), drawn((5, 8))),
        "MLP that checks its inputs": lambda: (made.Checked(), positive((6, 5))),
        "MLP of dicts": lambda: (made.Dicts(), drawn((6, 5))),
        "MLP compiled (eager)": lambda: (made.compiled("eager"), drawn((6, 5))),
        "MLP compiled (inductor)": lambda: (made.compiled("inductor"), drawn((6, 5))),
        "Dropout and BatchNorm": lambda: (made.dropped(), drawn((6, 5))),
        "Embedding": lambda: (made.embedded(), whole(11, (3, 7))),
        "RNN, 16 steps": lambda: (made.nn.RNN(6, 8), drawn((16, 2, 6))),
        "GRU, 16 steps": lambda: (made.nn.GRU(6, 8), drawn((16, 2, 6))),
        "LSTM, 16 steps": lambda: (made.nn.LSTM(6, 8), drawn((16, 2, 6))),
        "LSTM, 2 layers, both ways": lambda: (
            made.nn.LSTM(3, 4, 2, bidirectional=True),
            drawn((6, 2, 3)),
        ),
        "MultiheadAttention": lambda: (made.Attention(), drawn((2, 6, 16))),
        "MultiheadAttention, mask": lambda: (made.Attention(), masked((2, 6, 16))),
        "TransformerEncoderLayer": lambda: (made.encoder(), drawn((2, 16, 64))),
        "TransformerDecoderLayer": lambda: (made.decoder(), drawn((2, 5, 16), (2, 7, 16))),
        "ResNet block": lambda: (made.Residual(4, 8, 2), drawn((2, 4, 8, 8))),
        "U-Net": lambda: (made.UNet(), drawn((1, 1, 8, 8))),
        "U-Net, interpolated": lambda: (made.UNet(interpolated=True), drawn((1, 1, 8, 8))),
    }


def drawn(*shapes: tuple[int, ...]) -> Callable:
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def positive(shape: tuple[int, ...]) -> Callable:
    return lambda rng: (rng.uniform(0.5, 2.0, size=shape),)


def whole(below: int, shape: tuple[int, ...]) -> Callable:
    return lambda rng: (rng.integers(0, below, shape),)


def masked(shape: tuple[int, ...]) -> Callable:
    """Inputs, and a mask that leaves the first place of each example."""
    batch, steps, _ = shape
    hidden = lambda rng: (rng.random((batch, steps)) < 0.4) & (np.arange(steps) > 0)
    return lambda rng: (rng.normal(size=shape), hidden(rng))


def judged(name: str, dtype: str) -> dict[str, Any]:
    """The verdict, and the seconds of a first and of a second one."""
    import torch

    import verification as vf

    torch.set_num_threads(1)
    torch.manual_seed(0)
    module, sample = modules()[name]()
    taken, used, found = [], [], None
    for _ in range(2):
        began, before = time.perf_counter(), time.process_time()
        found = vf.validate(module, args=sample, dtype=dtype, cases=CASES, edges="none")
        taken.append(round(time.perf_counter() - began, 1))
        used.append(round(time.process_time() - before, 1))
    assert found is not None
    row = {"verdict": str(found.verdict), "oracle": found.oracle, "reason": found.reason}
    entries = sum(p.numel() for p in module.parameters())
    row |= {"parameters": entries, "cold": taken[0], "warm": taken[1]}
    return row | {"cold processor": used[0], "warm processor": used[1]}


def alone(name: str, dtype: str) -> dict[str, Any]:
    """`judged` in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.torch_modules"]
    command += ["--one", name, dtype]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return {"verdict": "too slow", "oracle": "", "reason": f"no verdict within {SECONDS} s"}
    if run.returncode:
        said = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"verdict": "crash", "oracle": "", "reason": said}
    return json.loads(run.stdout.splitlines()[-1])


NUMBERS = ("parameters", "cold", "warm", "cold processor", "warm processor")


def table(done: dict[str, dict]) -> str:
    head = ["module, dtype", "verdict", "oracle", *NUMBERS]
    lines = [
        "# Modules of PyTorch",
        "",
        "Seconds, on a machine that others used at the same time.",
        "",
    ]
    lines += [line(head), line(["---"] * len(head))]
    for key, row in done.items():
        lines.append(line([key, row["verdict"], row["oracle"], *(row.get(k, "") for k in NUMBERS)]))
    others = [(k, row) for k, row in done.items() if row["verdict"] != "correct"]
    lines += [""] if others else []
    for key, row in others:
        lines.append(f"* {key}: {' '.join(row['reason'].split())[:300]}")
    return "\n".join(lines) + "\n"


def line(cells: list) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def filled(record: Path, rows: Mapping[str, Callable[[], dict]], seconds: float) -> dict:
    """The record, with rows that were not in it, as many as there is time for."""
    done = json.loads(record.read_text()) if record.exists() else {}
    until = time.monotonic() + seconds
    for key, judged in rows.items():
        if key not in done and time.monotonic() < until:
            done[key] = judged()
            write_text(record, json.dumps(done, indent=0) + "\n")
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--dtypes", nargs="+", default=DTYPES)
    parser.add_argument("--only", default="", help="modules whose name has this in it")
    parser.add_argument("--one", nargs=2, help="one module and dtype, as a line of JSON")
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(judged(*asked.one)))
        return
    wanted = [name for name in modules() if asked.only in name]
    rows = {f"{n}, {d}": partial(alone, n, d) for n in wanted for d in asked.dtypes}
    write_text(asked.out.with_suffix(".md"), table(filled(asked.out, rows, asked.seconds)))


if __name__ == "__main__":
    main()
