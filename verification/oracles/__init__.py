"""Independent ways to know a derivative, each with its rank: open ball.py first.

In: a Question (question.py): one scalar program at one point.
On the way: one module per oracle with NAME, RANK and gradient(question).  Only a proof, or float64
with a budget, decides; the others are witnesses.  black_box.py asks what JAX cannot trace.
Out: a ball or an estimate for each entry, or an exception that says why there is none.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

from ..vocabulary.extras import missing
from .absent import Absent


class Oracles(Mapping):
    """name -> module, imported when it is asked for: SymPy alone costs a third of a second."""

    def __init__(self, names: tuple[str, ...]):
        self._names = names

    def __getitem__(self, name: str) -> ModuleType | Absent:
        if name not in self._names:
            raise KeyError(f"there is no oracle {name!r}; have {', '.join(self._names)}")
        try:
            return import_module(f".{name}", __name__)
        except ModuleNotFoundError as error:
            if not (why := missing(error)):
                raise
            return Absent(name, why)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


ALL = Oracles(
    (
        "ball",
        "rational",
        "power_series",
        "symbolic",
        "reverse_autodiff",
        "forward_autodiff",
        "complex_step",
        "finite_difference",
    )
)
