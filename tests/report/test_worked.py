"""A finding in full: on both pages, escaped, and read back from the document as it was."""

import json

from verification.report import worked
from verification.report.document import dumps, plain


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
    row = json.loads(dumps(plain(worked.worked_row(one))))
    again = worked.read(row["finding"])
    kept = (*worked.KEPT, "verdict", "worst", "explanation")
    assert {key: getattr(again, key) for key in kept} == {
        key: getattr(one.finding, key) for key in kept
    }


def test_one_without_a_worst_entry_is_read():
    assert worked.worst_of(None) is None
