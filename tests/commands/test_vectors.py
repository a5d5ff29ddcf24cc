"""`refnet vectors`: what is written, what is judged, and every mistake one sentence."""

import json

import pytest


def test_vectors_go_out_and_answers_come_back(refnet, tmp_path):
    place = tmp_path / "vectors"
    status, out, err = refnet(
        "vectors", "export", place, "relu", "--dtype", "float64", "--cases", 3
    )
    assert (status, err) == (0, "")
    assert out.startswith("1 files, 0.0 MB")
    document = json.loads((place / "relu.json").read_text())
    tests = {t["tcId"]: t for g in document["testGroups"] for t in g["tests"]}
    answers = {k: tests[t.get("of", k)]["expected"] for k, t in tests.items()}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    status, out, err = refnet("vectors", "check", place, tmp_path / "answers.json")
    assert (status, err) == (0, "")
    assert "relu" in out and "correct" in out
    del answers["relu-0001"]
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    status, out, err = refnet("vectors", "check", place, tmp_path / "answers.json")
    assert status == 3 and "undecided" in out and "relu-0001" in out
    answers["relu-0001"] = {"z": "nothing"}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    status, out, _ = refnet("vectors", "check", place, tmp_path / "answers.json")
    assert status == 1 and "rejected" in out


def test_vectors_of_an_update_rule_go_out_and_what_comes_back_is_named(refnet, tmp_path):
    place, file = tmp_path / "vectors", tmp_path / "answers.json"
    words = ("update/momentum", "--dtype", "float64", "--cases", 1)
    status, _, err = refnet("vectors", "export", place, *words)
    assert (status, err) == (0, "")
    document = json.loads((place / "update_momentum.json").read_text())
    tests = {t["tcId"]: t for g in document["testGroups"] for t in g["tests"]}
    answers = {k: tests[t.get("of", k)]["expected"] for k, t in tests.items()}
    file.write_text(json.dumps(answers))
    status, out, err = refnet("vectors", "check", place, file)
    assert (status, err) == (0, "") and "update/momentum" in out
    climbing = next(t for t in tests.values() if t["comment"] == "planted: climbing")
    answers |= {climbing["of"]: climbing["answer"]}
    file.write_text(json.dumps(answers))
    status, out, _ = refnet("vectors", "check", place, file)
    assert status == 1 and "update/momentum, float64: wrong" in out and "climbing" in out
    answers |= {climbing["of"]: tests[climbing["of"]]["expected"]}
    file.write_text(json.dumps({k: v for k, v in answers.items() if "of" not in tests[k]}))
    status, out, _ = refnet("vectors", "check", place, file)
    assert status == 3 and "without an answer" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "DIR", "rellu"), "unknown derivation 'rellu'; did you mean 'relu'?"),
        (("export", "DIR", "update/admm"), "unknown update rule 'admm'; did you mean 'adam'?"),
        (("export", "DIR", "--dtype", "float23"), "unknown dtype 'float23'"),
        (("export", "DIR", "--cases", "0"), "--cases is 0"),
        (("export", "FILE"), "which is a file; give a folder"),
        (("export", "FULL"), "which is no file of vectors; give a folder that is empty"),
        (("check", "DIR", "FILE"), "which is no folder"),
        (("check", "FULL", "none.json"), "which does not exist"),
        (("check", "FULL", "FILE"), "holds no file of vectors"),
    ],
)
def test_a_mistake_is_one_sentence(words, said, refnet, tmp_path):
    (tmp_path / "file").write_text("{}")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    places = {"DIR": tmp_path / "dir", "FILE": tmp_path / "file", "FULL": tmp_path / "full"}
    status, out, err = refnet("vectors", *(places.get(word, word) for word in words))
    assert (status, out) == (2, "")
    assert said in err and err.count("\n") == 1
