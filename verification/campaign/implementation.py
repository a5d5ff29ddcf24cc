"""One implementation as it is asked about: where it stands, and what it is the gradient of."""

import json
import shlex
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..adapters.source_files import Located, Unusable, line_of, located
from ..vocabulary import Finding
from ..vocabulary.names import nearest
from . import derivative_kind
from .derivative_kind import FIRST, Kind

Argnums = int | str | tuple[int | str, ...] | None  # positions and names of arguments


@dataclass(frozen=True)
class Implementation:
    """Words only, so that it can be sent to another process; `subject` finds what they name."""

    name: str
    gradient: str = ""  # FILE.py:NAME ...
    of: str = ""  # empty: its own forward pass
    args: str = ""
    argnums: Argnums = 0  # None: all that have floating-point numbers
    kind: Kind = FIRST  # of derivative
    process: str = ""  # ... or a command
    against: str = ""  # the derivation that says `of` and `args`
    allow: tuple[str, ...] = ()
    vary: tuple[Any, ...] = ()
    edges: str = ""  # where they decide, where it is not where they do by themselves
    limits: tuple[tuple[str, float], ...] = ()  # seconds; of a process memory and others, too
    update: str = ""  # the variant that it should be, where it is no gradient but an update rule
    kwargs: str = ""  # keyword arguments, or hyperparameters, as the JSON of an object
    steps: int = 0  # of each case of an update rule; 0: as many as usual
    params: str = ""  # the shapes that it updates, as the JSON of an object
    signature: str = ""  # how a process names the arguments: JSON, or a file of it
    folder: str = ""  # where files are looked for; the working directory where it is empty

    @property
    def options(self) -> dict[str, Any]:
        """How its cases are judged, as far as that is told."""
        told = {"allow": self.allow, "vary": self.vary, "edges": self.edges}
        return {name: value for name, value in told.items() if value}

    @property
    def keywords(self) -> dict[str, Any]:
        return json.loads(self.kwargs) if self.kwargs else {}


OURS = Path(__file__).parent.parent  # an argument that is refused there has its sentence already


class Subject(NamedTuple):
    """What the words of an implementation name."""

    gradient: Located
    of: Any  # None: the gradient's own forward pass
    args: Callable | tuple
    argnums: Argnums
    names: tuple[str, str]  # of `of` and of `args`, as a person reads them
    forward: str = ""  # the file of `of`, where it is the user's


def subject(one: Implementation) -> Subject:
    """The functions themselves.  Raises Unusable, in a sentence, where one cannot be had."""
    return _subject(one, Path(one.folder).absolute())


@lru_cache(maxsize=64)
def _subject(one: Implementation, folder: Path) -> Subject:
    gradient = _candidate(one, folder)
    if one.against:
        paper = derivation(one.against)
        first, *others = paper.argnums
        argnums = paper.argnums if others else first
        names = f"the derivation {one.against}", f"the draw of {one.against}"
        return Subject(gradient, paper.function, paper.draw, argnums, names)
    args = located("--args", one.args, folder)
    if not one.of:
        return Subject(gradient, None, args.function, one.argnums, (one.gradient, args.given))
    of = located("--of", one.of, folder)
    names = of.given, args.given
    return Subject(gradient, of.function, args.function, one.argnums, names, of.file)


def _candidate(one: Implementation, folder: Path) -> Located:
    """The gradient of a file; of a process its name, which answers nothing."""
    if one.gradient:
        return located("gradient", one.gradient, folder)
    return Located(Unusable, "", 0, one.process)


def derivation(name: str):
    """One of our derivations.  Raises Unusable that names the nearest, and all."""
    from ..derivations import ALL

    return ALL[_known("against", name, ALL, f"known: {', '.join(ALL)}")]


def variant(name: str):
    """A variant of an update rule.  Raises Unusable that names the nearest."""
    from ..derivations.rules import VARIANTS

    return VARIANTS[_known("update", name, VARIANTS, "`refnet list updates` has the names")]


def _known(what: str, name: str, names: Collection[str], which: str) -> str:
    if name in names:
        return name
    raise Unusable(f"{what} is {name!r}; {nearest(name, names)}{which}")


def rule(one: Implementation) -> Located:
    """The update rule of a file.  Raises Unusable, in a sentence, where it cannot be had."""
    return located("the rule", one.gradient, Path(one.folder).absolute())


