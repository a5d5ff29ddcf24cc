"""A function in a file is found with its line; whatever is the matter is one sentence."""

import sys
from pathlib import Path

import pytest

from verification.adapters.source_files import Unusable, located

TEXT = '''"""Somebody's file."""
import functools


def plain(x):
    return x


@functools.lru_cache
def decorated(x):
    return x


class Layer:
    @staticmethod
    def backward(x):
        return x


assigned = lambda x: x
number = 3.0
'''


@pytest.fixture(autouse=True)
def theirs(folder):
    (folder / "mine.py").write_text(TEXT)


@pytest.mark.parametrize(
    ("name", "line"),
    [("plain", 5), ("decorated", 10), ("Layer.backward", 16), ("assigned", 20)],
)
def test_a_function_is_found_with_the_line_of_its_definition(folder, name, line):
    found = located("--of", f"mine.py:{name}")

    assert (found.file, found.line, found.given) == ("mine.py", line, f"mine.py:{name}")
    assert found.function(2.0) == 2.0


def test_a_module_is_found_by_its_dotted_name(folder):
    (folder / "package").mkdir()
    (folder / "package" / "inner.py").write_text(TEXT)
    found = located("--of", "package.inner:plain")

    assert (found.file, found.line) == ("package/inner.py", 5)


def test_a_file_may_import_its_neighbours_and_share_a_name_with_a_module(folder):
    (folder / "below").mkdir()
    (folder / "below" / "neighbour.py").write_text("value = 7.0\n")
    (folder / "below" / "json.py").write_text("import neighbour\nf = lambda: neighbour.value\n")
    found = located("--of", "below/json.py:f")

    assert found.function() == 7.0
    assert sys.modules["json"].__file__ != str(folder / "below" / "json.py")


def test_a_file_is_loaded_once(folder):
    first, second = (located("--of", "mine.py:plain").function for _ in range(2))

    assert first is second


MATTER = {
    "no colon": ("mine.py", "", ("'mine.py'", "FILE.py:FUNCTION", "mine.py:f")),
    "no name": ("mine.py:", "", ("'mine.py:'", "FILE.py:FUNCTION")),
    "no such file": ("mime.py:plain", "", ("no file", "mime.py", "did you mean mine.py?")),
    "no such folder": ("there/mine.py:plain", "", ("no folder", "there")),
    "a folder": ("bad.py:f", None, ("bad.py is a folder",)),
    "no such module": ("mime:plain", "", ("no module mime", "FILE.py:FUNCTION")),
    "missing function": ("mine.py:plane", "", ("'plane'", "did you mean 'plain'?", "decorated")),
    "not callable": ("mine.py:number", "", ("number is of type float", "give a function")),
    "a syntax error": ("bad.py:f", "def f(:\n", ("bad.py", "invalid syntax", "line 1")),
    "an import error": ("bad.py:f", "\nimport not_there\n", ("bad.py", "'not_there'", "line 2")),
    "an error within": ("bad.py:f", "1 / 0\n", ("bad.py", "ZeroDivisionError", "line 1")),
    "an exit": ("bad.py:f", "import sys\nsys.exit(3)\n", ("bad.py", "SystemExit: 3", "line 2")),
    "not text": ("bad.py:f", "\x00\n", ("bad.py", "null bytes")),
    "an import within a module": ("bad:f", "import not_there\n", ("bad", "'not_there'")),
}


@pytest.mark.parametrize("case", MATTER)
def test_what_is_the_matter_is_one_sentence_that_names_it(folder, case):
    given, text, words = MATTER[case]
    if text is None:
        (folder / "bad.py").mkdir()
    elif text:
        (folder / "bad.py").write_text(text)
    with pytest.raises(Unusable) as said:
        located("--of", given, Path())

    sentence = str(said.value)
    assert "\n" not in sentence and len(sentence) < 300
    assert [word for word in words if word not in sentence] == []
