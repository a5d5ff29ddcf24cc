"""Lists of Python's numbers are judged as arrays, and a note says so."""

import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf


def cubes(x):
    return jnp.sum(x**3)


def as_list(factor):
    return lambda x: (factor * np.asarray(x, float) ** 2).tolist()


def found(gradient, *shape, **options):
    return vf.validate(gradient, of=cubes, args=lambda rng: (rng.normal(size=shape),), **options)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 2, 2), (1,)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_list_is_an_array(shape, dtype):
    right = found(as_list(3.0), *shape, dtype=dtype, cases=4)
    assert right.verdict == "correct", right.reason
    said = [note for note in right.notes if str(shape) in note]
    assert bool(said) is (shape != (1,)) and all("lists of numbers" in note for note in said)
    assert found(as_list(3.1), *shape, dtype=dtype, cases=4).verdict == "wrong"


def test_rows_that_are_lists_of_numpys_numbers():
    rows = lambda x: [[3 * v * v for v in row] for row in x]
    assert found(rows, 2, 3, cases=4).verdict == "correct"
    pair = lambda x: (3 * float(x[0]) ** 2, 3 * float(x[1]) ** 2)
    assert found(pair, 2, cases=4).verdict == "correct"


def test_lists_in_the_places_of_several_arrays():
    of = lambda p, x: jnp.sum(p["w"] * x) + p["b"] ** 2
    sample = lambda rng: ({"w": rng.normal(size=3), "b": rng.normal()}, rng.normal(size=3))
    both = lambda p, x: ({"w": x.tolist(), "b": 2 * float(p["b"])}, p["w"].tolist())
    swapped = lambda p, x: ({"w": p["w"].tolist(), "b": 2 * float(p["b"])}, x.tolist())
    ask = lambda g: vf.validate(g, of=of, args=sample, argnums=(0, 1), cases=4).verdict
    assert (ask(both), ask(swapped)) == ("correct", "wrong")


@pytest.mark.parametrize(
    "gradient",
    [
        lambda x: [[1.0, 2.0], [3.0]],
        lambda x: (3 * np.asarray(x) ** 2).tolist()[:-1],
        lambda x: [str(v) for v in x],
        lambda x: [[3 * float(v) ** 2] for v in x],
    ],
)
def test_other_lists_are_still_rejected(gradient):
    assert found(gradient, 4, cases=2).verdict == "rejected"


def test_arrays_have_no_such_note():
    assert not any("lists" in n for n in found(lambda x: 3 * x * x, 4, cases=2).notes)
