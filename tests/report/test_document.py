"""The JSON: the same every time, exact, and held to its schema."""

import copy
import json
import subprocess
import sys

import numpy as np
import pytest

from verification.report import write
from verification.report.document import dumps, fault_rows, plain
from verification.vocabulary import Verdict


def test_two_runs_are_equal_byte_for_byte(samples, passing):
    again = write.rendered(samples.report())
    assert again == passing
    assert write.rendered(samples.report(seed=8))["report.json"] != passing["report.json"]


def test_another_process_writes_the_same_bytes(samples, passing):
    """Hash seeds differ between processes; no set may decide an order."""
    code = (
        f"import sys; sys.path.insert(0, {str(samples.__file__).rsplit('/', 1)[0]!r})\n"
        "import sample_report\nfrom verification.report.write import rendered\n"
        "texts = rendered(sample_report.report())\n"
        "sys.stdout.write(texts['report.json'] + texts['index.html'])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == passing["report.json"] + passing["index.html"]


def test_no_timings_in_the_json(passing):
    assert "1.25" in passing["timings.json"]
    assert "1.25" not in passing["report.json"]


def test_floats_read_back_exactly_and_specials_are_words(samples, passing):
    rows = json.loads(passing["report.json"])
    assert rows["derivations"][0]["worst"]["got"] == 0.1 + 0.2 != 0.3
    assert rows["claims"][0]["numbers"]["ratio"] == "inf"
    assert rows["figures"][0]["panels"][0]["series"][0]["y"][1] == "nan"


def test_plain_knows_arrays_enums_and_named_tuples(samples):
    assert plain({1: np.float32(0.1), "v": Verdict.WRONG, "a": np.arange(2), "n": None}) == {
        "1": float(np.float32(0.1)), "v": "wrong", "a": [0, 1], "n": None,
    }  # fmt: skip
    assert plain(samples.finding().worst)["index"] == [2, 1]
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps({"x": float("nan")})


def test_every_row_is_there(samples):
    document = samples.report().document()
    assert [row["id"] for row in document["claims"]] == ["B2", "B3"]
    assert [(row["name"], row["dtype"]) for row in document["derivations"]] == [
        (name, dtype) for name in ("mse", "sigmoid") for dtype in ("float64", "float32")
    ]
    assert all(len(row["arrows"]) == 1 for row in document["derivations"])
    assert document["derivations"][1]["arrows"][0]["dtype"] == "float32"


def test_the_schema_has_an_id_and_a_version_and_every_old_field(samples):
    document = samples.report(absent=("keras",)).document()
    assert (
        document["$schema"] == write.schema()["$id"] and document["schema"] in write.schema()["$id"]
    )
    assert document["made"] == {"command": "refnet report --seed 7", "absent": ["keras"]}
    old = ("seed", "quick", "versions", "counts", "claims", "derivations", "implementations")
    old += ("faults", "training", "calibration", "side_by_side", "digits", "tables", "worked")
    assert {*old, "figures"} <= {*document}


def test_counts_and_passed(samples):
    report, failing = samples.report(), samples.failing()
    assert report.counts["correct"] == 5 and report.counts["refuted"] == 1
    assert report.passed and not failing.passed
    assert not samples.report(faults=(samples.fault(caught=False),)).passed
    assert not samples.report(calibration=(samples.calibration(false_alarms=1),)).passed
    refused = {"correct": "refused", "refused": 1, "smallest": None}
    assert not samples.report(side_by_side=(samples.checker(**refused),)).passed
    assert samples.report(side_by_side=(samples.checker(checker="chex", **refused),)).passed
    assert sum(failing.counts.values()) == 3 + 4 + 1


def test_a_fault_that_is_not_seen_is_undecided(samples):
    check = samples.check(kills={"sign": True, "half": False})
    rows = fault_rows(check)
    assert [(row["fault"], row["dtype"], row["caught"], row["verdict"]) for row in rows] == [
        (fault, dtype, caught, verdict)
        for dtype in ("float64", "float32")
        for fault, caught, verdict in (("sign", True, "wrong"), ("half", False, "undecided"))
    ]
    write.validate(samples.report(faults=tuple(rows)).document())


DEFECTS = {
    "a verdict misspelt": lambda d: d["derivations"][0].update(verdict="right"),
    "another schema": lambda d: d.update({"$schema": "urn:refnet:report:1"}),
    "no word of how it was made": lambda d: d["made"].pop("command"),
    "a grid without a shade": lambda d: d["tables"][0].update(heat={"line": "rule"}),
    "an extra key": lambda d: d.update(date="today"),
    "an extra key in an arrow": lambda d: d["derivations"][0]["arrows"][0].update(seconds=1),
    "a key missing": lambda d: d["implementations"][0].pop("convention"),
    "correct without a case": lambda d: d["derivations"][0].update(cases=0),
    "refuted without a correction": lambda d: d["claims"][1].update(correction=""),
    "refuted without a counterexample": lambda d: d["claims"][1].update(counterexample=""),
    "a claim without a control": lambda d: d["claims"][0].update(control=""),
    "an unknown special number": lambda d: d["training"][0].update(loss_last="NaN"),
    "a negative count": lambda d: d["counts"].update(correct=-1),
    "a count missing": lambda d: d["counts"].pop("wrong"),
    "an unknown dtype": lambda d: d["faults"][0].update(dtype="double"),
    "a figure without panels": lambda d: d["figures"][0].update(panels=[]),
    "agreement as a word": lambda d: d["derivations"][0]["agreements"][0].update(agrees="yes"),
    "a false alarm below 0": lambda d: d["calibration"][0].update(false_alarms=-1),
    "calibration without a verdict": lambda d: d["calibration"][0].update(verdicts=0),
    "no run and no reason": lambda d: d["side_by_side"][3].update(note=""),
    "accepted and nothing planted": lambda d: d["side_by_side"][0].update(smallest=None),
    "accepted at no point": lambda d: d["side_by_side"][0].update(points=0),
    "a region without its sentence": lambda d: d["digits"][0]["regions"][0].pop("sentence"),
    "a worst element without its case": lambda d: d["derivations"][0]["worst"].pop("case"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_schema_refuses(samples, defect):
    document = copy.deepcopy(samples.report().document())
    write.validate(document)
    DEFECTS[defect](document)
    with pytest.raises(ValueError, match=r"malformed at \$"):
        write.validate(document)


def test_failing_rows_fit_the_schema_too(failing):
    write.validate(json.loads(failing["report.json"]))
