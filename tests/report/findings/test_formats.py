"""Findings as JUnit, SARIF and HTML: what each format requires; nothing of foreign words runs."""

import copy
import json
import math
import re
from xml.etree import ElementTree

import pytest

from verification.report.findings.words import facts, text
from verification.report.findings.writing import FORMATS, junit, page, sarif, validate, write_folder
from verification.vocabulary import Explanation, Finding, Sensitivity, Spread, Verdict, Worst

HOSTILE = "<script>alert('&')</script>\x00 [bold]"
SPREAD = Spread(1e-16, 1e-15, math.inf)


def row(verdict: Verdict = Verdict.WRONG, **more) -> dict:
    worst = Worst("[0].w", (1, 2), math.nan, 2.0, 1e-30, math.inf, 3.5, "case 4")
    told = Explanation("edge", "operand 1 of `@`", "averaged", location="net.py:31", residual=0.1)
    found = Finding(
        "gradient", "float32", verdict, f"because {HOSTILE}", {"[0].w": 1e-15}, worst, 4, 1, "ball",
        kills={"sign": True}, explanation=(told,) if verdict == Verdict.WRONG else (),
        reproduce="refnet validate a.py:g", budget="running bound", left_out=2,
        convention="ReLU at 0: 0", sensitivity={"[0].w": Sensitivity(SPREAD, SPREAD)},
    )  # fmt: skip
    location = {"file": "some where/mine.py", "line": 12}
    forward = {"file": "src/net.py", "line": 1}
    return json.loads(found.to_json()) | {"location": location, "forward": forward} | more


EVERY = [row(verdict) for verdict in Verdict]


def test_a_row_fits_the_schema_and_a_row_that_does_not_is_named():
    validate(EVERY)
    for change in ({"verdict": "fine"}, {"reason": ""}, {"cases": -1}, {"power": {"w": None}}):
        with pytest.raises(ValueError, match=rf"finding 1: \$\.{next(iter(change))}"):
            validate([EVERY[0], EVERY[1] | change])


def test_the_words_have_the_worst_element_the_power_the_explanation_and_the_command():
    said = dict(facts(EVERY[2]))

    assert said["Worst entries"].splitlines()[1].split()[:4] == ["[0].w[1,", "2]", "nan", "2"]
    assert said["Explanation"] == "operand 1 of `@`: averaged" and "because" in said["Why"]
    assert said["Would have been seen"].endswith("1e-15 in [0].w")
    assert said["Again"] == "refnet validate a.py:g"
    assert text(EVERY[2]).startswith("WRONG  operand 1 of `@`: averaged   some where/mine.py:12")
    assert "2 cases left out" in text(EVERY[2])


# --- JUnit -----------------------------------------------------------------------------------


def test_junit_has_a_failure_or_an_error_where_it_must():
    root = ElementTree.fromstring(junit(EVERY))
    suite = root[0]
    kinds = {case.get("name"): [child.tag for child in case] for case in suite}

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "3", "1")
    assert len(kinds) == 1 and [len(case) for case in suite] == [0, 1, 1, 1, 1]
    assert suite[1].get("file") == "some where/mine.py" and suite[1].get("line") == "12"
    assert suite[3][0].tag == "error"
    assert "<script>" in (suite[2][0].text or "")  # escaped in the file, whole when read


# --- SARIF -----------------------------------------------------------------------------------


def lacks(log: dict) -> list[str]:
    """What SARIF 2.1.0 requires (sections 3.13 to 3.30) and the log does not have."""
    bad = [] if log.get("version") == "2.1.0" and log.get("$schema") else ["version"]
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        rules = driver.get("rules", [])
        ids = [rule.get("id") for rule in rules]
        bad += [] if driver.get("name") else ["tool.driver.name"]
        bad += [] if len(set(ids)) == len(ids) and all(ids) else ["rules.id"]
        bad += ["rules.text" for rule in rules if not rule["shortDescription"].get("text")]
        for result in run["results"]:
            bad += _of_result(result, ids)
    return bad


def _of_result(result: dict, ids: list) -> list[str]:
    bad = [] if result.get("message", {}).get("text") else ["message.text"]
    bad += [] if result.get("level") in ("none", "note", "warning", "error") else ["level"]
    index = result.get("ruleIndex", -1)
    bad += [] if 0 <= index < len(ids) and ids[index] == result.get("ruleId") else ["ruleIndex"]
    for place in [*result["locations"], *result.get("relatedLocations", ())]:
        physical = place.get("physicalLocation", {})
        uri = physical.get("artifactLocation", {}).get("uri", "")
        line = physical.get("region", {}).get("startLine", 0)
        bad += [] if re.fullmatch(r"[A-Za-z0-9._~:/%-]+", uri) else ["uri"]
        bad += [] if isinstance(line, int) and line >= 1 else ["startLine"]
    return bad


def test_sarif_has_what_its_schema_requires_and_leads_to_the_lines():
    log = json.loads(sarif(EVERY))
    results = log["runs"][0]["results"]
    wrong = next(r for r in results if r["ruleId"] == "gradient-wrong")

    assert lacks(log) == []
    assert len(results) == 4 and {r["level"] for r in results} == {"error", "warning"}
    physical = wrong["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "some%20where/mine.py"
    assert physical["region"] == {"startLine": 12}
    (related,) = wrong["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "src/net.py"
    assert related["physicalLocation"]["region"] == {"startLine": 31}


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (lambda run: run["tool"]["driver"].pop("name"), "tool.driver.name"),
        (lambda run: run["results"][0]["message"].pop("text"), "message.text"),
        (lambda run: run["results"][0].update(level="fatal"), "level"),
        (lambda run: run["results"][0].update(ruleIndex=3), "ruleIndex"),
        (lambda run: _place(run)["region"].update(startLine=0), "startLine"),
        (lambda run: _place(run)["artifactLocation"].update(uri="a b.py"), "uri"),
    ],
)
def test_what_sarif_requires_and_is_not_there_is_seen(harm, seen):
    log = copy.deepcopy(json.loads(sarif(EVERY)))
    harm(log["runs"][0])

    assert lacks(log) == [seen]


def _place(run: dict) -> dict:
    return run["results"][0]["locations"][0]["physicalLocation"]


def test_a_process_without_a_file_has_no_location():
    log = json.loads(sarif([row(location={"file": "", "line": 0})]))

    assert lacks(log) == [] and log["runs"][0]["results"][0]["locations"] == []


# --- HTML ------------------------------------------------------------------------------------


def test_the_page_is_one_file_and_foreign_words_are_escaped():
    html = page([row(name="<b>g</b>"), *EVERY], "Title <i>")

    assert "<script" not in html and "<b>g" not in html and "<i>" not in html
    assert "&lt;script&gt;" in html and "Title &lt;i&gt;" in html
    assert re.findall(r"(?:src|href)=", html) == []
    assert [v for v in Verdict if f'class="badge {v}"' not in html] == []
    assert "nothing was judged" in page([], "Empty")


def test_a_folder_has_every_format_and_no_half_of_one(tmp_path):
    write_folder(tmp_path / "out", EVERY, "All")

    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(FORMATS)
