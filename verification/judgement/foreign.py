"""Judge a program in any language: asked over stdin and stdout, against a derivation of ours.

Against a function of the user's own: foreign_function.py.
"""

import shlex
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from .. import faults
from ..adapters.gradbench import module_of
from ..adapters.layouts import layout
from ..adapters.limits import Limits
from ..adapters.process import Tool
from ..adapters.strict_json import Improper
from ..derivations import ALL
from ..explanation import explain
from ..measurement.budget import DTYPES
from ..measurement.higher_precision import Told, formula
from ..measurement.sample import Sample, outside
from ..oracles.question import as_exact
from ..vocabulary import Derivation, Explanation, Finding, Silent
from ..vocabulary.names import unknown
from ..vocabulary.progress import watched
from .foreign_function import Signature, validate_against, validate_module
from .leaf_names import names_of, with_names
from .questions import CaseQuestion, Questions, questions
from .verdict import Draws, judge

DEFAULT = Limits()
OPTIONS = ("allow", "vary", "edges", "kwargs")  # of validate


def validate_process(
    command: str | Sequence[str],
    *,
    against: str = "",
    of: Any = None,
    args: Any = None,
    argnums: Any = 0,
    signature: Signature = None,
    dtype: Any = "float64",
    cases: int = 16,
    seed: int = 0,
    limits: Limits = DEFAULT,
    **options: Any,
) -> Finding:
    """The verdict on a program that answers the gradient of a derivation, or of a function.

    command    the program and its arguments; a string is split as a shell would, without a shell
    against    one of verification/derivations, docs/protocol.md has the layout of each; or a module
               of GradBench, such as gradbench/gmm
    of, args, argnums   instead of `against`: as of `validate`, and so are its allow, vary, edges
               and kwargs
    signature  how the arguments of `of` are named: a dict, JSON text or a file of it (adapters/
               wire.py); by itself, by their own names
    dtype      the numbers sent are those of this format, and those answered are rounded to it
    limits     of time, memory and output; a program beyond them is killed, its answer rejected

    Against a derivation cases, truth, budgets and power are those of `check`; else of `validate`.
    Raises ValueError for a program that is not there, an unknown derivation or dtype, a signature
    that cannot be one, or a number of cases below 1; TypeError for a command that is no text, for
    both of `against` and `of`, and for neither.
    """
    words = program(command)
    if cases < 1:
        raise ValueError(f"cases is {cases}; at least 1 is needed")
    if bool(against) == (of is not None):
        raise TypeError("give either against, the name of a derivation, or of and args")
    if of is not None:
        asked = {"dtype": dtype, "cases": cases, "seed": seed, **_known(options)}
        return validate_against(words, of, args, argnums, signature, limits, asked)
    if signature is not None or options:
        more = ", ".join([*options, *["signature"][: signature is not None]])
        raise TypeError(f"against is {against!r}, which says all; leave out {more}")
    if (module := module_of(against)) is not None:
        return validate_module(words, module, against, limits, dtype, cases, seed)
    of_ours = layout(against)
    if dtype not in DTYPES:
        raise ValueError(unknown("dtype", dtype, DTYPES))
    question = questions(against, dtype, seed)
    with Tool(words, of_ours, dtype, limits, seed) as tool, watched(words[0]):
        return judged(tool, question, cases, _reproduce(words, against, dtype, cases, seed))


def _known(options: dict[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in OPTIONS:
            raise TypeError(unknown("an option", name, OPTIONS))
    return options


def judged(tool: Tool, question: Questions, cases: int, reproduce: str) -> Finding:
    """All edges, and as many draws as it takes."""
    evaluate, subject = partial(answer, tool), ALL[question.name]
    finding = judge(
        shlex.join(tool.command),
        question.dtype,
        map(evaluate, question.edges),
        faults.ALL.values(),
        formula_is_right=partial(right_formula, tool),
        reproduce=reproduce,
        draws=Draws(lambda ks: (evaluate(question.draw(k)) for k in ks), cases),
        explain=partial(explained, subject),
    )
    return with_names(finding, names_of(subject.function, 1 + max(subject.argnums)))


def answer(tool: Tool, question: CaseQuestion | None) -> Sample | None:
    """What it answers, beside truth and budget; it is told what the answer was found to be."""
    if question is None:
        return None
    args, label = question.case.args, question.case.label
    try:
        given = tool.evaluate(args, question.dtype)
        sample = question.answered(lambda *_: given)
        note(tool, sample)
    except Improper as error:
        return Sample(label, (), [], [], [], args, question.edge, failure=str(error))
    return sample


def note(tool: Tool, sample: Sample) -> None:
    """Tell it what its last answer was found to be.  Raises Improper where it does not evaluate."""
    bad = [path for k, path in enumerate(sample.paths) if outside(sample, k).any()]
    tool.analysis(not bad, f"outside its budget: {', '.join(bad)}" if bad else "")


def explained(subject: Derivation, evidence: tuple[Sample, ...]) -> tuple[Explanation, ...]:
    """Which term is wrong."""
    how = {"argnums": subject.argnums, "scalar": subject.scalar}
    return explain(evidence, of=subject.function, **how)


def right_formula(tool: Tool, sample: Sample) -> Told:
    """Whether its errors are those of a right formula that lost digits: asked in float64."""
    return formula(_in_numbers(tool), sample)


def _in_numbers(tool: Tool) -> Callable:
    """The program as a function of arrays in float64 or the dtype under test."""

    def gradient(*args):
        leaves = jax.tree.leaves(args)
        if not all(isinstance(leaf, np.ndarray) and leaf.dtype != object for leaf in leaves):
            raise Silent("it has no program that can be looked into")
        wide = all(as_exact(leaf).dtype == leaf.dtype for leaf in leaves)
        return tool.evaluate(args, "float64" if wide else tool.dtype)

    return gradient


def program(command: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a command whose program is there.  Raises ValueError otherwise, or TypeError."""
    if isinstance(command, str):
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise ValueError(f"command is {command!r}; it cannot be split ({error})") from None
    else:
        words = tuple(command)
    if not all(isinstance(word, str) for word in words):
        raise TypeError(f"command is {command!r}; pass one string, or a sequence of strings")
    if not words or not words[0]:
        raise ValueError("command is empty; give a program and its arguments")
    if any("\0" in word for word in words):
        raise ValueError(f"command is {command!r}; no word may have a null character")
    if shutil.which(words[0]) is None:
        raise ValueError(f"command is {command!r}; there is no program {words[0]!r} to execute")
    return words


def _reproduce(words: Sequence[str], against: str, dtype: str, cases: int, seed: int) -> str:
    return (
        f'verification.validate_process({shlex.join(words)!r}, against="{against}", '
        f'dtype="{dtype}", cases={cases}, seed={seed})'
    )
