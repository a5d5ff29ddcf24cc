"""A program in any language, over stdin and stdout, in GradBench's line protocol.

    start, define, evaluate, analysis: one JSON line each way, strictly alternating, the same id

A program that ended, or was ended, is started again for the next question; one that gives no
proper answer several times in a row is asked no more.
Source: the protocol of https://github.com/gradbench/gradbench (CONTRIBUTING.md).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .channel import Channel
from .layouts import FLOATS, NUMBER, kind
from .limits import Limits
from .strict_json import Improper, shown, strict

EVAL = "refnet"
GRACE = 0.5  # seconds to leave by itself when all is said


@runtime_checkable
class Spoken(Protocol):
    """One function of one module: how a question to it and its answer are written as JSON."""

    @property
    def module(self) -> str: ...

    @property
    def function(self) -> str: ...

    def encoded(self, args: Any, floats: str) -> Any: ...

    def decoded(self, output: Any, args: Any, dtype: str, floats: str) -> Any: ...


class Tool:
    """The answering side of the protocol, for one module and dtype; a context manager.

    evaluate() and analysis() raise Improper with a sentence where there is no proper answer.
    """

    def __init__(
        self, command: Sequence[str], of: Spoken, dtype: str, limits: Limits, seed: int = 0
    ):
        self.command, self.of, self.dtype, self.limits = tuple(command), of, dtype, limits
        self._ids = np.random.default_rng([seed, 4])  # nobody answers before knowing the id
        self._channel: Channel | None = None
        self._floats, self._last, self._failures = NUMBER, 0, 0
        self._given_up = ""

    def __enter__(self) -> "Tool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program, whatever it does.  May be repeated."""
        if self._channel is not None:
            self._channel.close(0.0 if self._failures else GRACE)
            self._channel = None

    def evaluate(self, args: tuple, dtype: str) -> Any:
        """The answer to args: a gradient has the pytrees of the arguments differentiated."""
        if self._given_up:
            raise Improper(self._given_up)
        self._ready()
        asked = self.of.encoded(args, self._floats)
        if isinstance(asked, dict):
            asked |= {"dtype": dtype, "min_runs": 1, "min_seconds": 0}
        reply = self._ask("evaluate", module=self.of.module, function=self.of.function, input=asked)
        with self._judged("evaluate"):
            self._succeeded(reply)
            if "output" not in reply:
                raise Improper("said success, but gave no output")
            answer = self.of.decoded(reply["output"], args, dtype, self._floats)
        self._last = reply["id"]
        return answer

    def analysis(self, valid: bool, error: str = "") -> None:
        """Tell it what its last answer was found to be."""
        said = {"error": error} if error else {}
        self._ask("analysis", of=self._last, valid=valid, **said)
        self.accepted()

    def accepted(self) -> None:
        """Its last answer was one: what failed before is not counted any more."""
        self._failures = 0

    def _ready(self) -> None:
        """Running, started and defined."""
        if self._channel is not None:
            return
        self._channel = Channel(self.command, self.limits)
        config = {"dtype": self.dtype, "floats": list(FLOATS)}
        reply = self._ask("start", eval=EVAL, config=config)
        chosen = reply.get("config")
        self._floats = chosen.get("floats", NUMBER) if isinstance(chosen, dict) else NUMBER
        with self._judged("start"):
            if self._floats not in FLOATS:
                raise Improper(f"chose floats {kind(self._floats)}; offered: {', '.join(FLOATS)}")
        reply = self._ask("define", module=self.of.module)
        with self._judged("define"):
            self._succeeded(reply)

    def _ask(self, what: str, **message: Any) -> dict[str, Any]:
        """One round.  After a failure the program is ended; it may start afresh."""
        number = int(self._ids.integers(1, 2**31))
        line = json.dumps({"id": number, "kind": what, **message}, allow_nan=False)
        assert self._channel is not None
        seconds = self.limits.start if what in ("start", "define") else self.limits.seconds
        with self._judged(what):
            reply = strict(self._channel.ask(line.encode(), seconds))
            if not isinstance(reply, dict):
                raise Improper(f"answered {kind(reply)}, not an object")
            _same_id(reply, number)
        return reply

    @contextmanager
    def _judged(self, what: str) -> Iterator[None]:
        """What is improper inside ends the program, and is said with the name of the round."""
        try:
            yield
        except Improper as error:
            raise self.failed(what, str(error)) from None

    def _succeeded(self, reply: dict[str, Any]) -> None:
        success, error = reply.get("success"), reply.get("error")
        if not isinstance(success, bool):
            given = f"success as {kind(success)}" if "success" in reply else "no success"
            raise Improper(f"gave {given} for success, not true or false")
        if success and error is not None:
            raise Improper(f"said success, but gave an error as well: {shown(str(error))}")
        if not success:
            why = f": {shown(str(error))}" if error else ""
            raise Improper(f"said that it did not succeed{why}")

    def failed(self, what: str, why: str) -> Improper:
        """The sentence of a failure; ends the program, and gives it up after too many."""
        assert self._channel is not None
        self._failures += 1
        said = self._channel.said()
        sentence = f"asked to {VERBS[what]}, it {why}" + (f"; its stderr ends: {said}" * bool(said))
        self.close()
        if self._failures >= self.limits.failures:
            self._given_up = (
                f"{sentence}; after {self._failures} failures in a row it is not asked again"
            )
        return Improper(sentence)


VERBS = {
    "start": "start",
    "define": "define the module",
    "evaluate": "evaluate",
    "analysis": "note the analysis",
}


def _same_id(reply: dict[str, Any], number: int) -> None:
    if "id" not in reply:
        raise Improper("answered without an id")
    given = reply["id"]
    if isinstance(given, bool) or not isinstance(given, int):
        raise Improper(f"answered with {kind(given)} for an id")
    if given != number:
        raise Improper(f"answered with the id {shown(str(given))}, not {number}")
