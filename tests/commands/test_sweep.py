"""`refnet train` with lists: tables, figure, checkpoints, and what goes on after kill -9."""

import csv
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from verification.commands.mistakes import Mistake
from verification.commands.sweep import epoch_means
from verification.commands.train import batches_of, rates_of

SMALL = ("train", "--data", "xor", "--network", "2,3,1", "--epochs", "3", "--batch", "3,all")
LISTS = (*SMALL, "--rate", "0.1,1", "--method", "sgd,adam", "--seeds", "2")


def rows(file):
    with file.open() as lines:
        return list(csv.DictReader(lines))


def test_lists():
    assert rates_of("0.1, 1") == (0.1, 1.0)
    assert batches_of("1,all") == (1, None)
    for wrong in ("0.1,", "a", "0.1,0.1", "-1"):
        with pytest.raises(Mistake, match="--rate is"):
            rates_of(wrong)
    with pytest.raises(Mistake, match="whole numbers or all"):
        batches_of("1.5")


def test_a_smaller_last_batch_counts_for_its_size():
    loss = np.array([[1.0, 2.0, 4.0, 8.0]])
    assert epoch_means(loss, 5, 3, 2).tolist() == [[(3 + 2 * 2) / 5, (3 * 4 + 2 * 8) / 5]]


def test_a_sweep_writes_tidy_tables_and_a_figure(refnet, tmp_path):
    status, out, err = refnet(*LISTS, "--out", tmp_path / "a")
    assert (status, err) == (0, "") and "16 runs of 3 epochs" in out
    runs, curves = rows(tmp_path / "a" / "runs.csv"), rows(tmp_path / "a" / "curves.csv")
    assert (len(runs), len(curves)) == (16, 48)
    assert {row["batch"] for row in runs} == {"3", "4"}
    last = {tuple(r[k] for k in KEY): r["validation_loss"] for r in curves if r["epoch"] == "3"}
    assert all(last[tuple(r[k] for k in KEY)] == r["validation_loss"] for r in runs)
    assert len(set(last.values())) > 12
    figure = (tmp_path / "a" / "curves.svg").read_text()
    assert "<svg" in figure and "adam, rate 1, batch 3" in figure
    again = refnet(*LISTS, "--out", tmp_path / "a")
    assert again[0] == 2 and "holds a sweep; give --resume" in again[2]
    pytest.importorskip("orbax.checkpoint")
    before = (tmp_path / "a" / "runs.csv").read_bytes()
    assert refnet(*LISTS, "--out", tmp_path / "a", "--resume")[0] == 0
    assert (tmp_path / "a" / "runs.csv").read_bytes() == before
    other = refnet(*LISTS, "--out", tmp_path / "a", "--resume", "--seed", "9")
    assert other[0] == 2 and "other settings" in other[2]


KEY = ("method", "rate", "batch", "seed")


def test_runs_that_stop_are_counted_and_the_others_go_on(refnet, tmp_path):
    lost = ("train", "--data", "diabetes", "--network", "10,1", "--epochs", "4")
    status, out, err = refnet(*lost, "--rate", "0.1,1e30", "--out", tmp_path)
    assert status == 0 and "1 of 2 runs stopped" in err
    fine, stopped = rows(tmp_path / "runs.csv")
    assert fine["stopped_at"] == "" and float(fine["last_loss"]) < 10.0
    assert int(stopped["stopped_at"]) > 1 and stopped["loss_there"] in ("inf", "nan")
    assert np.isfinite(float(stopped["last_loss"]))


def test_without_a_folder_there_is_nothing_to_go_on_with(refnet):
    status, _, err = refnet(*LISTS, "--resume")
    assert status == 2 and "give it with --out" in err
    status, _, err = refnet(*LISTS, "--format", "xlsx")
    assert status == 2 and "csv, parquet" in err


@pytest.mark.end_to_end
def test_killed_and_resumed_it_ends_with_the_same_bits(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    long = ("train", "--data", "xor", "--network", "2,3,1", "--epochs", "8", "--seeds", "3")
    line = lambda place: [sys.executable, "-m", "verification", *long, "--out", str(place)]
    subprocess.run(line(tmp_path / "whole"), check=True, capture_output=True)
    cut = subprocess.Popen(line(tmp_path / "cut"), stdout=subprocess.DEVNULL)
    marks = tmp_path / "cut" / "checkpoints" / "None"
    until = time.monotonic() + 120
    finished = lambda: marks.exists() and any(p.name.isdecimal() for p in marks.iterdir())
    while not finished() and cut.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(cut.pid, signal.SIGKILL)
    cut.wait()
    assert not (tmp_path / "cut" / "runs.csv").exists()  # it was cut before its end
    subprocess.run([*line(tmp_path / "cut"), "--resume"], check=True, capture_output=True)
    for name in ("runs.csv", "curves.csv"):
        whole, cut_off = (tmp_path / place / name for place in ("whole", "cut"))
        assert whole.read_bytes() == cut_off.read_bytes()
