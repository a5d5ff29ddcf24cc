"""A campaign gives one report, however it was run, interrupted, damaged or killed."""

import json
import threading
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from benchmarks.kills import killed, same, written
from verification.adapters.source_files import Unusable
from verification.campaign import journal, worker
from verification.campaign.implementation import judged
from verification.campaign.plan import read
from verification.campaign.pool import Pool
from verification.campaign.run import Interrupted, run


def files(out) -> dict[str, bytes]:
    names = ("campaign.json", "findings.json", "findings.sarif", "junit.xml", "index.html")
    return {name: (out / name).read_bytes() for name in names}


def test_rows_are_merged_in_the_order_of_the_plan(described, folder, threads):
    done = run(read(described("wrong", "right")), folder / "out", make=threads)
    document = json.loads((folder / "out" / "campaign.json").read_text())

    assert [(row["name"], row["verdict"]) for row in done.rows] == [
        ("wrong", "wrong"),
        ("right", "correct"),
    ]
    assert done.rows[0]["cases"] == 3 and done.rows[0]["reason"].startswith("in 3 of 3 questions")
    assert done.rows[0]["location"] == {"file": "tiny.py", "line": 16}
    assert document["counts"]["wrong"] == document["counts"]["correct"] == 1
    assert len(document["questions"]) == 6
    assert "Tiny &lt;gradients&gt;" in done.page.read_text()


def test_the_report_does_not_depend_on_the_number_of_workers(described, folder, threads):
    plan = read(described("wrong", "right"))
    run(plan, folder / "one", 1, make=threads)
    run(plan, folder / "three", 3, make=lambda workers: threads(1))  # three in flight

    assert files(folder / "one") == files(folder / "three")


def test_ctrl_c_keeps_what_is_answered_and_resume_gives_the_same_report(described, folder, threads):
    plan = read(described("wrong", "right"))
    run(plan, folder / "whole", make=threads)

    def press(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="2 of 6 answers are kept in .*; go on with --resume"):
        run(plan, folder / "out", tell=press, make=threads)
    counted = []
    run(plan, folder / "out", resume=True, tell=lambda *so: counted.append(so), make=threads)

    assert counted[0] == (2, 6) and counted[-1] == (6, 6)
    assert files(folder / "whole") == files(folder / "out")


def test_a_byte_wrong_in_the_journal_is_asked_again(described, folder, threads):
    plan = read(described("wrong"))
    run(plan, folder / "out", make=threads)
    before = files(folder / "out")
    path = folder / "out" / journal.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"wrong"', b'"right"', 1)
    path.write_bytes(b"".join(lines))
    done = run(plan, folder / "out", resume=True, make=threads)

    assert done.damaged == (3,)
    assert files(folder / "out") == before


def test_a_changed_file_refuses_to_resume(described, folder, threads):
    file = described("wrong")
    run(read(file), folder / "out", make=threads)
    (folder / "tiny.py").write_text((folder / "tiny.py").read_text() + "# mended\n")
    with pytest.raises(Unusable, match="another plan: .*a file that it names"):
        run(read(file), folder / "out", resume=True, make=threads)


def test_a_file_that_cannot_be_used_is_told_before_anything_is_judged(described, folder, threads):
    file = described("right", "absent")
    with pytest.raises(Unusable, match="implementation 'absent': gradient: tiny.py has no"):
        run(read(file), folder / "out", make=threads)
    raw = (folder / "out" / journal.NAME).read_bytes()
    assert raw.count(b"\n") == 1  # the plan, and no answer


class Fragile:
    """An executor that some tasks break, as a process that dies breaks its pool."""

    made = 0

    def __init__(self, workers):
        self.broken = False
        Fragile.made += 1

    def submit(self, function, task):
        if self.broken:
            raise BrokenProcessPool("broken before")
        future = Future()
        if function(task):
            future.set_result(task)
        else:
            self.broken = True
            future.set_exception(BrokenExecutor("it died"))
        return future

    def shutdown(self, **how):
        pass


def test_only_the_task_that_ends_its_process_has_no_answer():
    pool = Pool(3, Fragile)
    tasks = [(k,) for k in range(9)]
    seen = dict(pool.each(lambda k: k not in (2, 7), tasks))

    assert seen == {(k,): None if k in (2, 7) else k for k in range(9)}
    assert threading.active_count() < 50 and Fragile.made >= 4


def muddled(*answers_in_turn):
    """An executor of threads, whose first answers to questions are these."""
    left = list(answers_in_turn)

    class Muddled(ThreadPoolExecutor):
        def submit(self, function, /, *args, **how):
            if function is worker.answered and left:
                said = left.pop(0)
                return super().submit(lambda: said)
            return super().submit(function, *args, **how)

    return Muddled


def test_a_worker_that_answers_garbage_changes_nothing(described, folder, threads):
    plan = read(described("right", "wrong", cases=2))
    run(plan, folder / "alone", make=threads)
    run(plan, folder / "muddled", make=muddled("garbage", {"verdict": "correct"}, 3))
    assert same(folder / "alone", folder / "muddled")


def test_a_question_that_is_answered_by_garbage_twice_is_rejected(described, folder):
    plan = read(described("right", cases=1))
    (row,) = run(plan, folder / "out", make=muddled("garbage", "garbage")).rows
    assert row["verdict"] == "rejected"


def test_what_was_asked_before_has_no_part_in_a_campaign(described, folder, threads):
    """A run by hand remembers what failed; a campaign reads nothing of that, and leaves nothing."""
    plan = read(described("wrong", cases=1))
    run(plan, folder / "before", make=threads)
    assert not (folder / ".refnet").exists()
    (asked,) = plan.questions
    assert str(judged(plan.implementations[0], asked.dtype, 1, 99).example)
    assert [*(folder / ".refnet" / "examples").glob("wrong-*.npz")]  # another seed's
    run(plan, folder / "after", make=threads)
    assert same(folder / "before", folder / "after")


@pytest.mark.end_to_end
def test_a_worker_that_dies_or_hangs_is_a_rejection_and_the_rest_goes_on(described, folder):
    plan = read(described("right", "dies", "hangs", "wrong", cases=1, seconds=15))
    done = run(plan, folder / "out", workers=2)
    said = {row["name"]: (row["verdict"], row["reason"]) for row in done.rows}

    assert [said[name][0] for name in said] == ["correct", "rejected", "rejected", "wrong"]
    assert "ended twice without an answer" in said["dies"][1]
    assert "no answer within 15 s" in said["hangs"][1]


@pytest.mark.end_to_end
def test_killed_at_random_moments_it_resumes_to_the_same_report(folder, threads):
    """40 questions, 3 kills; 1,000 and 25 are in benchmarks/kills.py.  The other ran in threads."""
    file = written(folder, 40)
    run(read(file.relative_to(folder)), folder / "alone", make=threads)
    seen = killed(file, folder / "killed", workers=1, kills=3, seed=1)

    assert len(seen["kills"]) == 3
    assert same(folder / "alone", folder / "killed")
