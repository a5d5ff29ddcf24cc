"""JUnit: what passes, what fails, and undecided, which is never a pass."""

from xml.etree import ElementTree

from verification.report.write import junit
from verification.vocabulary import Verdict


def cases(text: str) -> dict[str, str]:
    """Test case -> pass, failure or error."""
    root = ElementTree.fromstring(text)
    assert int(root.attrib["tests"]) == len(list(root.iter("testcase")))
    for kind in ("failure", "error"):
        assert int(root.attrib[kind + "s"]) == len(list(root.iter(kind)))
    return {c.attrib["name"]: c[0].tag if len(c) else "pass" for c in root.iter("testcase")}


def test_one_case_per_row_and_all_pass(samples, passing):
    found = cases(passing["junit.xml"])
    assert len(found) == 2 + 4 + 1 + 2 + 2 + 1 + 1  # of the checkers ours alone is a subject
    assert set(found.values()) == {"pass"}
    assert any(name.startswith("B3 ") for name in found)  # refuted, and the refutation stands


def test_failures_and_errors(failing):
    found = cases(failing["junit.xml"])
    assert found["C1 It holds."] == "failure"
    assert found["tanh, float64"] == found["tanh, float32"] == "failure"
    assert found["mse, float64"] == found["mse, float32"] == "error"
    assert found["NumPy, term by term, float16"] == "failure"
    assert found["NumPy, term by term, float32"] == "pass"
    assert found["network, n = 1004, float32"] == "failure"
    assert sorted(found.values()).count("failure") == 8


def test_each_verdict(samples):
    for verdict, kind in {
        Verdict.CORRECT: "pass", Verdict.WRONG: "failure", Verdict.INACCURATE: "failure",
        Verdict.REJECTED: "failure", Verdict.UNDECIDED: "error",
    }.items():  # fmt: skip
        report = samples.report(checks=(samples.check(verdict=verdict),))
        assert cases(junit(report.document()))["mse, float32"] == kind


def test_characters_that_xml_cannot_hold(samples):
    check = samples.check(verdict=Verdict.WRONG, reason="a\x00b\x1b")
    assert cases(junit(samples.report(checks=(check,)).document()))["mse, float64"] == "failure"
