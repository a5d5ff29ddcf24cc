"""A wrong finding in full: the wrong expression is marked, and the document gives it back whole."""

import json
from dataclasses import replace
from xml.etree import ElementTree

from verification.report import explained as report
from verification.report.document import dumps, plain
from verification.report.explained import fragment
from verification.vocabulary import Explanation, Finding, Verdict, Worst

SOURCE = "def loss(w, x):\n    z = x @ w  # <b>\n    return z.sum() & 1\n"
SAID = Explanation(
    kind="edge",
    term="the local derivative of `x @ w` in its second operand",
    mistake="2 times what it should be <script>",
    location="loss.py:2",
    source="z = x @ w  # <b>",
    remedy="halve it",
    factor=2.0,
    residual=0.25,
    leaves=("[0].w",),
    confused_with=("`z.sum()` (loss.py:3)",),
)
FINDING = Finding(
    name="<gradient>",
    dtype="float64",
    verdict=Verdict.WRONG,
    reason="not by rounding: <3",
    power={"[0].w": 1e-14, "[0].<b>": 1e-14},
    worst=Worst("[0].w", (1, 2), 2.0, 1.0, 0.0, 1e15, 1e15, "case 3"),
    cases=3,
    skipped=0,
    oracle="ball",
    explanation=(SAID,),
    reproduce="validate(<g>)",
)


def test_everything_is_escaped_and_well_formed():
    html = fragment(FINDING, SOURCE)
    body = html[: html.index("<style>")] + html[html.index("</style>") + len("</style>") :]
    tree = ElementTree.fromstring(body.replace("&#", "#"))  # numbers of characters are no entities

    assert "<script" not in html and "<gradient>" not in html and "<b>" not in html
    assert tree.tag == "div"


def test_the_wrong_expression_is_marked_and_the_leaves_say_what_they_are():
    html = fragment(FINDING, SOURCE)

    assert "<mark>x @ w</mark>" in html
    assert html.count("&#10007; [0].w, wrong") == 1  # a sign and a word, not colour alone
    assert html.count("&#10003; [0].&lt;b&gt;, right") == 1
    assert "got / expected" in html and "validate(&lt;g&gt;)" in html
    assert "fits equally well" in html.lower()


def test_what_does_not_fit_is_not_marked():
    closest = replace(SAID, fits=False, residual=9.0)
    html = fragment(replace(FINDING, explanation=(closest,)), SOURCE)

    assert "<mark>" not in html and "closest only" in html


def test_it_stands_on_both_pages_under_its_table(samples, passing):
    page, words = passing["index.html"], passing["report.md"]
    section = page[page.index('id="update-rules"') :]
    section = section[: section.index("</section>")]
    assert "A finding in full" in section and "<mark>x @ w</mark>" in section
    assert samples.MARKUP not in page
    for said in ("A finding in full", "loss.py:2", "return x @ w", "vf.validate(gradient)"):
        assert said in words


def test_it_reads_back_as_it_was(samples):
    one = samples.worked()
    row = json.loads(dumps(plain(report.worked_row(one))))
    again = report.read_finding(row["finding"])
    kept = (*report.KEPT, "verdict", "worst", "explanation")
    assert {key: getattr(again, key) for key in kept} == {
        key: getattr(one.finding, key) for key in kept
    }


def test_one_without_a_worst_entry_is_read():
    assert report.worst_of(None) is None
