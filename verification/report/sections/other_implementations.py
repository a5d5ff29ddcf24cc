"""Other implementations: what the gradients of libraries, and programs of our own, are worth.

The programs of our own are a C library, and programs in C and JavaScript.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...adapters import c_library
from ...judgement.foreign import validate_process
from ...judgement.validate import validate
from ...vocabulary import Finding
from .. import others
from ..others import Other
from ..tables import NUMBER, VERDICT, WORDS, Column, Table
from .section import Part, Rows, Section, together

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DENSE = """void dense_backward(size_t n, size_t m, size_t k,
    const float x[n][m], const float w[m][k], const float b[k], const float dy[n][k],
    float dx[n][m], float dw[m][k], float db[k])"""
DTYPES = ("float64", "float32")
QUICK_CASES = 2
QUICK = {  # of each library the plainest, and one that has something to show
    *("a course's network, backward", "a course's network, summed", "MLPClassifier"),
    *("torch tanh", "torch softmax_cross_entropy", "the mean of l2_loss"),
    *("jax.nn.sigmoid", "jax.nn.softplus"),
}
NEEDED = {"cc": "a C compiler", "node": "node"}


class Judged(NamedTuple):
    """What is asked, of whom, and who is needed for it."""

    implementation: str
    library: str
    function: str
    dtype: str
    judge: Callable[[], Finding]


def library_rows(seed: int = 0, quick: bool = False, library: str = "") -> Rows:
    """One row per implementation and dtype; of libraries that are not installed, none.

    Columns: implementation, library, function, dtype, verdict, power (of the worst leaf, relative
    to its RMS), conventions, worst (element), budgets (its error in budgets), seconds, reason.
    `quick` asks those of QUICK alone; `library` is one of LIBRARIES, or all of them.
    """
    return [
        row(judged(other, dtype, QUICK_CASES if quick else other.cases, seed))
        for other in others.others(quick, library)
        if not quick or other.implementation in QUICK
        for dtype in (other.dtypes[-1:] if quick else other.dtypes)
    ]


def judged(other: Other, dtype: str, cases: int, seed: int) -> Judged:
    judge = lambda: validate(
        other.candidate,
        of=other.of,
        args=other.sample,
        argnums=other.argnums,
        dtype=dtype,
        cases=cases,
        seed=seed,
    )
    return Judged(other.implementation, other.library, other.function, dtype, judge)


def program_rows(seed: int, quick: bool) -> Rows:
    """One row for each implementation, function and dtype, in the columns of library_rows.

    None where examples/ is not there, nor for what wants a C compiler, or node, without it.
    """
    if not EXAMPLES.is_dir():
        return []
    with tempfile.TemporaryDirectory() as folder:
        asked = list(_all(Path(folder), seed, 4 if quick else 16))
        dtypes = DTYPES[-1:] if quick else DTYPES
        return [row(one) for one in asked if one.library and one.dtype in dtypes]


def absent_programs() -> list[str]:
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


def row(one: Judged) -> dict[str, Any]:
    began = time.perf_counter()
    found = one.judge()
    return {
        "implementation": one.implementation,
        "library": one.library,
        "function": one.function,
        "dtype": one.dtype,
        "verdict": str(found.verdict),
        "power": max(found.power.values(), default=float("inf")),
        "conventions": ", ".join((*found.conventions, *filter(None, [found.convention]))),
        "worst": worst_of(found),
        "budgets": found.worst.budgets if found.worst else float("nan"),
        "seconds": time.perf_counter() - began,
        "reason": found.reason,
    }


def worst_of(found: Finding) -> str:
    w = found.worst
    return f"{w.leaf}{list(w.index)} = {w.got:.6g}, not {w.expected:.6g}" if w else ""


FOREIGN = "programs"
CORRECT, WRONG = "correct", "wrong"
COURSE = {"a course's network, backward": CORRECT, "a course's network, summed": WRONG}
COLUMNS = (
    Column("library", "Library"),
    Column("implementation", "Implementation"),
    Column("function", "Gradient of"),
    Column("dtype", "Dtype"),
    Column("verdict", "Verdict", VERDICT),
    Column("power", "Power", NUMBER),
    Column("budgets", "Error in budgets", NUMBER),
    Column("worst", "Worst element"),
    Column("conventions", "Conventions"),
    Column("reason", "Why", WORDS),
)
LEAD = (
    "Gradients that other people's libraries compute, judged like any other gradient. The programs "
    "in C and JavaScript are our own; they are asked over stdin and stdout. A verdict here that is "
    "not correct says something about the library, or about its convention, not about refnet. "
    "A course's network must be correct, and its twin that forgets the mean must be wrong."
)
RANGE = (
    "JAX's functions are asked over all normal numbers of float32, drawn evenly in their "
    "exponents. So digits that a formula loses far from 0 count as well."
)


def work(part: str, seed: int, quick: bool) -> Part:
    """The rows of one library, or of the programs."""
    made = program_rows(seed, quick) if part == FOREIGN else library_rows(seed, quick, part)
    seconds = {f"{row['implementation']}, {row['dtype']}": row["seconds"] for row in made}
    return Part([shown(row, part) for row in made], seconds)


def shown(row: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The row without its time; why it is correct is not said again in each."""
    kept = {column.key: row[column.key] for column in COLUMNS}
    wanted = CORRECT if part == FOREIGN else COURSE.get(row["implementation"])
    if row["verdict"] == CORRECT:
        kept["reason"] = ""
    if wanted and row["verdict"] != wanted:
        kept["act"] = f"it is {row['verdict']} and must be {wanted}: {row['reason']}"
    return kept


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows = together(parts)
    return (
        Table(
            "other-implementations",
            "Other implementations",
            LEAD,
            COLUMNS,
            tuple(rows),
            "library",
            notes(rows),
        ),
    )


def notes(rows: Rows) -> tuple[str, ...]:
    return (RANGE,) if any(row["library"] == "JAX" for row in rows) else ()


SECTION = Section((*others.LIBRARIES, FOREIGN), work, tables)
