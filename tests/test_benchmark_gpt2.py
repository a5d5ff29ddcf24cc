"""The benchmark of a GPT judged whole: its mistakes are where they are said to be."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import refnet as rn
from benchmarks import gpt2, random_rounding

TINY = gpt2.SIZES["tiny"]


@pytest.fixture(scope="module")
def slopes():
    params = rn.init_gpt(jax.random.key(0), TINY.vocabulary, TINY.tokens, 2, 2, TINY.width)
    drawn = np.random.default_rng(0).integers(0, TINY.vocabulary, (1, TINY.tokens + 1))
    symbols = jnp.asarray(drawn)
    loss = lambda p: rn.gpt(p, symbols[:, :-1], TINY.heads).mean()
    return jax.jit(jax.grad(loss))(params), symbols


@pytest.mark.parametrize("mistake", gpt2.PLACES)
def test_a_mistake_is_at_its_place_and_nowhere_else(slopes, mistake):
    g, symbols = slopes
    wrong = gpt2.planted(mistake, g, symbols, TINY)
    pairs = zip(jax.tree_util.tree_leaves_with_path(g), jax.tree.leaves(wrong), strict=True)
    moved = [jax.tree_util.keystr(path) for (path, a), b in pairs if (a != b).any()]
    assert len(moved) == 1 and moved[0].endswith(gpt2.PLACES[mistake])
    assert gpt2.planted("", g, symbols, TINY) is g


def test_the_tied_weight_loses_what_it_gets_where_symbols_are_read(slopes):
    g, symbols = slopes
    wrong = gpt2.planted("the tied weight", g, symbols, TINY)
    unread = np.setdiff1d(np.arange(TINY.vocabulary), np.asarray(symbols)[0, :-1])
    assert (wrong.symbols[unread] == g.symbols[unread]).all()
    assert jnp.isfinite(wrong.symbols).all()


def test_a_row_is_right_where_the_verdict_is_the_one_wanted():
    right = {"mistake": "", "verdict": "correct", "worst": ""}
    caught = {"mistake": "one head", "verdict": "wrong", "worst": "params.blocks[1].heads.v"}
    assert gpt2.is_right(right) and gpt2.is_right(caught)
    assert not gpt2.is_right(right | {"verdict": "undecided"})
    assert not gpt2.is_right(caught | {"verdict": "correct"})
    assert not gpt2.is_right(caught | {"worst": "params.places"})


@pytest.mark.dear
def test_the_smallest_is_judged(tmp_path):
    row = gpt2.judge(TINY, "float32", "", str(tmp_path))
    assert gpt2.is_right(row) and row["parameters"] == 27_520
    page, spent = gpt2.page([row]), sum(wall for wall, _, _ in row["stages"].values())
    assert str(row["parameters"])[:2] in page and "## Where it goes: 27,520 parameters" in page
    assert abs(spent - row["seconds"]) <= 0.1 + 0.01 * len(row["stages"])  # rounded


def test_what_is_inside_of_a_stage_counts_there_alone(monkeypatch):
    clock = iter([(t, 2.0 * t) for t in (0.0, 1.0, 3.0, 6.0, 10.0)])
    monkeypatch.setattr(gpt2.Stages, "_now", lambda self: next(clock))
    stages = gpt2.Stages()
    for what, begins in (("truth", True), ("bound", True), ("bound", False)):
        stages(what, begins)
    told = {what: row[:2] for what, row in stages.told().items()}
    assert told == {"all else": [1.0, 2.0], "truth": [6.0, 12.0], "bound": [3.0, 6.0]}


def test_what_is_not_judged_yet_is_on_the_line_through_the_two_largest_that_are():
    sizes = [gpt2.SIZES["tiny"], gpt2.SIZES["4 million"]]
    row = lambda n: {"parameters": n, "dtype": "float32", "mistake": "", "stages": {}}
    cost = lambda n: {"processor seconds": 5 + n / 1e5, "peak GiB": 0.5 + n / 1e7}
    rows = [row(n) | cost(n) for n in map(gpt2.parameters_of, sizes)]
    assert rows[0]["parameters"] == 27_520
    wanted = cost(gpt2.parameters_of(gpt2.SIZES["GPT-2-small"]))
    used, held = f"{wanted['processor seconds']:.3g}", f"{wanted['peak GiB']:.3g}"
    (said,) = [line for line in gpt2.on_paper(rows) if line.startswith("GPT-2-small")]
    assert said == f"GPT-2-small, float32: {used} processor seconds, {held} GiB."
    assert gpt2.on_paper(rows[:1]) == []


def test_the_page_is_of_the_record():
    record = gpt2.HERE.with_suffix(".json")
    rows = json.loads(record.read_text())["rows"]
    missed = [row for row in rows if not gpt2.is_right(row)]
    assert [(row["size"], row["dtype"]) for row in missed] == [("GPT-2-small", "bfloat16_float32")]
    assert all(map(gpt2.why_not, missed))  # undecided, and the page says why
    assert gpt2.HERE.with_suffix(".md").read_text() == gpt2.page(rows)


def test_why_a_right_gradient_is_not_accepted_is_said_below_the_table():
    row = {"mistake": "", "verdict": "undecided", "cases": 1, "reason": "x would have gone unseen"}
    row |= {"parameters": 27520, "dtype": "float32"}
    assert gpt2.why_not(row)[0] == "27,520 in float32, at one case: x would have gone unseen."
    assert gpt2.why_not(row | {"cases": 8})[0].startswith("27,520 in float32, at 8 cases:")
    assert "at one case, against truth" in gpt2.why_not(row | {"resumed": True})[0]
    assert gpt2.why_not(row | {"verdict": "correct"}) == []
    assert gpt2.why_not(row | {"mistake": "one head", "verdict": "wrong"}) == []


@pytest.mark.torch
@pytest.mark.dear
def test_random_rounding_is_timed_here_and_in_pytorch(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(random_rounding.SIZES, "tiny", gpt2.Size(1, 8, 2, 11, 4))
    row = random_rounding.measured("tiny")
    assert row["parameters"] == gpt2.parameters_of(gpt2.Size(1, 8, 2, 11, 4))
    assert min(row["here"], row["PyTorch"]) > row["one gradient"] > 0.0
    each = f"{1e9 * row['here'] / (row['parameters'] * random_rounding.DRAWS):.3g}"
    assert f"| {each} |" in random_rounding.page({"rows": [row], "load": 0.0})
