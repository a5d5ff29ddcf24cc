"""Vectors of update rules: right answers pass, wrong ones are named, missing ones are no pass."""

import json

import numpy as np
import pytest

from verification.adapters.vector_files import SCHEMA, Unreadable, number, read
from verification.faults.update_rules import wrong_rules
from verification.vectors import check_vectors, export_vectors

NAME, DTYPES, CASES = "update/adam", ("float64", "float32"), 3
FILE = "update_adam.json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("vectors") / "v"
    export_vectors(place, [NAME], cases=CASES)
    return place


def arrays(nested):
    if isinstance(nested, dict):
        return {name: arrays(value) for name, value in nested.items()}
    if isinstance(nested, list) and nested and isinstance(nested[0], dict):
        return [arrays(item) for item in nested]
    return np.vectorize(number, otypes=[float])(np.array(nested, dtype=object))


def plain(tree):
    if isinstance(tree, dict):
        return {name: plain(value) for name, value in tree.items()}
    return [plain(x) for x in tree] if isinstance(tree, list) else np.asarray(tree).tolist()


def adam(hyperparameters, params, gradients, rates, inside=False, power=True):
    """By hand, in NumPy, in float64."""
    b1, b2, eps = (hyperparameters[name] for name in ("b1", "b2", "eps"))
    memory = {name: (0.0 * w, 0.0 * w) for name, w in params.items()}
    steps = []
    for k, (gradient, r) in enumerate(zip(gradients, rates, strict=True), 1):
        t, new = (k if power else 1), {}
        for name, g in gradient.items():
            m, v = memory[name]
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            mhat, vhat = m / (1 - b1**t), v / (1 - b2**t)
            root = np.sqrt(vhat + eps) if inside else np.sqrt(vhat) + eps
            memory[name], new[name] = (m, v), params[name] - r * mhat / root
        params = new
        steps.append(params)
    return {"params": steps}


def documents(folder):
    (document,) = read(folder)
    return document, {t["tcId"]: t for g in document["testGroups"] for t in g["tests"]}


def answered(folder, rule=adam, **options):
    """To every test of the file: what the rule answers."""
    _, tests = documents(folder)
    given = {name: arrays(tests[t.get("of", name)]["input"]) for name, t in tests.items()}
    return {name: plain(rule(**one, **options)) for name, one in given.items()}


@pytest.fixture(scope="module")
def right(folder):
    return answered(folder)


def judged(folder, tmp_path, table):
    (tmp_path / "answers.json").write_text(json.dumps(table))
    return {t.finding.dtype: t for t in check_vectors(folder, tmp_path / "answers.json")}


def verdicts(folder, tmp_path, table):
    return [t.finding.verdict for t in judged(folder, tmp_path, table).values()]


def test_right_answers_are_correct_and_every_mistake_would_have_been_seen(folder, right, tmp_path):
    statistics = judged(folder, tmp_path, right)
    assert tuple(statistics) == DTYPES
    for row in statistics.values():
        finding = row.finding
        assert (finding.name, finding.verdict, finding.cases) == (NAME, "correct", CASES)
        assert all(finding.kills.values()) and len(finding.kills) > 40
        assert not (finding.explanation or row.missing or row.accepted)


def test_wrong_answers_are_named_as_those_of_a_program_are(folder, tmp_path):
    for row in judged(folder, tmp_path, answered(folder, inside=True)).values():
        assert row.finding.verdict == "wrong"
        assert "this is adam_eps_inside" in row.finding.explanation[0].mistake
    for row in judged(folder, tmp_path, answered(folder, power=False)).values():
        assert row.finding.verdict == "wrong"
        assert "the power t is missing" in row.finding.explanation[0].mistake


@pytest.mark.parametrize(("budgets", "verdict"), [(0.5, "correct"), (3.0, "wrong")])
def test_one_entry_is_right_within_its_budget_and_wrong_beyond(
    budgets, verdict, folder, right, tmp_path
):
    _, tests = documents(folder)
    name, test = next(iter(tests.items()))
    expected, room = (arrays(test[k])["params"][5]["w"][1, 2] for k in ("expected", "budget"))
    table = json.loads(json.dumps(right))
    table[name]["params"][5]["w"][1][2] = float(expected + budgets * room)
    finding = judged(folder, tmp_path, table)["float64"].finding
    assert finding.verdict == verdict, finding
    assert finding.worst is not None and verdicts(folder, tmp_path, table)[1] == "correct"
    if verdict == "wrong":
        assert (finding.worst.leaf, finding.worst.index) == ("['w']", (5, 1, 2))
        assert "as if something is kept or computed in float32" in finding.reason


def test_answers_through_a_narrower_format_are_wrong_in_a_wider(folder, tmp_path):
    single = lambda **run: {
        "params": [{n: np.float32(w) for n, w in s.items()} for s in adam(**run)["params"]]
    }
    statistics = judged(folder, tmp_path, answered(folder, single))
    assert statistics["float32"].finding.verdict == "correct"
    assert statistics["float64"].finding.verdict == "wrong"


