"""The kill table, whole: every mistake in every derivation and dtype, and the peers beside us.

    python -m benchmarks.kill_table [--every N] [--explain N] [--peers N] [--only NAME,NAME]
        [--resume] [--executor process|dask|ray] [--scheduler ADDRESS] [--workers N]

--every N plants each N-th twin only; all of them take a quarter of an hour on a quiet core.
--explain N asks at each N-th of those what is wrong (each 25th half an hour more, all of them six
hours), --peers N gives each N-th to the other checkers (an hour), --only makes the rows of these
derivations anew and leaves the others as they are.  --explain 0 keeps the explanations that were
made, and --peers 0 the rows of the peers.  What was done is written down.  Writes kill_table.json
beside this file, again after every derivation, so that nothing is lost: --resume goes on with those
that are left.  Exit status 1 where a mistake survives, or a right gradient is refused by us.
"""

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jax

from verification import faults
from verification.derivations import ALL as SUBJECTS
from verification.report import kills_peers
from verification.report.findings.writing import write_text
from verification.selftest import kill_table
from verification.selftest.kill_table_scores import doubles, scores

from . import executors

HERE = Path(__file__).parent
NARROW = ("float16", "bfloat16")
NARROWED = ("tanh", "gelu", "mse", "dense", "layer_norm", "attention")
PEERED = ("sigmoid", "gelu", "huber", "mse", "dense", "layer_norm", "mlp_mse")
PAIRED = ("mlp", "mlp_mse", "layer_norm", "attention", "residual_block")


def write(parts: dict[str, list[dict]], how: dict) -> None:
    """One row a line."""
    lines = [f'"how": {json.dumps(how)}', f'"summary": {json.dumps(summary(parts))}']
    dense = lambda row: json.dumps(row, separators=(",", ":"))
    for name, rows in parts.items():
        told = map(_without_defaults, rows) if name == "kills" else rows
        lines.append(f'"{name}": [\n' + ",\n".join(map(dense, told)) + "\n]")
    write_text(HERE / "kill_table.json", "{\n" + ",\n".join(lines) + "\n}\n")


def summary(parts: dict[str, list[dict]]) -> dict:
    """Counts by dtype; explanations; what each checker does with right and with wrong ones."""
    counts = Counter((row["dtype"], row["status"]) for row in parts["kills"])
    alarms = sum(row["alarms"] for row in parts["right"])
    kind = lambda row: "right" if row["fault"] == "none" else "wrong"
    asked = Counter(
        (row["checker"], kind(row), row["size"], row["dtype"], row["said"])
        for row in parts["peers"]
    )
    return {
        "mistakes": len(faults.mistakes()),
        "kills": [{"dtype": d, "status": s, "rows": n} for (d, s), n in sorted(counts.items())],
        "false alarms": alarms,
        "right answers judged": sum(row["cases"] for row in parts["right"]),
        "explained": scores(parts["kills"]),
        "doubles": sum(row["both"] is not None for row in parts["doubles"]),
        "one hides the other": sum(row["both"] is None for row in parts["doubles"]),
        "both named": sum(row["both"] is True for row in parts["doubles"]),
        "peers": [dict(zip(KEYS, key, strict=True), rows=n) for key, n in sorted(asked.items())],
    }


KEYS = ("checker", "gradient", "size", "dtype", "said")


MADE_BY = {"kills": "every", "right": "jax", "doubles": "explain", "peers": "peers"}
WHICH = ("derivation", "fault", "level", "place", "dtype")
SAID = ("explained", "unaided", "seconds", "said")


def before() -> dict[str, Any]:
    file = HERE / "kill_table.json"
    found = json.loads(file.read_text()) if file.exists() else {"how": {}}
    return found | {"kills": list(map(_with_defaults, found.get("kills", [])))}


DEFAULTS = {"place": "", "why": "", "level": "own", "case": "draw 0"}  # of a row of kills


def _without_defaults(row: dict) -> dict:
    plain = DEFAULTS | {"class": row["fault"]}
    return {k: x for k, x in row.items() if k not in plain or x != plain[k]}


def _with_defaults(row: dict) -> dict:
    return DEFAULTS | {"class": row["fault"]} | row


