"""Vectors are proven, planted and the same every time; right answers pass and wrong ones do not."""

import json

import jsonschema
import numpy as np
import pytest

from verification.adapters.vector_files import SCHEMA, Unreadable, number, read, schema
from verification.faults import ALL as FAULTS
from verification.vectors import check_vectors, export_vectors
from verification.vectors.notes import edge_flag, notes

NAMES, DTYPES, CASES = ("mse", "relu"), ("float64", "float32"), 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("vectors") / "v"
    export_vectors(place, NAMES, DTYPES, CASES)
    return place


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    place = tmp_path_factory.mktemp("small") / "v"
    export_vectors(place, ("mse",), ("float64",), 3)
    return place


@pytest.fixture(scope="module")
def right(folder):
    """Answers by a program that knows the files and NumPy alone."""
    return answered(folder, lambda name, leaves: leaves)


def arrays(nested):
    return np.vectorize(number, otypes=[float])(np.array(nested, dtype=object))


def gradients(name, given):
    if name == "mse":
        d = 2.0 * (given["p"] - given["t"]) / given["p"].size
        return {"p": d, "t": -d}
    return {"z": np.where(given["z"] > 0.0, given["da"], 0.0 * given["da"])}


def answered(folder, change):
    table = {}
    for document in read(folder):
        name = document["algorithm"]
        tests = {t["tcId"]: t for g in document["testGroups"] for t in g["tests"]}
        for identity, test in tests.items():
            given = tests[test.get("of", identity)]["input"]
            with np.errstate(over="ignore"):
                leaves = gradients(name, {key: arrays(value) for key, value in given.items()})
                table[identity] = plain(change(name, leaves))
    return table


def plain(leaves):
    return {key: np.asarray(leaf).tolist() for key, leaf in leaves.items()}


def judged(folder, tmp_path, table):
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(table))
    return {(t.finding.name, t.finding.dtype): t for t in check_vectors(folder, file)}


def verdicts(folder, tmp_path, table, name="mse"):
    return {
        t.finding.verdict for key, t in judged(folder, tmp_path, table).items() if key[0] == name
    }


def test_right_answers_are_correct(folder, right, tmp_path):
    statistics = judged(folder, tmp_path, right)
    assert set(statistics) == {(n, d) for n in NAMES for d in DTYPES}
    assert {t.finding.verdict for t in statistics.values()} == {"correct"}, statistics
    assert all(max(t.finding.power.values()) < 1e-5 for t in statistics.values())


def test_masks_are_written_as_true_and_false(tmp_path):
    """Planted: the same answers, those of one mask given to its opposite."""
    export_vectors(tmp_path / "v", ("dropout",), ("float64",), 2)
    (document,) = read(tmp_path / "v")
    tests = {t["tcId"]: t for g in document["testGroups"] for t in g["tests"]}
    masks = {k: np.array(t["input"]["mask"]) for k, t in tests.items() if "input" in t}
    assert masks and all(mask.dtype == bool for mask in masks.values())
    right, turned = (
        {k: by_mask(tests[t.get("of", k)], masks[t.get("of", k)] ^ turn) for k, t in tests.items()}
        for turn in (False, True)
    )
    assert verdicts(tmp_path / "v", tmp_path, right, "dropout") == {"correct"}
    assert verdicts(tmp_path / "v", tmp_path, turned, "dropout") == {"wrong"}


def by_mask(test, mask):
    """What comes in, over the share that is kept, where the mask is true."""
    return plain({"x": np.where(mask, arrays(test["input"]["dy"]) / 0.7, 0.0)})


def test_hexadecimal_answers_and_a_folder_of_files_will_do(folder, right, tmp_path):
    place = tmp_path / "answers"
    place.mkdir()
    for name in NAMES:
        mine = {k: hexed(v) for k, v in right.items() if k.startswith(name)}
        (place / f"{name}.json").write_text(json.dumps(mine))
    assert {t.finding.verdict for t in check_vectors(folder, place)} == {"correct"}
    (place / "again.json").write_text(json.dumps(right))
    with pytest.raises(Unreadable, match="which another file answers too"):
        check_vectors(folder, place)