def test_a_test_or_a_group_without_answers_is_no_pass(folder, right, tmp_path):
    document, tests = documents(folder)
    first = next(iter(tests))
    assert verdicts(folder, tmp_path, {k: v for k, v in right.items() if k != first}) == [
        "undecided",
        "correct",
    ]
    single = [
        t["tcId"] for g in document["testGroups"] if g["dtype"] == "float32" for t in g["tests"]
    ]
    statistics = judged(folder, tmp_path, {k: v for k, v in right.items() if k not in single})
    assert statistics["float64"].finding.verdict == "correct"
    assert statistics["float32"].finding.verdict == "undecided"
    assert set(statistics["float32"].missing) == set(single)
    planted = {t["tcId"]: None for t in tests.values() if "of" in t}
    assert verdicts(folder, tmp_path, right | planted) == ["undecided"] * 2


IMPROPER = {
    "a step left out": lambda a: {"params": a["params"][1:]},
    "the steps alone": lambda a: a["params"],
    "a leaf left out": lambda a: {"params": [{"w": s["w"]} for s in a["params"]]},
    "another shape": lambda a: {"params": [{**s, "b": s["w"]} for s in a["params"]]},
    "strings": lambda a: {"params": [{**s, "scale": "1.0"} for s in a["params"]]},
    "NaN": lambda a: {"params": [{**s, "scale": "nan"} for s in a["params"]]},
}


@pytest.mark.parametrize("name", IMPROPER)
def test_improper_answers_are_rejected(name, folder, right, tmp_path):
    table = {k: IMPROPER[name](v) for k, v in right.items()}
    assert verdicts(folder, tmp_path, table) == ["rejected"] * 2


def test_what_is_planted_must_be_refused(folder, right, tmp_path):
    _, tests = documents(folder)
    planted = {k: t for k, t in tests.items() if t["result"] == "must-differ"}
    assert len(planted) > 1.5 * len(wrong_rules("adam"))  # some are excused in one dtype, or none
    assert verdicts(folder, tmp_path, right | dict.fromkeys(planted, "differs")) == ["correct"] * 2
    weak = right | dict.fromkeys(planted, "agrees")
    statistics = judged(folder, tmp_path, weak)
    assert {t.finding.verdict for t in statistics.values()} == {"wrong"}
    assert "planted: power missing" in statistics["float64"].finding.reason
    fooled = right | {k: t["answer"] for k, t in planted.items()}
    assert sum(len(t.accepted) for t in judged(folder, tmp_path, fooled).values()) == len(planted)


def test_the_files_are_the_same_every_time_and_stand_beside_those_of_derivations(folder, tmp_path):
    export_vectors(tmp_path / "again", ["relu", NAME], cases=CASES)
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == ["relu.json", FILE, SCHEMA]
    assert (tmp_path / "again" / FILE).read_bytes() == (folder / FILE).read_bytes()
    assert [d["algorithm"] for d in read(tmp_path / "again")] == ["relu", NAME]


@pytest.mark.parametrize("name", ["schedule_step", "average", "gradient_descent", "adafactor"])
def test_a_rule_with_whole_numbers_without_a_rate_or_without_any_is_written(name, tmp_path):
    export_vectors(tmp_path / "v", [f"update/{name}"], ["float64"], 2)
    document, tests = documents(tmp_path / "v")
    table = {k: tests[t.get("of", k)]["expected"] for k, t in tests.items()}
    (verdict,) = verdicts(tmp_path / "v", tmp_path, table)
    assert verdict == "correct" and document["algorithm"] == f"update/{name}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"version": 1', '"version": 2', "at version"),
        ('"rates":[', '"rate":[', "at testGroups"),
        ('"rates":["0x', '"rates":["zx', "at testGroups"),
        ('"rates":["', '"rates":["0x1p0","', "damaged: the numbers of gradients, rates"),
        ('"hyperparameters":{"b1"', '"hyperparameters":{"b3"', "damaged: .* are b3"),
        ('"expected":{"params":[{"b"', '"expected":{"params":[{"c"', "damaged: .*structure"),
        ('"expected":{"params"', '"expected":{"steps"', "at testGroups"),
        ('"output": [\n  "params"', '"output": [\n  "param"', "at output"),
        ('"algorithm": "update/adam"', '"algorithm": "update/admm"', "no update rule 'admm'"),
    ],
)  # fmt: skip
def test_damaged_vectors_are_refused(old, new, said, folder, right, tmp_path):
    text = (folder / FILE).read_text()
    assert old in text
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / FILE).write_text(text.replace(old, new, 1))
    (tmp_path / "answers.json").write_text(json.dumps(right))
    with pytest.raises(Unreadable, match=said):
        check_vectors(tmp_path / "v", tmp_path / "answers.json")
