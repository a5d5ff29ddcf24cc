"""`refnet check`: every dtype, arrow and oracle; a wrong derivation ends in status 1."""

import json
from dataclasses import replace
from pathlib import Path

import jax

from verification import derivations


def test_check_prints_every_dtype_arrow_and_oracle(refnet, tmp_path):
    file = tmp_path / "sigmoid.json"
    status, out, err = refnet("check", "sigmoid", "--cases", "5", "--json", file)
    assert (status, err) == (0, "")
    assert "float64" in out and "float32" in out and "ball" in out
    rows = json.loads(file.read_text())["derivations"]
    assert [(row["dtype"], row["verdict"]) for row in rows] == [
        ("float64", "correct"),
        ("float32", "correct"),
    ]
    assert list(tmp_path.iterdir()) == [file]


def test_a_wrong_derivation_ends_in_status_1(refnet, monkeypatch):
    right = derivations.ALL["sigmoid"]

    def doubled(*args):
        return jax.tree.map(lambda leaf: 2 * leaf, right.gradient(*args))

    wrong = replace(right, gradient=doubled, arrows=())
    monkeypatch.setitem(derivations.ALL, "sigmoid", wrong)
    status, out, _ = refnet("check", "sigmoid", "--cases", "3", "--dtype", "float64")
    assert status == 1
    assert "sigmoid, float64: wrong: " in out


if Path("/dev/full").exists():  # a disk that is always full, where the system has one

    def test_a_full_disk_is_one_sentence(refnet):
        status, _, err = refnet("check", "sigmoid", "--cases", "2", "--json", "/dev/full")
        assert status == 2
        assert err.startswith("refnet: the disk is full") and err.count("\n") == 1
