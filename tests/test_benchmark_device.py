"""The benchmark of accelerators: its stages run on what there is, and its page says what came."""

import json

import pytest

from benchmarks import device

ROW = {"what": "product", "dtype": "float32", "verdict": "correct", "seconds": 0.5}
FOUND = {"smoke": {"platform": "gpu", "device": "Some GPU", "devices": 2, "rows": [ROW]}}


@pytest.mark.dear
def test_a_stage_runs_on_what_is_here_and_leaves_the_table_of_a_cpu_empty(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(device, "HERE", tmp_path / "device.py")
    monkeypatch.setattr(device, "SHARES", {"training": 1.0})
    monkeypatch.setattr("sys.argv", ["device", "--seconds", "120"])
    assert device.main() == 0
    said = json.loads(capsys.readouterr().out.removeprefix("training "))
    assert said["platform"] == "cpu" and said["rows"][0]["microseconds"] > 0.0
    assert device.NONE in (tmp_path / "device.md").read_text()
    assert json.loads((tmp_path / "device.json").read_text()) == {}


def test_a_stage_that_does_not_end_is_said_to_be_ended():
    late = device.asked("training", 0.01)
    assert "did not end within" in late["rows"][0]["said"]
    assert not device.is_right({"training": late})


def test_what_an_accelerator_did_is_a_row():
    text = device.page(FOUND)
    assert "2 x Some GPU." in text and device.NONE not in text
    assert "| smoke | product | dtype float32, verdict correct, seconds 0.5 |" in text
    assert device.is_right(FOUND)


def test_a_right_gradient_that_is_refused_is_not_passed_over():
    wrong = {"smoke": FOUND["smoke"] | {"rows": [ROW | {"verdict": "inaccurate"}]}}
    by_default = {"smoke": FOUND["smoke"] | {"rows": [ROW | {"by default": "inaccurate"}]}}
    assert not device.is_right(wrong) and device.is_right(by_default)
