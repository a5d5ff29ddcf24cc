"""JSON by the letter: what Python's own reader lets pass is refused, each in its own words."""

import pytest

from verification.adapters.strict_json import Improper, shown, strict


def test_json_is_read():
    text = '{"a": [1, -0.0, 2.5e-308, null, true, "\\u00e9"], "b": {}}'
    assert strict(text.encode()) == {"a": [1, -0.0, 2.5e-308, None, True, "é"], "b": {}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "an empty line"),
        (b"  \r", "an empty line"),
        (b"NaN", "wrote NaN, which JSON does not have"),
        (b"[-Infinity]", "wrote -Infinity"),
        (b"1e999", "beyond float64: '1e999'"),
        (b"-1e999", "beyond float64"),
        (b"9" * 5000, "beyond float64"),
        (b'{"a": 1, "a": 1}', "the member 'a' twice"),
        (b'[{"a": {"b": 1, "b": 2}}]', "the member 'b' twice"),
        (b"1 2", "goes on after its end"),
        (b"{'a': 1}", "is none"),
        (b"[1,]", "is none"),
        (b'{"a": 1', "is none"),
        (b"\xff\xfe1", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"\x00", "is none"),
    ],
)
def test_what_is_no_json_is_refused(line, said):
    with pytest.raises(Improper, match=said.replace("[", r"\[")):
        strict(line)


def test_only_the_beginning_is_shown_in_printable_characters():
    assert shown(b"\x1b[31m" + b"x" * 10**7) == "'\\x1b[31m" + "x" * 55 + "'..."
    assert len(shown("é" * 1000)) < 400
