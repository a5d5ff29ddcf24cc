"""gradcheck of PyTorch beside vf.torch_gradcheck: false alarms, and the mistakes that each sees.

    python -m benchmarks.gradcheck [--resume]

The three functions of the table of peers, at two sizes, as an autograd.Function: its right backward
in four dtypes, and in float64 with one entry of the slopes off by 10^-1 to 10^-7 of their RMS.
Writes gradcheck.json and gradcheck.md beside this file, and again after each row.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import verification as vf
from verification.report.findings.writing import write_text
from verification.report.peers_functions import KINDS, Problem

HERE = Path(__file__).parent
SIZES = (10, 1_000)
DTYPES = ("float64", "float32", "float16", "bfloat16")
ERRORS = tuple(10.0**-k for k in range(1, 8))
SEED = 0
ACCEPTS, REFUSES, UNDECIDED = "accepts", "refuses", "undecided"


class Row(NamedTuple):
    """What each says of the function; `error` is 0 where it is right."""

    function: str
    size: int
    dtype: str
    error: float
    gradcheck: str  # accepts or refuses
    refnet: str  # accepts, refuses, or undecided, which is no pass
    seconds: tuple[float, float]


def asked(sizes: Iterable[int] = SIZES) -> Iterator[tuple[str, int, str, float]]:
    for size in sizes:
        for name in KINDS:
            yield from ((name, size, dtype, 0.0) for dtype in DTYPES)
            yield from ((name, size, "float64", error) for error in ERRORS)


def slopes(name: str, params: Any, data: list) -> tuple:
    """Of the sum of the results, by hand."""
    import torch

    if name != "network":
        (x,), (w,) = params, data
        return (w * torch.sigmoid(x),)
    (w1, b1, w2, b2), (x, y) = params, data
    a = torch.tanh(x @ w1 + b1)
    d = 2 * (a @ w2 + b2 - y) / y.numel()
    dz = (d @ w2.T) * (1 - a * a)
    return x.T @ dz, dz.sum(0), a.T @ d, d.sum(0)


def planted(name: str, data: list, place: int, off: float) -> Callable:
    """The function, in whose backward pass one entry of the first slope is off."""
    import torch

    alike = lambda params: [x.to(params[0].dtype) for x in data]  # it is asked in float64, too

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *params):
            ctx.save_for_backward(*params)
            return KINDS[name].torch_value(params, alike(params))

        @staticmethod
        def backward(ctx: Any, d):
            params = ctx.saved_tensors
            first, *others = (d * slope for slope in slopes(name, params, alike(params)))
            wrong = torch.zeros_like(first)
            above = d.reshape(-1)[place] if d.ndim else d
            wrong.view(-1)[place] = off * above
            return (first + wrong if off else first, *others)

    return Planted.apply


def verdict(check: Callable, function: Callable, params: list) -> str:
    from torch.autograd.gradcheck import GradcheckError

    try:
        check(function, params)
    except GradcheckError as error:
        return UNDECIDED if str(error).startswith("UNDECIDED") else REFUSES
    return ACCEPTS


def row(name: str, size: int, dtype: str, error: float) -> Row:
    import torch

    problem = Problem(name, size, SEED)
    to = lambda leaf: torch.tensor(np.asarray(leaf)).to(getattr(torch, dtype))
    params = [to(p).requires_grad_() for p in problem.params]
    function = planted(name, [*map(to, problem.data)], int(problem.places[0]), error * problem.rms)
    said, times = [], []
    for check in (torch.autograd.gradcheck, vf.torch_gradcheck):
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gradcheck warns of every dtype but float64
            said.append(verdict(check, function, params))
        times.append(round(time.perf_counter() - began, 2))
    return Row(name, size, dtype, error, *said, (times[0], times[1]))


def markdown(rows: list[Row]) -> str:
    right, wrong = ([r for r in rows if bool(r.error) is kind] for kind in (False, True))
    wide = [r for r in right if r.dtype == "float64"]
    narrow = [r for r in right if r.dtype != "float64"]
    count = lambda among, word: " | ".join(
        str(sum(getattr(r, who) == word for r in among)) for who in ("gradcheck", "refnet")
    )
    lines = [
        "# gradcheck beside vf.torch_gradcheck",
        "",
        f"{len(rows)} cases: the right backward pass of {len(KINDS)} functions in four dtypes, and",
        "in float64 with one entry of its slopes off by so much of their root mean square.",
        "Undecided: right as far as can be seen; rounding in that dtype hides a lost entry.",
        "",
        "| | `torch.autograd.gradcheck` | `vf.torch_gradcheck` |",
        "| --- | --- | --- |",
        f"| false alarms in float64, of {len(wide)} | {count(wide, REFUSES)} |",
        f"| false alarms in narrower dtypes, of {len(narrow)} | {count(narrow, REFUSES)} |",
        f"| undecided there | {count(narrow, UNDECIDED)} |",
        f"| mistakes seen in float64, of {len(wrong)} | {count(wrong, REFUSES)} |",
        "",
        "| function | parameters asked for | dtype | off by | gradcheck | torch_gradcheck |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        off = f"{r.error:.0e}" if r.error else "nothing"
        said = f"{r.gradcheck} | {r.refnet}"
        lines.append(f"| {r.function} | {r.size} | {r.dtype} | {off} | {said} |")
    made = f"Made by `python -m benchmarks.gradcheck`, torch {torch_version()}."
    return "\n".join([*lines, "", made]) + "\n"


def torch_version() -> str:
    try:
        return version("torch").partition("+")[0]
    except PackageNotFoundError:
        return "not installed"


def write(rows: list[Row]) -> None:
    text = json.dumps([r._asdict() for r in rows], indent=1)
    write_text(HERE / "gradcheck.json", text + "\n")
    write_text(HERE / "gradcheck.md", markdown(rows))


def before() -> list[Row]:
    path = HERE / "gradcheck.json"
    found = json.loads(path.read_text()) if path.exists() else []
    return [Row(**{**one, "seconds": tuple(one["seconds"])}) for one in found]


def main() -> int:
    rows = before() if "--resume" in sys.argv else []
    known, order = {r[:4] for r in rows}, list(asked())
    for question in order:
        if question not in known:
            rows.append(row(*question))
            write(sorted(rows, key=lambda r: order.index(r[:4])))
            print(*rows[-1], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
