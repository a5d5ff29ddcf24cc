"""A calibration that is ended goes on where it stopped, and ends as one that was not."""

import json
import zlib

import numpy as np
import pytest

from benchmarks import calibration, verdict_log
from verification.selftest.statistics import BINS, Judged

PLAN = {"networks": 1, "spellings": 60, "seed": 5, "note": ""}


def verdict(implementation, configuration, alarms=0):
    """Its errors depend on where it was asked, so that another place would be seen."""
    counts = np.zeros(BINS + 2, np.int64)
    counts[zlib.crc32(str(configuration).encode()) % counts.size] = 7
    return Judged(implementation, "float32", configuration, alarms, 0, 7, 0.5, counts, 1.0, np.nan)


def of_networks(points, implementations):
    return (verdict("NumPy", point) for point in points)


def of_spellings(functions, dtypes, seeds):
    ((name, spelled),) = functions.items()
    return [verdict(name, f"{who}, seed {seeds[0]}") for who in spelled.right]


@pytest.fixture
def met(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "LOG", tmp_path / "log.jsonl")
    monkeypatch.setattr(calibration, "RECORD", tmp_path / "calibration.json")
    monkeypatch.setattr(calibration, "judgements", of_networks)
    monkeypatch.setattr(calibration, "spellings", of_spellings)
    return calibration.planned(1, PLAN["seed"])


def told(done):
    """The verdicts by chunk; how long they took is nobody's concern."""
    return {c.name: [str(v._replace(counts=v.counts.tolist())) for v in c.verdicts] for c in done}


def begun():
    verdict_log.begin(calibration.LOG, PLAN)


def test_it_goes_on_where_it_stopped(met, monkeypatch):
    begun()
    whole = told(calibration.run(PLAN, met, float("inf")))
    assert len(whole) > 6 and not calibration.LOG.exists()
    begun()
    asked = []

    def killed(path, chunk, met):
        asked.append(chunk.name)
        if len(asked) == 4:
            raise KeyboardInterrupt
        verdict_log.append(path, chunk, met)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(calibration, "append", killed)
        calibration.run(PLAN, met, float("inf"))
    with calibration.LOG.open("a") as log:
        log.write('{"name": "spellings 9", "seco')  # it was killed while it wrote
    assert calibration.plan_of(calibration.LOG) == PLAN
    left = calibration.work(PLAN, met, calibration.chunks(calibration.LOG, met))
    assert next(left).name == asked[3]
    found = calibration.run(PLAN, met, float("inf"))
    assert told(found) == whole and {c.name for c in found[:3]} == set(asked[:3])


def test_time_ends_a_run_and_the_log_stays(met):
    begun()
    assert calibration.run(PLAN, met, 0.0) == [] and calibration.LOG.exists()


def test_the_half_that_is_behind_goes_on(met):
    begun()
    done = calibration.run(PLAN, met, float("inf"))
    last = max(k for k, c in enumerate(done) if c.name.startswith(calibration.NETWORK))
    assert last > 2
    for k in range(last + 1):
        before = {half: calibration.judged(done[:k], half) for half in calibration.HALVES}
        assert before[done[k].name.split()[0]] == min(before.values())


def test_the_page_says_what_was_run(met):
    begun()
    found = calibration.known(calibration.run(PLAN, met, float("inf")), met, PLAN)
    assert found["corpus"]["verdicts"] >= PLAN["spellings"] and found["verdicts"] == len(met)
    text = calibration.page(json.loads(json.dumps(found)))
    assert f"{len(met)} verdicts on correct gradients: **0 false alarms**" in text
    assert "60 were planned" in text
