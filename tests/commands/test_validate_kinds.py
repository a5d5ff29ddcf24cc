"""`refnet validate` asks for every kind of derivative; what contradicts a kind is one sentence."""

import pytest

TEXT = '''"""Derivatives of other kinds."""
import jax
import jax.numpy as jnp


@jax.custom_vjp
def stopped(z):
    return jnp.logaddexp(z, 0.0)


def back(z, d):
    return (d * jax.lax.stop_gradient(jax.nn.sigmoid(z)),)


stopped.defvjp(lambda z: (stopped(z), z), back)


@jax.custom_vjp
def branching(z):
    return jnp.sin(z)


branching.defvjp(
    lambda z: (branching(z), z), lambda z, d: (d * jnp.cos(z) if z[0] > -9.0 else d,)
)


@jax.custom_vjp
def rounded(z):
    return jnp.round(z)


rounded.defvjp(lambda z: (rounded(z), None), lambda _, d: (d,))


def loss(w):
    return jnp.sum(jnp.sin(w) * w)


def hessian(w):
    return jnp.diag(2 * jnp.cos(w) - w * jnp.sin(w))


def product(w, v):
    return w * v


def tangent(x, y, dx, dy):
    return jnp.cos(x) * dx * y + jnp.sin(x) * dy


def first_tangent(x, y, dx):
    return jnp.cos(x) * dx * y


def times(x, y):
    return jnp.sin(x) * y


def mean(mu):
    return jnp.sum(mu**2) + 0.01 * mu.size


def estimate(mu, key):
    return 2 * (mu + 0.1 * jax.random.normal(key, mu.shape, mu.dtype))


def biased(mu, key):
    return 1.5 * estimate(mu, key)


def identity(z):
    return z


def numbers(rng):
    return (rng.normal(size=2),)


def two(rng):
    return rng.normal(size=2), rng.normal(size=2)
'''


@pytest.fixture(autouse=True)
def theirs(folder):
    (folder / "kinds.py").write_text(TEXT)


def asked(name, *options, of="", args="numbers"):
    words = ("--of", f"kinds.py:{of}") if of else ()
    return "validate", f"kinds.py:{name}", *words, "--args", f"kinds.py:{args}", *options


FEW = ("--cases", "1")
SAMPLED = ("--samples", "50000", "--bias", "0.2", "--dtype", "float32", *FEW)
ASKED = {
    "its own forward pass": (asked("stopped", *FEW), 0, "CORRECT"),
    "the second pull": (asked("stopped", *FEW, "--order", "2"), 1, "the second derivative: "),
    "a Hessian": (asked("hessian", *FEW, "--order", "2", of="loss"), 0, "CORRECT"),
    "a product": (asked("product", *FEW, "--order", "2", of="loss"), 1, "WRONG"),
    "a transformation": (asked("branching", *FEW, "--under", "jit"), 1, "under jit"),
    "a name": (asked("rounded", *FEW, "--meant", "straight-through"), 0, "is handed on"),
    "a surrogate": (asked("rounded", *FEW, "--meant", "kinds.py:identity"), 0, "is handed on"),
    "another name": (asked("rounded", *FEW, "--meant", "reversed"), 1, "WRONG"),
    "a tangent rule": (asked("tangent", "--forward", *FEW, of="times", args="two"), 0, "CORRECT"),
    "of one argument": (
        asked("first_tangent", "--forward", "--argnums", "0", *FEW, of="times", args="two"),
        0,
        "CORRECT",
    ),
    "an estimate": (asked("estimate", *SAMPLED, of="mean"), 0, "CORRECT"),
    "a biased one": (asked("biased", *SAMPLED, of="mean"), 1, "times what it should be"),
}


@pytest.mark.parametrize("name", ASKED)
def test_each_kind_is_asked_for_and_asked_for_again(refnet, name):
    words, status, said = ASKED[name]
    found, out, err = refnet(*words)
    assert (found, err) == (status, "") and said in out
    if status:
        again = out.rstrip().splitlines()[-1].split()
        assert again[:2] == ["refnet", "validate"]
        assert sorted(words) == sorted(w for w in again[1:] if w not in USUAL or w in words)


USUAL = ("--dtype", "float64", "--seed", "0")


def test_the_command_that_is_shown_asks_the_same_again(refnet):
    words, *_ = ASKED["a transformation"]
    found, out, _ = refnet(*words)
    assert refnet(*out.rstrip().splitlines()[-1].split()[1:]) == (found, out, "")


MISTAKES = {
    "no rule of its own": (asked("loss"), ("kinds.py:loss", "--of is missing")),
    "an order": (asked("stopped", "--order", "4"), ("--order is 4; give 1, 2 or 3",)),
    "a transformation": (asked("stopped", "--under", "pmap"), ("under has 'pmap'", "vmap, jit")),
    "a name": (asked("rounded", "--meant", "ste"), ("meant is 'ste'", "straight-through")),
    "no surrogate": (asked("rounded", "--meant", "kinds.py:nothing"), ("--meant", "'nothing'")),
    "forward and order": (
        asked("tangent", "--forward", "--order", "2", of="times", args="two"),
        ("--order is '2'", "--forward", "leave one of the two out"),
    ),
    "samples and edges": (
        asked("estimate", "--samples", "9", "--edges", "none", of="mean"),
        ("--edges is 'none'", "--samples 9", "leave one"),
    ),
    "a bias alone": (asked("estimate", "--bias", "1", of="mean"), ("--samples is missing",)),
    "no samples": (asked("estimate", "--samples", "0", of="mean"), ("--samples is 0",)),
    "of a process": (
        ("validate", "--process", "./a", "--against", "mse", "--order", "2"),
        ("--order is '2'", "leave one of the two out"),
    ),
    "of an update rule": (
        ("validate", "kinds.py:loss", "--update", "adam", "--forward"),
        ("--forward is 'True'", "leave one"),
    ),
    "an estimate without of": (asked("estimate", "--samples", "9"), ("--of is missing",)),
    "an estimate without a source": (
        asked("hessian", "--samples", "9", of="loss"),
        ("by `key` (of jax.random)",),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_contradicts_a_kind_is_one_sentence(refnet, name):
    arguments, words = MISTAKES[name]
    status, out, err = refnet(*arguments)
    assert (status, out) == (2, ""), out + err
    assert err.startswith("refnet: ") and err.count("\n") == 1
    assert [word for word in words if word not in err] == []
