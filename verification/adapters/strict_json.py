"""JSON from a stranger, by the letter: what Python's reader lets pass is refused in a sentence."""

import json
from typing import Any

SHOWN = 60  # characters of what was read


class Improper(Exception):
    """No proper answer; the message continues a sentence about who gave it: "it ..."."""


def strict(line: bytes) -> Any:
    """The one JSON value of a line.

    Raises Improper for what is no UTF-8 or no JSON, for NaN and infinities, for numbers that are
    beyond float64, names said twice, and nesting without an end.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise Improper(f"wrote bytes that are not UTF-8: {shown(line)}") from None
    if not text.strip():
        raise Improper("wrote an empty line")
    try:
        return json.loads(
            text,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
            object_pairs_hook=_named,
        )
    except RecursionError:
        raise Improper(f"wrote JSON that is nested too deeply: {shown(line)}") from None
    except json.JSONDecodeError as error:
        where = "goes on after its end" if error.msg == "Extra data" else f"is none ({error.msg})"
        raise Improper(f"wrote JSON that {where}: {shown(line)}") from None


def shown(text: bytes | str) -> str:
    """The beginning, in printable characters."""
    text = text if isinstance(text, str) else text[: 4 * SHOWN].decode("utf-8", "replace")
    return ascii(text[:SHOWN]) + ("..." if len(text) > SHOWN else "")


def _constant(word: str) -> Any:
    raise Improper(f"wrote {word}, which JSON does not have")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Improper(f"wrote a number that is beyond float64: {shown(text)}")
    return value


def _integer(text: str) -> int | float:
    return int(text) if len(text) < 300 else _float(text)


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Improper(f"wrote an object that has the member {shown(twice)} twice")
    return table
