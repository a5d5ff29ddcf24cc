"""Every program of benchmarks/ can be run: its names are defined."""

import builtins
import dis
import importlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))


def undefined(text: str, known: set[str]) -> set[str]:
    """The names that some function of a module reads, and that nobody has defined."""
    code = compile(text, "module", "exec")
    written = {"__annotations__", *names(code, "STORE_NAME")}  # of the module, and of classes
    return set(names(code, "LOAD_GLOBAL", "LOAD_NAME")) - written - known - set(dir(builtins))


def names(code: CodeType, *operations: str) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname in operations:
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names(inner, *operations)


NEEDS = {  # classes of a library: nothing of them can be read without it
    "torch_networks": "torch",
    "torch_layers": "torch",
    "twins_torch": "torch",
    "twins_flax": "flax",
    "twins_equinox": "equinox",
}
OF_TORCH = [name for name, library in NEEDS.items() if library == "torch"]
NAMES = [pytest.param(n, marks=pytest.mark.torch) if n in OF_TORCH else n for n in PROGRAMS]


@pytest.mark.parametrize("name", NAMES)
def test_a_program_is_imported_and_all_its_names_are_defined(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    module = importlib.import_module(f"benchmarks.{name}")
    text = Path(module.__file__ or "").read_text()

    assert undefined(text, set(vars(module))) == set()


def test_a_name_that_nobody_defined_is_seen():
    text = "import json\ndef main():\n    return json, [write_text for _ in range(3)]\n"

    assert undefined(text, set()) == {"write_text"}
    assert undefined(text, {"write_text"}) == set()


@pytest.mark.skipif(find_spec("ruff") is None, reason="needs the linter, an optional extra")
def test_the_linter_sees_undefined_names_but_not_the_shapes_in_annotations(tmp_path):
    """With the project's own settings."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    planted = tmp_path / "planted.py"
    planted.write_text(
        "from jaxtyping import Array, Float\n\n\n"
        'def f(x: Float[Array, "n m"]) -> Float[Array, " n"]:\n    return write_text(x)\n'
    )
    rules = ["--select", ",".join(settings["select"]), "--ignore", ",".join(settings["ignore"])]
    line = [sys.executable, "-m", "ruff", "check", "--isolated", "--output-format", "concise"]
    done = subprocess.run([*line, *rules, planted], capture_output=True, text=True)
    said = [line for line in done.stdout.splitlines() if "planted.py" in line]

    assert len(said) == 1
    assert "Undefined name `write_text`" in said[0]


# --- those that measure whole processes, at their smallest ----------------------------------------


def test_the_time_of_an_import_is_measured(tmp_path, monkeypatch):
    imports = importlib.import_module("benchmarks.import_time")
    monkeypatch.setattr(imports, "RECORD", tmp_path / "import_time.json")
    monkeypatch.setattr(imports, "PAGE", tmp_path / "import_time.md")
    monkeypatch.setattr(imports, "ROUNDS", 1)
    monkeypatch.setattr(imports, "ASKED", ("sys", "json"))
    assert imports.main() in (0, 1)
    rows = json.loads((tmp_path / "import_time.json").read_text())["rows"]
    assert [row["import"] for row in rows] == ["sys", "json"] and rows[0]["ratio"] == 1.0
    assert "| json |" in (tmp_path / "import_time.md").read_text()


def test_a_cold_start_is_measured(tmp_path, monkeypatch):
    cold = importlib.import_module("benchmarks.cold")
    monkeypatch.setattr(cold, "RECORD", tmp_path / "cold.json")
    monkeypatch.setattr(cold, "ROUNDS", 1)
    monkeypatch.setattr(cold, "ASKED", cold.ASKED[2:3])
    cold.main()
    rows = json.loads((tmp_path / "cold.json").read_text())["rows"]

    assert [row["gradient"] for row in rows] == ["wrong"]
    assert rows[0]["seconds"] > 0.0


def test_a_campaign_is_killed_once_and_ends_the_same(tmp_path, monkeypatch):
    kills = importlib.import_module("benchmarks.kills")
    monkeypatch.setattr(kills, "RECORD", tmp_path / "kills.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["kills", "--questions", "2", "--kills", "1", "--workers", "1"]
    )
    kills.main()
    row = json.loads((tmp_path / "kills.json").read_text())

    assert row["byte for byte the same"] is True
    assert len(row["kills"]) == 1


def test_power_is_held_beside_what_it_was(tmp_path, monkeypatch):
    """Budgets three times as wide end with status 1."""
    from benchmarks import power

    out = tmp_path / "power.json"
    asked = ["power", "--functions", "mse", "--dtypes", "float32", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", asked)
    assert power.main() == 0
    assert power.main() == 0
    of_leaf = power._of_leaf
    monkeypatch.setattr(power, "_of_leaf", lambda truth, room: of_leaf(truth, 3.0 * room))
    assert power.main() == 1
    (row,) = json.loads(out.read_text())["rows"]
    assert row["power"] == pytest.approx(3.0 * row["was"])
    assert "| mse | float32 |" in out.with_suffix(".md").read_text()


def test_a_function_at_odd_inputs_is_no_crash_and_a_crash_is_one(monkeypatch):
    odd = importlib.import_module("benchmarks.odd_inputs")
    names = "a key returned", "0-d arrays"
    monkeypatch.setattr(odd, "ODD", {name: odd.ODD[name] for name in names})
    (record,) = odd.sweep({}, "jax.numpy.tanh", 0.0)
    assert {said for row in record.values() for said, _ in row.values()} == {"correct"}
    assert odd.crashes(record) == []

    def lost(*_, **__):
        return {}["a bug"]

    monkeypatch.setattr(odd, "validate", lost)
    (record,) = odd.sweep({}, "jax.numpy.tanh", 0.0)
    assert {(name, way) for name, way, _ in odd.crashes(record)} == {
        ("jax.numpy.tanh", name) for name in names
    }


def test_no_odd_input_of_the_record_is_a_crash():
    odd = importlib.import_module("benchmarks.odd_inputs")
    record = json.loads(odd.RECORD.read_text())
    assert odd.crashes(record) == []
    assert all(set(row) == set(odd.ODD) for row in record.values())


def test_a_verdict_on_a_loop_is_timed_and_the_page_is_of_the_record():
    loops = importlib.import_module("benchmarks.loops")
    row = loops.judge(2, "float32", cases=2, edges="none")
    assert row["verdict"] == "correct"
    assert row["first s"] > 0.0 and row["next s"] > 0.0 and row["check_grads s"] > 0.0
    rows = json.loads(loops.RECORD.read_text())["rows"]
    assert loops.PAGE.read_text() == loops.page(rows) != loops.page([*rows, row])


@pytest.mark.parametrize("name", ["state space, 512 steps", "sum of a million"])
def test_something_large_is_timed_where_it_is_small_and_the_page_is_of_the_record(name):
    large = importlib.import_module("benchmarks.large")
    row = large.judge(name, 3, cases=1)
    assert row["verdict"] == "correct" and row["next processor s"] > 0.0
    rows = json.loads(large.RECORD.read_text())["rows"]
    assert large.PAGE.read_text() == large.page(rows) != large.page([*rows, row])


@pytest.mark.parametrize("name, size", [("convolutions", 4), ("transformer block", 8)])
def test_what_is_large_has_a_value_where_it_is_small(name, size):
    large = importlib.import_module("benchmarks.large")
    (row,) = (row for each, row in large.ROWS.items() if each.startswith(name))
    of, draw = row.made(size)
    points = [draw(np.random.default_rng(seed)) for seed in (0, 1)]
    with jax.enable_x64(True):
        values = [float(of(*jax.tree.map(jnp.asarray, point))) for point in points]
    assert np.isfinite(values).all() and values[0] != values[1]


def test_the_memory_of_many_functions_is_measured(monkeypatch):
    many = importlib.import_module("benchmarks.many_functions")
    # in a process of its own it would take an import: here the caches are those of all tests
    monkeypatch.setattr(many.jax, "clear_caches", lambda: None)
    made = many.measure(1, 1)
    assert made["end"]["functions"] == len(made["rows"]) == 1
    record = json.loads(Path(many.__file__).with_suffix(".json").read_text())
    assert record["end"]["functions"] == many.COUNT
    assert 0.0 < record["end"]["without JAX's MiB"] <= many.LIMIT


def test_the_cost_of_the_report_is_added_up_by_stage_and_the_dearest_come_first():
    cost = importlib.import_module("benchmarks.report_cost")
    task = lambda stage, name, used, made, n: {
        "stage": stage,
        "task": name,
        "processor seconds": used,
        "compilation": made,
        "programs": n,
    }
    rows = [task("a", "x", 1.0, 0.5, 3), task("b", "y", 8.0, 4.0, 30), task("a", "z", 3.0, 0.5, 7)]
    found = cost.together(rows)
    assert [row["stage"] for row in found] == ["a", "b", "all"]
    assert [row["processor seconds"] for row in found] == [4.0, 8.0, 12.0]
    assert [row["programs"] for row in found] == [10, 30, 40]
    page = cost.page({"rows": rows, "load": 1.0})
    assert "that is 6 s at least" in page and "40 programs are compiled, 125 ms each" in page
    assert page.index("| b | y | 8.0 | 50% | 30 |") < page.index("| a | z |")


def test_what_is_compiled_is_counted():
    with importlib.import_module("benchmarks.report_cost").Compilations() as compilations:
        jax.jit(lambda x: x * 3.0 + 1.0)(np.ones(3))
    assert compilations.programs >= 1 and compilations.seconds > 0.0
    before = compilations.programs
    jax.jit(lambda x: x * 5.0 - 1.0)(np.ones(3))
    compilations("/jax/core/compile/jaxpr_trace_duration", 1.0)
    assert compilations.programs == before
