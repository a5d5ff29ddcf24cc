"""The site: every public name has its docstring there, and every page of its menu exists."""

import re
from pathlib import Path

import refnet
import verification

from .ci_files import ci_file

ROOT = Path(__file__).resolve().parent.parent
site = ci_file("site")


def test_every_public_name_is_in_the_reference():
    found = set(re.findall(r"^### (\w+)$", site.reference(), flags=re.M))
    assert set(dir(verification)) <= found
    assert {name for name in ("sigmoid", "mse", "adam") if hasattr(refnet, name)} <= found


def test_a_docstring_stands_there_as_it_is():
    assert "The verdict on gradient(*args)" in site.entry("validate", verification.validate)


def test_no_signature_has_an_address_or_the_module_of_a_type():
    text = site.reference()
    assert not re.search(r" at 0x|<lambda>|collections\.abc|verification\.vocabulary", text)
    assert site.spread("(f=<function <lambda> at 0x7f>)") == "(f=...)"
    long = f"(a: dict[str, int] = {{}}, {'b' * 80}: numpy.ndarray = 1.5) -> verification.x.Y"
    assert site.spread(long).splitlines()[1:3] == [
        "    a: dict[str, int] = {},",
        f"    {'b' * 80}: ndarray = 1.5,",
    ]


def test_every_page_of_the_menu_is_gathered(tmp_path):
    site.gathered(tmp_path)
    pages = re.findall(r"[\w/]+\.md", (ROOT / ".ci" / "site.yml").read_text())
    assert len(pages) > 15 and [page for page in pages if not (tmp_path / page).is_file()] == []
    shown = (tmp_path / "docs/notebooks/three_descents.md").read_text()
    assert "data:image/png;base64," in shown and 'class="refnet"' in shown


def test_every_fence_is_one_that_the_renderer_knows(tmp_path):
    """A language alone, or with a title: of all else it makes text."""
    known = re.compile(r'```(\w+( title="[^"]+")?)?')
    bad = lambda text: [x for x in re.findall(r"^```.*$", text, re.M) if not known.fullmatch(x)]
    assert bad("```sh wrong\nrefnet\n```") == ["```sh wrong"]
    site.gathered(tmp_path)
    found = {str(page): bad(page.read_text()) for page in tmp_path.rglob("*.md")}
    assert len(found) > 30 and not any(found.values()), found
    first = (tmp_path / "docs/first_contact.md").read_text()
    assert '```python title="net.py"' in first and "```sh\nrefnet validate" in first


def test_a_table_begins_behind_an_empty_line(tmp_path):
    """Where it does not, its bars are text."""
    run_in = re.compile(r"^(?![|#<`]).+\n\|.*\|\n\|[ :-]+\|", re.M)
    assert run_in.search("Errors.\n| a | b |\n| --- | --- |") is not None
    site.gathered(tmp_path)
    pages = {str(page): page.read_text() for page in tmp_path.rglob("*.md")}
    assert [name for name, text in pages.items() if run_in.search(text)] == []
