"""`refnet atlas` writes its journal and its tables, and says what has changed."""

import json

from verification import cli


def test_a_part_of_jax_is_judged_and_compared(tmp_path, capsys):
    words = ["atlas", "jax", "--out", str(tmp_path), "--dtypes", "float64", "--cases", "2"]
    words += ["--only", "special.expit"]
    assert cli.run(words) == 0
    made = json.loads((tmp_path / "atlas.json").read_text())
    assert [r["verdict"] for r in made["rows"]] == ["correct"]
    assert "`jax.scipy.special.expit`" in (tmp_path / "atlas.md").read_text()
    made["rows"][0]["verdict"] = "undecided"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(made))
    assert cli.run([*words, "--against", str(other)]) == 1
    assert "expit in float64: undecided -> correct" in capsys.readouterr().out


def test_what_is_not_known_is_said(tmp_path, capsys):
    assert cli.run(["atlas", "jaxx", "--out", str(tmp_path)]) == 2
    assert "did you mean 'jax'?" in capsys.readouterr().err
    assert cli.run(["atlas", "jax", "--out", str(tmp_path), "--dtypes", "float65"]) == 2
    assert "float64" in capsys.readouterr().err
    missing = str(tmp_path / "none.json")
    assert cli.run(["atlas", "jax", "--out", str(tmp_path), "--against", missing]) == 2
    assert "no atlas.json" in capsys.readouterr().err
