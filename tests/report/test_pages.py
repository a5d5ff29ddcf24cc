"""The pages: everything is on them, nothing is fetched, nothing is run, every formula is set."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from verification.report import html, summary
from verification.report.html import formula, sentence
from verification.report.markdown import markdown

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
ADDRESS = re.compile(
    r"(?:src|href|url|srcset|action)\s*[=(]\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE
)
COMMAND = re.compile(r"\\[A-Za-z]{2,}")


class Reader(HTMLParser):
    """Balanced tags, ids, links inside the page, and the text that is seen."""

    def __init__(self, page: str):
        super().__init__()
        self.stack, self.ids, self.links, self.seen, self.heads = [], [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named["href"][1:]] if named.get("href", "").startswith("#") else []
        self.heads += [named] if tag == "th" else []
        self.stack += [] if tag in VOID else [tag]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & {*self.stack}:
            self.seen.append(data)


@pytest.fixture(params=["passing", "failing"])
def page(request):
    return request.getfixturevalue(request.param)["index.html"]


def test_the_page_is_whole(page):
    reader = Reader(page)
    assert reader.stack == []
    assert len(reader.ids) == len({*reader.ids})
    inside = set(
        re.findall(r'href="#([^"]+)"', re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL))
    )
    assert inside - {"main"} and inside <= {*reader.ids}
    assert all("scope" in head for head in reader.heads)


def test_unbalanced_tags_are_seen():
    with pytest.raises(AssertionError):
        Reader("<p><b></p></b>")


def test_nothing_is_fetched(page):
    assert not ADDRESS.search(page)
    assert "@import" not in page and "@font-face" not in page
    assert ADDRESS.search('<img src="https://x"') and ADDRESS.search("url(//x)")


def test_markup_in_a_row_is_text(samples, page):
    assert samples.MARKUP not in page
    assert "&lt;script&gt;alert" in page
    assert samples.MARKUP in "".join(Reader(page).seen)


def test_the_only_script_is_our_own(page):
    assert page.count("<script") == 1


def test_every_formula_is_set(page):
    seen = "".join(Reader(page).seen)
    assert page.count("<math") >= 4
    assert not COMMAND.search(seen) and "$" not in seen
    assert COMMAND.search(r"\frac{1}{2}")


@pytest.mark.parametrize("latex", [r"\fooo{x}", "a & b", r"\text{<b>x</b>}", r"\frac{1}", r"x_1_2"])
def test_a_formula_that_cannot_be_set_is_named(latex):
    with pytest.raises(ValueError, match="cannot be set"):
        formula(latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\begin{cases} 1 & z > 0 \\ 0 & z < 0 \end{cases}",
    ],
)
def test_a_formula_in_rows_is_a_table(latex):
    tree = ElementTree.fromstring(formula(latex))
    assert len(tree.findall(".//mtr")) == 2
    assert {"".join(cell.itertext()) for cell in tree.iter("mtd")} != {""}


def test_markup_inside_a_formula_cannot_leave_it():
    assert "<script" not in sentence("$x < 1$ <script>")
    with pytest.raises(ValueError, match="cannot be set"):
        sentence(r"$\text{<script>alert(1)</script>}$")


def test_everything_is_on_both_pages(samples, passing, failing):
    for texts in (passing, failing):
        document = json.loads(texts["report.json"])
        seen = " ".join("".join(Reader(texts["index.html"]).seen).split())
        words = " ".join(texts["report.md"].replace("\\", "").split())
        for row in document["claims"]:
            assert row["id"] in seen and f"| {row['id']} |" in words
            assert row["control"] in seen and row["control"] in words
        for row in document["derivations"]:
            assert row["name"] in seen
            assert f"| {row['name']} | {row['dtype']} | **{row['verdict']}** |" in words
            assert all(arrow["name"] in seen for arrow in row["arrows"])
        for row in document["implementations"]:
            assert row["name"] in seen and row["name"] in words


def test_a_row_left_out_is_seen(samples, passing):
    document = json.loads(passing["report.json"])
    lost = document["claims"].pop()
    assert f"claim-{lost['id']}" in passing["index.html"]
    assert f"claim-{lost['id']}" not in html.page(document)
    assert f"| {lost['id']} |" not in markdown(document)


def test_what_fails_comes_first(failing, passing):
    assert "rows to act on</h2>" in failing["index.html"] and "## To act on" in failing["report.md"]
    assert "to act on</h2>" not in passing["index.html"] and "## To act" not in passing["report.md"]


def test_a_table_row_of_markdown_is_one_line_with_its_cells(failing):
    tables = [line for line in failing["report.md"].splitlines() if line.startswith("|")]
    sizes = [len(re.findall(r"(?<!\\)\|", line)) for line in tables]
    heads = [k for k, line in enumerate(tables) if set(line) <= {"|", "-", " "}]
    for start, end in zip(heads, [*(h - 1 for h in heads[1:]), len(tables)], strict=True):
        assert len({*sizes[start - 1 : end]}) == 1


def test_figures_take_their_colours_from_the_page(samples, passing):
    found = re.findall(r'<svg [^>]*class="plot".*?</svg>', passing["index.html"], re.DOTALL)
    svg = [drawing for drawing in found if "A panel" in drawing]
    ElementTree.fromstring(svg[0])
    assert "var(--curve-1)" in svg[0] and "var(--ink-soft)" in svg[0]
    assert svg[0].count("<title>") == 4  # what is pointed at says its name
    assert " id=" not in svg[0]  # two figures share none
    assert not re.search(r"#[0-9a-f]{6}\b", svg[0])
    named = set(re.findall(r"var\((--[\w-]+)\)", svg[0]))
    assert all(passing["index.html"].count(f"{name}: ") >= 2 for name in named)  # light, dark


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1.0, "1"), (12.34, "12.3"), (999.9, "1.0 × 10³"), (1e-7, "1.0 × 10⁻⁷"),
        (-0.5, "−0.5"), (123456.0, "1.2 × 10⁵"), ("nan", "NaN"), ("inf", "∞"), (0.01, "0.01"),
    ],
)  # fmt: skip
def test_numbers_for_a_reader(value, text):
    assert summary.number(value).replace(summary.TIMES, " × ") == text


def test_places_say_the_shorter_of_two_lists():
    everywhere = ["a", "b", "c"]
    said = [html.places(some, everywhere) for some in ({"a", "b", "c"}, {"a", "c"}, {"b"})]
    assert said == ["all 3", "all 3 but b", "b"]


def test_every_dtype_has_its_cell(samples, passing):
    table = passing["index.html"].split('<table class="heat">')[1].split("</table>")[0]
    heads = re.findall(r'<th scope="col">([\w<>]+)</th>', table)
    assert [head.replace("<wbr>", "") for head in heads] == ["float64", "float32"]
    cells = re.findall(r"<td (.*?)</td>", passing["index.html"].split('<div class="frame">')[0])
    assert len(cells) == 2 * 2 and all("h4" in cell and cell.endswith(".37") for cell in cells)
    half = samples.check()
    alone = samples.report(
        checks=(half, replace(samples.check("tanh"), findings=half.findings[:1]))
    )
    assert 'aria-label="not judged"' in html.page(alone.document())
    assert 'aria-label="not judged"' not in passing["index.html"]


def test_calibration_is_on_both_pages_and_an_alarm_is_red(passing, failing):
    for texts in (passing, failing):
        assert "NumPy, term by term" in texts["index.html"]
        assert (
            "| NumPy, term by term | float32 | 24 | 0 | 1 | 12,345 | 0.713 |" in texts["report.md"]
        )
        assert "99.9 % below" in texts["index.html"] and "99.9 % below" in texts["report.md"]
    assert '<span class="alarm"><b>2</b> of 24' in failing["index.html"]
    assert 'class="alarm"' not in passing["index.html"]
    assert '<a href="#calibration" class="bad"><b>2 of 48</b>' in failing["index.html"]
    assert "2 false alarms in 48 verdicts" in failing["report.md"]


def test_what_each_checker_says_is_on_both_pages(passing):
    seen = "".join(Reader(passing["index.html"]).seen)
    for page, gap in ((seen, "\n"), (passing["report.md"], " | ")):
        for checker, text in (
            ("refnet", "10⁻⁵"), ("JAX check_grads, reverse", "refused"),
            ("chex assert_numerical_grads", "never"), ("SciPy check_grad", "10⁻⁴ *"),
            ("PyTorch gradcheck", "–"),
        ):  # fmt: skip
            assert checker + (gap if gap != "\n" else "") + text in page
        assert "PyTorch gradcheck, n = 1,004: not run, PyTorch is not installed." in page


def test_where_digits_are_lost_is_on_both_pages(passing):
    seen = " ".join("".join(Reader(passing["index.html"]).seen).split())
    assert "float32: lost for z from 2.5 float16: no digit is lost anywhere" in seen
    assert "| lost for z from 2.5 in float32 |" in passing["report.md"]
    assert "| float16 | 1 | 1 | nowhere |" in passing["report.md"]
    assert 'id="figure-digits-lost"' not in passing["index.html"]  # drawn once, in its section
    assert passing["index.html"].count('aria-label="slope of tanh from its value: ulps lost') == 1