def judged(one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    """The finding in one dtype, under the implementation's name.

    Raises Unusable where not the implementation but what it is judged by is at fault.
    """
    if one.process or one.update:
        ask = _of_process if one.process else _of_rule
        return _renamed(ask(one, dtype, cases, seed), one, dtype, cases, seed)
    it = subject(one)
    try:
        found = derivative_kind.asked(one, it, dtype, cases, seed)
    except Unusable:
        raise
    except Exception as error:
        raise attributed(error, it) from error
    return _renamed(found, one, dtype, cases, seed)


def _of_process(one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    from ..judgement.foreign import Limits, validate_process
    from ..updates.foreign import validate_update_process

    ask = validate_update_process if one.update else validate_process
    whole = {"memory": int, "output": int, "failures": int}  # bytes, and a count
    asked: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed}
    given: dict[str, Any] = {key: whole.get(key, float)(value) for key, value in one.limits}
    it = subject(one) if one.of else None
    asked |= _of_mine(one, it) if it else {"against": one.update or one.against}
    asked |= _of_updates(one) if one.update else {}
    try:
        return ask(one.process, limits=Limits(**given), **asked)
    except Exception as error:
        raise (attributed(error, it) if it else _refused(error) or error) from error


def _of_mine(one: Implementation, it: Subject) -> dict[str, Any]:
    """What a process is judged by, where it is judged by a function of the user's own."""
    place = Path(one.folder).absolute() / one.signature
    said = one.signature if one.signature.lstrip().startswith("{") else place
    mine = {"of": it.of, "args": it.args, "argnums": it.argnums, **one.options}
    mine |= {"kwargs": one.keywords} if one.keywords else {}
    return mine | ({"signature": said} if one.signature else {})


def _of_rule(one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    from ..updates.validate import validate_update

    made = rule(one)
    asked: dict[str, Any] = {"dtype": dtype, "cases": cases, "seed": seed}
    try:
        return validate_update(made.function, against=one.update, **asked, **_of_updates(one))
    except Exception as error:
        said = raised(made.function, made.given, error)
        raise said or _refused(error) or error from error


def _of_updates(one: Implementation) -> dict[str, Any]:
    """Steps, hyperparameters and shapes, where they are told."""
    found: dict[str, Any] = {"steps": one.steps} if one.steps else {}
    if one.params:
        from numpy import zeros

        found["params"] = {name: zeros(shape) for name, shape in json.loads(one.params).items()}
    return found | one.keywords


def _renamed(found: Finding, one: Implementation, dtype: str, cases: int, seed: int) -> Finding:
    return replace(found, name=one.name, reproduce=command(one, dtype, cases, seed))


def attributed(error: Exception, it: Subject) -> Exception:
    """Whose exception it is: that of `of`, of the sampler, of an argument, or ours."""
    for function, name in zip((it.of, it.args), it.names, strict=True):
        if (said := raised(function, name, error)) is not None:
            return said
    return _refused(error) or error


def _refused(error: Exception) -> Unusable | None:
    """The sentence of an argument that is not what it should be; None for any other error."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    if isinstance(error, TypeError | ValueError) and Path(last).is_relative_to(OURS):
        return Unusable(" ".join(str(error).split()))
    return None


def raised(function: Any, name: str, error: Exception) -> Unusable | None:
    """The sentence, if the exception passed through the file of that function."""
    code = getattr(function, "__code__", None)
    line = None if code is None else line_of(error, code.co_filename)
    if line is None:
        return None
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return Unusable(f"{name} raised {said}, at line {line}; fix it")


def command(one: Implementation, dtype: str, cases: int, seed: int) -> str:
    """The command line that asks the same again."""
    words = ["refnet", "validate"]
    if one.process:
        words += ["--process", one.process]
    else:
        words += [one.gradient]
    words += [part for key, value in one.limits for part in (f"--{key}", f"{value:g}")]
    if one.update or one.against:
        words += ["--update", one.update] if one.update else ["--against", one.against]
    else:
        words += ["--of", one.of] if one.of else []
        words += ["--args", one.args]
        several = one.argnums if isinstance(one.argnums, tuple) else (one.argnums,)
        usual = None if one.kind.forward else 0
        words += ["--argnums", ",".join(map(str, several))] if one.argnums != usual else []
    for option, values in (("--allow", one.allow), ("--vary", one.vary)):
        words += [part for value in values for part in (option, str(value))]
    words += ["--edges", one.edges] if one.edges else []
    words += ["--kwargs", one.kwargs] if one.kwargs else []
    words += ["--signature", one.signature] if one.signature else []
    words += ["--steps", str(one.steps)] if one.steps else []
    words += ["--params", one.params] if one.params else []
    words += derivative_kind.words(one.kind)
    return shlex.join([*words, "--dtype", dtype, "--cases", str(cases), "--seed", str(seed)])


def row(found: Finding, one: Implementation) -> dict[str, Any]:
    """The finding as plain data, with the place that a reader is led to."""
    traced = one.of or (one.gradient and not one.update)
    return {
        **json.loads(found.to_json()),
        "implementation": one.name,
        "against": f"update/{one.update}" if one.update else one.against or one.of,
        "location": place(one),
        "forward": {"file": subject(one).forward if traced else ""},
    }


def place(one: Implementation) -> dict[str, Any]:
    """File and line of the gradient or rule; of a process, the file that its command runs."""
    if not one.process:
        it = rule(one) if one.update else subject(one).gradient
        return {"file": it.file, "line": it.line}
    files = [word for word in shlex.split(one.process) if Path(word).is_file()]
    inside = [word for word in files if not Path(word).is_absolute()]
    return {"file": Path(inside[0]).as_posix(), "line": 1} if inside else {"file": "", "line": 0}
