"""Is it the rule with its hyperparameters in another order?  Every order of a few, the rate too."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, permutations

from ..derivations.rules import COUNTS, DECAYS, Variant
from ..faults.update_rules.change import given
from .same import Candidate

NAME = "hyperparameters permuted"
MOST = 6  # names of which every order is tried; of more, those that move three at most
RATE = "learning_rate"


def candidates(variant: Variant) -> Iterator[Candidate]:
    """The rule under every order of its hyperparameters but the right one, fewest moved first."""
    begins = {x for x in variant.start.values() if isinstance(x, str)}
    names = [n for n in variant.defaults if n not in COUNTS and n not in begins]
    for moved in orders((RATE, *names)):
        said = ", ".join(f"{source} for {name}" for name, source in moved.items())
        yield Candidate(permuted(variant, moved), "fault", NAME, f"{said}: by position", 2)


def orders(names: tuple[str, ...]) -> list[dict[str, str]]:
    """name -> the one whose value it has, for every order; those that move fewest first."""
    every = (dict(zip(names, order, strict=True)) for order in _orders(names))
    moved = [{n: source for n, source in order.items() if n != source} for order in every]
    return sorted((order for order in moved if order), key=len)


def _orders(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(names) <= MOST:
        yield from permutations(names)
        return
    places = range(len(names))
    cycles = [*combinations(places, 2), *combinations(places, 3)]
    cycles += [few[::-1] for few in combinations(places, 3)]
    yield from (tuple(names[_follow(few, i)] for i in places) for few in cycles)


def _follow(cycle: tuple[int, ...], i: int) -> int:
    return cycle[(cycle.index(i) + 1) % len(cycle)] if i in cycle else i


def permuted(variant: Variant, moved: Mapping[str, str]) -> Variant:
    """The variant in which each name has the value of another.

    Where people meet it: arguments that are handed over by position, in another library's order.
    """
    decay, step = DECAYS[variant.decay], variant.step

    def change(k, h, g, w, s, t, r):
        value = lambda name: r if name == RATE else getattr(h, name)
        other = {name: value(source) for name, source in moved.items()}
        rate = other.pop(RATE, r)
        return decay(k, given(h, **other), step, g, w, s, t, rate)

    return replace(variant, step=change, decay="")
