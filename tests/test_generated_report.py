"""The committed report is what the suite says today: every verdict, made anew."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verification import derivations
from verification.report.document import dumps
from verification.report.html import page
from verification.report.markdown import markdown
from verification.report.stages import QUICK_DTYPES
from verification.report.write import junit

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "reports"
RENDERED = {"index.html": page, "report.md": markdown, "report.json": dumps, "junit.xml": junit}

OURS = {  # tables of verdicts made in the run: what was asked, and where the verdict stands; only
    # what a correct suite must answer alike in a quick run and a full one
    "kill-table": (("derivation", "fault", "place", "dtype"), "status"),
    "update-rules-arguments": (("variant", "library"), "verdict"),
    "wrong-update-rules": (("rule", "fault"), "verdict"),
    "right-twins": (("derivation", "way", "dtype"), "alarms"),
}
SECTIONS = {
    *("other-implementations", "kill-table", "right-twins", "kill-table-peers", "naming"),
    *("update-rules", "update-rules-arguments", "update-variants", "wrong-update-rules"),
    "experiments",
}

pytestmark = pytest.mark.end_to_end


def verdicts(document: dict) -> dict[tuple, object]:
    """(section, name, where, dtype) -> verdict, of everything that was judged."""
    found: dict[tuple, object] = {("claim", r["id"]): r["verdict"] for r in document["claims"]}
    for section in ("derivations", "implementations"):
        for row in document[section]:
            key = section, row["name"], row.get("dataset"), row.get("at"), row["dtype"]
            assert key not in found, f"{key} was judged twice"
            found[key] = row["verdict"]
            for arrow in row.get("arrows", ()):
                found[*key, arrow["name"]] = arrow["verdict"]
    for row in document["calibration"]:
        alarmed = "false alarm" if row["false_alarms"] else "no false alarm"
        found["calibration", row["implementation"], row["dtype"]] = alarmed
    for row in document["side_by_side"]:
        if row["checker"] == "refnet":
            found["side by side", row["function"], row["size"], row["dtype"]] = row["correct"]
    for table in document["tables"]:
        if table["id"] in OURS:
            found |= of_table(table)
    for one in document["worked"]:
        said = [line["term"] for line in one["finding"]["explanation"]]
        found["worked", one["title"]] = one["finding"]["verdict"] + ": " + "; ".join(said)
    return found


def of_table(table: dict) -> dict[tuple, object]:
    """What was made in the run, by the entries that say what was asked."""
    keys, verdict = OURS[table["id"]]
    named = [(*(row[key] for key in keys), n) for n, row in numbered(table["rows"], keys)]
    return {
        (table["id"], *name): row[verdict] for name, row in zip(named, table["rows"], strict=True)
    }


def numbered(rows: list[dict], keys: tuple[str, ...]) -> list[tuple[int, dict]]:
    """Each row with how many before it have the same entries."""
    seen: dict[tuple, int] = {}
    found = []
    for row in rows:
        key = tuple(row[k] for k in keys)
        seen[key] = seen.get(key, -1) + 1
        found.append((seen[key], row))
    return found


@pytest.fixture(scope="module")
def committed() -> dict:
    return json.loads((REPORTS / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """The report of a user's process, in quick mode."""
    out = tmp_path_factory.mktemp("report") / "reports"
    done = subprocess.run(
        [sys.executable, "-m", "verification", "report", "--quick", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        text=True,
        capture_output=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == str(out / "index.html")
    assert {*RENDERED} <= {path.name for path in out.iterdir()}
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RENDERED)
def test_the_committed_report_is_a_full_one_that_nobody_edited(committed, name):
    written = (REPORTS / name).read_text(encoding="utf-8")
    render = RENDERED[name]

    assert committed["quick"] is False
    assert render(committed) == written
    assert render({**committed, "claims": committed["claims"][1:]}) != written


def test_every_verdict_is_the_same_today(committed, made):
    now, then = verdicts(made), verdicts(committed)
    assert {key: then.get(key) for key in now} == now
    asked = lambda key: key[0] == "claim" or (key[0] == "derivations" and key[4] in QUICK_DTYPES)
    assert {key for key in then if asked(key)} == {key for key in now if asked(key)}
    whole(made)  # here too: one test makes the report, whichever process runs it


def test_every_part_of_the_report_is_there(committed):
    whole(committed)


def whole(document: dict) -> None:
    from verification.measurement.budget import DTYPES
    from verification.selftest.digit_loss import forms

    derived = {(row["name"], row["dtype"]) for row in document["derivations"]}
    dtypes = QUICK_DTYPES if document["quick"] else DTYPES
    assert derived == {(name, dtype) for name in derivations.ALL for dtype in dtypes}
    assert {row["form"] for row in document["digits"]} == {form.name for form in forms()}
    assert {row["dtype"] for row in document["calibration"]} == {*DTYPES}
    checkers = {row["checker"].split(",")[0] for row in document["side_by_side"]}
    others = {"JAX check_grads", "chex assert_numerical_grads", "SciPy check_grad"}
    assert checkers == {"refnet", "PyTorch gradcheck", *others}
    tables = {table["id"]: table["rows"] for table in document["tables"]}
    assert {*tables} >= SECTIONS
    empty = {name for name in SECTIONS if not tables[name]}
    assert empty <= ({"experiments"} if document["quick"] else set())
    assert {one["section"] for one in document["worked"]} == {"naming"}
    ours = [row for row in tables["other-implementations"] if row["library"] == "NumPy"]
    assert {row["verdict"] for row in ours} == {"correct", "wrong"}


@pytest.mark.parametrize("lost", ["a derivation", "a format"])
def test_a_derivation_or_a_format_that_is_lost_is_seen(committed, lost):
    key, value = {"a derivation": ("name", "sigmoid"), "a format": ("dtype", "bfloat16")}[lost]
    rows = [row for row in committed["derivations"] if row[key] != value]
    assert 0 < len(rows) < len(committed["derivations"])
    with pytest.raises(AssertionError):
        whole({**committed, "derivations": rows})


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("claims", {"verdict": "nonsense"}),
        ("calibration", {"false_alarms": 1}),
        ("side_by_side", {"correct": "undecided"}),
    ],
)
def test_a_changed_verdict_is_seen(committed, section, change):
    changed = json.loads(json.dumps(committed))
    changed[section][0].update(change)
    assert verdicts(changed) != verdicts(committed)
