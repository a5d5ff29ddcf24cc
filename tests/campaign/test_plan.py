"""A plan says all its questions, in order; every mistake in its file is one sentence."""

from pathlib import Path

import pytest

from verification.adapters.source_files import Unusable
from verification.arithmetic.formats import DTYPES
from verification.campaign import keys
from verification.campaign.plan import plan, read
from verification.judgement.edge_evidence import MODES

ONE = {"name": "a", "gradient": "tiny.py:right", "of": "tiny.py:loss", "args": "tiny.py:sample"}


def made(*entries, **top):
    return plan({**top, "implementation": list(entries)}, Path("c.toml"))


def test_questions_are_chunks_of_cases_by_implementation_and_dtype():
    found = made(ONE, {**ONE, "name": "b"}, cases=5, chunk=2, dtypes=["float64", "float32"])
    asked = [(q.implementation, q.dtype, q.cases) for q in found.questions]

    chunks = lambda k, dtype: [(k, dtype, 2), (k, dtype, 2), (k, dtype, 1)]
    assert asked == [row for k in (0, 1) for d in ("float64", "float32") for row in chunks(k, d)]
    assert [q.number for q in found.questions] == list(range(12))
    assert len({(q.implementation, q.seed) for q in found.questions}) == 6  # dtypes share draws


def test_a_seed_depends_on_the_name_and_not_on_the_place():
    seeds = lambda found, k: [q.seed for q in found.questions if q.implementation == k]
    other = {**ONE, "name": "b"}

    assert seeds(made(ONE, other, chunk=4), 1) == seeds(made(other, chunk=4), 0)
    assert seeds(made(ONE, seed=1), 0) != seeds(made(ONE, seed=2), 0)


def test_several_derivations_are_several_implementations():
    found = made({"name": "port", "gradient": "port.py:{against}", "against": ["mse", "tanh"]})

    assert [one.gradient for one in found.implementations] == ["port.py:mse", "port.py:tanh"]
    assert [one.against for one in found.implementations] == ["mse", "tanh"]


def test_a_process_has_its_limits():
    (one,) = made(
        {"name": "c", "process": "./a {against}", "against": ["mse"], "seconds": 2, "output": 9}
    ).implementations

    assert (one.process, one.limits) == ("./a mse", (("seconds", 2.0), ("output", 9.0)))


def test_a_process_may_be_judged_by_a_function():
    words = {"process": "./a", "of": "a.py:f", "args": "a.py:s", "signature": "a.json"}
    (one,) = made({"name": "c", **words}).implementations

    assert (one.process, one.of, one.signature) == ("./a", "a.py:f", "a.json")


def test_the_hash_changes_with_the_plan_and_with_the_files_it_names(described):
    file = described("right")
    first = read(file).hash

    assert read(file).hash == first
    assert read(described("right", cases=4)).hash != first
    file = described("right")
    (file.parent / "tiny.py").write_text("# other\n")
    assert read(file).hash != first


def test_the_dtypes_are_those_that_are_judged():
    assert set(keys.DTYPES) == set(DTYPES)
    assert tuple(MODES) == keys.EDGES


MISTAKES = {
    "unknown key": ({**ONE, "gradent": "x"}, {}, ("'gradent'", "did you mean 'gradient'?")),
    "unknown key above": (ONE, {"case": 3}, ("c.toml", "'case'", "did you mean 'cases'?")),
    "cases": (ONE, {"cases": 0}, ("cases is 0", "at least 1")),
    "true is no number": (ONE, {"cases": True}, ("cases is True",)),
    "dtype": (ONE, {"dtypes": ["float23"]}, ("float23", "bfloat16")),
    "seconds": ({**ONE, "seconds": -1.0}, {}, ("implementation 1", "seconds is -1.0")),
    "no name": ({"gradient": "a.py:f"}, {}, ("implementation 1 has no name",)),
    "two kinds": ({**ONE, "process": "./a"}, {}, ("'a'", "gradient or process")),
    "neither": ({"name": "a"}, {}, ("gradient or process",)),
    "no of": ({"name": "a", "gradient": "a.py:f"}, {}, ("against, or both of and args",)),
    "both": ({**ONE, "against": ["mse"]}, {}, ("give against alone, or of and args",)),
    "limits": ({**ONE, "memory": 5}, {}, ("no process", "memory")),
    "process without": ({"name": "a", "process": "./a"}, {}, ("against",)),
    "a signature": ({**ONE, "signature": "{}"}, {}, ("has signature", "process, of and args")),
    "a table": (3, {}, ("implementation 1 is 3", "[[implementation]]")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(name):
    entry, top, words = MISTAKES[name]
    with pytest.raises(Unusable) as said:
        made(entry, **top)

    assert "\n" not in str(said.value)
    assert [word for word in words if word not in str(said.value)] == []


def test_names_are_distinct_and_there_is_one():
    with pytest.raises(Unusable, match="two implementations 'a'; rename one"):
        made(ONE, ONE)
    with pytest.raises(Unusable, match=r"no \[\[implementation\]\]; add one"):
        made()


def test_the_file_is_there_and_is_toml(folder):
    (folder / "bad.toml").write_text("= 3")
    (folder / "folder.toml").mkdir()
    for name, words in (("no", "no file"), ("bad", "not valid TOML"), ("folder", "is a folder")):
        with pytest.raises(Unusable, match=words):
            read(folder / f"{name}.toml")
