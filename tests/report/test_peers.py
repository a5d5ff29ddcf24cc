"""Side by side: each checker sees the error that was planted, and is reported as it answers."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.report import peers
from verification.report.peers_checkers import (
    ACCEPTED,
    CHECKERS,
    NO_VERDICT,
    REFUSED,
    UNDECIDED,
    Checker,
)
from verification.report.peers_functions import (
    KINDS,
    Problem,
    compiled,
    planted,
    right_gradient,
)

ONE_SUM, MAP, NETWORK = KINDS
FREE = {"passes": lambda problem: 1}


def problem(name: str = ONE_SUM, size: int = 10, seed: int = 0) -> Problem:
    return Problem(name, size, seed)


def answers(checker: str, dtype: str, error: float, **which) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CHECKERS[checker].ready(problem(**which), dtype)(error)


# --- what is planted -------------------------------------------------------------------------


def like(params, leaves):
    """The leaves as the tree that the parameters are."""
    return jax.tree.unflatten(jax.tree.structure(params), leaves)


@pytest.mark.parametrize("name", KINDS)
def test_the_right_slopes_are_those_of_autodiff(name):
    point = problem(name)
    args, right = point.held("float32"), compiled(right_gradient(point.kind))
    said = []
    for factor in (1.0, 1.001):
        gradient = lambda *args, by=factor: like(args[0], [by * g for g in right(*args)])
        said.append(vf.validate(gradient, of=point.kind.value, args=args, dtype="float32").verdict)
    assert said == ["correct", "wrong"]


@pytest.mark.parametrize("name", KINDS)
def test_both_modes_answer_the_slopes_that_are_planted(name):
    """Bit for bit: the pullback of one is the slope, the push of a unit vector is one entry."""
    point = problem(name)
    params, data = jax.tree.map(jnp.asarray, point.held("float32"))
    wrong = tuple(map(jnp.asarray, point.wrong_slopes("float32", 0.5)))
    function = lambda *inputs: planted(point.kind)(inputs, data, wrong)
    out, pullback = jax.vjp(function, *params)
    assert all(map(np.array_equal, pullback(jnp.ones_like(out)), wrong))
    unit = jnp.zeros(params[0].size, "float32").at[point.place].set(1).reshape(params[0].shape)
    zeros = [jnp.zeros_like(p) for p in params[1:]]
    _, pushed = jax.jvp(function, params, (unit, *zeros))
    assert float(pushed.sum()) == float(wrong[0].reshape(-1)[point.place])


def test_one_entry_is_wrong_by_so_much_of_the_rms():
    point = problem(NETWORK)
    right, wrong = point.slopes("float64"), point.wrong_slopes("float64", 0.25)
    differs = [np.flatnonzero(a != b) for a, b in zip(right, wrong, strict=True)]
    assert [d.tolist() for d in differs] == [[point.place], [], [], []]
    rms = np.sqrt(np.mean(right[0] ** 2))
    assert wrong[0].reshape(-1)[point.place] == right[0].reshape(-1)[point.place] + 0.25 * rms
    assert point.place in point.places and 0 not in point.places


# --- how it is searched ----------------------------------------------------------------------


@pytest.mark.parametrize("exponent", range(peers.LEAST, peers.MOST + 1))
def test_the_search_finds_the_threshold(exponent):
    asked = []
    seen = lambda error: asked.append(error) or error >= float(f"1e{exponent}") * 0.99
    assert peers.smallest(seen) == float(f"1e{exponent}")
    assert len(asked) <= 5  # 2^5 > the number of powers, and never


def test_what_is_never_seen_is_infinite():
    assert peers.smallest(lambda error: False) == peers.NEVER
    assert peers.smallest(lambda error: True) == float(f"1e{peers.LEAST}")


def fake(*said: str) -> Checker:
    """A checker that says one thing after the other of correct gradients, and sees 0.1."""
    points = iter(said)

    def ready(problem, dtype):
        correct = next(points)
        return lambda error: correct if error == 0.0 else REFUSED if error >= 0.05 else ACCEPTED

    return Checker("jax", ready, **FREE)


@pytest.mark.parametrize(
    ("said", "correct", "refused", "smallest"),
    [
        ((ACCEPTED, ACCEPTED), "accepted", 0, 0.1),
        ((REFUSED, REFUSED), "refused", 2, None),
        ((ACCEPTED, REFUSED), "sometimes refused", 1, 0.1),
        ((UNDECIDED, ACCEPTED), "undecided", 0, 0.1),
        ((NO_VERDICT, NO_VERDICT), "no verdict", 0, 0.1),
    ],
)
def test_points_are_taken_together(monkeypatch, said, correct, refused, smallest):
    monkeypatch.setitem(CHECKERS, "fake", fake(*said))
    row = peers.row("fake", [problem(), problem(seed=1)], "float64", 1e9)
    assert (row.correct, row.points, row.refused, row.smallest) == (correct, 2, refused, smallest)


def raising(problem, dtype):
    raise TypeError("no bfloat16\nhere")


@pytest.mark.parametrize(
    ("checker", "which", "note"),
    [
        (Checker("jax", fake().ready, lambda p: 10**6), {}, "about 1,000,000 forward passes"),
        (Checker("no_such_package", fake().ready, **FREE), {}, "Absent is not installed"),
        (
            Checker("jax", fake().ready, **FREE, scalar_only=True),
            {"name": MAP},
            "for functions with one output only",
        ),
        (
            Checker("jax", fake().ready, **FREE, entries=lambda p: 10**10),
            {},
            "a dense Jacobian of 10,000,000,000 entries",
        ),
    ],
)
def test_what_is_not_run_says_why(monkeypatch, checker, which, note):
    monkeypatch.setitem(CHECKERS, "fake", checker)
    monkeypatch.setitem(peers.PACKAGES, "no_such_package", "Absent")
    row = peers.row("fake", [problem(**which)], "float64", 1e6)
    assert (row.correct, row.points, row.smallest, row.note) == ("not run", 0, None, note)


def test_a_checker_that_raises_has_no_answer(monkeypatch):
    monkeypatch.setitem(CHECKERS, "fake", Checker("jax", raising, **FREE))
    row = peers.row("fake", [problem()], "bfloat16", 1e6)
    assert row.correct == "no answer" and row.note == "it raised TypeError: no bfloat16 here"


# --- what they say ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("error", [0.0, 1e-13, 1e-4, 10.0])
def test_ours_is_what_validate_says(name, dtype, error):
    point = problem(name)
    wrong = point.wrong_slopes(dtype, error)
    by = lambda d: [s.copy() if d is None else s * d for s in wrong]
    gradient = lambda params, data, d=None: like(params, by(d))
    found = vf.validate(gradient, of=point.kind.value, args=point.held(dtype), dtype=dtype)
    said = {"correct": ACCEPTED, "undecided": UNDECIDED}.get(found.verdict, REFUSED)
    assert answers("refnet", dtype, error, name=name) == said


def test_ours_refuses_a_hundredth_in_float32_at_any_size():
    for size in (10, 1_000):
        assert answers("refnet", "float32", 0.0, size=size) == ACCEPTED
        assert answers("refnet", "float32", 1e-2, size=size) == REFUSED


def test_the_tolerance_of_the_others_grows_with_the_array():
    """A wrong entry ten times as large as all others: seen among 10, not among 1,000."""
    said = [answers("chex assert_numerical_grads", "float64", 10.0, size=n) for n in (10, 1_000)]
    assert said == [REFUSED, ACCEPTED]
    said = [
        answers("JAX check_grads, forward", "float32", 1.0, name=MAP, size=n) for n in (10, 1_000)
    ]
    assert said == [REFUSED, ACCEPTED]


def test_scipy_refuses_what_float32_cannot_show_it():
    assert answers("SciPy check_grad", "float64", 0.0) == NO_VERDICT
    assert answers("SciPy check_grad", "float64", 1e-2) == REFUSED
    assert answers("SciPy check_grad", "float32", 0.0) == REFUSED


def test_every_checker_is_in_one_group():
    grouped = [name for group in peers.GROUPS.values() for name in group]
    assert sorted(grouped) == sorted(CHECKERS)
    assert {c.package for c in CHECKERS.values()} == {*peers.PACKAGES}


@pytest.mark.torch
def test_pytorch_is_measured_where_it_is_and_named_where_it_is_not(monkeypatch):
    rows = list(peers.rows(peers.GROUPS["PyTorch"], peers.QUICK, seed=0))
    if peers.installed("torch"):
        default, fast = (
            [r.correct for r in rows if r.checker == c] for c in peers.GROUPS["PyTorch"]
        )
        assert default == fast == ["accepted", "refused", "refused", "refused"]
    else:
        assert {row.note for row in rows} == {"PyTorch is not installed"}
    monkeypatch.setattr(peers, "installed", lambda package: False)
    rows = list(peers.rows(peers.GROUPS["PyTorch"], peers.QUICK, seed=0))
    assert {(row.correct, row.note) for row in rows} == {("not run", "PyTorch is not installed")}


# --- how it is printed -----------------------------------------------------------------------


def plain(checker="a", function="f", size=10, dtype="float64", correct="accepted", **more) -> dict:
    row = peers.Row(checker, function, size, dtype, correct, **more)._asdict()
    return row | {"smallest": str(row["smallest"])} if row["smallest"] == peers.NEVER else row


@pytest.mark.parametrize(
    ("row", "text", "kind"),
    [
        (plain(smallest=1e-7), "10⁻⁷", "good"),
        (plain(smallest=1.0), "1", "blind"),
        (plain(smallest=100.0), "10²", "blind"),
        (plain(smallest=peers.NEVER), "never", "blind"),
        (plain(correct="refused", points=3, refused=3), "refused", "bad"),
        (plain(correct="undecided", smallest=1e-3), "undecided", "open"),
        (plain(correct="no verdict", smallest=1e-3), "10⁻³ *", "good"),
        (
            plain(correct="sometimes refused", points=5, refused=2, smallest=1e-3),
            "2 of 5 refused, 10⁻³",
            "bad",
        ),
        (plain(correct="not run", note="x"), "–", "none"),
        (None, "–", "none"),
    ],
)
def test_a_cell_says_it_in_a_word(row, text, kind):
    assert peers.cell(row) == (text, kind)


def test_rows_become_one_table_for_each_function():
    not_run = {"correct": "not run", "note": "too long"}
    rows = [
        plain("b", size=size, dtype=dtype, **(not_run if size == 20 else {"smallest": 1e-3}))
        for dtype in ("float64", "float32") for size in (20, 10)
    ]  # fmt: skip
    rows += [plain("a", dtype="float32", smallest=1e-2), plain("a", function="g", smallest=1.0)]
    first, second = peers.grids(peers.ordered(rows))
    assert (first.function, first.dtypes, first.sizes) == ("f", ("float64", "float32"), (10, 20))
    assert [(name, [cell.text for cell in cells]) for name, cells in first.lines] == [
        ("b", ["10⁻³", "–", "10⁻³", "–"]),
        ("a", ["–", "–", "10⁻²", "–"]),
    ]
    assert first.notes == ("b, n = 20: not run, too long.",)
    assert second.function == "g" and second.notes == ()
    ((title, table, _), _) = peers.tables(rows)
    assert title == "F" and table[2] == "| b | 10⁻³ | – | 10⁻³ | – |"


def test_a_reason_for_some_dtypes_names_them():
    rows = [
        plain(dtype="float64", smallest=1.0),
        plain(dtype="bfloat16", correct="no answer", note="it raised E"),
    ]
    assert peers.grids(rows)[0].notes == ("a, n = 10, bfloat16: no answer, it raised E.",)