def hexed(tree):
    if isinstance(tree, dict):
        return {k: hexed(v) for k, v in tree.items()}
    return [hexed(v) for v in tree] if isinstance(tree, list) else float(tree).hex()


WRONG = {
    "sign": lambda g: {k: -v for k, v in g.items()},
    "factor": lambda g: {k: 0.5 * v for k, v in g.items()},
    "sum for mean": lambda g: {k: v * v.size for k, v in g.items()},
    "swapped": lambda g: {"p": g["t"], "t": g["p"]},
    "dropped": lambda g: g | {"t": 0.0 * g["t"]},
    "reversed": lambda g: {k: v[..., ::-1] for k, v in g.items()},
    "column order": lambda g: {k: v.ravel(order="F").reshape(v.shape) for k, v in g.items()},
    "half precision": lambda g: {k: v.astype(np.float16).astype(float) for k, v in g.items()},
    "first row": lambda g: {k: np.broadcast_to(v[:1], v.shape) for k, v in g.items()},
    "absolute": lambda g: {k: np.abs(v) for k, v in g.items()},
}
IMPROPER = {
    "NaN": lambda g: {k: v + np.nan for k, v in g.items()},
    "infinite": lambda g: {k: v + np.inf for k, v in g.items()},
    "transposed": lambda g: {k: v.T for k, v in g.items()},
    "flat": lambda g: {k: v.ravel() for k, v in g.items()},
    "one member": lambda g: {"p": g["p"]},
    "strings": lambda g: {k: np.char.mod("%f", v) for k, v in g.items()},
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_answers_are_wrong(mistake, small, tmp_path):
    wrong = answered(small, lambda _, g: WRONG[mistake](g))
    assert verdicts(small, tmp_path, wrong) == {"wrong"}


@pytest.mark.parametrize("mistake", IMPROPER)
def test_improper_answers_are_rejected(mistake, small, tmp_path):
    wrong = answered(small, lambda _, g: IMPROPER[mistake](g))
    assert verdicts(small, tmp_path, wrong) == {"rejected"}


def test_a_mistake_in_one_file_is_not_one_in_another(folder, tmp_path):
    wrong = answered(folder, lambda n, g: WRONG["sign"](g) if n == "mse" else g)
    assert verdicts(folder, tmp_path, wrong) == {"wrong"}
    assert verdicts(folder, tmp_path, wrong, "relu") == {"correct"}


def test_a_test_without_an_answer_is_no_pass(folder, right, tmp_path):
    missing = next(k for k in right if k.startswith("mse"))
    some = {k: v for k, v in right.items() if k != missing}
    row = judged(folder, tmp_path, some)["mse", "float64"]
    assert row.finding.verdict == "undecided" and row.missing == (missing,)
    assert missing in row.finding.reason
    tests = (t for d in read(folder) for g in d["testGroups"] for t in g["tests"])
    unplanted = right | {t["tcId"]: None for t in tests if "of" in t}
    assert verdicts(folder, tmp_path, unplanted) == {"undecided"}


def test_a_comparison_that_accepts_a_planted_mistake_is_wrong(folder, right, tmp_path):
    tests = [t for d in read(folder) for g in d["testGroups"] for t in g["tests"]]
    planted = [t["tcId"] for t in tests if t["result"] == "must-differ"]
    strict = right | dict.fromkeys(planted, "differs")
    assert verdicts(folder, tmp_path, strict) == {"correct"}
    first = next(k for k in planted if k.startswith("mse"))
    weak = judged(folder, tmp_path, strict | {first: "agrees"})["mse", "float64"]
    assert weak.finding.verdict == "wrong" and "planted: sign" in weak.finding.reason


def test_every_mistake_is_planted_and_would_be_refused(folder):
    for document in read(folder):
        groups = document["testGroups"]
        planted = {f for g in groups for t in g["tests"] if "of" in t for f in t["flags"]}
        known = notes()
        assert all(flag in known for flag in planted)
        assert len(planted) >= len(FAULTS) - 4  # nothing square to transpose, one leaf to swap
        answers = {t["tcId"]: t["answer"] for g in groups for t in g["tests"] if "of" in t}
        assert len({json.dumps(a) for a in answers.values()}) > len(answers) / 2


def test_a_planted_answer_given_as_an_answer_is_wrong(folder, right, tmp_path):
    tests = [t for d in read(folder) for g in d["testGroups"] for t in g["tests"]]
    fooled = right | {t["tcId"]: t["answer"] for t in tests if t["result"] == "must-differ"}
    statistics = judged(folder, tmp_path, fooled).values()
    assert {t.finding.verdict for t in statistics} == {"wrong"}
    planted = sum(t["result"] == "must-differ" for t in tests)
    assert sum(len(t.accepted) for t in statistics) == planted


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 1.25])
def test_any_slope_at_a_kink_is_right_and_none_beyond(slope, folder, tmp_path):
    table = answered(folder, lambda _, leaves: leaves)
    for document in read(folder):
        for test in (t for g in document["testGroups"] for t in g["tests"]):
            if test["result"] == "convention":
                given = {k: arrays(v) for k, v in test["input"].items()}
                half = np.where(given["z"] > 0.0, 1.0, np.where(given["z"] == 0.0, slope, 0.0))
                table[test["tcId"]] = plain({"z": half * given["da"]})
    wanted = {"wrong"} if slope > 1.0 else {"correct"}
    assert verdicts(folder, tmp_path, table, "relu") == wanted


