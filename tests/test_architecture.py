"""The laws of the house, each with a planted violation that must be seen."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import verification

ROOT = Path(__file__).resolve().parent.parent
FLOW = (
    "vocabulary",
    "inputs",
    "arithmetic",
    "derivations",
    "oracles",
    "adapters",
    "claims",
    "faults",
    "measurement",
    "explanation",
    "judgement",
    "updates",
    "selftest",
    "training",
    "vectors",
    "report",
    "campaign",
    "testing",
    "commands",
    "cli",
)
MOST_LINES, LONGEST_BODY = 300, 45
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core", "tools"}
# What a package may not import, however deep in a function.
FORBIDDEN = {"refnet": {"verification"}, "verification": {"tests", "benchmarks", "examples"}}
# What a package may import inside a function only.
LAZY = {"torch", "sklearn", "matplotlib"}

SOURCES = [p for top in ("refnet", "verification") for p in sorted((ROOT / top).rglob("*.py"))]
FILES = SOURCES + [
    p for top in ("tests", "benchmarks", "examples") for p in (ROOT / top).rglob("*.py")
]
named = lambda path: str(path.relative_to(ROOT))


def modules(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[str, ast.stmt]]:
    """Every module that the code imports, by its absolute name; `package` is where it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *(node.module or "").split("."))).strip(".")
            yield from ((f"{origin}.{alias.name}", node) for alias in node.names)


def package_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).parent.parts


def stage_of(module: str) -> int | None:
    """The place in FLOW of verification.<stage>...; None for what is no stage."""
    words = module.split(".")
    if words[0] != "verification" or len(words) < 2:
        return None
    return FLOW.index(words[1]) if words[1] in FLOW else None


def upward(source: str, package: tuple[str, ...], stage: str) -> list[str]:
    """Imports of a later stage."""
    here = FLOW.index(stage)
    found = modules(ast.parse(source), package)
    return [name for name, _ in found if (there := stage_of(name)) is not None and there > here]


def staged() -> list[Path]:
    paths = [p for p in SOURCES if p.is_relative_to(ROOT / "verification")]
    return [p for p in paths if stage(p) in FLOW]


def stage(path: Path) -> str:
    return path.relative_to(ROOT / "verification").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", staged(), ids=named)
def test_a_stage_imports_only_earlier_ones(path):
    assert upward(path.read_text(), package_of(path), stage(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from ..judgement import check",
        "from .. import judgement",
        "from ..judgement.check import check",
        "import verification.judgement",
        "from verification.judgement.check import check",
        "def late():\n    from ..report import report",
    ],
)
def test_an_import_of_a_later_stage_is_seen(source):
    assert upward(source, ("verification", "oracles"), "oracles")
    assert not upward("from ..vocabulary import Ball", ("verification", "oracles"), "oracles")


def test_everything_in_verification_is_a_stage_that_the_law_knows():
    entries = {stage(p) for p in SOURCES if p.is_relative_to(ROOT / "verification")}
    assert entries - {"__init__", "__main__"} <= set(FLOW)


def banned(source: str, package: tuple[str, ...]) -> list[str]:
    """Private JAX; packages that must not be known here; heavy ones at the top of a file."""
    tree = ast.parse(source)
    top = {id(node) for node in tree.body}
    bad = []
    for name, node in modules(tree, package):
        first = name.split(".")[0]
        private = f"{name}.".startswith("jax._src.")
        heavy = first in LAZY and id(node) in top
        if private or heavy or first in FORBIDDEN.get(package[0], ()):
            bad.append(name)
    return bad


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_forbidden_import(path):
    assert banned(path.read_text(), package_of(path)) == []


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import verification", "refnet"),
        ("def f():\n    from verification.oracles import ball", "refnet"),
        ("from jax._src import core", "verification"),
        ("from jax import _src", "refnet"),
        ("import jax._src.core", "refnet"),
        ("import torch", "verification"),
        ("from sklearn.neural_network import MLPClassifier", "verification"),
    ],
)
def test_a_forbidden_import_is_seen(source, package):
    assert banned(source, (package,))
    assert not banned("def f():\n    import torch", ("verification",))


def bodies(source: str) -> Iterator[tuple[str, int]]:
    """Every function and the lines of its body, docstring left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def too_long(source: str) -> list[str]:
    long = [f"{name}: {lines} lines" for name, lines in bodies(source) if lines > LONGEST_BODY]
    lines = len(source.splitlines())
    return long + ([f"the file: {lines} lines"] if lines >= MOST_LINES else [])


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_and_functions_are_short(path):
    assert too_long(path.read_text()) == []


def test_a_long_function_and_a_long_file_are_seen():
    body = "".join(f"    x = {k}\n" for k in range(LONGEST_BODY))
    assert not too_long(f"def f():\n{body}")
    assert too_long(f"def f():\n{body}    x = 0\n") == ["f: 46 lines"]
    assert too_long("x = 0\n" * MOST_LINES) == ["the file: 300 lines"]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_first_line_says_what_the_file_is(path):
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no docstring"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_drawer_for_everything(path):
    assert not VAGUE & {word.removesuffix(".py") for word in path.relative_to(ROOT).parts}


def strays(source: str) -> list[str]:
    """Re-exports that are not statements of the form `from .x import y as y`; `__all__`."""
    bad = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            bad += [a.name for a in node.names if a.asname != a.name]
        if isinstance(node, ast.Assign):
            bad += [t.id for t in node.targets if isinstance(t, ast.Name) and t.id == "__all__"]
    return bad


def test_refnet_exports_by_statement():
    assert strays((ROOT / "refnet" / "__init__.py").read_text()) == []
    assert strays("from .a import b") == ["b"]
    assert strays("__all__ = ['b']") == ["__all__"]


def type_checked() -> dict[str, str]:
    """The exports of verification as its type checker's block says them: name -> home."""
    tree = ast.parse((ROOT / "verification" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(a.name == a.asname for node in imports for a in node.names)
    return {a.name: f".{node.module}" for node in imports for a in node.names}


def test_the_lazy_exports_are_what_type_checkers_are_told():
    homes = dict(verification._HOMES)
    assert homes.pop("report") == ".report"  # a stage that can be called: no import to tell
    assert type_checked() == homes


@pytest.mark.parametrize("name", sorted(verification._HOMES))
def test_every_lazy_export_is_there(name):
    importlib.import_module("verification.report")  # must not hide the verb
    value = getattr(verification, name)
    assert callable(value)
    assert name in dir(verification)


def test_an_unknown_export_names_the_known_ones():
    with pytest.raises(AttributeError, match=r"no 'chekc'.*check.*validate"):
        _ = verification.chekc
