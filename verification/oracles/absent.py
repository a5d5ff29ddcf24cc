"""An oracle that needs what is not installed: it is silent, and says what to type."""

from typing import NamedTuple

from ..vocabulary import Rank, Silent


class Absent(NamedTuple):
    """In the place of an oracle's module."""

    name: str
    why: str

    @property
    def NAME(self) -> str:
        return self.name

    @property
    def RANK(self) -> Rank:
        return Rank.WITNESS

    @property
    def __doc__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return f"Oracle: silent here.  {self.why}"

    def gradient(self, question: object) -> None:
        raise Silent(self.why)
