"""The run: rows in the order of the tables, however many processes; an end leaves nobody behind."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import verification
from verification.report import claim_tasks, report, stages, write
from verification.report.document import ARTICLES, ClaimRow
from verification.vocabulary import Claim, Unproven

TASKS = [stages.Task("figures", name, 0, True) for name in ("forms", "step_sizes")]


def test_the_result_does_not_depend_on_the_number_of_workers():
    said = {1: [], 2: []}
    tell = lambda workers: lambda *progress: said[workers].append(progress)
    alone, together = (stages.carried_out(TASKS, tell(n), n) for n in (1, 2))
    assert {*alone} == {*together} == {*TASKS}
    assert all(repr(alone[task].result) == repr(together[task].result) for task in TASKS)
    assert repr(alone[TASKS[0]].result) != repr(alone[TASKS[1]].result)
    assert said[1] == said[2] == [("figures", 1, 2), ("figures", 2, 2)]


@pytest.mark.end_to_end
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_workers_of_a_cluster_find_the_same():
    pytest.importorskip("distributed")
    from verification.campaign.cluster import dask

    alone = stages.carried_out(TASKS, lambda *_: None, 1)
    far = stages.carried_out(TASKS, lambda *_: None, 2, dask())
    assert {*far} == {*TASKS}
    assert all(repr(alone[task].result) == repr(far[task].result) for task in TASKS)


def test_a_task_that_ended_its_process_is_named():
    """A cluster answers None for it."""

    class Lost(ThreadPoolExecutor):
        def submit(self, function, /, *args, **how):
            return super().submit(lambda: None)

    with pytest.raises(RuntimeError, match="figures: .* ended the process that it ran in, twice"):
        stages.carried_out(TASKS, lambda *_: None, 2, Lost)


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_no_result_is_asked_for_once_more(times):
    """A worker of a cluster may answer garbage."""
    garbage = ["garbage"] * times

    class Muddled(ThreadPoolExecutor):
        def submit(self, function, /, *args, **how):
            said = garbage.pop() if garbage else stages.Done("right", 0.0)
            return super().submit(lambda: said)

    asked = lambda: stages.carried_out(TASKS[:1], lambda *_: None, 2, Muddled)
    if times == 1:
        assert asked()[TASKS[0]].result == "right"
    else:
        with pytest.raises(RuntimeError, match="answered by what is no result, twice"):
            asked()


def test_what_an_earlier_run_has_left_is_no_part_of_a_task(monkeypatch, tmp_path):
    def work(name, seed, quick):
        met = Path(".refnet").exists()
        Path(".refnet").mkdir(exist_ok=True)
        return met

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(stages.STAGES, "figures", stages.Stage(lambda: ["one"], work))
    (tmp_path / ".refnet").mkdir()
    task = stages.Task("figures", "one", 0, True)
    assert [stages.carry_out(task).result for _ in range(2)] == [False, False]
    assert Path.cwd() == tmp_path and work("one", 0, True)


def test_an_interruption_ends_the_processes():
    def interrupt(*_):
        assert multiprocessing.active_children()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.carried_out(TASKS, interrupt, 2)
    assert multiprocessing.active_children() == []


def test_a_claim_without_its_evidence_is_a_row(monkeypatch):
    def judge(seed):
        raise Unproven("the planted falsehood passed")

    monkeypatch.setattr(
        "verification.claims.ALL", {"C1": Claim("C1", "It holds.", judge)}, raising=False
    )
    row = claim_tasks.judge_claim("C1", 0)
    assert row == ClaimRow("C1", row.article, "It holds.", None, "the planted falsehood passed")


def test_claims_that_share_their_runs_are_one_task_and_stand_in_their_order(monkeypatch):
    from verification.claims import ALL

    monkeypatch.setattr(claim_tasks, "judge_claim", lambda name, _: ClaimRow(name, "a", "s", None))
    names = claim_tasks.claim_names()
    assert names[0] == "A6+B7" and not {"A6", "B7"} & {*names}
    found = [claim_tasks.judge_claims(name, 0, True) for name in names]
    assert [row.id for row in claim_tasks.in_order(found)] == [*ALL]
    with pytest.raises(KeyError):
        claim_tasks.in_order(found[1:])


def test_every_claim_belongs_to_an_article():
    from verification.claims import ALL

    assert {id[0] for id in ALL} <= {*ARTICLES}


def test_report_writes_what_it_returns(samples, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(stages, "run", lambda *args: asked.append(args[:2]) or samples.report())
    done = report(tmp_path / "a", seed=3)
    assert asked == [(3, False)]
    assert (tmp_path / "a" / "report.json").read_text("utf-8") == write.rendered(done)[
        "report.json"
    ]
    verification.report(tmp_path / "b", quick=True)  # the stage itself is called
    assert asked[1] == (0, True) and (tmp_path / "b" / "index.html").exists()


def test_a_bad_folder_is_seen_before_the_run(monkeypatch, tmp_path):
    monkeypatch.setattr(stages, "run", lambda *_: pytest.fail("the run was begun"))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="is a file"):
        report(tmp_path / "file")


def test_the_tables_name_their_tasks():
    named = {name: stage.names() for name, stage in stages.STAGES.items()}
    assert all(len({*names}) == len(names) > 0 for names in named.values())
    assert "mse" in named["derivations"] and "diabetes" in named["real data"]
