"""The source of a function that no import finds: a lambda, a function inside another one.

It is given with what it uses of its surroundings: modules, importable names, short values, other
functions of this kind.
"""

import ast
import builtins
import dis
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable
from functools import lru_cache, partial
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from .as_code import NoCode, as_code, importable

MOST = 60  # lines of one function
DEEPEST = 3  # functions that functions use


class Source(NamedTuple):
    """Lines that define `name`, after the imports they need."""

    name: str
    imports: tuple[str, ...]
    lines: tuple[str, ...]


def source_of(function: Callable, wanted: str, deep: int = 0) -> Source:
    """Raises NoCode where the source is not to be had, or would not be the whole of it."""
    if deep > DEEPEST:
        raise NoCode
    if made := _made_of(function):
        return _applied(*made, wanted, deep)
    if not isinstance(function, FunctionType):
        raise NoCode
    text, node = _found(function.__code__)
    if isinstance(node, ast.Lambda):
        name, whole = wanted, f"{wanted} = {ast.unparse(node)}"
    else:
        name, whole = node.name, _defined(text, node)
    names = {**_decorators(function, node), **_surroundings(function)}
    before = [_used(n, value, deep) for n, value in names.items() if n != name]
    return _after(before, name, whole)


def _after(before: list[Source], name: str, whole: str) -> Source:
    """A definition behind what it uses.  Raises NoCode where one name has two meanings."""
    lines = tuple(dict.fromkeys((*(x for one in before for x in one.lines), whole)))
    defined = [name_of(line) for line in lines]
    if len(set(defined)) < len(defined):
        raise NoCode
    return Source(name, tuple(line for one in before for line in one.imports), lines)


def name_of(definition: str) -> str:
    """ "f" of "f = ..." and of "def f(...)", with decorators or without."""
    if found := DEFINED.search(definition):
        return found[1]
    return definition.partition(" =")[0]


DEFINED = re.compile(r"^def (\w+)\(", re.MULTILINE)
GRADIENT = re.compile(r"^\s*Gradient of \S+ with respect to positional argument\(s\) (.+?)\.\s")


def _made_of(function: Any) -> tuple[str, tuple[str, ...], Any] | None:
    """What it was made by, as a call with a place for it, the imports, and what it was made of."""
    inner: Any = getattr(function, "__wrapped__", None)
    if isinstance(function, partial):
        given = [as_code(value) for value in function.args]
        named = {name: as_code(value) for name, value in function.keywords.items()}
        said = [one.text for one in given] + [f"{n}={one.text}" for n, one in named.items()]
        more = tuple(line for one in (*given, *named.values()) for line in one.imports)
        call = f"partial({', '.join(['{}', *said])})"
        return call, ("from functools import partial", *more), function.func
    if type(function).__name__ == "PjitFunction" and inner is not None:
        by_hand = getattr(inner, "__code__", None)
        is_decorated = by_hand is not None and _is_decorated(by_hand)
        return ("{}" if is_decorated else "jax.jit({})"), ("import jax",), inner
    found = GRADIENT.match(function.__doc__ or "") if inner is not None else None
    return (f"jax.grad({{}}, {found[1]})", ("import jax",), inner) if found else None


def _is_decorated(code: CodeType) -> bool:
    try:
        return bool(getattr(_found(code)[1], "decorator_list", ()))
    except NoCode:
        return False


def _applied(call: str, imports: tuple[str, ...], inner: Callable, wanted: str, deep: int):
    if line := importable(inner):
        made = Source(line.rpartition(" ")[2], (line,), ())
    else:
        made = source_of(inner, f"plain_{wanted}", deep + 1)
    if call == "{}":
        return made
    more = Source("", imports, ())
    name = wanted if wanted != made.name else f"{wanted}_"
    return _after([more, made], name, f"{name} = {call.format(made.name)}")


def _decorators(function: FunctionType, node: Any) -> dict[str, Any]:
    """The names that its decorators use.  Raises NoCode for one that is not global."""
    found = {}
    for one in (x for line in getattr(node, "decorator_list", ()) for x in ast.walk(line)):
        if isinstance(one, ast.Name) and not hasattr(builtins, one.id):
            if one.id not in function.__globals__:
                raise NoCode
            found[one.id] = function.__globals__[one.id]
    return found


def _defined(text: str, node: ast.FunctionDef) -> str:
    start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    lines = text.splitlines(keepends=True)[start - 1 : node.end_lineno]
    return textwrap.dedent("".join(lines)).rstrip()


def _found(code: CodeType) -> tuple[str, Any]:
    """The text of the file, and the one definition in it that makes this code."""
    text = "".join(linecache.getlines(code.co_filename))
    tree = _parsed(text)
    kinds = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    first = code.co_firstlineno
    nodes = [n for n in ast.walk(tree) if isinstance(n, kinds) and _starts(n) == first]
    same = [n for n in nodes if not isinstance(n, ast.Lambda) or _is_code(n, code)]
    if not same or len({ast.unparse(n) for n in same}) > 1:
        raise NoCode
    if (same[0].end_lineno or 0) - same[0].lineno > MOST:
        raise NoCode
    return text, same[0]


@lru_cache(maxsize=16)
def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        raise NoCode from None


def _starts(node: Any) -> int:
    return min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])


def _is_code(node: ast.Lambda, code: CodeType) -> bool:
    """Whether it is this lambda of the several that a line may have."""
    columns = [(line, column) for line, _, column, _ in code.co_positions() if column is not None]
    first, last = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    return all(first <= at <= last for at in columns if at[0] is not None and at[1] > 0)


def _surroundings(function: Any) -> dict[str, Any]:
    """What it uses by name.  Raises NoCode for a name that has no value yet."""
    found = inspect.getclosurevars(function)
    if any(not hasattr(builtins, name) for name in found.unbound & _loaded(function.__code__)):
        raise NoCode
    return {**found.globals, **found.nonlocals}


def _loaded(code: CodeType) -> set[str]:
    """Global names, without those of attributes."""
    return {str(at.argval) for at in dis.get_instructions(code) if at.opname == "LOAD_GLOBAL"}


def _used(name: str, value: Any, deep: int) -> Source:
    """How a name of the surroundings comes by its value."""
    if isinstance(value, ModuleType):
        short = value.__name__ if value.__name__ == name else f"{value.__name__} as {name}"
        return Source(name, (f"import {short}",), ())
    if line := importable(value):
        own = line.rpartition(" ")[2]
        return Source(name, (line if own == name else f"{line} as {name}",), ())
    if isinstance(value, FunctionType):
        found = source_of(value, name, deep + 1)
        more = () if found.name == name else (f"{name} = {found.name}",)
        return Source(name, found.imports, (*found.lines, *more))
    made = as_code(value)
    return Source(name, made.imports, (f"{name} = {made.text}",))