def kept(was: dict[str, Any], how: dict) -> dict[str, list[dict]]:
    """The rows that were made in the same way."""
    same = lambda key: was["how"].get(key) == how[key] and was["how"].get("jax") == how["jax"]
    return {part: was.get(part, []) if same(key) else [] for part, key in MADE_BY.items()}


def some(explain: int, first: int) -> kill_table.Ask:
    """What is said of each so-many-th mistake that is caught, from the first on; 0: of none."""
    ask, place = kill_table.explainer(), itertools.count(first)
    chosen = lambda: next(place) % explain == 0
    return (lambda *asked: ask(*asked) if chosen() else None) if explain else kill_table.not_asked


def with_what_was_said(rows: Iterable[dict], known: Iterable[dict]) -> list[dict]:
    """The rows, and what was said of the same mistakes before; of those of one name, nothing."""
    rows, which = [*rows], lambda row: tuple(row[key] for key in WHICH)
    said = {which(row): {k: row[k] for k in SAID if k in row} for row in known}
    times = Counter(map(which, rows))
    same = lambda row: row["status"] == kill_table.CAUGHT and times[which(row)] == 1
    return [row | said.get(which(row), {}) if same(row) else row for row in rows]


def made(name: str, every: int, explain: int, peers: int) -> dict[str, list[dict]]:
    """The rows of one derivation, in any process."""
    seed = list(SUBJECTS).index(name)  # so that each derivation begins at another twin
    wide: dict[str, Any] = {"ask": some(explain, seed), "symbolic": name in kill_table.SHORT}
    parts: dict[str, list[dict]] = {part: [] for part in MADE_BY}
    parts["kills"] += kill_table.rows([name], every=every, seed=seed, **wide)
    dtypes = (*kill_table.DTYPES, *NARROW) if name in NARROWED else kill_table.DTYPES
    if name in NARROWED:
        parts["kills"] += kill_table.rows([name], NARROW, every=2 * every, cases=2)
    parts["right"] += kill_table.false_alarms([name], dtypes, 1, seed=1)
    if name in PAIRED and explain:
        parts["doubles"] += doubles(name, 12, kill_table.explainer())
    if name in PEERED and peers:
        parts["peers"] += kills_peers.rows([name], every=peers)
    return parts


def put_in(
    parts: dict[str, list[dict]], name: str, new: dict[str, list[dict]], stay: Iterable[str]
) -> None:
    """The rows of one derivation in the place of its old ones, but for parts that stay.

    They are in the order of the derivations, whoever has answered first.
    """
    place = list(SUBJECTS).index
    for part in {*MADE_BY} - {*stay}:
        others = [row for row in parts[part] if row["derivation"] != name]
        parts[part] = sorted([*others, *new[part]], key=lambda row: place(row["derivation"]))


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_table")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--explain", type=int, default=25)
    parser.add_argument("--peers", type=int, default=12)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(SUBJECTS))
    parser.add_argument("--resume", action="store_true")
    executors.add(parser)
    asked = parser.parse_args(list(arguments))
    was = before()
    peers, explain = (getattr(asked, k) or was["how"].get(k, 0) for k in ("peers", "explain"))
    how = {"every": asked.every, "explain": explain, "peers": peers, "jax": jax.__version__}
    made_here = {"peers": asked.peers, "doubles": asked.explain}
    stay = [part for part, number in made_here.items() if not number]
    parts = kept(was, how) | {part: was.get(part, []) for part in stay}
    left = [name for name in asked.only if not asked.resume or name in was["how"].get("left", [])]
    tasks = [(name, asked.every, asked.explain, asked.peers) for name in left]
    start, known = time.perf_counter(), was.get("kills", [])
    with executors.asked(asked) as pool:
        for (name, *_), new in executors.answers(pool, made, tasks, dict):
            if not asked.explain:
                new["kills"] = with_what_was_said(new["kills"], known)
            put_in(parts, name, new, stay)
            left.remove(name)
            write(parts, how | ({"left": left} if left else {}))
            took = time.perf_counter() - start
            print(f"{took:7.1f} s  {name}: {len(parts['kills'])}", flush=True)
    survived = [row for row in parts["kills"] if row["status"] == kill_table.SURVIVED]
    print(*survived, sep="\n")
    return int(bool(survived) or any(row["alarms"] for row in parts["right"]))


if __name__ == "__main__":
    from benchmarks.kill_table import main  # its functions have names in other processes

    sys.exit(main(sys.argv[1:]))
