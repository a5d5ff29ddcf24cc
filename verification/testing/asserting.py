"""assert_gradient: raise unless a gradient is correct; whoever listens is told of every finding."""

import inspect
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

if TYPE_CHECKING:
    from ..vocabulary import Finding

LISTENERS: list[Callable[[dict[str, Any]], None]] = []  # each is called with a finding's row


class GradientError(AssertionError):
    """The gradient is wrong, inaccurate or rejected: `finding` says all that is known of it."""

    def __init__(self, finding: "Finding", text: str):
        super().__init__(text)
        self.finding = finding


class UndecidedError(GradientError):
    """Nothing could be decided of the gradient, which is no pass."""


def assert_gradient(
    gradient: Any,
    of: Any = None,
    args: Any = None,
    *,
    argnums: Any = 0,
    dtype: Any = "float64",
    cases: int = 16,
    seed: int = 0,
    undecided: str = "fail",
    **options: Any,
) -> "Finding":
    """The finding, if gradient(*args) -> d of / d args[argnums] is correct in `dtype`.

    The arguments are those of `verification.validate`, and so are the further `options`.  Raises
    GradientError where the gradient is wrong, inaccurate or rejected; UndecidedError where nothing
    could be decided, or unittest.SkipTest, which pytest counts as skipped, for undecided="skip".
    ValueError and TypeError, as `validate`, for arguments that are not what they should be.
    """
    __tracebackhide__ = True
    if undecided not in ("fail", "skip"):
        raise ValueError(f"undecided is {undecided!r}; it must be 'fail' or 'skip'")
    from ..judgement.validate import validate

    asked: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed, **options}
    finding = validate(gradient, of=of, args=args, argnums=argnums, **asked)
    row = _row(finding, gradient)
    for listener in LISTENERS:
        listener(row)
    if finding.verdict == "correct":
        return finding
    from ..report.findings.words import text

    said = text(row)
    if finding.verdict != "undecided":
        raise GradientError(finding, said)
    if undecided == "skip":
        raise SkipTest(f"{finding.name} in {finding.dtype} is undecided: {finding.reason}")
    advice = 'undecided is not a pass; give other args, more cases, or undecided="skip"'
    raise UndecidedError(finding, f"{said}\n  {advice}")


def _row(finding: "Finding", gradient: Any) -> dict[str, Any]:
    """Plain data, with the line at which the gradient is defined."""
    code = getattr(inspect.unwrap(gradient), "__code__", None) if callable(gradient) else None
    file, line = (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)
    path = Path(os.path.relpath(file)) if file and Path(file).is_file() else None
    location = {"file": path.as_posix() if path else "", "line": line if path else 0}
    return json.loads(finding.to_json()) | {"location": location}
