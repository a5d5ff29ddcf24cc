"""What an edge decides: near ones like draws, far ones a loss, and the user says where it ends."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

normal = lambda *shape: lambda rng: (rng.normal(size=shape),)


def judged(gradient, of, args, **options):
    return vf.validate(gradient, of=of, args=args, **{"cases": 4, **options})


def silu_from_output(x, g):
    """sigmoid recovered as y / x: 0/0 at 0."""
    y = x / (1 + np.exp(-x))
    return g * (y / x + y * (1 - y / x))


def silu(x, g):
    s = 1 / (1 + np.exp(-np.abs(x)))
    s = np.where(x >= 0, s, 1 - s)
    return g * (s + x * s * np.where(x >= 0, np.exp(-np.abs(x)) * s, s))


PRODUCT = (lambda x: np.prod(x) / x, jnp.prod)
OTHERS = lambda x: np.array([np.prod(np.delete(x, k)) for k in range(len(x))], x.dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_number_near_the_draws_is_rejected(dtype):
    found = judged(*PRODUCT, normal(5), dtype=dtype)

    assert found.verdict is Verdict.REJECTED
    assert (
        "0/0 at a zero" in found.reason
        and 'with edges="note" the verdict would be correct' in found.reason
    )
    assert found.worst.case == "edge: a with a zero"  # pyright: ignore
    assert judged(OTHERS, jnp.prod, normal(5), dtype=dtype).verdict is Verdict.CORRECT


def test_the_limit_is_what_is_right_there():
    """NaN is no answer, and neither is another number than the limit."""
    guarded = lambda value: lambda x, g: np.where(x == 0, value * g, silu_from_output(x, g))

    with np.errstate(all="ignore"):
        assert judged(silu_from_output, jax.nn.silu, normal(6)).verdict is Verdict.REJECTED
        assert judged(guarded(0.5), jax.nn.silu, normal(6), edges="near").verdict is Verdict.CORRECT
        assert judged(guarded(0.0), jax.nn.silu, normal(6)).verdict is Verdict.WRONG


def test_no_number_far_from_the_draws_is_a_loss_and_the_place_is_said():
    gradient = lambda x, g: g * np.where(x > 0, 1.0, 0.0) + (x <= 0) * g * np.exp(x)
    found = judged(gradient, jax.nn.elu, normal(6))

    assert found.verdict is Verdict.INACCURATE
    assert "overflows from about 710 on" in found.reason
    right = lambda x, g: g * np.where(x > 0, 1.0, np.exp(np.minimum(x, 0.0)))
    assert judged(right, jax.nn.elu, normal(6)).verdict is Verdict.CORRECT


def test_an_exception_there_is_what_nan_is():
    """NumPy raises at a singular matrix, JAX answers NaN; Python raises where NumPy overflows."""
    by_numpy = lambda a: np.linalg.det(a) * np.linalg.inv(a).T
    by_jax = lambda a: jnp.linalg.det(a) * jnp.linalg.inv(a).T
    found = [judged(g, jnp.linalg.det, normal(3, 3)) for g in (by_numpy, by_jax)]

    assert [f.verdict for f in found] == [Verdict.INACCURATE] * 2
    assert all("0/0 at all zeros" in f.reason for f in found)
    assert "LinAlgError" in found[0].reason

    of = lambda x: -jax.nn.log_softmax(x)[0]
    exponentials = lambda x: np.array([math.exp(v) for v in x])
    loose = lambda x: exponentials(x) / exponentials(x).sum() - np.eye(len(x))[0]
    said = judged(loose, of, normal(4))
    assert said.verdict is Verdict.INACCURATE
    assert "overflows from about 710 on (it raised OverflowError" in said.reason


def test_an_exception_near_the_draws_is_rejected():
    of = lambda x: jnp.sum(x * x)

    def picky(x):
        if (x == 0).any():
            raise ZeroDivisionError("division by zero")
        return 2 * x

    found = judged(picky, of, normal(4))
    assert found.verdict is Verdict.REJECTED
    assert "ZeroDivisionError" in found.reason


def test_an_exception_where_the_derivative_is_infinite_is_nobodys():
    of = lambda x: jnp.sum(jnp.sqrt(jnp.abs(x)))

    def picky(x):
        if (x == 0).any():
            raise ZeroDivisionError("division by zero")
        return np.sign(x) / (2 * np.sqrt(np.abs(x)))

    assert judged(picky, of, normal(4)).verdict is Verdict.CORRECT


MODES = {
    "judge": (Verdict.INACCURATE, Verdict.REJECTED),
    "near": (Verdict.CORRECT, Verdict.REJECTED),
    "note": (Verdict.CORRECT, Verdict.CORRECT),
    "none": (Verdict.CORRECT, Verdict.CORRECT),
}


@pytest.mark.parametrize("mode", MODES)
def test_the_user_says_where_edges_decide(mode):
    far = judged(
        lambda a: np.linalg.det(a) * np.linalg.inv(a).T, jnp.linalg.det, normal(3, 3), edges=mode
    )
    near = judged(*PRODUCT, normal(4), edges=mode)

    assert (far.verdict, near.verdict) == MODES[mode]
    noted = [any(f'by edges="{mode}"' in n for n in f.notes) for f in (far, near)]
    assert noted == [mode in ("near", "note")] * 2  # all zeros are far for the product, too
    if mode == "none":
        assert (near.edges, near.edges_skipped) == (0, 0)


def test_a_number_far_away_is_judged_like_one_that_was_drawn():
    of = lambda x: jnp.sum(jnp.where(jnp.abs(x) < 20, x * x, 40 * jnp.abs(x)))
    forgot = lambda x: 2 * x
    right = lambda x: np.where(np.abs(x) < 20, 2 * x, 40 * np.sign(x))

    assert judged(right, of, normal(4)).verdict is Verdict.CORRECT
    found = judged(forgot, of, normal(4))
    assert found.verdict is Verdict.WRONG and "an edge far from the draws" in found.reason
    assert judged(forgot, of, normal(4), edges="near").verdict is Verdict.CORRECT


def test_correct_is_not_said_beside_no_number():
    for gradient, of, args in ((*PRODUCT, normal(4)), (silu_from_output, jax.nn.silu, normal(4))):
        found = judged(gradient, of, args)
        assert found.verdict is not Verdict.CORRECT


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="edges is 'far'; it must be one of judge, near, note"):
        judged(*PRODUCT, normal(3), edges="far")


# --- integers -------------------------------------------------------------------------------------


def overwrites(table, rows, g):
    out = np.zeros_like(table)
    out[rows] = g
    return out


def adds(table, rows, g):
    out = np.zeros_like(table)
    np.add.at(out, rows, g)
    return out


TAKE = lambda table, rows: table[rows]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_that_come_twice_are_looked_at(dtype):
    args = lambda rng: (rng.normal(size=(7, 3)), rng.permutation(7)[:4])
    found = judged(overwrites, TAKE, args, dtype=dtype)

    assert found.verdict is Verdict.WRONG
    assert found.worst.case == "edge: rows with a duplicate"  # pyright: ignore
    assert judged(adds, TAKE, args, dtype=dtype).verdict is Verdict.CORRECT


def test_places_that_come_twice_are_looked_at():
    """Each index alone may come twice where the pair does not: so assignment passes there."""

    def writes(x, i, j, g):
        out = np.zeros_like(x)
        out[i, j] = g
        return out

    def sums(x, i, j, g):
        out = np.zeros_like(x)
        np.add.at(out, (i, j), g)
        return out

    args = lambda rng: (rng.normal(size=(5, 5)), rng.permutation(5)[:3], rng.permutation(5)[:3])
    found = judged(writes, lambda x, i, j: x[i, j], args)
    assert found.verdict is Verdict.WRONG
    assert found.worst.case == "edge: i and j with a row twice"  # pyright: ignore
    assert judged(sums, lambda x, i, j: x[i, j], args).verdict is Verdict.CORRECT


def test_a_whole_permutation_is_a_law():
    args = lambda rng: (rng.normal(size=(7, 3)), rng.permutation(7))

    assert judged(overwrites, TAKE, args).verdict is Verdict.CORRECT
    assert judged(overwrites, TAKE, args, vary=("rows",)).verdict is Verdict.WRONG


def test_a_python_integer_that_is_named_has_neighbours():
    of = lambda x, k: k * (x * x).sum()
    args = lambda rng: (rng.normal(size=3), 2)

    assert judged(lambda x, k: 4 * x, of, args).verdict is Verdict.CORRECT
    assert judged(lambda x, k: 4 * x, of, args, vary=("k",)).verdict is Verdict.WRONG
    assert judged(lambda x, k: 2 * k * x, of, args, vary=("k",)).verdict is Verdict.CORRECT


def test_what_cannot_be_varied_is_said():
    of = lambda x, how: {"sum": jnp.sum}[how](x * x)
    found = judged(lambda x, how: 2 * x, of, lambda rng: (rng.normal(size=3), "sum"), vary=("how",))

    assert found.verdict is Verdict.CORRECT
    assert "vary: how is as it was drawn; no other value is known that of accepts" in found.notes


# --- samplers -------------------------------------------------------------------------------------


def with_default(rng, n=4):
    return (rng.normal(size=n),)


def named(rng, *, dtype="float64"):
    return (rng.normal(size=4).astype(dtype),)


def second(rng, kind):
    return (rng.normal(size=4).astype(kind),)


@pytest.mark.parametrize("sampler", [with_default, named, second])
def test_a_second_parameter_is_a_dtype_by_name_or_without_a_default(sampler):
    of = lambda x: (x * x).sum()
    found = judged(lambda x: 2 * x, of, sampler, dtype="float32")

    assert found.verdict is Verdict.CORRECT
    widened = judged(lambda x: np.float64(2) * x.astype(np.float64), of, sampler, dtype="float32")
    typed = sampler is not with_default  # then the answer has to come in the dtype, too
    assert (widened.verdict is Verdict.REJECTED) == typed


# --- arguments of every kind ----------------------------------------------------------------------

KEYS = {
    "words": lambda rng: np.array([0, rng.integers(99)], np.uint32),
    "old": lambda rng: jax.random.PRNGKey(int(rng.integers(99))),
    "typed": lambda rng: jax.random.key(int(rng.integers(99))),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_random_key_stays_a_key(kind):
    kept = lambda key: jax.random.bits(key, (4,), "uint32") > jnp.uint32(2**31)
    of = lambda x, key: jnp.where(kept(key), x, jnp.zeros_like(x)).sum()
    args = lambda rng: (rng.normal(size=4), KEYS[kind](rng))

    assert (
        judged(lambda x, key: np.asarray(kept(key), x.dtype), of, args).verdict is Verdict.CORRECT
    )
    assert judged(lambda x, key: np.ones(4), of, args).verdict is Verdict.WRONG


def test_a_window_of_a_batch_of_one_is_never_asked_for():
    pool = lambda x: (
        jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2,), (1,), "VALID") ** 2
    ).sum()

    assert judged(jax.grad(pool), pool, normal(4)).verdict is Verdict.CORRECT


def test_labels_are_cut_with_what_they_label():
    def right(x, y):
        p = np.exp(x - x.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[range(len(y)), y] -= 1
        return p / len(y)

    of = lambda x, y: -jnp.sum(jax.nn.log_softmax(x)[jnp.arange(len(y)), y]) / len(y)
    args = lambda rng: (rng.normal(size=(5, 3)), rng.integers(3, size=5))
    assert judged(right, of, args).verdict is Verdict.CORRECT
