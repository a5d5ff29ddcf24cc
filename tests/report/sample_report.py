"""A small report with a row of every kind, made from the suite's nouns, for the tests here."""

from verification.report.document import ClaimRow, Figure, Panel, Report, Series
from verification.report.explained import Worked
from verification.report.tables import CODE, FORMULA, NUMBER, VERDICT, WORDS, Column, Table
from verification.vocabulary import (
    Agreement,
    ArrowCheck,
    Check,
    Evidence,
    Explanation,
    Finding,
    Judged,
    Verdict,
    Worst,
)

ARTICLE = "Mean squared error and three descents"
MARKUP = "<script>alert('w & b')</script>"


def finding(name="mse", dtype="float64", verdict=Verdict.CORRECT, **changes) -> Finding:
    worst = Worst("[0]", (2, 1), 0.1 + 0.2, 0.3, 1e-32, 0.37, 1.0, "draw 17")
    values = {
        "reason": "every entry inside its budget at all 71 cases",
        "power": {"[0]": 3.1e-15, "[1]": 2.2e-15},
        "worst": worst,
        "cases": 71,
        "skipped": 2,
        "oracle": "ball",
    }
    return Finding(name, dtype, verdict, **(values | changes))


AGREEMENTS = (
    Agreement("ball", "proven", True, 0.0, ""),
    Agreement("symbolic", "proven", None, float("nan"), "no rule for gather"),
    Agreement("finite differences", "witness", False, 3.2e-9, "differs by more than it claims"),
)


def check(name="mse", **changes) -> Check:
    both = tuple(finding(name, dtype, **changes) for dtype in ("float64", "float32"))
    arrow = ArrowCheck("(1) the square", r"\frac{\partial e^2}{\partial e} = 2 e", both, AGREEMENTS)
    latex = r"\frac{\partial L}{\partial p} = \frac{2}{n} (p - t)"
    return Check(name, latex, both[0].verdict, both, AGREEMENTS, (arrow,))


def claim(id="B2", statement="MSE is a mean of squares.", **changes) -> ClaimRow:
    judged = Judged(Evidence.EXACT, "Equal in rationals at 40 draws.", "Planted: a sum. It failed.")
    return ClaimRow(id, ARTICLE, statement, judged._replace(**changes))


CLAIMS = (
    claim(numbers={"draws": 40, "ratio": float("inf")}),
    claim(
        "B3",
        f"The slope is $\\frac{{2}}{{n}} \\sum_k (y_k - \\hat y_k)$. {MARKUP}",
        verdict=Evidence.REFUTED,
        counterexample="At y = 0 and prediction 3 the slope printed is -6, the true one 6.",
        correction=r"$\frac{2}{n} \sum_k (\hat y_k - y_k)$",
    ),
)
FIGURE = Figure(
    "a-figure",
    "A figure",
    "What to see in it.",
    (
        Panel(
            "A panel",
            "step h",
            "relative error",
            (
                Series("one", (1.0, 2.0, 3.0), (1e-3, float("nan"), 1e-5)),
                Series("two $x^2$", (1.0, 2.0), (1e-3, 1e-2), (5e-4, 5e-3), (2e-3, 2e-2), "points"),
                Series("three", (1.0, 3.0), (1e-2, 1e-3), (5e-3, 5e-4), (2e-2, 2e-3)),
                Series("limit", (1.0, 3.0), (1e-4, 1e-4), kind="bound"),
            ),
        ),
        Panel("Another", "epoch", "loss", (Series("one", (1.0, 2.0), (3.0, 2.0)),), "linear"),
    ),
)


def implementation(verdict=Verdict.CORRECT, **changes) -> dict:
    row = {
        "name": "scikit-learn MLPRegressor",
        "dataset": "diabetes",
        "network": "10-16-1 tanh",
        "at": "initialisation",
        "dtype": "float64",
        "verdict": verdict.value,
        "convention": "half the mean squared error, plus $\\frac{\\alpha}{2n} |w|^2$",
        "power": {"[0].w": 4e-13},
        "worst": finding().worst,
        "cases": 3,
        "reason": "every entry inside its budget",
    }
    return row | changes


def fault(caught=True, **changes) -> dict:
    verdict = Verdict.WRONG if caught else Verdict.UNDECIDED
    row = {"fault": "sign", "derivation": "mse", "dtype": "float64"}
    return row | {"caught": caught, "verdict": verdict.value} | changes


def calibration(**changes) -> dict:
    row = {
        "implementation": "NumPy, term by term",
        "dtype": "float32",
        "verdicts": 24,
        "false_alarms": 0,
        "undecided": 1,
        "entries": 12_345,
        "undecided_entries": 7,
        "worst": 0.713,
        "quantiles": {"0.5": 0.02, "0.999": 0.41},
        "histogram": [12_000, 300, 45],
        "control": 24,
    }
    return row | changes


def checker(**changes) -> dict:
    row = {
        "checker": "refnet",
        "function": "network",
        "size": 1004,
        "dtype": "float32",
        "correct": "accepted",
        "points": 1,
        "refused": 0,
        "smallest": 1e-5,
        "note": "",
    }
    return row | changes


