"""The table of planted mistakes: it goes on where it stopped, and a miss is no pass."""

import json

from benchmarks import updates_planted
from benchmarks.updates_planted import FEW, enough, extended, mixed, new, page
from verification.derivations.rules import VARIANTS

RECORD = json.loads(updates_planted.PATH.read_text("utf-8"))


def test_a_variant_is_asked_once_and_its_mistakes_are_named():
    made = new(seed=3)
    assert extended(made, "average_equal") and not extended(made, "average_equal")
    rows = made["rows"]
    assert rows and enough(rows) and all(row["place"] == 1 for row in rows)
    said = page(made)
    assert f"{len(rows)} mistakes in 1 of {len(VARIANTS)} variants" in said
    assert sorted(mixed(3)) == sorted(VARIANTS) and mixed(3) != mixed(4)


def test_what_is_missed_or_comes_too_late_is_not_enough():
    (row, *_) = RECORD["rows"]
    good = [row | {"caught": True, "place": 1}] * 100
    assert enough(good) and enough([*good, row | {"caught": True, "place": FEW}])
    assert not enough([*good, row | {"caught": False}])
    assert not enough([*good, *[row | {"caught": True, "place": FEW + 1}] * 2])
    assert not enough([*good, *[row | {"caught": True, "place": 2}] * 6])


def test_the_record_is_enough():
    assert enough(RECORD["rows"]) and set(RECORD["asked"]) <= set(VARIANTS)
