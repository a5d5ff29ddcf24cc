"""All modules of torch.nn that hold parameters, each judged by itself, forward and backward.

    python -m benchmarks.torch_layers

One process for all; rows that are in the record stay.  A module of torch.nn with parameters that
has no row is listed as missing.
"""

import argparse
import inspect
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from verification.report.findings.writing import write_text

from .torch_modules import drawn, filled, line, whole

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
DTYPES = ("float32", "bfloat16")
CASES = 2
LAYERS: dict[str, tuple[Callable[[], nn.Module], Callable]] = {
    "Linear": (lambda: nn.Linear(3, 2), drawn((4, 3))),
    "Bilinear": (lambda: nn.Bilinear(3, 2, 2), drawn((4, 3), (4, 2))),
    "Conv1d": (lambda: nn.Conv1d(2, 4, 3, groups=2, padding="same"), drawn((2, 2, 6))),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, 2, 1, dilation=2), drawn((1, 2, 6, 5))),
    "Conv3d": (lambda: nn.Conv3d(1, 2, 2, padding_mode="circular"), drawn((1, 1, 3, 3, 3))),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 2, 3, 2, 1, 1), drawn((1, 2, 4))),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 2, 3, 2, groups=2), drawn((1, 4, 3, 3))),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(1, 2, 2, dilation=2), drawn((1, 1, 2, 2, 2))),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), drawn((5, 3))),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), drawn((2, 2, 3, 2))),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(2, momentum=None), drawn((2, 2, 2, 2, 1))),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(2, affine=True), drawn((2, 2, 5))),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(2, affine=True), drawn((2, 2, 3, 2))),
    "InstanceNorm3d": (lambda: nn.InstanceNorm3d(2, affine=True), drawn((1, 2, 2, 2, 2))),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), drawn((2, 4, 3))),
    "LayerNorm": (lambda: nn.LayerNorm(4), drawn((3, 4))),
    "RMSNorm": (lambda: nn.RMSNorm(4), drawn((3, 4))),
    "PReLU": (lambda: nn.PReLU(3), drawn((4, 3))),
    "Embedding": (lambda: nn.Embedding(5, 3, padding_idx=0), whole(5, (2, 4))),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(5, 3, mode="mean"), whole(5, (2, 4))),
    "RNNCell": (lambda: nn.RNNCell(3, 2), drawn((2, 3))),
    "LSTMCell": (lambda: nn.LSTMCell(3, 2), drawn((2, 3))),
    "GRUCell": (lambda: nn.GRUCell(3, 2), drawn((2, 3))),
    "RNN": (lambda: nn.RNN(3, 2, 2, nonlinearity="relu"), drawn((3, 2, 3))),
    "LSTM": (lambda: nn.LSTM(3, 2, proj_size=1, bidirectional=True), drawn((3, 2, 3))),
    "GRU": (lambda: nn.GRU(3, 2), drawn((3, 2, 3))),
    "MultiheadAttention": (
        lambda: nn.MultiheadAttention(4, 2, batch_first=True),
        drawn((1, 3, 4), (1, 3, 4), (1, 3, 4)),
    ),
    "TransformerEncoderLayer": (
        lambda: nn.TransformerEncoderLayer(4, 2, 6, batch_first=True),
        drawn((1, 3, 4)),
    ),
    "TransformerDecoderLayer": (
        lambda: nn.TransformerDecoderLayer(4, 2, 6, batch_first=True),
        drawn((1, 2, 4), (1, 3, 4)),
    ),
    "Transformer": (
        lambda: nn.Transformer(4, 2, 1, 1, 6, batch_first=True),
        drawn((1, 2, 4), (1, 2, 4)),
    ),
    "AdaptiveLogSoftmaxWithLoss": (
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2]),
        lambda rng: (rng.normal(size=(3, 4)), rng.integers(0, 6, 3)),
    ),
}
ELSEWHERE = {  # made of the others, or no layers
    *("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
    *("Container", "DataParallel", "TransformerEncoder", "TransformerDecoder", "RNNBase"),
    *("RNNCellBase", "SyncBatchNorm"),
}


def missing() -> Iterator[str]:
    """Modules of torch.nn that make parameters, and that no row is for; lazy ones are others."""
    for name, kind in vars(nn).items():
        is_module = inspect.isclass(kind) and issubclass(kind, nn.Module)
        if not is_module or name.startswith("Lazy") or name in {*LAYERS, *ELSEWHERE}:
            continue
        if "Parameter(" in "".join(map(code, kind.__mro__)):
            yield name


def code(kind: type) -> str:
    return inspect.getsource(kind) if kind not in (nn.Module, object) else ""


def judged(name: str, dtype: str) -> dict[str, Any]:
    import verification as vf

    torch.manual_seed(0)
    make, sample = LAYERS[name]
    began = time.process_time()
    found = vf.validate(make(), args=sample, dtype=dtype, cases=CASES, edges="none")
    row = {"verdict": str(found.verdict), "oracle": found.oracle, "reason": found.reason}
    return row | {"processor": round(time.process_time() - began, 1)}


def table(done: dict[str, dict]) -> str:
    head = ["module", *DTYPES, "oracle", "seconds of the processor"]
    lines = ["# Modules of torch.nn that hold parameters", "", line(head)]
    lines.append(line(["---"] * len(head)))
    reasons = []
    for name in LAYERS:
        rows = {dtype: done[f"{name}, {dtype}"] for dtype in DTYPES if f"{name}, {dtype}" in done}
        verdicts = [rows[d]["verdict"] if d in rows else "not asked" for d in DTYPES]
        oracles = sorted({row["oracle"] for row in rows.values()})
        seconds = ", ".join(str(row["processor"]) for row in rows.values())
        lines.append(line([name, *verdicts, ", ".join(oracles), seconds]))
        reasons += [
            f"* {name}, {dtype}: {' '.join(row['reason'].split())[:300]}"
            for dtype, row in rows.items()
            if row["verdict"] != "correct"
        ]
    return "\n".join([*lines, *["", *reasons] * bool(reasons)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--out", type=Path, default=RECORD)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = {f"{name}, {dtype}": partial(judged, name, dtype) for dtype in DTYPES for name in LAYERS}
    write_text(asked.out.with_suffix(".md"), table(filled(asked.out, rows, asked.seconds)))


if __name__ == "__main__":
    main()
