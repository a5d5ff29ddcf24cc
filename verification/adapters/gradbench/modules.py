"""How the modules of GradBench are asked, and what their tools answer: bare lists, sizes, blocks.

Most are a Wire.  Bundle adjustment answers 31 entries of a sparse matrix; hand tracking a Jacobian
whose first two columns are those of each point's own place in its triangle.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...arithmetic.formats import PRECISIONS
from ...derivations import ALL
from ...vocabulary.names import unknown
from ..layouts import NUMBER, members, read, written
from ..strict_json import Improper, shown
from ..wire import BARE, ONE_LIST, Wire, pulled
from . import functions, hand

PREFIX = "gradbench/"


class Module(NamedTuple):
    """A function of GradBench, and how one asks for its gradient."""

    of: Callable
    args: Callable
    argnums: int | tuple[int, ...]
    asked: Any  # Spoken
    edges: str = "near"  # "none" where the inputs are not everywhere


def module_of(name: str) -> Module | None:
    """That of `gradbench/gmm`, or of `gmm` where no derivation of ours has the name; or None.

    Raises ValueError for `gradbench/` and a name that there is not.
    """
    if not name.startswith(PREFIX):
        return None if name in ALL else MODULES.get(name)
    if name.removeprefix(PREFIX) not in MODULES:
        raise ValueError(unknown("against", name, [PREFIX + known for known in MODULES]))
    return MODULES[name.removeprefix(PREFIX)]


class Adjustment(NamedTuple):
    """Bundle adjustment: one camera, point, weight and feature, repeated; a sparse Jacobian in CSR.

    The first two rows are those of the first observation, the last is that of the last weight.
    """

    module: str = "ba"
    function: str = "jacobian"
    cameras: int = 2
    points: int = 3
    observations: int = 12  # 10 at least: 31 entries of `rows` are answered

    def encoded(self, args: tuple, floats: str = NUMBER) -> dict[str, Any]:
        counts = {"n": self.cameras, "m": self.points, "p": self.observations}
        names = "cam", "x", "w", "feat"
        return counts | {k: written(v, floats) for k, v in zip(names, args, strict=False)}

    def decoded(self, output: Any, args: tuple, dtype: str, floats: str = NUMBER) -> tuple:
        """The pullback of the three errors in cam, x and w.  Raises Improper for another matrix."""
        members(output, ("rows", "cols", "vals"))
        self._placed(output)
        values = read(output["vals"], np.zeros(31), "vals", "float64", floats)
        jacobian = np.zeros((3, 15))
        jacobian[:2], jacobian[2, 14] = values[:30].reshape(2, 15), values[30]
        slope = pulled(args[-1], jacobian).astype(PRECISIONS[dtype].results)
        return slope[:11], slope[11:14], slope[14]

    def _placed(self, output: Mapping[str, Any]) -> None:
        """Raises Improper where the entries stand elsewhere."""
        n, m, p = self.cameras, self.points, self.observations
        starts = [*range(0, 30 * p + 1, 15), *range(30 * p + 1, 31 * p + 1)]
        row = [*range(11), *range(11 * n, 11 * n + 3), 11 * n + 3 * m]
        wanted = {"rows": [*starts[:30], starts[-1]], "cols": [*row, *row, 11 * n + 3 * m + p - 1]}
        for name, places in wanted.items():
            given = output[name]
            if not isinstance(given, list) or given != places:
                said = shown(str(given))
                raise Improper(f"gave {name} as {said}, not as {shown(str(places))}")


class Hand(NamedTuple):
    """Hand tracking where every point has its own place in a triangle."""

    module: str = "ht"
    function: str = "jacobian"

    def encoded(self, args: tuple, floats: str = NUMBER) -> dict[str, Any]:
        theta, us = (written(x, floats) for x in args[:2])
        return {"theta": theta, "data": hand.DATA, "us": us}

    def decoded(self, output: Any, args: tuple, dtype: str, floats: str = NUMBER) -> tuple:
        """The pullback of the errors in theta and us.  Raises Improper for another matrix."""
        theta, us, above = args
        like = np.zeros((3 * len(us), 2 + len(theta)))
        jacobian = read(output, like, "output", "float64", floats)
        narrow = PRECISIONS[dtype].results
        own = [pulled(above[3 * k : 3 * k + 3], jacobian[3 * k : 3 * k + 3, :2])
               for k in range(len(us))]  # fmt: skip
        return pulled(above, jacobian[:, 2:]).astype(narrow), np.stack(own).astype(narrow)


def _wire(module: str, *arguments: str, argnums: int | tuple[int, ...] = 0, **more: Any) -> Wire:
    said: dict[str, Any] = {"function": "gradient", "output": BARE, **more}
    return Wire(module=module, arguments=arguments, argnums=argnums, **said)


OF_GMM = {"d": ("x", 1), "k": ("alpha", 0), "n": ("x", 0)}
FOUR, TWO, ALL_THREE = (0, 1, 2, 3), (0, 1), (0, 1, 2)
MODULES: Mapping[str, Module] = {
    "hello": Module(
        functions.square,
        lambda rng: (np.asarray(rng.normal()),),
        0,
        _wire("hello", "x", function="double", input=BARE),
        "judge",
    ),
    "lse": Module(
        functions.log_sum_exp, lambda rng: (4 * rng.normal(size=6),), 0, _wire("lse", "x")
    ),
    "det": Module(
        functions.determinant,
        lambda rng: (rng.random((3, 3)),),
        0,
        _wire("det", "A", flat=("A",), sizes={"ell": ("A", 0)}, output=ONE_LIST),
    ),
    "llsq": Module(
        functions.least_squares,
        lambda rng: (rng.random(4), int(rng.integers(5, 12))),
        0,
        _wire("llsq", "x", "n"),
    ),
    "gmm": Module(
        functions.posterior,
        functions.of_gmm,
        FOUR,
        _wire("gmm", "alpha", "mu", "q", "l", "x", "m", "gamma", argnums=FOUR, function="jacobian",
              sizes=OF_GMM, output={}),
    ),
    "kmeans": Module(
        functions.newton,
        functions.of_kmeans,
        1,
        _wire("kmeans", "points", "centroids", argnums=1, function="dir"),
        "none",
    ),
    "lstm": Module(
        functions.diagonal_lstm,
        functions.of_lstm,
        TWO,
        _wire("lstm", "main_params", "extra_params", "state", "sequence", argnums=TWO,
              function="jacobian", output=ONE_LIST),
    ),
    "ode": Module(
        functions.last_of_the_path,
        lambda rng: (rng.random(4), int(rng.integers(1, 5))),
        0,
        _wire("ode", "x", "s"),
    ),
    "ba": Module(functions.reprojection, functions.of_ba, ALL_THREE, Adjustment(), "none"),
    "ht": Module(hand.errors, hand.sample, TWO, Hand(), "none"),
}  # fmt: skip
