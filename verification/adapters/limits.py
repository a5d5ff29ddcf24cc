"""What a foreign program may take: time, memory, output, patience."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """Hard limits of a foreign program; what is beyond them is killed, and its answer rejected.

    Raises ValueError for a limit that is not above 0.
    """

    seconds: float = 10.0  # for one question, by the clock on the wall
    start: float = 60.0  # the same, to start and to define: compilers and interpreters wake slowly
    memory: int = 4 * 2**30  # bytes: of addresses in one process, of pages in all of them together
    output: int = 2**24  # bytes of one answer
    failures: int = 3  # in a row, after which it is not asked any more

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} is {value!r}; give a number above 0")
