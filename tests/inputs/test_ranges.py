"""What numbers have in common is kept at edges; what only one draw has in common is not."""

from functools import reduce

import numpy as np
import pytest

from verification.inputs import domain
from verification.inputs.ranges import numbers, shared
from verification.inputs.structure import edges

DRAWS = 6


def moved(sampler, named=()):
    """The first argument at every edge around the first of some draws."""
    rng = np.random.default_rng(3)
    points = [(sampler(rng),) for _ in range(DRAWS)]
    laws = domain.shared([domain.laws(one) for one in points])
    return [e.case.args[0] for e in edges(points[0], (0,), named, "float64", laws)]


def shares(rng):
    e = rng.exponential(size=4)
    return e / e.sum()


def with_ones(rng):
    x = rng.normal(size=(3, 3))
    x[:, 2] = 1.0
    return x


unit = lambda x: bool(((x >= 0.0) & (x <= 1.0)).all())
whole = lambda x: np.array_equal(x, np.rint(x))
falling = lambda x: bool((np.diff(x, axis=-1) <= 0.0).all())
LAWS = {  # sampler, what holds of every draw, the same without the law
    "the unit interval": (
        lambda rng: rng.uniform(0.05, 0.95, 4),
        unit,
        lambda r: r.uniform(1, 2, 4),
    ),
    "a mask": (
        lambda rng: (rng.uniform(size=9) < 0.5) * 1.0,
        lambda x: set(np.unique(x)) <= {0.0, 1.0},
        lambda r: r.normal(size=9),
    ),
    "integers in floats": (
        lambda rng: np.rint(9 * rng.normal(size=5)),
        whole,
        lambda r: r.normal(size=5),
    ),
    "a column of ones": (
        with_ones,
        lambda x: (x[:, 2] == 1.0).all(),
        lambda r: r.normal(size=(3, 3)),
    ),
    "falling rows": (
        lambda rng: np.sort(rng.uniform(1.0, 2.0, (2, 4)))[:, ::-1],
        falling,
        lambda r: r.normal(size=(2, 4)),
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_of_numbers_holds_at_edges(law):
    sampler, obeys, lawless = LAWS[law]

    assert len(moved(sampler)) >= 2 and all(map(obeys, moved(sampler)))
    assert not all(map(obeys, moved(lawless)))
    named = moved(sampler, (0,))
    assert len(named) > len(moved(sampler)) or not all(map(obeys, named))


def test_a_vector_whose_sum_or_length_never_changes_stays():
    direction = lambda rng: (lambda v: v / np.linalg.norm(v))(rng.normal(size=4))

    assert not moved(shares) and not moved(direction)
    assert moved(lambda rng: 2.0 * rng.exponential(size=4))


def twice(rng):
    half = rng.normal(size=(5, 2))
    return rng.normal(size=4), np.concatenate([half, half], axis=1)


def test_data_whose_halves_are_the_same_keep_that_and_the_differentiated_does_not():
    rng = np.random.default_rng(3)
    halves = lambda x: np.array_equal(x[:, :2], x[:, 2:])

    def tables(draws, argnums):
        laws = domain.shared(map(domain.laws, draws))
        found = [e.case.args[1] for e in edges(draws[0], argnums, (), "float64", laws)]
        return [x for x in found if x.shape == (5, 4)]

    draws = [twice(rng) for _ in range(DRAWS)]
    apart = [*draws[:-1], (draws[0][0], rng.normal(size=(5, 4)))]

    assert all(map(halves, tables(draws, (0,)))) and len(tables(draws, (0,))) > 2
    assert not all(map(halves, tables(apart, (0,))))
    assert not all(map(halves, tables(draws, (1,))))


def test_a_constant_obeys_no_law():
    assert len(moved(lambda rng: np.ones(9))) >= 3
    assert len(moved(lambda rng: np.array([0.25, 0.75, -2.0]))) > 4


def test_what_is_never_1_stays_below_it_also_where_it_meets_a_label():
    rng = np.random.default_rng(3)
    draw = lambda: (rng.uniform(0.05, 0.95, 8), (rng.uniform(size=8) < 0.8) * 1.0)
    points = [draw() for _ in range(DRAWS)]
    at = lambda points: [
        e.case.args[0].max()
        for e in edges(points[0], (0,), (), "float64", domain.shared(map(domain.laws, points)))
    ]
    reached = [(np.where(p == p.max(), 1.0, p), y) for p, y in points]

    assert at(points) and max(at(points)) < 1.0
    assert max(at(reached)) == 1.0


def test_draws_of_several_shapes_have_no_entries_that_are_always_equal():
    """Also where two of them have one shape, after a third."""
    of = lambda *sizes: reduce(shared, [numbers(np.linspace(0.5, 0.5 + 0.1 * n, n)) for n in sizes])
    assert of(3, 3).twins.size == 3
    assert of(3, 2, 3).twins.size == of(3, 2, 3, 3).twins.size == 0
