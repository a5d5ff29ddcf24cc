"""Tables: every entry is on every page, markup is text, and a row to act on fails the report."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from verification.report import tables, write


def test_every_entry_is_on_both_pages(samples, passing):
    page, words = passing["index.html"], passing["report.md"]
    for said in ("Update rules", "Which variant each library has", "Not installed: Keras", "optax"):
        assert said in page and said in words
    assert '<section id="update-rules"' in page and 'href="#update-rules"' in page
    assert "<code>sgd(0.1) | chain</code>" in page
    assert "`sgd(0.1) \\| chain`" in words
    assert samples.MARKUP not in page


def test_groups_stand_apart_with_their_verdicts(samples, passing):
    (section,) = re.findall(
        r'<section id="update-rules"[^>]*>(.*?)</section>', passing["index.html"], re.S
    )
    assert re.findall(r'class="name">(\w+)<', section) == ["optax", "PyTorch"]
    assert section.count('<table class="stack') == 2
    assert 'class="none"' in section  # an entry that is not there
    whole = samples.table(group="")._asdict()
    assert [name for name, _ in tables.groups(json.loads(json.dumps(whole)))] == [""]


def test_a_row_to_act_on_fails_the_report(samples, passing, failing):
    assert samples.report().passed
    acting = samples.table(rows=(samples.table().rows[0] | {"act": "a mistake survived"},))
    assert not replace(samples.report(), tables=(acting,)).passed
    for name in ("index.html", "report.md", "junit.xml"):
        assert "a mistake survived" in failing[name]
        assert "a mistake survived" not in passing[name]
    suite = ElementTree.fromstring(failing["junit.xml"]).find("testsuite[@name='update-rules']")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (case,) = (c for c in suite if c.find("failure") is not None)
    assert case.get("name") == "optax, sgd(0.1) | chain"


def test_a_row_without_an_entry_is_named(samples):
    short = samples.table(rows=({"library": "optax"},))
    with pytest.raises(ValueError, match=r"'update-rules' has no 'rule'"):
        write.rendered(samples.report(tables=(short,)))


def test_an_entry_that_is_no_plain_value_is_refused(samples):
    nested = samples.table(rows=(samples.table().rows[0] | {"power": {"[0]": 1.0}},))
    with pytest.raises(ValueError, match="malformed"):
        write.rendered(samples.report(tables=(nested,)))
