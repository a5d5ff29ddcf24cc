"""The laws of the house, each with a planted violation that must be seen."""

import ast
import re
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

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
    "atlas",
    "testing",
    "commands",
    "cli",
)
MOST_LINES, LONGEST_BODY = 300, 45
LARGEST = 0.15  # of all lines of verification, for one stage
MOST_WORDS = 12  # lines of a stage's table of contents
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


def against(law: Callable[[Path], object], paths: list[Path]) -> dict[str, object]:
    """What a law finds in each file that breaks it; 5,000 tests of a file each cost more."""
    assert paths
    return {named(path): found for path in paths if (found := law(path))}


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


def test_a_stage_imports_only_earlier_ones():
    law = lambda path: upward(path.read_text(), package_of(path), stage(path))
    assert against(law, staged()) == {}


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


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The names along one circle of a graph; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_file_imports_itself_by_way_of_others():
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in SOURCES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    imports = lambda path: at_top(path.read_text(), package_of(path), set(names))
    assert circle({name: imports(path) for name, path in names.items()}) == []


def test_a_circle_is_seen():
    known = {"verification.a.b", "verification.a.c"}
    there = at_top("from .c import x", ("verification", "a"), known)
    back = at_top("from . import b", ("verification", "a"), known)
    assert there == {"verification.a.c"} and back == {"verification.a.b"}
    assert circle({"verification.a.b": there, "verification.a.c": back})
    assert not circle({"verification.a.b": there, "verification.a.c": set()})
    assert not at_top("def f():\n    from .c import x", ("verification", "a"), known)


def at_top(source: str, package: tuple[str, ...], known: set[str]) -> set[str]:
    """The files of ours that a file imports when it is imported itself."""
    body = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    found = [name for name, _ in modules(ast.Module(list[ast.stmt](body), []), package)]
    return {name if name in known else name.rpartition(".")[0] for name in found} & known


def too_large(lines: dict[str, int]) -> list[str]:
    """The stages that have more than their share of all lines."""
    return [name for name, count in lines.items() if count > LARGEST * sum(lines.values())]


def test_no_stage_holds_more_than_its_share():
    lines: dict[str, int] = {}
    for path in staged():
        lines[stage(path)] = lines.get(stage(path), 0) + len(path.read_text().splitlines())
    assert too_large(lines) == []
    most = max(lines, key=lambda name: lines[name])
    assert too_large(lines | {most: sum(lines.values())}) == [most]


def contents(text: str | None, folder: set[str]) -> list[str]:
    """What is missing: what comes in and goes out, where to begin, only files that are here."""
    text = text or ""
    first = re.search(r"\b[oO]pen (\w+\.py) first", text)
    missing = [word for word in ("In: ", "Out: ") if f"\n{word}" not in text]
    if first is None or first[1] not in folder:
        missing.append("a file of this folder to open first")
    strange = set(re.findall(r"\w+\.py", text)) - folder
    missing += [f"{name} is not here" for name in sorted(strange)]
    return missing + (["fewer lines"] if len(text.splitlines()) > MOST_WORDS else [])


FOLDERS = [ROOT / "refnet"] + [
    ROOT / "verification" / name for name in FLOW if (ROOT / "verification" / name).is_dir()
]


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_stage_says_what_comes_in_what_goes_out_and_where_to_begin(folder):
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    assert contents(text, {p.name for p in folder.glob("*.py")} | {"cli.py"}) == []


def test_a_table_of_contents_that_lacks_something_is_seen():
    whole = "Nouns: open a.py first.\n\nIn: arrays.\nOut: balls."
    assert contents(whole, {"a.py"}) == []
    assert contents(whole, {"b.py"}) == ["a file of this folder to open first", "a.py is not here"]
    assert contents(whole.replace("In:", "in"), {"a.py"}) == ["In: "]
    assert contents(None, {"a.py"}) == ["In: ", "Out: ", "a file of this folder to open first"]
    assert contents(whole + "\n." * MOST_WORDS, {"a.py"}) == ["fewer lines"]


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


def test_no_forbidden_import():
    assert against(lambda path: banned(path.read_text(), package_of(path)), SOURCES) == {}


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


def test_files_and_functions_are_short():
    assert against(lambda path: too_long(path.read_text()), FILES) == {}


def test_a_long_function_and_a_long_file_are_seen():
    body = "".join(f"    x = {k}\n" for k in range(LONGEST_BODY))
    assert not too_long(f"def f():\n{body}")
    assert too_long(f"def f():\n{body}    x = 0\n") == ["f: 46 lines"]
    assert too_long("x = 0\n" * MOST_LINES) == ["the file: 300 lines"]


def undescribed(source: str) -> bool:
    return bool(source.strip()) and not ast.get_docstring(ast.parse(source))


def test_the_first_line_says_what_the_file_is():
    assert against(lambda path: undescribed(path.read_text()), FILES) == {}
    assert undescribed("x = 0") and not undescribed('"""A number."""') and not undescribed("\n")


def vague(path: Path) -> set[str]:
    return VAGUE & {word.removesuffix(".py") for word in path.relative_to(ROOT).parts}


def test_no_drawer_for_everything():
    assert against(vague, FILES) == {}
    planted = ROOT / "refnet" / "utils.py"
    assert against(vague, [planted, ROOT / "refnet" / "losses.py"]) == {
        "refnet/utils.py": {"utils"}
    }
