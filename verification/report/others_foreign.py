"""Rows for "Other implementations": a C library, and programs in C and JavaScript of our own."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..adapters import c_library
from ..judgement.foreign import validate_process
from ..judgement.validate import validate
from ..vocabulary import Finding
from .others import worst_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DENSE = """void dense_backward(size_t n, size_t m, size_t k,
    const float x[n][m], const float w[m][k], const float b[k], const float dy[n][k],
    float dx[n][m], float dw[m][k], float db[k])"""
DTYPES = ("float64", "float32")
NEEDED = {"cc": "a C compiler", "node": "node"}


class Judged(NamedTuple):
    """What is asked, of whom, and who is needed for it."""

    implementation: str
    library: str
    function: str
    dtype: str
    judge: Callable[[], Finding]


def rows(seed: int, quick: bool) -> list[dict[str, Any]]:
    """One row for each implementation, function and dtype, in the columns of others.rows.

    None where examples/ is not there, nor for what wants a C compiler, or node, without it.
    """
    if not EXAMPLES.is_dir():
        return []
    with tempfile.TemporaryDirectory() as folder:
        judged = list(_all(Path(folder), seed, 4 if quick else 16))
        dtypes = DTYPES[-1:] if quick else DTYPES
        return [_row(one) for one in judged if one.library and one.dtype in dtypes]


def absent() -> list[str]:
    """What these rows want and is not here."""
    if not EXAMPLES.is_dir():
        return ["the folder examples"]
    return [said for program, said in NEEDED.items() if shutil.which(program) is None]


def _all(folder: Path, seed: int, cases: int) -> Iterator[Judged]:
    library = lambda: _dense(
        _compiled(folder, "c_library/dense.c", "-shared", "-fPIC"), seed, cases
    )
    yield Judged("kernel, sums in double", _version("cc"), "dense", "float32", library)
    program = lambda: [str(_compiled(folder, "protocol/gradient.c"))]
    script = lambda: ["node", str(EXAMPLES / "protocol" / "gradient.js")]
    asked = (
        ("program over stdin and stdout, C", "cc", program, "logistic_neuron"),
        ("program over stdin and stdout, C", "cc", program, "softmax_cross_entropy"),
        ("program over stdin and stdout, JavaScript", "node", script, "logistic_neuron"),
        ("program over stdin and stdout, JavaScript", "node", script, "mlp_mse"),
    )
    for name, needed, command, against in asked:
        for dtype in DTYPES:
            judge = _process(command, against, dtype, cases, seed)
            yield Judged(name, _version(needed), against, dtype, judge)


def _process(command, against: str, dtype: str, cases: int, seed: int) -> Callable[[], Finding]:
    return lambda: validate_process(command(), against=against, dtype=dtype, cases=cases, seed=seed)


def _compiled(folder: Path, source: str, *flags: str) -> Path:
    """Compiled once."""
    target = folder / Path(source).stem
    if not target.exists():
        words = ["cc", "-O2", *flags, "-o", str(target), str(EXAMPLES / source), "-lm"]
        subprocess.run(words, check=True, timeout=120, capture_output=True)
    return target


def _dense(library: Path, seed: int, cases: int) -> Finding:
    gradient = c_library.function(library, DENSE)
    try:
        return validate(
            gradient,
            of=lambda x, w, b: x @ w + b[None, :],
            args=lambda rng: (
                rng.normal(size=(16, 12)),
                rng.normal(size=(12, 8)),
                rng.normal(size=8),
            ),
            argnums=(0, 1, 2),
            dtype="float32",
            cases=cases,
            seed=seed,
        )
    finally:
        gradient.close()


def _version(program: str) -> str:
    """cc 12.2.0, node v20.1.0; empty where it is not there."""
    if shutil.which(program) is None:
        return ""
    flag = "-dumpfullversion" if program == "cc" else "--version"
    done = subprocess.run([program, flag], text=True, capture_output=True, timeout=20, check=False)
    return f"{program} {done.stdout.strip().splitlines()[0] if done.stdout.strip() else ''}".strip()


def _row(one: Judged) -> dict[str, Any]:
    began = time.perf_counter()
    finding = one.judge()
    return {
        "implementation": one.implementation,
        "library": one.library,
        "function": one.function,
        "dtype": one.dtype,
        "verdict": str(finding.verdict),
        "power": max(finding.power.values(), default=float("inf")),
        "conventions": finding.convention,
        "worst": worst_of(finding),
        "budgets": finding.worst.budgets if finding.worst else float("nan"),
        "seconds": time.perf_counter() - began,
        "reason": finding.reason,
    }
