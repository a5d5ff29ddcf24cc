"""Calibration and kill tables over two workers: the bytes of one process, whoever answers first."""

import json
import sys

import pytest

from benchmarks import calibration, executors, kill_table, kill_table_second

WHERE = {"here": [], "dask": ["--executor", "dask", "--workers", "2"]}
NAMES = ("identity", "mse")


@pytest.mark.dear
@pytest.mark.end_to_end
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_two_workers_of_dask_write_what_one_process_writes(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    written = {}
    for where, words in WHERE.items():
        out = tmp_path / where
        out.mkdir()
        written[where] = {
            "calibration": calibrated(out, words, monkeypatch),
            "kill table": killed(out, words, monkeypatch),
            "second order": second(out, words),
        }
    assert written["dask"] == written["here"]
    assert all(len(text) > 300 for text in written["here"].values())


def calibrated(out, words, monkeypatch):
    monkeypatch.setattr(calibration, "RECORD", out / "calibration.json")
    monkeypatch.setattr(calibration, "LOG", out / "log.jsonl")
    sizes = ["--networks", "0", "--spellings", "30", "--seed", "5"]
    monkeypatch.setattr(calibration, "planned", lambda *_: [])
    monkeypatch.setattr(calibration, "page", lambda found: "")
    monkeypatch.setattr(sys, "argv", ["calibration", *sizes, *words])
    (out / "calibration.json").write_text(json.dumps({"runs": [], "false_alarms": 0}))
    calibration.main()
    found = json.loads((out / "calibration.json").read_text())
    assert found["corpus"]["verdicts"] >= 30 and found["corpus"].pop("seconds") >= 0
    return json.dumps(found)


def killed(out, words, monkeypatch):
    monkeypatch.setattr(kill_table, "HERE", out)
    few = ["--every", "40", "--explain", "0", "--peers", "0", "--only", ",".join(NAMES)]
    assert kill_table.main([*few, *words]) == 0
    return (out / "kill_table.json").read_text()


def second(out, words):
    record = out / "kill_table_second.json"
    few = ["--only", ",".join(NAMES), "--every", "40", "--out", str(record)]
    assert kill_table_second.main([*few, *words]) == 0
    return record.read_text() + record.with_suffix(".md").read_text()


def test_a_kill_table_that_is_ended_goes_on_with_what_is_left(tmp_path, monkeypatch):
    def ended(parts, how):
        write(parts, how)
        raise KeyboardInterrupt

    write = kill_table.write
    asked = []
    monkeypatch.setattr(kill_table, "made", lambda name, *_: asked.append(name) or rows(name))
    few = ["--explain", "0", "--peers", "0", "--only", ",".join(NAMES)]
    monkeypatch.setattr(kill_table, "HERE", tmp_path / "whole")
    kill_table.HERE.mkdir()
    kill_table.main(few)
    whole = (tmp_path / "whole" / "kill_table.json").read_text()

    monkeypatch.setattr(kill_table, "HERE", tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(kill_table, "write", ended)
        kill_table.main(few)
    assert (tmp_path / "kill_table.json").read_text() != whole
    asked.clear()
    kill_table.main([*few, "--resume"])
    assert asked == ["mse"] and (tmp_path / "kill_table.json").read_text() == whole


def rows(name):
    kill = {"derivation": name, "fault": "sign", "dtype": "float64", "status": "caught"}
    kill |= {"oracle": "ball", "explained": None}
    right = {"derivation": name, "dtype": "float64", "way": "compiled", "cases": 1, "alarms": 0}
    return {"kills": [kill_table.DEFAULTS | {"class": "sign"} | kill], "right": [right]}


def test_the_order_of_answers_is_not_that_of_the_record():
    parts = {part: [] for part in kill_table.MADE_BY}
    for name in reversed(NAMES):
        kill_table.put_in(parts, name, rows(name), ["doubles", "peers"])
    assert [row["derivation"] for row in parts["kills"]] == list(NAMES)
    assert [*kill_table_second.in_order({"mse": {}, "identity": {}})] == list(NAMES)


def test_an_answer_that_is_none_is_an_error():
    class Lost:
        def each(self, function, tasks, is_answer):
            yield from ((task, None) for task in tasks)

    with pytest.raises(RuntimeError, match="mse has no answer"):
        list(executors.answers(Lost(), dict, [("mse",)], dict))
