"""What a new user does first, and the sentence that says what to change."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement.arguments import check_count


def loss(w, x, *, rate=1.0, mask=None):
    return rate * jnp.sum(jnp.tanh(x @ w) * (1.0 if mask is None else mask))


def gradient(w, x, rate=1.0):
    return rate * x.T @ (1 - np.tanh(x @ w) ** 2)


sample = lambda rng: (rng.normal(size=3), rng.normal(size=(4, 3)))
vector = lambda rng: (rng.normal(size=3),)


def test_keyword_arguments_go_to_both_where_they_are_taken():
    assert vf.validate(gradient, loss, sample, kwargs={"rate": 2.0}, cases=2)
    assert not vf.validate(lambda w, x: gradient(w, x), loss, sample, kwargs={"rate": 2.0}, cases=2)
    masked = {"rate": 2.0, "mask": np.array([1.0, 0.0, 0.0, 1.0])}
    found = vf.validate(gradient, loss, sample, kwargs=masked, cases=2)
    assert (
        found.verdict == "wrong" and "kwargs = {'rate': 2.0, 'mask': np.array(" in found.reproduce
    )


KINDS = {
    "a Hessian": ({"order": 2}, lambda w, rate: -rate * jnp.diag(jnp.sin(w))),
    "a gradient, twice": ({"order": 2}, lambda w, rate: rate * jnp.cos(w)),
    "a product": ({"order": 2}, lambda w, v, rate: -rate * jnp.sin(w) * v),
    "batches": ({"under": "vmap"}, lambda w, rate: rate * jnp.cos(w)),
    "a surrogate": (
        {"meant": lambda w, rate: rate * jnp.sum(w)},
        lambda w, rate: jnp.full_like(w, rate),
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_keyword_arguments_are_those_of_other_derivatives_too(name):
    asked, right = KINDS[name]
    of = lambda w, rate=1.0: rate * jnp.sum(jnp.sin(w))
    ask = lambda g: vf.validate(g, of, vector, cases=1, edges="none", kwargs={"rate": 2.0}, **asked)
    forgot = (lambda w, v: right(w, v, 1.0)) if name == "a product" else lambda w: right(w, 1.0)
    assert ask(right)
    found = ask(forgot)
    assert found.verdict == "wrong" and "kwargs = {'rate': 2.0}" in found.reproduce


def test_keyword_arguments_of_complex_functions():
    of = lambda w, rate=1.0: rate * jnp.sum(jnp.real(w * jnp.conj(w)))
    points = lambda rng: (rng.normal(size=2) + 1j * rng.normal(size=2),)
    right, forgot = lambda w, rate: 2.0 * rate * np.conj(w), lambda w: 2.0 * np.conj(w)
    asked = {"cases": 1, "edges": "none", "kwargs": {"rate": 3.0}}
    assert vf.validate(right, of, points, **asked)
    found = vf.validate(forgot, of, points, **asked)
    assert found.verdict == "wrong" and "kwargs" in found.reproduce


@pytest.mark.parametrize(("kwargs", "said"), [({"pace": 1}, "'pace'"), ([1], "pass a dict")])
def test_keyword_arguments_that_cannot_be_are_a_sentence(kwargs, said):
    with pytest.raises(TypeError, match=said):
        vf.validate(gradient, loss, sample, kwargs=kwargs)


def test_keyword_arguments_beside_a_rule_of_its_own_are_refused():
    square = jax.custom_vjp(lambda x: x * x)
    square.defvjp(lambda x: (x * x, x), lambda x, d: (2 * x * d,))
    with pytest.raises(TypeError, match="functools.partial"):
        vf.validate(square, lambda x, k: k * x, vector, kwargs={"k": 1.0})


def test_a_cotangent_that_arrives_in_another_argument_is_named():
    of = lambda x, w: x @ w
    points = lambda rng: (rng.normal(size=(5, 3)), rng.normal(size=3))
    asked = {"of": of, "args": points, "cases": 1}
    found = vf.validate(lambda x, w, scale=1.0: np.ones((5, 1)) * w * scale, **asked)
    assert "arrives in `scale`: add an argument for it before `scale`" in found.reason
    assert vf.validate(lambda x, w, d=1.0: np.reshape(d, (5, 1)) * w, **asked)
    other = vf.validate(lambda x, w, d=1.0: np.ones((3, 1)) @ d * w, **asked)
    assert "raised ValueError" in other.reason and "arrives" not in other.reason


def drawn(rng):
    return rng.normal(size=3), rng.normal(size=(int(rng.integers(2, 9)), 3))


def test_a_size_that_is_written_in_is_named_with_its_axis():
    of = lambda w, x: jnp.mean(x @ w)
    for hard in (lambda w, x: x.T @ np.ones(8) / 8, lambda w, x: x.sum(axis=0) / 8):
        found = vf.validate(hard, of, drawn)
        assert not found and "only where axis 0 of x has 8 entries" in str(found).splitlines()[0]
    half = vf.validate(lambda w, x: 0.5 * x.sum(axis=0) / len(x), of, drawn)
    assert not half and "only where axis" not in str(half)


def test_of_nothing_inside_jax_is_spoken():
    over = jax.jit(lambda w: np.tanh(w))  # NumPy inside jit
    found = vf.validate(over, lambda w: jnp.sum(jnp.tanh(w)), vector, cases=2)
    assert found.verdict == "rejected" and "NumPy is called inside what JAX traces" in str(found)
    assert "Tracer" not in str(found)
    black = vf.validate(np.cos, lambda w: float(np.sum(np.sin(np.asarray(w)))), vector, cases=2)
    assert "Tracer" not in str(black) and "flint" not in str(black)


def test_an_of_that_returns_no_numbers_is_a_sentence():
    with pytest.raises(TypeError, match="of returns 'x'; it must return a number"):
        vf.validate(gradient, lambda w: "x", vector)


def test_a_number_beside_the_loss_is_a_sentence_without_internals():
    plain = lambda w, x: gradient(w, x)
    for beside, slope in ((3.0, plain), (jnp.zeros(()), gradient), (np.ones(2), gradient)):
        found = vf.validate(slope, lambda w, x, b=beside: (loss(w, x), b), sample, cases=2)
        assert found.verdict == "rejected" and "let it return the loss alone" in found.reason
        assert not found.notes and "dtype'" not in str(found) and "witnesses" not in str(found)


def test_a_sampler_that_leaves_its_rng_alone_is_told():
    alone = lambda rng: (np.arange(3.0), np.ones((4, 3)))
    partly = lambda rng: (rng.normal(size=3), np.ones((4, 3)))
    told = lambda args: "the same numbers each time" in str(vf.validate(gradient, loss, args))
    assert told(alone) and not told(partly) and not told(alone(None))


def test_nan_in_a_sample_has_the_name_of_its_argument():
    with pytest.raises(ValueError, match="NaN in w,"):
        vf.validate(gradient, loss, lambda rng: (np.array([np.nan, 1.0]), np.ones((2, 2))))


GRADIENTS = jax.grad(lambda w, x: loss(w, x), (0, 1))
ANSWERS = {
    "all of them": (GRADIENTS, "it answered 2 parts, where the gradient by one argument"),
    "an object": (lambda w, x: object(), "its answer is a object, where the argument is an array"),
    "a text": (lambda w, x: {"w": "2"}, "its answer is dict of str, where"),
}


NET = lambda p, x: jnp.sum(jnp.tanh(x @ p["w"] + p["b"]))
DRAWN = lambda rng: ({"w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}, rng.normal(size=3))
SLOPES = jax.grad(NET)
DICTS = {  # what is done to a right answer -> the beginning of the sentence
    "'b' is missing: ": lambda g: {"w": g["w"]},
    "'w2' is too many: ": lambda g: {**g, "w2": g["w"]},
    "'w' is wanted, and 'W' is given instead: ": lambda g: {"b": g["b"], "W": g["w"]},
    "a dict with 'b', 'w' is wanted: ": lambda g: (g["b"], g["w"]),
    "is its `return` missing?": lambda g: None,
    "['b'] is of shape (1, 2), not (2,): ": lambda g: {**g, "b": g["b"][None]},
    "reshape it to (2,); was an axis of length 1": lambda g: {**g, "b": g["b"][None]},
}


@pytest.mark.parametrize("said", DICTS)
def test_the_key_or_leaf_that_is_otherwise_is_named(said):
    found = vf.validate(lambda *args: DICTS[said](SLOPES(*args)), NET, DRAWN, cases=1)
    assert found.verdict == "rejected" and said in found.reason


def test_the_key_of_a_nested_dict_is_named():
    nested = lambda p, x: NET(p["layer"], x)
    drawn = lambda rng: ({"layer": DRAWN(rng)[0]}, DRAWN(rng)[1])
    bare = lambda p, x: {"layer": {"w": SLOPES(p["layer"], x)["w"]}}
    assert "in 'layer' 'b' is missing: " in vf.validate(bare, nested, drawn, cases=1).reason


COUNTS = {
    "args gives 1 argument, and `of` takes w, x; return as many": lambda rng: rng.normal(size=3),
    "args gives 0 arguments, and `of` takes w, x; return its": (),
    "they look like points; pass one of them": [(np.ones(3), np.ones((4, 3)))] * 3,
}


@pytest.mark.parametrize("said", COUNTS)
def test_another_number_of_arguments_is_counted(said):
    with pytest.raises(ValueError, match=re.escape(said)):
        vf.validate(gradient, lambda w, x: loss(w, x), COUNTS[said], cases=1)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_gradient_has_its_sentence(name):
    answer, said = ANSWERS[name]
    found = vf.validate(answer, loss, sample, cases=1)
    assert found.verdict == "rejected" and said in found.reason
    assert not any(word in found.reason for word in ("Held", "0x", "PyTreeDef", "Array"))


def test_one_part_in_a_tuple_is_asked_for_by_a_tuple():
    found = vf.validate(gradient, loss, sample, argnums=(0,), cases=1)
    assert "it answered an array of shape (3,); one part" in found.reason
    assert vf.validate(lambda w, x: (gradient(w, x),), loss, sample, argnums=(0,), cases=1)


def test_a_loss_and_its_gradient_the_wrong_way_round():
    found = vf.validate(loss, gradient, sample, cases=1)
    assert found.verdict == "rejected" and "the two are swapped" in found.reason


MISTAKES = {
    "no args": ({"args": None}, "args is missing; pass a tuple or a function of an rng"),
    "a key": ({"args": lambda rng: (jax.random.normal(rng, (3,)),)}, "numpy.random.Generator, as"),
    "no return": ({"of": lambda w, x: None}, "of returns nothing; .* is its `return` missing"),
    "a flag": ({"of": lambda w, x: jnp.sum(w) > 0.0}, "of returns bool, which has no slope"),
    "a black flag": ({"of": lambda w, x: bool(np.sum(w) > 0.0)}, "of returns False|True; it must"),
    "a seed": ({"seed": -1}, "seed is -1; at least 0 is needed"),
    "twice": ({"argnums": (0, "w")}, "which names an argument twice"),
    "a dtype": ({"dtype": "flaot32"}, "did you mean 'float32'"),
    "a convention": ({"allow": ("summ",)}, "did you mean 'sum'"),
    "an edge": ({"edges": "jugde"}, "did you mean 'judge'"),
    "a transformation": ({"under": "vamp"}, "did you mean 'vmap'"),
    "an argument": ({"argnums": "ww"}, "did you mean 'w'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_call_is_a_sentence(name):
    changed, said = MISTAKES[name]
    with pytest.raises((ValueError, TypeError), match=said):
        vf.validate(gradient, **({"of": loss, "args": sample, "cases": 1} | changed))


@pytest.mark.parametrize("value", ["4", 1.5, True])
def test_a_count_is_a_whole_number(value):
    with pytest.raises(TypeError, match="; give a whole number of at least 1"):
        check_count("cases", value, 1)


def test_names_that_there_are_not_have_a_nearest():
    with pytest.raises(AttributeError, match="did you mean 'validate'"):
        vf.valdiate  # noqa: B018
    with pytest.raises(ValueError, match="did you mean 'sigmoid'"):
        vf.check("sigmod")


def test_the_code_that_asks_again_keeps_what_was_asked():
    asked = {"allow": ("half",), "vary": ("x",), "order": 1, "timeout": 9.0}
    found = vf.validate(lambda w, x: 2.0 * w, loss, sample, cases=1, **asked)
    assert "allow=('half',), vary=('x',), timeout=9.0))" in found.reproduce
