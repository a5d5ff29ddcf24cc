"""The kill table: every mistake of the catalogue that was planted, and what became of it.

A reduced table is made in the run; of the whole one the counts are shown.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import faults
from ...faults.assembly import SUBJECTS
from ...selftest import kill_table, kill_table_second
from ..tables import NUMBER, TEXT, VERDICT, Column, Table
from . import kill_table_whole as everywhere
from .section import Part, Rows, Section, plural, together

WHOLE = Path(__file__).resolve().parents[3] / "benchmarks" / "kill_table.json"
SECOND = WHOLE.with_name("kill_table_second.json")
REDUCED = {"tanh": 11, "dense": 29}  # derivation -> each n-th twin is planted in a run
NAMED = ("tanh",)  # where the explanations are asked for


def twin_rows(seed: int = 0, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One row for each twin and dtype: derivation, fault, class, level, place, dtype, status,
    oracle, why, case, explained: the rank of the right explanation, 0 where it is not there, None
    where nobody was asked; in float64 alone, and of those of NAMED."""
    found = []
    for name in names or REDUCED:
        for dtype in kill_table.DTYPES:
            named = name in NAMED and dtype == "float64"
            ask = kill_table.explainer() if named else kill_table.not_asked
            every = REDUCED[name]
            made = kill_table.rows([name], (dtype,), every, cases=1, seed=seed, ask=ask)
            found += with_second(name, list(made), dtype, seed % every, every)
    return found


def with_second(
    name: str, rows: list[dict[str, Any]], dtype: str, first: int, every: int
) -> list[dict[str, Any]]:
    """The rows with what becomes of each mistake once it is differentiated again, in float64."""
    if dtype != "float64":
        return [row | {"second": ""} for row in rows]
    twins = faults.twins(name)[first::every]
    said = kill_table_second.statuses(SUBJECTS[name], twins, dtype)
    return [row | {"second": one} for row, one in zip(rows, said, strict=True)]


