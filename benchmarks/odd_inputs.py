"""Every function of the atlas of JAX at odd inputs and with odd outputs: none may crash refnet.

    python -m benchmarks.odd_inputs [--seconds 100] [--only NAME]

A function is taken at the arguments that the committed atlas has for it, and made odd in each of
the ways of ODD.  A verdict is an answer; so is a sentence of refnet's own, a ValueError or a
TypeError that it raises itself.  Anything else is a crash.  The record is filled in pieces: what
odd_inputs.json has is not asked again.
"""

import argparse
import json
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import verification
from verification import validate
from verification.adapters import jax_function
from verification.atlas import tried
from verification.atlas.found import functions
from verification.report.findings.writing import write_text

ATLAS = Path(__file__).with_name("atlas.json")
RECORD = Path(__file__).with_suffix(".json")
OURS = str(Path(verification.__file__).parent)
CRASH, SENTENCE = "crash", "a sentence"


class Odd(NamedTuple):
    """The function and a sampler of its arguments."""

    of: Callable
    sample: Callable


def of_arrays(change: Callable) -> Callable[[tried.Suited], Odd]:
    """Every array among the arguments is another."""
    changed = lambda args: jax.tree.map(lambda x: change(np.asarray(x)), args)
    return lambda place: Odd(place.of, lambda rng: changed(place.sample(rng)))


def of_outputs(more: Callable) -> Callable[[tried.Suited], Odd]:
    """Something is returned beside the numbers."""

    def odd(place: tried.Suited) -> Odd:
        def of(*args):
            outs = place.of(*args)
            return outs, more(outs[0])

        return Odd(of, place.sample)

    return odd


def with_argument(value: Callable, also: Callable = lambda outs, x: outs) -> Callable:
    """One more argument, value(rng), after those of the function."""
    return lambda place: Odd(
        lambda *args: also(place.of(*args[:-1]), args[-1]),
        lambda rng: (*place.sample(rng), value(rng)),
    )


def _key(rng: np.random.Generator):
    return jax.random.key(int(rng.integers(0, 2**31)))


ODD: dict[str, Callable[[tried.Suited], Odd]] = {
    "empty arrays": of_arrays(lambda x: x.reshape(-1)[:0].reshape((0, *x.shape[1:]))),
    "0-d arrays": of_arrays(lambda x: x.reshape(-1)[0] if x.size else x),
    "an integer beside": of_outputs(lambda x: jnp.argmax(x) if x.size else jnp.int32(0)),
    "booleans beside": of_outputs(lambda x: x > 0),
    "None beside": of_outputs(lambda x: None),
    "an empty array beside": of_outputs(lambda x: x.reshape(-1)[:0]),
    "None among the arguments": with_argument(lambda rng: None),
    "a key among the arguments": with_argument(_key),
    "a key returned": with_argument(_key, lambda outs, key: (outs, key)),
    "words of a key": with_argument(lambda rng: np.asarray(jax.random.key_data(_key(rng)))),
}


def answered(place: tried.Suited, odd: Odd) -> tuple[str, str]:
    """The verdict, or how else it ended; and what was said."""
    derivative = jax_function.derivative(odd.of)
    asked: dict[str, Any] = {"argnums": place.argnums, "cases": 1, "edges": "none"}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = validate(derivative, of=odd.of, args=odd.sample, **asked)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
        return (SENTENCE if is_ours(error) else CRASH), said
    return str(found.verdict), "" if found.verdict == "correct" else found.reason[:200]


def is_ours(error: Exception) -> bool:
    """Whether refnet itself raised it, to say something to whoever asked."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return isinstance(error, ValueError | TypeError) and last.filename.startswith(OURS)


def suited(done: set[str], only: str) -> Iterator[tried.Suited]:
    """The functions of the atlas that are not in the record yet."""
    rows = [r for r in json.loads(ATLAS.read_text())["rows"] if r["dtype"] == "float64"]
    known = {row["name"]: row["arguments"] for row in rows if row["verdict"] == "correct"}
    for found in functions("jax"):
        if found.name in known and found.name not in done and only in found.name:
            place = tried.suited(found, likely=known[found.name])
            if isinstance(place, tried.Suited):
                yield place


def sweep(known: dict[str, dict], only: str, seconds: float) -> Iterator[dict[str, dict]]:
    """The record with one more function each time, until the time is over."""
    end = time.monotonic() + seconds
    for place in suited(set(known), only):
        row = {name: answered(place, make(place)) for name, make in ODD.items()}
        known = known | {place.name: row}
        print(place.name, dict(Counter(verdict for verdict, _ in row.values())), flush=True)
        yield known
        if time.monotonic() > end:
            return


def crashes(record: dict[str, dict]) -> list[tuple[str, str, str]]:
    every = ((name, odd, *said) for name, row in record.items() for odd, said in row.items())
    return [(name, odd, said) for name, odd, verdict, said in every if verdict == CRASH]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for record in sweep(known, given.only, given.seconds):
        known = record
        write_text(RECORD, "{\n" + ",\n".join(map(_line, record.items())) + "\n}\n")
    for crash in crashes(known):
        print(*crash)
    return int(bool(crashes(known)))


def _line(item: tuple[str, dict]) -> str:
    return f"{json.dumps(item[0])}: {json.dumps(item[1])}"


if __name__ == "__main__":
    sys.exit(main())
