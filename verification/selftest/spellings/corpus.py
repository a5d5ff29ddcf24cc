"""Right gradients by many hands, each judged at draws and at large scales, in every format.

The budget is that of validate(): autodiff of the function, in the arithmetic of the format.  A
spelling that a format has no functions for is not asked in it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from ...arithmetic.formats import DTYPES, PRECISIONS
from ...inputs import draws
from ...judgement.check import mixed
from ...measurement.answer import cast
from ...measurement.evaluation import proof
from ...measurement.opened import other_spellings
from ...measurement.spelled import budget_spelled
from ...measurement.subject import autodiff
from ...oracles.question import ask
from ...vocabulary import Derivation, Silent
from ..calibration import Target, judged
from ..statistics import Judged, rows
from .activations import ACTIVATIONS
from .alignments import ALIGNMENTS
from .blocks import BLOCKS
from .cells import CELLS
from .chains import CHAINS
from .divergences import DIVERGENCES
from .entropies import ENTROPIES
from .experts import EXPERTS
from .gates import GATES
from .layers import LAYERS
from .losses import LOSSES
from .mixing import MIXING
from .networks import NETWORKS
from .neurons import NEURONS
from .normalizers import NORMALIZERS
from .norms import NORMS
from .objectives import OBJECTIVES
from .parts import PARTS
from .perceptrons import PERCEPTRONS
from .places import PLACES
from .recurrences import RECURRENCES
from .spelling import Spelled
from .trajectories import TRAJECTORIES
from .units import UNITS
from .windows import WINDOWS

CORPUS: dict[str, Spelled] = {
    **ACTIVATIONS,
    **UNITS,
    **LOSSES,
    **ENTROPIES,
    **LAYERS,
    **PLACES,
    **BLOCKS,
    **RECURRENCES,
    **NORMS,
    **NEURONS,
    **PERCEPTRONS,
    **NETWORKS,
    **TRAJECTORIES,
    **GATES,
    **DIVERGENCES,
    **OBJECTIVES,
    **ALIGNMENTS,
    **WINDOWS,
    **PARTS,
    **CELLS,
    **EXPERTS,
    **MIXING,
    **NORMALIZERS,
    **CHAINS,
}
WHOLE = ("float64", "float32")  # formats that every library has functions for
SEEDS = range(20)
ROUNDS_TO_ONE = "from z = 6 on its a is 1, and 1 - a a divisor of 0"
NOT_RIGHT = {  # spellings of a function that are right in other formats
    ("neuron", "float16", "e^-z / (1 + e^-z)^2"): "from z = -5.5 on its square is too large",
    ("binary cross-entropy through s", "bfloat16", "through a"): ROUNDS_TO_ONE,
    ("logistic_neuron", "bfloat16", "through a"): ROUNDS_TO_ONE,
    ("logistic_neuron", "bfloat16", "over a (1 - a)"): ROUNDS_TO_ONE,
    ("logistic_neuron", "bfloat16", "JAX"): ROUNDS_TO_ONE,
    ("tanh_jet", "bfloat16", "JAX"): "near 0 it takes s (1 + t) from s (1 - t)",
}


class Unasked(NamedTuple):
    """A spelling that was not asked: its library is not there, or it is none in the format."""

    implementation: str
    dtype: str
    who: str
    why: str


def spellings_of(derivation: Derivation, functions: Mapping[str, Spelled]) -> set[Callable]:
    """The different right gradients of just this function."""
    return {g for s in functions.values() if s.of is derivation.function for g in s.right.values()}


def corpus_rows(
    functions: Mapping[str, Spelled] = CORPUS,
    dtypes: tuple[str, ...] = DTYPES,
    seeds: range = SEEDS,
) -> list[dict[str, Any]]:
    """One row per function and dtype, all its spellings together: see statistics.rows."""
    return rows(list(judgements(functions, dtypes, seeds)))


def plan(seed: int) -> Iterator[tuple[str, Spelled, str, int]]:
    """Without end: each function in turn, at one of its scales, a dtype and a seed of the draw."""
    rng = np.random.default_rng(seed)
    while True:
        for name, spelled in CORPUS.items():
            dtype, first = str(rng.choice(DTYPES)), int(rng.integers(2**31))
            scale = float(rng.choice(spelled.scales))
            one = spelled if dtype == "float16" else spelled._replace(scales=(scale,))
            yield name, one, dtype, first


def judgements(
    functions: Mapping[str, Spelled] = CORPUS,
    dtypes: tuple[str, ...] = DTYPES,
    seeds: range = SEEDS,
    change: Callable[[Callable], Callable] = lambda gradient: gradient,
) -> Iterator[Judged]:
    """Every spelling of every function, in turn; `change` makes another of each, for controls."""
    found = met(functions, dtypes, seeds, change)
    return (verdict for verdict in found if isinstance(verdict, Judged))


def met(
    functions: Mapping[str, Spelled],
    dtypes: tuple[str, ...],
    seeds: range,
    change: Callable[[Callable], Callable] = lambda gradient: gradient,
) -> Iterator[Judged | Unasked]:
    """As judgements, with the spellings that could not be asked."""
    for name, spelled in functions.items():
        for dtype, scale, seed in points(spelled, dtypes, seeds):
            held = target(spelled, dtype, scale, seed)
            for who, gradient in spelled.right.items():
                where = f"{who}, seed {seed}, times {scale:g}"
                here = _not_right(name, dtype, who) or answered(
                    change(mixed(gradient, dtype)), held, dtype
                )
                if isinstance(here, str):
                    yield Unasked(name, dtype, who, here)
                else:
                    yield judged(name, here, dtype, where, held)


def _not_right(function: str, dtype: str, who: str) -> str:
    """Why a spelling is none in a format, in whatever way its sums are added."""
    return NOT_RIGHT.get((function, dtype, who.partition(",")[0]), "")


def points(spelled: Spelled, dtypes: tuple[str, ...], seeds: range) -> Iterator[tuple]:
    """Dtypes, scales, seeds; the range of float16 ends where e^z does at the larger scales."""
    for dtype in dtypes:
        scales = spelled.scales[:1] if dtype == "float16" else spelled.scales
        yield from ((dtype, scale, seed) for scale in scales for seed in seeds)


def answered(gradient: Callable, held: Target, dtype: str) -> Callable | str:
    """The gradient, which has answered once; or why it was not asked."""
    with jax.enable_x64(True), np.errstate(all="ignore"):
        try:
            answer = gradient(*held.args)
        except ImportError as error:
            return f"{error.name} is not installed"
        except (TypeError, RuntimeError):
            if dtype in WHOLE:
                raise
            return f"its library has no {dtype}"
    return lambda *_: answer


def target(spelled: Spelled, dtype: str, scale: float, seed: int) -> Target:
    """What is true at one point, and allowed."""
    rng = np.random.default_rng(seed)
    drawn = list(spelled.draw(rng))
    for i in spelled.scaled:
        drawn[i] = jax.tree.map(lambda x: scale * np.asarray(x), drawn[i])
    inputs, above = cast(tuple(drawn), dtype, weights=spelled.argnums), None
    with jax.enable_x64(True):
        out = jax.eval_shape(spelled.of, *cast(tuple(drawn), "float64"))
    if jax.tree.leaves(out)[0].shape != ():
        cotangents = jax.tree.map(lambda leaf: draws.cotangent(rng, leaf.shape), out)
        above = cast(cotangents, PRECISIONS[dtype].results)
    question = ask(spelled.of, inputs, spelled.argnums, above)
    args = inputs if above is None else (*inputs, above)
    ways = [spelled.of, *other_spellings(spelled.of, inputs)]
    references = [autodiff(of, spelled.argnums, above is None) for of in ways]
    truth = proof(question, dtype).truth
    try:
        allowed = budget_spelled(truth, references, args, dtype, spelled.argnums).allowed
    except Silent:
        allowed = [np.full(b.mid.shape, np.inf) for b in truth]
    return Target(question.paths, args, truth, allowed, np.nan, np.nan)
