"""Recorded runs: written, read back and judged like loops; files that are no recordings."""

import io
import zipfile

import numpy as np
import pytest

import verification as vf
from verification.adapters import numpy_loop, recorded

WORK = numpy_loop.work(epochs=2)


def steps():
    return numpy_loop.loop(WORK)(WORK.params, [])


def named(step):
    """With the structure of the parameters, as a file has names for."""
    whole = lambda leaves: tuple(type(WORK.params[0])(*leaves[k : k + 2]) for k in (0, 2))
    return step._replace(weights=whole(step.weights), gradient=whole(step.gradient))


def judged(folder, **how):
    return vf.validate_training(
        folder,
        of=numpy_loop.objective(),
        rule=numpy_loop.rule(WORK),
        params=WORK.params,
        batches=numpy_loop.batches(WORK),
        **how,
    )


@pytest.mark.parametrize("form", ["npz", "safetensors"])
def test_a_recorded_run_is_judged_like_the_loop(tmp_path, form):
    pytest.importorskip("safetensors")
    assert vf.record(tmp_path, map(named, steps()), form) == 8
    assert judged(tmp_path).verdict == "correct"
    fifth = tmp_path / f"000005.{form}"
    (tmp_path / f"000006.{form}").replace(fifth)
    (tmp_path / f"000007.{form}").rename(tmp_path / f"000006.{form}")
    (tmp_path / f"000008.{form}").rename(tmp_path / f"000007.{form}")
    lost = judged(str(tmp_path), runs=0)
    assert (lost.verdict, lost.step) == ("wrong", 5)


def test_steps_are_not_written_over(tmp_path):
    vf.record(tmp_path, map(named, steps()))
    with pytest.raises(FileExistsError, match="holds steps already"):
        vf.record(tmp_path, map(named, steps()))
    with pytest.raises(ValueError, match="'npz' or 'safetensors'"):
        vf.record(tmp_path, [], "pickle")


def test_a_pickle_is_not_opened(tmp_path):
    np.savez(tmp_path / "1.npz", **{"weights/0/w": np.array([print], object)})
    finding = judged(tmp_path)
    assert finding.verdict == "rejected" and "allow_pickle" in finding.reason


def test_a_file_that_unpacks_to_more_than_fits_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "LARGEST", 1000)
    with zipfile.ZipFile(tmp_path / "1.npz", "w", zipfile.ZIP_DEFLATED) as parts:
        out = io.BytesIO()
        np.save(out, np.zeros(10_000))
        parts.writestr("loss.npy", out.getvalue())
    assert "1000 is the most" in judged(tmp_path).reason


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "it holds no npz"),
        ({"last.npz": b""}, "has no number in its name"),
        ({"1.npz": b"PK\x05\x06"}, "'1.npz' cannot be read"),
        ({"1.safetensors": b"\xff" * 64}, "'1.safetensors' cannot be read"),
        ({"1.npz": b"", "01.npz": b""}, "two files for one step"),
    ],
)
def test_what_is_no_recording_is_said(tmp_path, files, said):
    pytest.importorskip("safetensors")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    finding = judged(tmp_path)
    assert finding.verdict == "rejected" and said in finding.reason


def test_a_missing_tensor_is_named(tmp_path):
    np.savez(tmp_path / "1.npz", **{"weights/0/w": np.ones(2)})
    assert "no 'weights/0/b'; it has weights/0/w" in judged(tmp_path).reason
