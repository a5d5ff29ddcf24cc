"""Heat maps: the shade of a number, the grid of rows, and what is missing or beyond is seen."""

import pytest

from verification.report import heat
from verification.report.document import plain
from verification.report.tables import NUMBER, Column, Table, table_row


@pytest.mark.parametrize(
    ("value", "shade"),
    [
        (0.0, "h0"), (1e-9, "h1"), (0.5, "h5"), (1.0, "h9"), (1.0000001, "over"),
        (float("inf"), "over"), (float("nan"), "over"), ("nan", "over"), ("inf", "over"),
        (None, "h0"), ("", "h0"),
    ],
)  # fmt: skip
def test_shades_rise_to_the_budget_and_what_is_beyond_or_unknown_stands_out(value, shade):
    assert heat.shade(value) == shade


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.37, ".37"), (0.039, ".04"), (1e-9, "<.01"), (0.999, "0.999"), (1.0, "1"),
        (0.0, "0"), (1.32, "1.32"), (2.66e13, "3e13"), ("inf", "∞"), ("nan", "NaN"),
    ],
)  # fmt: skip
def test_few_letters(value, text):
    assert heat.short(value) == text


ROWS = (
    {"function": "tanh", "dtype": "float64", "worst": 0.5},
    {"function": "tanh", "dtype": "float32", "worst": 1.5, "act": "refused"},
    {"function": "relu", "dtype": "float32", "worst": 0.0},
)


def there(line: heat.Line) -> list[heat.Cell]:
    """The cells of a line that are there."""
    return [cell for cell in line.cells if cell]


def only(grid: heat.Grid) -> heat.Cell:
    ((cell,),) = map(there, grid.lines)
    return cell


COLUMNS = (Column("function", "F"), Column("dtype", "D"), Column("worst", "W", NUMBER))


def test_rows_are_set_as_a_grid_with_a_hole_for_what_was_not_judged():
    how = heat.Heat("function", ("dtype",), "worst", ("worst",))
    grid = heat.of_table(plain(table_row(Table("t", "T", "L", COLUMNS, ROWS, heat=how))))
    assert grid.columns == ("float64", "float32")
    tanh, relu = grid.lines
    assert (tanh.name, relu.name) == ("tanh", "relu") and relu.cells[0] is None
    assert [cell.shade for cell in there(tanh)] == ["h5", "over"]
    assert [cell.act for cell in there(tanh)] == [False, True]
    assert tanh.dtypes == "float64 float32" and "W: .50" in there(tanh)[0].said


def test_the_picture_has_every_derivation_and_dtype_with_its_verdict(samples):
    document = samples.failing().document()
    grid = heat.of_derivations(document["derivations"])
    assert [line.name for line in grid.lines] == ["mse", "tanh"]
    (_, tanh) = grid.lines
    assert tanh.verdicts == "wrong inaccurate"
    assert there(tanh)[0].text == "–" and "no entry could be compared" in there(tanh)[0].said


def test_a_gate_that_refuses_a_right_one_is_beyond_the_ramp():
    row = {"gate": "g", "dtype": "float32", "size": "few", "passed": 3, "of_wrong": 9, "refused": 0}
    row |= {"of_right": 5}
    cell = only(heat.of_gates([row]))
    assert (cell.text, cell.shade) == ("3", "h3")
    cell = only(heat.of_gates([row | {"refused": 2}]))
    assert (cell.text, cell.shade) == ("3 !2", "over")
    cell = only(heat.of_gates([row | {"of_wrong": 0}]))
    assert cell.text == "–"


def test_update_rules_stand_by_library_and_a_library_with_none_has_no_column():
    columns = [{"key": key} for key in ("rule", "optax", "PyTorch", "Keras")]
    row = {
        "rule": "adam",
        "optax": "adam, adamw (inaccurate)",
        "PyTorch": "adam (wrong)",
        "Keras": "",
    }
    grid = heat.of_variants(
        {"columns": columns, "rows": [row, {**dict.fromkeys(row, ""), "rule": "x"}]}
    )
    assert grid.columns == ("optax", "PyTorch") and len(grid.lines) == 1
    assert [(cell.text, cell.shade) for cell in there(grid.lines[0])] == [
        ("2", "h4"),
        ("1", "over"),
    ]
    assert heat.of_variants({"columns": columns[1:], "rows": [row]}).lines == ()


def test_the_share_of_inputs_at_which_half_of_the_digits_are_lost():
    row = {"form": "f", "dtype": "float32", "most": "inf", "most_right": 1.0, "regions": ()}
    curve = [1.0, 2.0**12, float("nan"), float("inf")]
    cell = only(heat.of_digits([row], {("f", "float32"): curve}))
    assert (cell.text, cell.shade) == ("75 %", "h7")
    cell = only(heat.of_digits([row], {}))
    assert cell.text == "–"


@pytest.mark.parametrize(("count", "sizes"), [(2, [3, 2]), (3, [2, 2, 1]), (9, [1] * 5)])
def test_lines_in_runs(count, sizes):
    lines = [heat.Line(str(k), ()) for k in range(5)]
    assert [len(run) for run in heat.chunks(lines, count)] == sizes
    assert heat.chunks([], count) == []