NOT_RUN = {"correct": "not run", "points": 0, "smallest": None}
SIDE_BY_SIDE = (
    checker(),
    checker(checker="JAX check_grads, reverse", correct="refused", refused=1, smallest=None),
    checker(checker="chex assert_numerical_grads", smallest=float("inf")),
    checker(checker="PyTorch gradcheck", note="PyTorch is not installed", **NOT_RUN),
    checker(checker="SciPy check_grad", correct="no verdict", smallest=1e-4),
)
DIGITS = (
    {
        "form": "slope of tanh from its value",
        "latex": r"1 - a^2, \quad a = \tanh z",
        "dtype": "float32",
        "most": 1.5e7,
        "most_right": 2.5,
        "regions": ({"low": 2.5, "high": 42.7, "sentence": "lost for z from 2.5 in float32"},),
    },
    {
        "form": "slope of tanh from its value",
        "latex": r"1 - a^2, \quad a = \tanh z",
        "dtype": "float16",
        "most": 1.0,
        "most_right": 1.0,
        "regions": (),
    },
)
DIGITS_FIGURE = Figure(
    "digits-lost",
    "Digits lost",
    "What is lost.",
    (
        Panel(
            "slope of tanh from its value",
            "z",
            "ulps lost",
            (Series("float32", (-3.0, 0.5, 40.0), (10.0, 1.0, float("nan"))),),
            "symlog",
        ),
    ),
)


TRAINING = {
    "dataset": "diabetes",
    "network": "10-16-1 tanh",
    "loss": "mse",
    "method": "gradient_descent, rate 0.02",
    "batch": 32,
    "epochs": 40,
    "loss_first": 1.73,
    "loss_last": 0.41,
    "validation_loss": 0.55,
}


def table(**changes) -> Table:
    """Every kind of entry, an empty one, markup, and a bar in code."""
    columns = (
        Column("library", "Library"),
        Column("rule", "Rule", CODE),
        Column("verdict", "Verdict", VERDICT),
        Column("power", "Sees", NUMBER),
        Column("formula", "Formula", FORMULA),
        Column("said", "Convention", WORDS),
    )
    row = {
        "library": "optax",
        "rule": "sgd(0.1) | chain",
        "verdict": "correct",
        "power": 1.5e-13,
        "formula": r"\theta - r g",
        "said": f"the rate $r$ is outside {MARKUP}",
    }
    other = row | {"library": "PyTorch", "power": None, "said": ""}
    values = {
        "id": "update-rules",
        "title": "Update rules",
        "lead": "Which variant each library has.",
        "columns": columns,
        "rows": (row, other),
        "group": "library",
        "notes": ("Not installed: Keras.",),
    }
    return Table(**(values | changes))


def worked(**changes) -> Worked:
    """A finding in full, under the table above; with markup, and a number that JSON has not."""
    said = Explanation(
        kind="edge",
        term="the local derivative of `x @ w`",
        mistake=f"2 times what it should be {MARKUP}",
        location="loss.py:2",
        source="return x @ w",
        remedy="halve it",
        factor=float("inf"),
        leaves=("[0]",),
        confused_with=("`x`",),
    )
    wrong = finding(
        verdict=Verdict.WRONG,
        reason="not by rounding",
        power={"[0]": float("inf")},
        explanation=(said,),
        reproduce="vf.validate(gradient)",
    )
    values = {
        "section": "update-rules",
        "title": "A finding in full",
        "lead": "What is wrong.",
        "finding": wrong,
        "source": "def loss(w, x):\n    return x @ w\n",
        "first": 1,
    }
    return Worked(**(values | changes))


def report(**changes) -> Report:
    """Everything passes in it, unless a change says otherwise."""
    values = {
        "seed": 7,
        "versions": {"python": "3.11.4", "jax": "0.10.2"},
        "claims": CLAIMS,
        "checks": (check(), check("sigmoid")),
        "implementations": (implementation(),),
        "faults": (fault(), fault(dtype="float32")),
        "training": (TRAINING,),
        "calibration": (calibration(),),
        "side_by_side": SIDE_BY_SIDE,
        "digits": DIGITS,
        "tables": (table(),),
        "worked": (worked(),),
        "figures": (FIGURE, DIGITS_FIGURE),
        "timings": {"derivations: mse": 1.25},
    }
    return Report(**(values | changes))


def failing() -> Report:
    """Every verdict that is not a pass, once at least."""
    wrong = finding(verdict=Verdict.WRONG, worst=None, reason=f"not by rounding: {MARKUP}")
    lost = finding(dtype="float32", verdict=Verdict.INACCURATE, reason="cancellation")
    open_ = Check("tanh", "1 - a^2", Verdict.UNDECIDED, (wrong, lost), (), ())
    return report(
        claims=(
            *CLAIMS,
            ClaimRow("C1", ARTICLE, "It holds.", None, "the planted falsehood passed"),
        ),
        checks=(check(verdict=Verdict.UNDECIDED, reason="fat ball", cases=0), open_),
        implementations=(implementation(Verdict.REJECTED, reason="NaN at [3]"),),
        faults=(fault(), fault(caught=False)),
        calibration=(calibration(), calibration(dtype="float16", false_alarms=2)),
        side_by_side=(checker(correct="refused", refused=1, smallest=None),),
        tables=(table(rows=(table().rows[0] | {"act": "a mistake survived"}, table().rows[1])),),
    )
