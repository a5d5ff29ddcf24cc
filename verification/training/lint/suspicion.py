"""What a look at a recorded run may say."""

from collections.abc import Mapping
from typing import NamedTuple


class Suspicion(NamedTuple):
    """One thing that a right run has no reason to show."""

    name: str  # as in docs/training.md
    step: int  # the first in which it shows, from 1
    tensors: tuple[str, ...]
    saw: str
    unknown: str  # what cannot be known from the run alone

    def __str__(self) -> str:
        return f"{self.name}: {self.saw}. It cannot be known from the run alone {self.unknown}."


class Silence(NamedTuple):
    """There was nothing to look at: why."""

    why: str


class Lint(NamedTuple):
    """All that was seen; true where nothing was, which is no proof: there is no reference."""

    suspicions: tuple[Suspicion, ...]
    looked: tuple[str, ...]  # for what
    silent: Mapping[str, str]  # what could not be looked for, and why

    def __bool__(self) -> bool:
        return not self.suspicions

    def __str__(self) -> str:
        lines = [str(one) for one in self.suspicions] or ["nothing looks wrong"]
        lines += [f"looked for: {', '.join(self.looked)}"]
        lines += [f"not looked for: {name}, {why}" for name, why in self.silent.items()]
        return "\n".join(lines)


Seen = list[Suspicion] | Silence
