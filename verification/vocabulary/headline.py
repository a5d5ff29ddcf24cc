"""The first line of a finding: what is the matter, in a few words."""

import math
import re

from .findings import Explanation, Finding, Worst, plural
from .nouns import Verdict

LONGEST = 120  # characters
CONVENTIONS = {
    "sum": "a sum instead of a mean",
    "mean": "a mean instead of a sum",
    "half": "the gradient of half the function",
    "double": "the gradient of twice the function",
    "negative": "the sign is turned",
    "symmetric": "a gradient along symmetric matrices",
    "triangular": "a gradient along triangular matrices",
    "conjugate": "the conjugate of it",
}
AT_CASE = re.compile(r"^case \d+: ")
MORE = re.compile(r"; and at \d+ more of the cases")
HARD_CODED = "it is right only where axis "  # how a note on a size that is written in begins
ROUND = re.compile(r"^-?[\d.e+-]+ times what it should be: ")


def headline(finding: Finding) -> str:
    """ "8x too large: a sum instead of a mean"."""
    if finding.verdict is Verdict.WRONG:
        return cut(_wrong(finding))
    if finding.verdict is Verdict.CORRECT:
        return f"within rounding at {_cases(finding)}" + _accepted(finding)
    if finding.verdict is Verdict.INACCURATE and finding.worst is not None:
        return cut(f"the formula is right, but {_lost(finding.worst)}")
    return cut(next(iter(_hard_coded(finding)), AT_CASE.sub("", MORE.sub("", finding.reason))))


def _hard_coded(finding: Finding) -> list[str]:
    return [note for note in finding.notes if note.startswith(HARD_CODED)]


def _accepted(finding: Finding) -> str:
    names = [CONVENTIONS.get(name, name) for name in finding.conventions]
    return f", as {' and '.join(names)}" if names else ""


def _in_words(name: str) -> str:
    """Of one convention, or of several that are met at once: "negative with half"."""
    return " and ".join(CONVENTIONS.get(part, part) for part in parts_of(name))


def parts_of(convention: str) -> list[str]:
    """The names that `allow` takes."""
    return convention.split(" with ")


def _lost(worst: Worst) -> str:
    if math.isfinite(worst.got):
        return f"digits are lost: {worst.budgets:.2g} times what rounding allows"
    return f"the answer is {worst.got} at {worst.case.replace('edge: ', 'the edge ')}"


def _wrong(finding: Finding) -> str:
    told = next((one for one in finding.explanation if one.fits), None)
    if told is None and (hard := _hard_coded(finding)):
        return hard[0]
    if finding.conventions:
        sized = told and told.factor is not None and abs(told.factor) != 1.0
        said = ", or ".join(map(_in_words, finding.conventions))  # each of them fits
        return f"{size(told.factor)}: {said}" if told and told.factor and sized else said
    if told is None:
        return _unexplained(finding)
    if told.factor is not None and ROUND.match(told.mistake):
        return f"{_what(told)}{size(told.factor)}: {ROUND.sub('', told.mistake)}"
    return f"{told.term}: {told.mistake}{_should(told)}"


def _what(told: Explanation) -> str:
    """The leaves, where they are not all there is to say."""
    return f"{', '.join(told.leaves)} is " if told.leaves else ""


def _should(told: Explanation) -> str:
    found = re.match(r"here it should be (.+?)(, with z .*)?$", told.remedy)
    return f", not {found[1]}" if told.kind == "slope" and found else ""


def _unexplained(finding: Finding) -> str:
    nearest = finding.explanation[0] if finding.explanation else None
    where = finding.worst.leaf if finding.worst else ""
    if nearest is not None and nearest.is_guess:
        return f"no single mistake explains {where or 'it'}; the closest is in {nearest.term}"
    return f"no known mistake explains {where or 'it'}"


def size(factor: float) -> str:
    """ "8x too large", "4x too small", "the sign is turned"."""
    turned = " and of the wrong sign" if factor < 0.0 else ""
    if abs(factor) == 1.0:
        return "of the wrong sign" if turned else "right in size"
    if factor == 0.0:
        return "zero"
    if abs(factor) > 1.0:
        return f"{abs(factor):.4g}x too large{turned}"
    return f"{1.0 / abs(factor):.4g}x too small{turned}"


def cut(said: str) -> str:
    """No more than one line holds."""
    said = " ".join(said.split())
    return said if len(said) <= LONGEST else said[: LONGEST - 3].rstrip() + "..."


def _cases(finding: Finding) -> str:
    return "the one case" if finding.cases == 1 else f"all {plural(finding.cases, 'case')}"
