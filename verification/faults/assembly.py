"""Every wrong twin of a derivation: by its answer, by its pieces, and of its own."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..derivations import ALL as SUBJECTS
from ..vocabulary import Derivation
from ..vocabulary.names import nearest
from . import slopes
from .catalogue import FAULTS, MISTAKES, PIECES
from .fault import Fault
from .layers import losses, mixing, networks, norms, objectives, others, parts, sequences, units
from .pieces.piece import Site, body_of, gradient_of, location, planted, sites, traced
from .twin import Expects, Twin

MODULES = (norms, sequences, others, losses, networks, units, objectives, parts, mixing)


@lru_cache(maxsize=64)
def twins(name: str) -> tuple[Twin, ...]:
    """Every wrong twin of the derivation of that name.

    Twins of one mistake differ in their place.  Some are the right gradient after all (the slope
    of an even function at minus its argument): who counts them must prove it.

    Raises ValueError for an unknown name.
    """
    if name not in SUBJECTS:
        known = f"{nearest(name, SUBJECTS)}there are {', '.join(SUBJECTS)}"
        raise ValueError(f"unknown derivation {name!r}; {known}")
    subject = SUBJECTS[name]
    return (*_own(name), *_of_pieces(subject), *_of_answers(subject))


def own(name: str) -> dict[str, Callable]:
    """The mistakes of one function's own."""
    tables = (slopes.ALL, *(module.OWN for module in MODULES))
    return {mistake: f for table in tables for mistake, f in table.get(name, {}).items()}


def _own(name: str) -> Iterator[Twin]:
    for mistake, gradient in own(name).items():
        yield _twin(mistake, gradient, "own")


def _twin(
    mistake: str, gradient: Callable, level: str, words: tuple[str, ...] = (), place: str = ""
) -> Twin:
    known = MISTAKES[mistake]
    expects = Expects(known.kinds, words)
    return Twin(mistake, known.kind, known.description, gradient, expects, level, place)


# --- by the answer ---------------------------------------------------------------------------


def _of_answers(subject: Derivation) -> Iterator[Twin]:
    for name, fault in FAULTS.items():
        yield _twin(name, after(subject.gradient, fault), "answer")


def after(gradient: Callable, fault: Fault) -> Callable:
    """The right answer with the mistake in it; the right one where it cannot be made."""
    right = jax.jit(gradient)

    def wrong(*args):
        leaves, tree = jax.tree.flatten(right(*jax.tree.map(jnp.asarray, args)))
        wide = [np.asarray(leaf).astype(np.float64) for leaf in leaves]
        dtype = str(jnp.result_type(leaves[0]))
        changed = fault.apply(wide, dtype) or wide
        with np.errstate(all="ignore"):
            narrow = [c.astype(leaf.dtype) for c, leaf in zip(changed, leaves, strict=True)]
        return jax.tree.unflatten(tree, narrow)

    return wrong


# --- by a piece of the chain rule ------------------------------------------------------------


class Plant(NamedTuple):
    """A rule of the catalogue at one arrow; counted from the end where `at` is below 0."""

    fault: str
    at: int
    site: Site


def plants(subject: Derivation) -> Iterator[Plant]:
    """Every rule at the first and at the last arrow where its mistake can be made."""
    args = subject.draw(np.random.default_rng(2))
    with jax.enable_x64(True):
        leaves, tree = jax.tree.flatten(args)
        shapes = tuple((np.shape(x), jnp.result_type(x)) for x in leaves)
        program, _ = traced(subject.function, tree, shapes)
    found = sites(program, _wanted(subject.argnums, tree))
    for name, rule in PIECES.items():
        here = [site for site in found if rule.where(site)]
        for number in sorted({0, len(here) - 1}) if here else ():
            at = number - len(here) if number else 0  # depths differ from draw to draw
            yield Plant(name, at, here[number])


def _of_pieces(subject: Derivation) -> Iterator[Twin]:
    for plant in plants(subject):
        yield of_plant(subject, plant)


def of_plant(subject: Derivation, plant: Plant) -> Twin:
    gradient = with_plants(subject, (plant,))
    return _twin(plant.fault, gradient, "piece", _words(plant.site), plant.site.place)


def _words(site: Site) -> tuple[str, ...]:
    """What an explanation may call the place by.

    A call is a line of nobody's when it is all that is differentiated, and what goes wrong in it
    goes wrong on a line of its body: any of them is the place.  So is an operation that has no
    line, by its sign.
    """
    where = site.place.partition(", ")[2]
    inside = tuple(dict.fromkeys(filter(None, map(location, body_of(site.eqn)))))
    sign = () if where or site.name not in SIGNS else (f"`{SIGNS[site.name]}`",)
    return tuple(filter(None, (where, f"`{site.name}`", site.name, *inside, *sign)))


SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "reduce_sum": "sum", "dot_general": "@"}


def _wanted(argnums: tuple[int, ...], tree) -> list[bool]:
    """Leaf by leaf of the flat arguments: are they differentiated."""
    counted = [child.num_leaves for child in tree.children()]
    return [k in argnums for k, count in enumerate(counted) for _ in range(count)]


def with_plants(subject: Derivation, planting: Iterable[Plant]) -> Callable:
    """The gradient with a wrong pullback at each of the arrows."""
    function = subject.function
    for fault, at, _ in planting:
        where, wrong = PIECES[fault].where, PIECES[fault].wrong
        choose = partial(chosen, where=where, number=at, argnums=subject.argnums)
        function = planted(function, choose, wrong)
    return gradient_of(function, subject.argnums, subject.scalar)


def chosen(program, tree, where: Callable, number: int, argnums: tuple[int, ...]) -> Site | None:
    here = [site for site in sites(program, _wanted(argnums, tree)) if where(site)]
    inside = -len(here) <= number < len(here)
    return here[number] if inside else None
