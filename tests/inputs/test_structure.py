"""Edges are made from the sample: what moves, what is held, and what obeys a law of its own."""

import numpy as np
import pytest

from verification.adapters.trees import inward
from verification.inputs import domain, structure
from verification.inputs.domain import is_free
from verification.inputs.structure import Region

RNG = np.random.default_rng(4)
NORMAL = RNG.normal(size=(4, 3))


def edges(point, argnums=(0,), named=(), dtype="float64", more=()):
    """Around a point, of which the draws have in common what these have."""
    points = map(inward, (point, *more))
    laws = domain.shared([domain.laws(one) for one in points])
    return list(structure.edges(inward(point), argnums, named, dtype, laws))


def labels(point, **options):
    return [edge.case.label for edge in edges(point, **options)]


def at(point, label, **options):
    return {e.case.label: e.case.args for e in edges(point, **options)}[label]


def test_the_differentiated_argument_has_zeros_ties_and_every_scale():
    point = (np.array([0.3, -0.7, 1.9]),)
    said = labels(point)

    for what in ("with a zero", "all zeros", "all equal", "times 64", "times 1024"):
        assert f"edge: args[0] {what}" in said
    assert at(point, "edge: args[0] all equal")[0].tolist() == [0.3, 0.3, 0.3]
    assert at(point, "edge: args[0] with a zero")[0].tolist() == [0.0, -0.7, 1.9]
    assert at(point, "edge: args[0] with its largest tied")[0].tolist() == [0.3, 1.9, 1.9]
    assert at(point, "edge: args[0] with its smallest tied")[0].tolist() == [-0.7, -0.7, 1.9]


def test_the_order_is_reversed_far_away_within_the_law():
    x, label = np.array([[0.3, -0.7, 1.9]]), "edge: args[0] times 1024, its order reversed"
    turned = at((x,), label)[0]

    assert turned.tolist() == [[1024 * (1.9 - 0.7 - v) for v in (0.3, -0.7, 1.9)]]
    signs = "edge: args[0] times 4096, its order reversed"  # the ends are less far apart
    assert np.argsort(at((np.array([0.3, 0.9, 0.7]),), signs)[0]).tolist() == [1, 2, 0]
    assert not any("reversed" in s for s in labels((np.sort(x),)))  # sorted: the law of a draw
    below = at((np.tril(NORMAL[:3]),), label.replace("1024", "2048"))[0]
    assert np.array_equal(below, np.tril(below)) and (below[np.tril_indices(3)] != 0).all()
    assert not any("reversed" in s for s in labels((x, x), argnums=(1,)) if "args[0]" in s)


def test_a_tie_lies_along_each_axis_and_in_a_window():
    x = np.arange(1.0, 13.0).reshape(3, 4)
    x[0, 0] = -1.0
    rows = at((x,), "edge: args[0] with its largest and its smallest tied along axis 1")[0]
    columns = at((x,), "edge: args[0] with its largest and its smallest tied along axis 0")[0]

    assert rows[2].tolist() == [9, 10, 12, 12] and rows[0].tolist() == [-1, -1, 3, 4]
    assert columns[1, 3] == columns[2, 3] == 12 and columns[1, 0] == columns[0, 0] == -1


def test_near_edges_come_first_and_every_one_says_how_it_lies():
    w, x = RNG.normal(size=3), RNG.normal(size=(5, 3))
    regions = [edge.region for edge in edges((w, x))]

    assert regions == sorted(regions, key=list(Region).index)
    assert set(regions) == set(Region)


def test_two_arrays_of_a_shape_meet_in_an_entry():
    a, b = np.array([0.3, -0.7, 1.9]), np.array([5.0, -0.6, -2.0])
    met = at((a, b), "edge: args[0] and args[1] tied in an entry", argnums=(0, 1))

    assert met[0].tolist() == [0.3, -0.6, 1.9] and met[1] is b
    threshold = at((a, np.array(0.4)), "edge: args[0] and args[1] tied in an entry")
    assert threshold[0].tolist() == [0.4, -0.7, 1.9]


LAWS = {
    "labels": np.array([0.0, 1.0, 1.0]),
    "probabilities": np.array([0.2, 0.7, 0.4]),
    "signs": np.array([1.0, -1.0, -1.0]),
    "unit rows": NORMAL / np.linalg.norm(NORMAL, axis=1, keepdims=True),
    "centred columns": NORMAL - NORMAL.mean(0),
    "symmetric": NORMAL[:3] + NORMAL[:3].T,
    "sorted": np.sort(NORMAL[:, 0]),
    "one number": np.array(0.7),
}


