"""The keys of a campaign's TOML file: their types, defaults and ranges, in one table."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..adapters.source_files import Unusable
from ..vocabulary.names import nearest

LIMITS = ("seconds", "memory", "output")
DTYPES = (  # as in arithmetic.formats, which is heavy to import; a test compares the two
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "bfloat16_float32",
    "float16_float32",
)
EDGES = ("judge", "near", "note", "none")  # as in judgement.edge_evidence, likewise


class Key(NamedTuple):
    """What a value must be, in words and as a test; and what it is where it is not given."""

    wanted: str
    fits: Callable[[Any], bool]
    default: Any


def whole(x: Any) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)


def number(x: Any) -> bool:
    return (whole(x) or isinstance(x, float)) and 0 < x < float("inf")


def words(x: Any) -> bool:
    return isinstance(x, list) and all(isinstance(word, str) and word for word in x)


def text(x: Any) -> bool:
    return isinstance(x, str)


def arguments(x: Any) -> bool:
    several = x if isinstance(x, list) else [x]
    is_one = lambda n: (whole(n) and n >= 0) or (isinstance(n, str) and n.isidentifier())
    return several != [] and all(map(is_one, several))


SEED_RANGE = "a whole number from 0 to 4294967295"
TEXT = Key("a text", text, "")
COUNT = Key("a whole number of at least 1", lambda x: whole(x) and x > 0, 0)
FORMATS = Key(
    f"a list of dtypes among {', '.join(DTYPES)}",
    lambda x: words(x) and x != [] and set(x) <= set(DTYPES) and len(set(x)) == len(x),
    ["float64"],
)
KEYS: Mapping[str, Mapping[str, Key]] = {
    "campaign": {
        "title": TEXT,
        "seed": Key(SEED_RANGE, lambda x: whole(x) and 0 <= x < 2**32, 0),
        "cases": COUNT._replace(default=16),
        "chunk": COUNT,
        "dtypes": FORMATS,
        "seconds": Key("a number above 0", number, 600.0),
        "implementation": Key("tables, as [[implementation]]", lambda x: isinstance(x, list), []),
    },
    "implementation": {
        "name": Key("a text that is not empty", lambda x: text(x) and x.strip() != "", None),
        "gradient": TEXT,
        "of": TEXT,
        "args": TEXT,
        "argnums": Key("a number from 0 or a name, or a list of them", arguments, 0),
        "process": TEXT,
        "signature": TEXT,
        "against": Key("a list of derivations", words, []),
        "allow": Key("a list of conventions", words, []),
        "vary": Key("a list of arguments", lambda x: isinstance(x, list), []),
        "edges": Key(f"one of {', '.join(EDGES)}", lambda x: x in EDGES, ""),
        "cases": COUNT,
        "chunk": COUNT,
        "dtypes": FORMATS._replace(default=[]),
        "seconds": Key("a number above 0", number, 0.0),
        "memory": Key("a number of bytes above 0", number, 0.0),
        "output": Key("a number of bytes above 0", number, 0.0),
    },
}


def checked(where: str, table: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
    """The table with its defaults.  Raises Unusable that names key, value and remedy."""
    if not isinstance(table, Mapping):
        raise Unusable(f"{where} is {table!r}; write [[implementation]] and its keys below")
    for name, value in table.items():
        if name not in keys:
            guess = nearest(name, keys)
            raise Unusable(f"{where} has {name!r}; {guess}known: {', '.join(keys)}")
        if not keys[name].fits(value):
            raise Unusable(f"{where}: {name} is {value!r}; give {keys[name].wanted}")
    if "name" in keys and "name" not in table:
        raise Unusable(f"{where} has no name; give it one")
    return {name: table.get(name, key.default) for name, key in keys.items()}
