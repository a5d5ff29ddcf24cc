"""What is written is read back; what is torn, damaged or of another plan is seen."""

import os

import pytest

from verification.adapters.source_files import Unusable
from verification.campaign import journal

SALT, COUNT = "a" * 64, 5


def written(folder, numbers=range(3)) -> bytes:
    kept, _ = journal.begin(folder, SALT, COUNT, resume=False)
    for number in numbers:
        kept.add(number, {"verdict": f"answer {number}\n\u2028"})
    kept.close()
    return (folder / journal.NAME).read_bytes()


def resumed(folder) -> journal.Read:
    kept, found = journal.begin(folder, SALT, COUNT, resume=True)
    kept.close()
    return found


def test_answers_are_read_back(tmp_path):
    written(tmp_path)
    found = resumed(tmp_path)

    assert sorted(found.answers) == [0, 1, 2] and found.damaged == ()
    assert found.answers[1] == {"verdict": "answer 1\n\u2028"}


def test_wherever_the_file_is_cut_the_whole_lines_before_are_kept(tmp_path):
    raw = written(tmp_path)
    whole = [k for k in range(len(raw) + 1) if raw[:k].endswith(b"\n")]
    ends = {k + off for k in whole for off in (-1, 0, 1)} & set(range(len(raw) + 1))
    for cut in sorted({*range(0, len(raw), 23), *ends}):
        (tmp_path / journal.NAME).write_bytes(raw[:cut])
        kept = max((k for k in whole if k <= cut), default=0)
        found = resumed(tmp_path)

        assert len(found.answers) == max(raw[:kept].count(b"\n") - 1, 0)
        again = (tmp_path / journal.NAME).read_bytes()
        assert again == (raw[:kept] or raw[: whole[0]])


def test_one_wrong_byte_anywhere_is_detected(tmp_path):
    """The control: flip each byte of the second answer in turn; it is never believed."""
    raw = written(tmp_path)
    lines = raw.splitlines(keepends=True)
    start = len(lines[0]) + len(lines[1])
    for at in range(start, start + len(lines[2])):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        found = journal.read(SALT, changed[len(lines[0]) :], COUNT)

        assert 1 not in found.answers and found.damaged
        assert found.answers[0] == {"verdict": "answer 0\n\u2028"}
    assert 1 in journal.read(SALT, raw[len(lines[0]) :], COUNT).answers


def test_a_damaged_line_is_taken_out_and_said(tmp_path):
    raw = written(tmp_path)
    (tmp_path / journal.NAME).write_bytes(raw.replace(b"answer 1", b"answer 7"))
    found = resumed(tmp_path)

    assert sorted(found.answers) == [0, 2] and found.damaged == (3,)
    assert resumed(tmp_path) == journal.Read(found.answers, ())


def test_a_line_of_another_plan_is_none_of_ours(tmp_path):
    line = journal.line("b" * 64, {"question": 3, "answer": {}})

    assert journal.parsed(SALT, line) is None
    assert journal.parsed("b" * 64, line) == {"question": 3, "answer": {}}


def test_another_plan_and_a_forgotten_resume_are_refused_and_nothing_is_touched(tmp_path):
    raw = written(tmp_path)
    with pytest.raises(Unusable, match="another plan"):
        journal.begin(tmp_path, "b" * 64, COUNT, resume=True)
    with pytest.raises(Unusable, match="give --resume"):
        journal.begin(tmp_path, SALT, COUNT, resume=False)

    assert (tmp_path / journal.NAME).read_bytes() == raw


def test_every_answer_is_on_the_disk_before_add_returns(tmp_path, monkeypatch):
    kept, _ = journal.begin(tmp_path, SALT, COUNT, resume=False)
    path, seen = tmp_path / journal.NAME, []
    before = path.stat().st_size
    monkeypatch.setattr(os, "fsync", lambda number: seen.append(os.fstat(number).st_size))
    kept.add(0, {"verdict": "correct"})
    kept.close()

    assert seen == [path.stat().st_size] and seen[0] > before


def test_two_do_not_write_one_journal(tmp_path):
    with (
        journal.locked(tmp_path),
        pytest.raises(Unusable, match=f"process {os.getpid()}"),
        journal.locked(tmp_path),
    ):
        pass
    with journal.locked(tmp_path):
        pass