@pytest.mark.parametrize("law", LAWS)
def test_data_with_a_law_of_their_own_stay_as_they_are(law):
    w = np.array([0.3, -0.7])
    moved = lambda data: [s for s in labels((w, data)) if s.startswith("edge: args[1]")]

    assert not is_free(LAWS[law])
    assert not moved(LAWS[law])
    assert moved(NORMAL)


def test_a_law_that_another_draw_breaks_is_none():
    w, once, again = np.array([0.3, -0.7]), np.array([0.2, 0.7]), np.array([0.3, -0.5])

    assert "edge: args[1] with a zero" not in labels((w, once))
    assert "edge: args[1] with a zero" in labels((w, once), more=[(w, again)])


def test_what_is_positive_stays_positive():
    arrays = [e.case.args[0] for e in edges((np.array([0.3, 0.7, 1.9]),))]

    assert len(arrays) > 4 and all((x > 0).all() for x in arrays)


def test_a_zero_that_was_drawn_may_come_again():
    assert "edge: args[0] all zeros" in labels((np.array([0.3, 0.7]),), more=[(np.zeros(2),)])


MATRICES = {
    "symmetric": (NORMAL[:3] + NORMAL[:3].T, lambda a: np.array_equal(a, a.T)),
    "triangular": (np.tril(NORMAL[:3]), lambda a: np.array_equal(a, np.tril(a))),
    "definite": (
        NORMAL.T @ NORMAL,
        lambda a: np.array_equal(a, a.T) and (np.linalg.eigvalsh(a) > 0).all(),
    ),
}


@pytest.mark.parametrize("kind", MATRICES)
def test_a_matrix_differentiated_by_keeps_its_structure(kind):
    matrix, obeys = MATRICES[kind]
    moved = [e.case.args[0] for e in edges((matrix,))]

    assert len(moved) >= 3 and all(obeys(a) for a in moved)
    assert not all(obeys(e.case.args[0]) for e in edges((NORMAL[:3],)))


def test_a_square_matrix_is_made_singular():
    singular = at((NORMAL[:3],), "edge: args[0] a singular matrix")[0]

    assert abs(np.linalg.det(singular)) < 1e-12 < abs(np.linalg.det(NORMAL[:3]))


def test_a_zero_or_a_tie_that_makes_a_matrix_singular_is_far():
    two = np.array([[3.0, 0.5], [-0.25, 2.0]])
    found = {e.what: e.region for e in edges((two,))}
    tied = "with its largest and its smallest tied along axis 1"

    assert found[tied] is Region.FAR and found["with a zero"] is Region.NEAR
    assert {e.what: e.region for e in edges((NORMAL,))}[tied] is Region.NEAR
    low = np.array([[0.25, 0.0], [-3.0, 2.0]])
    assert {e.what: e.region for e in edges((low,))}["with a zero"] is Region.FAR


# --- integers -------------------------------------------------------------------------------------


def test_integers_have_a_duplicate_unless_they_obey_a_law():
    w, has = np.array([0.3, -0.7]), "edge: args[1] with a duplicate"
    rows = np.array([5, 2, 6])

    assert at((w, rows), has)[1].tolist() in ([5, 5, 6], [2, 2, 6], [5, 6, 6])
    assert has not in labels((w, np.array([1, 0, 2])))  # a permutation
    assert has not in labels((w, np.eye(3, dtype=int)))  # one-hot rows
    assert has not in labels((w, np.array([7, 9], np.uint32)))  # a random key
    assert has in labels((w, np.array([1, 0, 2])), named=(1,))
    assert at((w, np.array([0, 3, 5])), has)[1].tolist() == [0, 0, 5]  # sorted


def test_integers_that_index_together_come_twice_in_one_place():
    w, i, j = np.array([0.3, -0.7]), np.array([5, 2, 6]), np.array([1, 4, 3])

    _, first, second = at((w, i, j), "edge: args[1] and args[2] with a row twice")
    assert first.tolist() == [5, 2, 5] and second.tolist() == [1, 4, 1]
    pairs = np.stack([i, j], 1)
    assert at((w, pairs), "edge: args[1] with a row twice")[1].tolist() == [[5, 1], [2, 4], [5, 1]]
    assert not any("row twice" in s for s in labels((w, i)))
    assert not any("row twice" in s for s in labels((w, i, np.array([0, 1, 2]))))  # a permutation