def test_the_files_are_the_same_every_time_and_by_their_schema(folder, tmp_path):
    export_vectors(tmp_path / "again", NAMES, DTYPES, CASES)
    files = sorted(p.name for p in folder.iterdir())
    assert files == ["mse.json", "relu.json", SCHEMA]
    for name in files:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert json.loads((folder / SCHEMA).read_text()) == schema()
    jsonschema.Draft202012Validator.check_schema(dict(schema()))


def test_a_folder_of_vectors_is_replaced_and_no_other(folder, tmp_path):
    export_vectors(tmp_path / "v", ("relu",), ("float64",), 2)
    export_vectors(tmp_path / "v", ("mse",), ("float64",), 2)
    assert sorted(p.name for p in (tmp_path / "v").iterdir()) == ["mse.json", SCHEMA]
    (tmp_path / "v" / "thesis.txt").write_text("mine")
    with pytest.raises(Unreadable, match=r"holds 'thesis.txt'"):
        export_vectors(tmp_path / "v", ("mse",), ("float64",), 2)
    assert (tmp_path / "v" / "thesis.txt").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "must hold an object"),
        ('{"mse-0001": 1, "mse-0001": 2}', "twice"),
        ('{"other": {}}', "answers none of the"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_answers_that_cannot_be_read_are_a_sentence(text, said, folder, tmp_path):
    (tmp_path / "answers.json").write_text(text)
    with pytest.raises(Unreadable, match=said):
        check_vectors(folder, tmp_path / "answers.json")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"version": 1', '"version": 2', "at version"),
        ('"radius"', '"raduis"', "is no file of vectors: at testGroups"),
        ('"expected":{"p":[[', '"expected":{"p":[', "no JSON|damaged"),
        ('"budget":{"p":[["0x', '"budget":{"p":[["zx', "damaged"),
    ],
)
def test_damaged_vectors_are_refused(old, new, said, folder, right, tmp_path):
    text = (folder / "mse.json").read_text()
    assert old in text
    (tmp_path / "mse.json").write_text(text.replace(old, new, 1))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "answers.json").write_text(json.dumps(right))
    with pytest.raises(Unreadable, match=said):
        check_vectors(tmp_path, tmp_path / "a")


@pytest.mark.parametrize(
    ("label", "flag"),
    [
        ("z near -37.0, y = 1.0", "Saturation"),
        ("a tie at the top, hard", "Tie"),
        ("x = 0", "Zero"),
        ("x = -0", "Zero"),
        ("1e-40", "Tiny"),
        ("3e+38", "Huge"),
        ("depth 3", "Depth"),
        ("times 0", "Zero"),
        ("turning gradients", "Special"),
    ],
)
def test_an_edge_has_the_flag_of_its_label(label, flag):
    assert edge_flag(label) == flag