def right_rows(seed: int = 0, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The right gradients judged in the same run: derivation, dtype, way, cases, alarms."""
    return kill_table.false_alarms(names or tuple(REDUCED), kill_table.DTYPES, 1, seed)


def summary() -> dict[str, Any]:
    """The counts of the whole table, as it was last made; empty where it is not there."""
    if not WHOLE.exists():
        return {}
    document = json.loads(WHOLE.read_text())
    return document["summary"] | {"how": document["how"]}


def mistakes() -> list[dict[str, str]]:
    """The catalogue: name, class, level, description."""
    return [
        {"name": one.name, "class": one.kind, "level": one.level, "description": one.description}
        for one in faults.mistakes().values()
    ]


SURVIVED = "survived"
COLUMNS = (
    Column("derivation", "Derivation"),
    Column("fault", "Mistake"),
    Column("dtype", "Dtype"),
    Column("status", "Found", VERDICT),
    Column("explained", "Named", TEXT),
    Column("second", "Differentiated again"),
    Column("class", "Class"),
    Column("level", "Planted in"),
    Column("place", "Place"),
    Column("oracle", "By"),
    Column("why", "Why not"),
)
LEAD = (
    "Mistakes of the catalogue, planted one at a time. Each makes a wrong twin of the right "
    "gradient, and the check must catch it. A twin that is not caught is proved to be the same "
    "function, or moves no entry by more than the stated power; otherwise it has survived, and the "
    "report fails. Named: the rank of the right explanation among those that were given. "
    "Differentiated again: the same mistake judged as a second derivative, in float64."
)
PEERS = (
    Column("checker", "Checker"),
    Column("size", "Parameters", NUMBER),
    Column("dtype", "Dtype"),
    Column("missed", "Mistakes accepted"),
    Column("alarms", "Right gradients refused"),
    Column("open", "Not run, or no answer"),
)
PEERS_LEAD = (
    "Mistakes of the same catalogue, given to the standard gradient checkers with their defaults."
)
RIGHT = (
    Column("derivation", "Derivation"),
    Column("way", "Run"),
    Column("dtype", "Dtype"),
    Column("cases", "Cases", NUMBER),
    Column("alarms", "False alarms", NUMBER),
)
RIGHT_LEAD = "The right gradients of the same derivations, judged in the same run: none is refused."


def work(part: str, seed: int, quick: bool) -> Part:
    """The twins of one derivation, and its right gradient, told apart by `way`."""
    right_ones = right_rows(seed, [part])
    return Part([*map(twin, twin_rows(seed, [part])), *map(right, right_ones)])


def twin(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {None: "", 0: "no", 1: "first"}.get(row["explained"], f"as {row['explained']}.")
    kept = {column.key: row[column.key] for column in COLUMNS} | {"explained": named}
    if row["status"] == SURVIVED:
        kept["act"] = f"a planted mistake survived: {row['why']}"
    return kept


def right(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "act": "a right gradient was refused"} if row["alarms"] else dict(row)


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    rows, whole = together(parts), summary()
    twins = [row for row in rows if "fault" in row]
    others = [row for row in rows if "way" in row]
    found = (
        Table("kill-table", "Kill table", LEAD, COLUMNS, tuple(twins), "derivation", notes(whole)),
        Table("right-twins", "Right gradients", RIGHT_LEAD, RIGHT, tuple(others)),
    )
    peers = tuple(asked(whole.get("peers", [])))
    note = how(whole)
    checkers = Table(
        "kill-table-peers", "Other checkers", PEERS_LEAD, PEERS, peers, "checker", note
    )
    larger = (everywhere.table(),) if everywhere.rows() else ()
    return (*found, *larger, checkers) if peers else (*found, *larger)


def notes(whole: Mapping[str, Any]) -> tuple[str, ...]:
    """The counts of the table that `make calibrate` wrote last."""
    if not whole:
        return ("The whole table has not been made yet; make calibrate makes it.",)
    counts: dict[str, int] = {}
    for row in whole["kills"]:
        counts[row["status"]] = counts.get(row["status"], 0) + row["rows"]
    said = ", ".join(f"{number:,} {status}" for status, number in sorted(counts.items()))
    alarms = plural(whole["false alarms"], "false alarm")
    return (
        f"This is a small table. The larger one, which make calibrate makes, has {said}; "
        f"{counts.get(SURVIVED, 0)} survived; {alarms} among "
        f"{whole['right answers judged']:,} right answers. {' '.join(how(whole))}",
        f"The catalogue has {whole['mistakes']:,} mistakes. Explanations are asked for in float64, "
        f"of the mistakes in {', '.join(NAMED)}.",
        *named(whole),
        *again(),
    )


def again() -> tuple[str, ...]:
    """What becomes of mistakes that are differentiated again, over all derivations."""
    found = json.loads(SECOND.read_text()) if SECOND.exists() else {}
    counts: dict[str, int] = {}
    for row in found.values():
        counts = {status: counts.get(status, 0) + number for status, number in row.items()}
    said = ", ".join(f"{number:,} {status}" for status, number in counts.items() if number)
    many = plural(len(found), "derivation")
    return (f"Differentiated again, mistakes of {many} are: {said}.",) if said else ()


def named(whole: Mapping[str, Any]) -> tuple[str, ...]:
    """How many are explained rightly in the larger table."""
    said = whole.get("explained", {})
    if not said.get("asked"):
        return ()
    hidden = plural(whole["one hides the other"], "further pair")
    return (
        f"In the larger table {said['asked']:,} explanations were asked for: the right place and "
        f"mistake come first in {said['first']:.1%}, and among the first three in "
        f"{said['first three']:.1%}; without the mistakes that a function is known for, in "
        f"{said['first without the catalogue']:.1%} and "
        f"{said['first three without the catalogue']:.1%}. Of {whole['doubles']:,} pairs of "
        f"mistakes both are named in {whole['both named']:,}; in {hidden} one hides the other, "
        "or nothing is wrong.",
    )


def how(whole: Mapping[str, Any]) -> tuple[str, ...]:
    made = whole.get("how", {})
    said = {
        "every": "one twin of a derivation in {}",
        "jax": "JAX {}",
        "explain": "one in {} explained",
    }
    parts = [text.format(made[key]) for key, text in said.items() if made.get(key) not in (None, 1)]
    return (f"Made with {', '.join(parts)}.",) if parts else ()


def asked(peers: Rows) -> Rows:
    """One row per checker, size and dtype, from rows that count what was said."""
    found: dict[tuple, dict[str, dict[str, int]]] = {}
    for row in peers:
        key = row["checker"], row["size"], row["dtype"]
        said = found.setdefault(key, {"right": {}, "wrong": {}})[row["gradient"]]
        said[row["said"]] = said.get(row["said"], 0) + row["rows"]
    return [
        {
            "checker": checker,
            "size": size,
            "dtype": dtype,
            "missed": share(said["wrong"], "accepted"),
            "alarms": share(said["right"], "refused"),
            "open": str(sum(sum(silent(one).values()) for one in said.values())),
        }
        for (checker, size, dtype), said in sorted(found.items())
    ]


def silent(said: Mapping[str, int]) -> dict[str, int]:
    return {key: n for key, n in said.items() if key not in ("accepted", "refused")}


def share(said: Mapping[str, int], what: str) -> str:
    """2 of 3, of those who answered."""
    answered = sum(said.values()) - sum(silent(said).values())
    return f"{said.get(what, 0)} of {answered}" if answered else ""


SECTION = Section(tuple(REDUCED), work, tables)
