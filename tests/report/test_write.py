"""Writing: whole or not at all, and the former report outlives every failure."""

import errno
import os
from pathlib import Path

import pytest

from verification.report import write


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


@pytest.fixture
def former(tmp_path):
    """A folder with a former report, and nothing beside it."""
    folder = tmp_path / "reports"
    write.replace_folder(folder, dict.fromkeys(write.NAMES, "former"))
    return folder


NEW = {name: f"new {name}" for name in write.NAMES}


def whole_and_alone(folder: Path, text: str) -> bool:
    return (
        [path.name for path in folder.parent.iterdir()] == [folder.name]
        and set(contents(folder)) == {*write.NAMES}
        and all(value.startswith(text) for value in contents(folder).values())
    )


def test_write_and_write_again(samples, tmp_path, passing):
    assert write.write(samples.report(), tmp_path / "out") == tmp_path / "out" / "index.html"
    assert contents(tmp_path / "out") == passing
    write.write(samples.report(seed=8), tmp_path / "out")
    assert contents(tmp_path / "out")["report.json"] != passing["report.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
@pytest.mark.parametrize("at", range(len(write.NAMES)))
def test_a_stop_at_each_file_leaves_the_former_report(former, monkeypatch, at, error):
    save, written = write.save, []

    def stops(path, text):
        save(path, text[:3])
        written.append(path)
        if len(written) > at:
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(write, "save", stops)
        with pytest.raises(type(error)):
            write.replace_folder(former, NEW)
    assert len(written) == at + 1
    assert whole_and_alone(former, "former")
    write.replace_folder(former, NEW)
    assert whole_and_alone(former, "new")


@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_at_each_rename_leaves_the_former_report(former, monkeypatch, at):
    rename, calls = os.rename, []

    def stops(*pair):
        calls.append(pair)
        if len(calls) == at:
            raise OSError(errno.EIO, "Input/output error")
        rename(*pair)

    monkeypatch.setattr(write.os, "rename", stops)
    with pytest.raises(OSError, match=r"cannot be written to .*reports: Input/output error"):
        write.replace_folder(former, NEW)
    assert whole_and_alone(former, "former")


def test_a_local_report_outlives_the_one_that_it_lies_in(former):
    (former / write.KEPT).mkdir()
    (former / write.KEPT / "index.html").write_text("mine")
    write.replace_folder(write.writable(former), NEW)
    assert (former / write.KEPT / "index.html").read_text() == "mine"
    assert (former / "index.html").read_text() == NEW["index.html"]
    os.rename(former / write.KEPT, former.parent / "aside")
    write._former(former).mkdir()  # a kill after the second rename
    os.rename(former.parent / "aside", write._former(former) / write.KEPT)
    write.writable(former)
    assert (former / write.KEPT / "index.html").read_text() == "mine"


def test_a_kill_between_the_renames_is_mended(former):
    os.rename(former, write._former(former))
    assert not former.exists()
    write.writable(former)
    assert whole_and_alone(former, "former")


def test_a_malformed_report_writes_nothing(samples, former):
    with pytest.raises(ValueError, match="malformed"):
        write.write(samples.report(training=({"dataset": "x"},)), former)
    assert whole_and_alone(former, "former")


def test_a_full_disk_keeps_its_number_and_says_what_to_do(former, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, "save", full)
    with pytest.raises(OSError, match="No space left on device; make room there") as caught:
        write.replace_folder(former, NEW)
    assert caught.value.errno == errno.ENOSPC
    assert "\n" not in str(caught.value) and "Errno" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_seen_before_anything_is_done(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(write.tempfile, "mkdtemp", refused)
    with pytest.raises(PermissionError, match="reports: Permission denied; pass another folder"):
        write.writable(tmp_path / "reports")


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="file is a file; pass a folder"):
        write.writable(tmp_path / "file")
    with pytest.raises(OSError, match="pass another folder"):
        write.writable(tmp_path / "file" / "reports")


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds thesis\.tex, which is no part of a report"):
        write.writable(tmp_path)
    assert contents(tmp_path) == {"thesis.tex": "mine"}


def test_a_link_is_followed(tmp_path, former):
    link = tmp_path / "link"
    link.symlink_to(former)
    write.replace_folder(write.writable(link), NEW)
    assert link.is_symlink() and contents(former) == NEW


def test_the_check_leaves_nothing_behind(tmp_path):
    assert write.writable(tmp_path / "a" / "reports") == tmp_path / "a" / "reports"
    assert [*(tmp_path / "a").iterdir()] == []
