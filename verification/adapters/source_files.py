"""Functions in somebody's file: FILE.py:NAME or package.module:NAME, loaded and located.

Whatever is the matter with the file is one sentence: Unusable.
"""

import ast
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class Unusable(Exception):
    """Somebody's file, function or option cannot be used; the message is the whole sentence."""


class Located(NamedTuple):
    """A function, and where its text stands."""

    function: Callable
    file: str  # relative to the working directory where it lies below it
    line: int
    given: str  # FILE.py:NAME, as it was written


def located(what: str, given: str, folder: Path = Path()) -> Located:
    """The function that `given` names; `what` is the option or key that it came with.

    Files are looked for from `folder`.  The folder of a file is where it may import from.  Raises
    Unusable where there is no such file, module or function, or it cannot be imported.
    """
    place, colon, name = given.rpartition(":")
    if not (colon and place and name):
        raise Unusable(f"{what} is {given!r}; give FILE.py:FUNCTION: {_example(given, name)}")
    is_file = place.endswith(".py") or os.sep in place
    module = _from_file(what, given, folder, place) if is_file else _imported(what, given, place)
    function = _member(what, given, module, name)
    if not (callable(function) or hasattr(function, "fit")):  # an estimator is no function
        kind = type(function).__name__
        raise Unusable(f"{what} is {given!r}, but {name} is of type {kind}; give a function")
    return Located(function, *_where(function, module, name), given)


def _example(given: str, name: str) -> str:
    if given.endswith(".py"):
        return f"{given}:f"
    return f"FILE.py:{name.removesuffix('.py') or 'f'}"


# --- the module ------------------------------------------------------------------------------


def _from_file(what: str, given: str, folder: Path, place: str) -> ModuleType:
    path = folder / place
    if not path.is_file():
        raise Unusable(f"{what} is {given!r}, but {_absent(path, place)}")
    real = path.resolve()
    loaded = sys.modules.get(real.stem)
    if loaded is not None and getattr(loaded, "__file__", None) == str(real):
        return loaded
    name = real.stem if loaded is None else f"{real.stem} of {real.parent}"
    if name in sys.modules:
        return sys.modules[name]
    _reach(str(real.parent))
    spec = importlib.util.spec_from_file_location(name, real)
    if spec is None or spec.loader is None:
        raise Unusable(f"{what} is {given!r}, but {place} is no Python file; give a FILE.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise Unusable(_refusal(error, path, place)) from error
    return module


def _absent(path: Path, place: str) -> str:
    """Why there is no such file, by the path that was asked for."""
    if path.is_dir():
        return f"{place} is a folder; give a file in it"
    if not path.parent.is_dir():
        return f"there is no folder {Path(place).parent}; check the path"
    near = get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
    guess = f"did you mean {near[0]}?" if near else "check the path"
    return f"there is no file {place}; {guess}"


def _imported(what: str, given: str, place: str) -> ModuleType:
    _reach(os.getcwd())
    try:
        return importlib.import_module(place)
    except (Exception, SystemExit) as error:
        absent = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if absent and f"{place}.".startswith(f"{absent}."):
            said = f"there is no module {absent}; give FILE.py:FUNCTION, or a module that is there"
            raise Unusable(f"{what} is {given!r}, but {said}") from error
        raise Unusable(_refusal(error, None, place)) from error


def _reach(folder: str) -> None:
    """Imports find their neighbours there, as they would if Python ran the file."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _refusal(error: BaseException, path: Path | None, module: str = "") -> str:
    """What came of importing the file, with the line."""
    file = module or path
    if isinstance(error, SyntaxError):
        where = _relative(error.filename) if error.filename else file
        return f"{where} cannot be read: {error.msg} at line {error.lineno}; fix it"
    at = f" at line {line}" if path is not None and (line := line_of(error, path)) else ""
    if isinstance(error, ModuleNotFoundError):
        said = f"{file} imports {error.name!r}{at}, which is not installed"
        return f"{said}; install it, or change the line"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{file} cannot be imported: {said}{at}; fix it"


def line_of(error: BaseException, path: str | Path) -> int | None:
    """The line of that file at which the exception passed last; None if it did not."""
    real = os.path.realpath(path)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if os.path.realpath(f.filename) == real]
    return lines[-1] if lines else None


# --- the function ----------------------------------------------------------------------------


def _member(what: str, given: str, module: ModuleType, name: str) -> Any:
    try:
        return reduce(getattr, name.split("."), module)
    except AttributeError:
        pass
    own = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
    mine = [n for n in own if getattr(getattr(module, n), "__module__", "") == module.__name__]
    near = get_close_matches(name, own, n=1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    place = given.rpartition(":")[0]
    raise Unusable(
        f"{what}: {place} has no {name!r}; {guess}it has: {', '.join(mine) or 'no function'}"
    )


def _where(function: Any, module: ModuleType, name: str) -> tuple[str, int]:
    """File and line of the definition: as the text has it, or as the code remembers it."""
    file = getattr(module, "__file__", None) or ""
    if file.endswith(".py") and (line := _defined(Path(file), name)):
        return _relative(file), line
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is not None:
        return _relative(code.co_filename), code.co_firstlineno
    return _relative(file), 1


def _defined(path: Path, name: str) -> int | None:
    """The line at which the file binds the name, at its top level or in the class it names."""
    body, line = ast.parse(path.read_text("utf-8")).body, None
    for word in name.split("."):
        bound = [node for node in body if word in _names(node)]
        if not bound:
            return None
        line, body = bound[-1].lineno, getattr(bound[-1], "body", [])
    return line


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {t.id for t in targets if isinstance(t, ast.Name)}


def _relative(file: str) -> str:
    """As seen from the working directory, with forward slashes; absolute where it lies outside."""
    real, here = Path(os.path.realpath(file)), Path(os.path.realpath(os.getcwd()))
    return (real.relative_to(here) if real.is_relative_to(here) else real).as_posix()
