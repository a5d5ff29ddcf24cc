"""What the packages export: by statement, lazily, and as type checkers are told."""

import ast
import importlib
from pathlib import Path

import pytest

import verification

ROOT = Path(__file__).resolve().parent.parent


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
