"""The smallest failing input of a finding: looked for, remembered, and written as code."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ..adapters.function import Function
from ..adapters.recognition import recognised
from ..adapters.trees import outward
from ..measurement.sample import Sample
from ..vocabulary import Case, Finding, Verdict
from ..vocabulary.digits import rounded
from ..vocabulary.example import Example, Found
from ..vocabulary.screen import entry_of
from .as_code import NoCode, as_code
from .draws import Asked
from .evidence import HEAVY
from .evidence import worst as worst_of
from .leaf_names import names_of, renamed
from .remembered import forget, recalled, remember
from .reproduction import had
from .smallest import Search, fails, smallest

LABEL = "the case that failed before"
STILL = "the smallest failing input of an earlier run still fails, where args did not draw it"


class Examples:
    """Of one run: what failed in the run before, and the example of what fails now."""

    def __init__(self, search: Search, asked: Asked, first: tuple):
        self.search, self.asked = search, asked
        known = recalled(asked, first).points
        at = {name: fails(search, point) for name, point in known.items()}
        self.smallest, self.drawn = at.get("smallest"), at.get("drawn")
        if known and not (self.smallest or self.drawn):
            forget(asked)

    def held_against(self, finding: Finding, decide: Callable) -> Finding:
        """The finding; where nothing is wrong, that of what a run before drew, and fails still."""
        if finding.verdict not in (Verdict.CORRECT, Verdict.UNDECIDED):
            return finding
        if self.drawn is not None:
            return decide((self.drawn,))
        if self.smallest is None:
            return finding
        return replace(finding, notes=(*finding.notes, STILL), example=self.of(self.smallest))

    def of(self, worst: Sample) -> Example | None:
        """The example of a wrong answer; the drawn case is remembered at once."""
        inputs = self.search.inputs
        if sum(ball.mid.size for ball in worst.truth) > HEAVY:
            return None
        if worst.label.startswith("case "):
            remember(self.asked, drawn=worst.args[:inputs])
        return Example(partial(self._found, worst))

    def _found(self, worst: Sample) -> Found:
        sample = self.smallest or smallest(self.search, worst)
        point = sample.args[: self.search.inputs]
        if sample is not worst:
            remember(self.asked, smallest=point)
        got, expected = list(sample.got), [ball.mid for ball in sample.truth]
        code = "\n".join(_lines(self.asked, sample, self.search.inputs))
        alone = len(got) == 1
        _, args = _as_given(self.asked.gradient, sample.args)
        return Found(
            tuple(outward(args)),
            got[0] if alone else got,
            expected[0] if alone else expected,
            code,
        )


def case(point: tuple) -> Case:
    return Case(LABEL, point)


def _lines(asked: Asked, sample: Sample, inputs: int) -> Iterator[str]:
    known = names_of(asked.of, inputs)
    names = [name if name.isidentifier() else f"a{k}" for k, name in enumerate(known)]
    names += ["cotangent"] * (len(sample.args) - inputs)
    gradient, args = _as_given(asked.gradient, sample.args)
    made = [(name, _code(value)) for name, value in zip(names, args, strict=True)]
    candidate = had("gradient", gradient)
    imports = [*candidate.imports, *(line for _, code in made for line in code[1])]
    yield from dict.fromkeys(imports)
    yield from candidate.lines
    yield from (f"{name} = {code[0]}" for name, code in made)
    if not isinstance(recognised(asked.gradient), Function):
        yield f"print({candidate.name}({', '.join(names)}{', **kwargs' * bool(asked.kwargs)}))"
    furthest = worst_of(None, sample, asked.dtype)
    if furthest is not None:
        named = furthest._replace(leaf=renamed(furthest.leaf, known))
        got, expected = rounded(named.got, named.expected)
        yield f"# {entry_of(named)} is {got}, and should be {expected}"


def _as_given(gradient: Any, args: tuple) -> tuple[Any, tuple]:
    """What somebody wrote, and arguments as it takes them: complex ones are judged in parts."""
    written, whole = getattr(gradient, "whole", (gradient, tuple))
    return written, whole(args)


def _code(value: Any) -> tuple[str, tuple[str, ...]]:
    try:
        made = as_code(outward(value))
        return made.text, made.imports
    except NoCode:
        shape = getattr(value, "shape", None)
        what = f"an array of shape {shape}" if shape is not None else type(value).__name__
        return f"...  # {what}: finding.example.args has it", ()
