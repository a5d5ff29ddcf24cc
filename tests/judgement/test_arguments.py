"""validate takes its arguments as people write them; what cannot be is said in a sentence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement.arguments import argnums_of, args_of, dtype_of, point_of
from verification.vocabulary import Verdict


def loss(w, b, x):
    return jnp.sum(jnp.tanh(x @ w + b) ** 2)


def slope(w, b, x):
    a = np.tanh(x @ w + b)
    return 2 * a * (1 - a * a)


def by_w(w, b, x):
    return x.T @ slope(w, b, x)


def by_b(w, b, x):
    return slope(w, b, x).sum()


def sample(rng):
    return rng.normal(size=3), rng.normal(), rng.normal(size=(4, 3))


def squares(x):
    return jnp.sum(x * x)


def doubled(x):
    return 2 * x


def one(rng):
    return rng.normal(size=3)


def judged(gradient, of, args, **options):
    return vf.validate(gradient, of, args, cases=2, **options)


def verdict(*args, **options):
    return judged(*args, **options).verdict


# --- the truth of a finding -----------------------------------------------------------------------


def test_a_finding_is_true_for_correct_alone_and_undecided_is_neither():
    right = judged(doubled, squares, one)
    wrong = judged(lambda x: 3 * x, squares, one)
    rejected = judged(lambda x: 1 / 0, squares, one)
    undecided = right.__class__(**vars(right) | {"verdict": Verdict.UNDECIDED, "reason": "no rule"})

    assert right
    assert not wrong
    assert not rejected
    with pytest.raises(ValueError, match="undecided, which is neither right nor wrong: no rule"):
        bool(undecided)


# --- what is taken ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argnums", "gradient"),
    [
        ("w", by_w),
        ("b", by_b),
        (-3, by_w),
        (-2, by_b),
        (("w", "b"), lambda *a: (by_w(*a), by_b(*a))),
        (["b", -3], lambda *a: (by_b(*a), by_w(*a))),
        (np.int64(0), by_w),
    ],
)
def test_argnums_are_positions_or_names(argnums, gradient):
    wrong = lambda *a: jax.tree.map(lambda leaf: 1.001 * leaf, gradient(*a))

    assert verdict(gradient, loss, sample, argnums=argnums) is Verdict.CORRECT
    assert verdict(wrong, loss, sample, argnums=argnums) is Verdict.WRONG


def test_dtypes_are_those_of_numpy_jax_and_pytorch():
    torch = pytest.importorskip("torch")
    float32 = [np.float32, np.dtype("float32"), jnp.float32, torch.float32, "float32"]
    narrow = [jnp.bfloat16, torch.bfloat16, jnp.dtype("bfloat16"), "bfloat16"]

    assert set(map(dtype_of, float32)) == {"float32"}
    assert set(map(dtype_of, narrow)) == {"bfloat16"}
    assert judged(doubled, squares, one, dtype=np.float32).dtype == "float32"


@pytest.mark.parametrize("dtype", [np.int32, "float31", np.complex64, None, 32])
def test_a_dtype_that_is_not_judged_is_said(dtype):
    with pytest.raises(ValueError, match="it must be one of float64, float32"):
        dtype_of(np.int8 if dtype is None else dtype)


@pytest.mark.parametrize(
    "args",
    [
        np.array([1.5, -0.5, 2.5]),
        jnp.array([1.5, -0.5, 2.5], "float64"),
        [np.array([1.5, -0.5, 2.5])],
        (np.array([1.5, -0.5, 2.5]),),
        one,
        lambda rng: [one(rng)],
        lambda rng: (one(rng),),
    ],
)
def test_a_list_is_a_tuple_and_a_bare_array_a_tuple_of_one(args):
    assert verdict(doubled, squares, args) is Verdict.CORRECT
    assert verdict(lambda x: 2.001 * x, squares, args) is Verdict.WRONG


def test_what_is_no_point_is_said():
    assert point_of([1.0, 2.0]) == (1.0, 2.0)
    assert point_of(2.0) == (2.0,)
    assert args_of(one) is one
    with pytest.raises(TypeError, match="the sampler returned dict; return a tuple"):
        judged(doubled, squares, lambda rng: {"x": one(rng)})
    with pytest.raises(TypeError, match="args is a dict; pass a tuple or a function of an rng"):
        judged(doubled, squares, {"x": np.ones(3)})


@pytest.mark.parametrize("argnums", ["z", 3, -4, True, 1.5, (0, "z"), None])
def test_an_argument_that_there_is_not_is_said(argnums):
    with pytest.raises(ValueError, match="argnums is .*; there are 3 arguments, from 0: w, b, x"):
        argnums_of(argnums, loss, 3)


def test_an_argument_that_cannot_be_differentiated_by_is_said():
    whole = [np.ones(3, int), 2.0]
    with pytest.raises(ValueError, match="argnums is 0; x is of int64: draw floats, or name an"):
        judged(lambda x, c: 2 * c * x, lambda x, c: c * (x**2).sum(), whole)


def test_no_argument_at_all_is_said():
    with pytest.raises(ValueError, match="argnums is empty; name at least one argument"):
        judged(by_w, loss, sample, argnums=())


# --- what people hand over instead ------------------------------------------------------------


def test_a_sampler_without_a_generator_is_said():
    with pytest.raises(TypeError, match=r"the sampler takes no argument; .*: def sample\(rng\)"):
        judged(doubled, squares, lambda: (np.ones(3),))


def test_nan_in_the_sample_is_said():
    with pytest.raises(ValueError, match=r"the sample has NaN in p\['x'\]"):
        judged(doubled, lambda p: squares(p["x"]), lambda rng: ({"x": np.array([1.0, np.nan])},))


ARRAYS = lambda x: jnp.tanh(x)
PULL = lambda x, d: d * (1 - np.tanh(x) ** 2)
HANDED_OVER = {
    "the cotangent forgotten": (
        lambda x: 1 - np.tanh(x) ** 2,
        ARRAYS,
        "`of` returns an array, so the gradient is called with a cotangent: add a last argument",
    ),
    "a cotangent too many": (
        lambda x, d: 2 * x * d,
        squares,
        "`of` returns a number, so the gradient is called without a cotangent: drop its last",
    ),
    "a loss and something beside it": (
        doubled,
        lambda x: (squares(x), x),
        "`of` returns a loss with something beside it: let it return the loss alone",
    ),
    "another number of arguments": (
        lambda x, y, z: x,
        squares,
        "the gradient is called with 1 arguments; it takes (x, y, z)",
    ),
    "value_and_grad": (
        lambda x: (float(np.sum(x * x)), 2 * x),
        squares,
        "it answers a value and a gradient, as value_and_grad does: hand over the gradient alone",
    ),
    "a Hessian": (
        lambda x: 2 * np.eye(len(x)),
        squares,
        "the answer is of shape (3, 3), as a Hessian is; the gradient has the shape of the arg",
    ),
}


@pytest.mark.parametrize("name", HANDED_OVER)
def test_what_is_no_gradient_is_rejected_in_a_sentence_of_its_own(name):
    gradient, of, sentence = HANDED_OVER[name]
    found = judged(gradient, of, one)

    assert found.verdict is Verdict.REJECTED
    assert sentence in found.reason
    assert verdict(PULL, ARRAYS, one) is Verdict.CORRECT


def test_value_and_grad_for_several_arguments():
    both = lambda *a: (1.0, (by_w(*a), by_b(*a)))
    found = judged(both, loss, sample, argnums=("w", "b"))

    assert "as value_and_grad does" in found.reason


def test_an_error_inside_of_the_gradient_stays_what_it_is():
    def broken(x):
        return x + None

    assert "it raised TypeError: unsupported operand" in judged(broken, squares, one).reason


def test_a_tensor_in_the_sample_is_said_with_its_place():
    torch = pytest.importorskip("torch")
    draw = lambda rng: ({"x": torch.ones(3)},)
    of = lambda tree: jnp.sum(tree["x"] ** 2)

    with pytest.raises(TypeError, match=r"tree\['x'\] is a tensor; give NumPy arrays"):
        judged(lambda tree: tree, of, draw)