def test_duplicates_lie_within_what_the_draws_had_there():
    """Of parents that come before their children, none comes after."""
    draws = [np.array([-1, 0, 1]), np.array([-1, 0, 0]), np.array([-1, 0, 1])]
    found = at(
        (np.ones(2), draws[0]),
        "edge: args[1] with a duplicate",
        more=[(np.ones(2), d) for d in draws],
    )

    assert found[1].tolist() == [-1, 0, 0]


def test_python_numbers_are_held_unless_they_are_named():
    point = np.array([0.3, -0.7]), 3

    assert not any("args[1]" in s for s in labels(point))
    values = [e.case.args[1].value for e in edges(point, named=(1,)) if e.position == 1]
    assert values == [4, 2, 0, 1]
    assert at((np.ones(2), True), "edge: args[1] = False", named=(1,))[1].value is False
    assert at((np.ones(2), np.array(5)), "edge: args[1] = 6", named=(1,))[1] == 6
    assert at((np.ones(2), 0.5), "edge: args[1] = 1.0", named=(1,))[1] == 1.0


# --- shapes ---------------------------------------------------------------------------------------


def test_a_batch_of_one_is_asked_for_where_the_batch_is_known():
    w, x, y = RNG.normal(size=3), RNG.normal(size=(5, 3)), RNG.normal(size=5)
    one = at((w, x, y), "edge: a batch of 1")

    assert [a.shape for a in one] == [(3,), (1, 3), (1,)]


def test_what_belongs_together_is_cut_together():
    z, y = RNG.normal(size=(5, 3)), RNG.normal(size=5)

    assert [a.shape for a in at((z, y), "edge: a batch of 1")] == [(1, 3), (1,)]


def test_a_square_sample_loses_one_example_and_never_comes_down_to_one():
    """A batch of one could be broadcast against the axis that is as long."""
    w, x = RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4))

    assert "edge: a batch of 3" in labels((w, x))
    assert "edge: a batch of 1" not in labels((w, x))


def test_one_array_alone_is_no_batch():
    assert not any("batch" in s for s in labels((RNG.normal(size=(5, 3)),)))


@pytest.mark.parametrize("integers", [np.array([0, 4, 1, 1, 2]), 2])
def test_nothing_is_cut_below_an_index(integers):
    w, x = RNG.normal(size=3), RNG.normal(size=(5, 3))

    assert "edge: a batch of 1" in labels((w, x))
    assert not any("batch" in s for s in labels((w, x, integers)))


def test_scales_are_those_of_the_format():
    half = np.array([0.5, -2.0], np.float16)
    found = [e.case.args[0] for e in edges((half,), dtype="float16")]

    assert all(a.dtype == np.float16 and np.isfinite(a).all() for a in found)


def test_edges_of_a_number_are_numbers():
    """A 0-d array stays one: an array of one entry would be another question."""
    point = (np.array(0.25), np.array([0.5, -2.0, 3.0]))
    found = edges(point, argnums=(0, 1))
    shapes = {tuple(np.shape(x) for x in edge.case.args) for edge in found}

    assert ((), (3,)) in shapes
    assert all(shape[0] == () for shape in shapes)


@pytest.mark.parametrize(("dtype", "overflow"), [("float64", 709.8), ("float32", 88.8)])
def test_the_largest_scale_takes_both_signs_to_where_exponentials_overflow_and_not_far_beyond(
    dtype, overflow
):
    point = (np.array([0.7, -1.3, 0.2], dtype),)
    largest = max(e.scale for e in edges(point, dtype=dtype))
    assert 0.7 * largest >= overflow > 0.7 * largest / 2.0
    small = (np.array([0.6, -0.5, 0.2], dtype),)
    assert max(e.scale for e in edges(small, dtype=dtype)) > largest


@pytest.mark.parametrize("scale", [1.0, 1e300])
def test_sums_that_are_all_the_same_are_seen_at_every_scale(scale):
    free = np.array([[0.3, 1.7], [0.9, 0.4]])

    assert domain.is_constrained(scale * free / free.sum(axis=1, keepdims=True))
    assert not domain.is_constrained(scale * free)
