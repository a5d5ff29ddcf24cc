"""Rules that are right alone, and wrong under a transformation: each is caught, and it is named."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters import jax_function

numbers = lambda rng: (rng.normal(size=3),)
of = jnp.tanh


def ruled(forth, back, f=jnp.tanh):
    @jax.custom_vjp
    def function(x):
        return f(x)

    function.defvjp(forth, back)
    return function


def slope(x):
    return 1.0 - jnp.tanh(x) ** 2


right = ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (d * slope(x),))


def branching(x, d):
    return (d * slope(x) if x[0] > 100.0 else d * slope(x) * 1.0,)


def through_numpy(x, d):
    return (jnp.asarray(np.asarray(d) * (1.0 - np.tanh(np.asarray(x)) ** 2)),)


def with_a_stash():
    kept = {}

    def forth(x):
        kept["x"] = x
        return jnp.tanh(x), None

    return ruled(forth, lambda _, d: (d * slope(kept["x"]),))


def called_back(method, slope_of):
    """The slope is computed by NumPy, in a callback; `method` says how that is batched."""

    def back(x, d):
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return (jax.pure_callback(slope_of, shape, x, d, vmap_method=method),)

    return ruled(lambda x: (jnp.tanh(x), x), back)


def over_everything(x, d):  # the last 3 are one example; all of a batch are not
    return np.asarray(d * (1.0 - np.tanh(x) ** 2) * (3.0 / x.size) * (x.size / 3.0) ** 2)


def of_the_first(x, d):
    x, d = np.asarray(x), np.asarray(d)
    first = x.reshape(-1, 3)[0]
    return np.broadcast_to((1.0 - np.tanh(first) ** 2), d.shape) * d


def squeezed(x, d):  # where the batch is of one example, its axis goes
    return np.squeeze(d * (1.0 - np.tanh(x) ** 2))


def batched_by_hand(rule):
    """A slope with a batching rule of its own."""

    @jax.custom_batching.custom_vmap
    def pulled(x, d):
        return d * slope(x)

    pulled.def_vmap(lambda size, batched, x, d: (rule(x, d), True))
    return ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (pulled(x, d),))


WRONG = {
    "branch on a value": (ruled(lambda x: (jnp.tanh(x), x), branching), "jit"),
    "a NumPy array of a tracer": (ruled(lambda x: (jnp.tanh(x), x), through_numpy), "jit"),
    "float of a tracer": (
        ruled(lambda x: (jnp.tanh(x), x), lambda x, d: (d * slope(x) * float(x[0] > -9.0),)),
        "remat",
    ),
    "a residual of the first example": (called_back("expand_dims", of_the_first), "vmap"),
    "a mean over all that comes": (called_back("expand_dims", over_everything), "vmap"),
    "a batching rule that sums": (
        batched_by_hand(lambda x, d: jnp.broadcast_to((d * slope(x)).sum(0), d.shape)),
        "vmap",
    ),
    "a batching rule that forgets the residual": (
        batched_by_hand(lambda x, d: d * slope(x[:1])),
        "vmap",
    ),
    "a batching rule that squeezes": (
        batched_by_hand(lambda x, d: jnp.squeeze(d * slope(x)).reshape(d.shape)[::-1]),
        "vmap",
    ),
    "a squeeze": (called_back("expand_dims", squeezed), "vmap"),
    "a stash in Python": (with_a_stash(), "remat"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_right_alone_and_caught_there(name):
    rule, under = WRONG[name]
    assert vf.validate(rule, of, numbers, cases=1).verdict == "correct"
    finding = vf.validate(rule, of, numbers, cases=1, under=under, edges="none")
    assert finding.verdict in ("wrong", "rejected"), finding.reason
    assert f"under {under}" in finding.reason
    assert any(note.startswith("correct: as it is") for note in finding.notes)


EVERY = ("vmap", "jit", "remat", "scan")


def test_what_is_right_is_right_under_all():
    finding = vf.validate(right, args=numbers, cases=1, under=EVERY, edges="none")
    assert finding.verdict == "correct"
    for name in (*EVERY, "vmap of one example", "vmap along the last axis"):
        assert f"under {name}" in finding.reason
    loss = lambda w, x: jnp.mean((x @ w) ** 2)
    draw = lambda rng: (rng.normal(size=2), rng.normal(size=(3, 2)))
    gradient = lambda w, x: 2.0 * x.T @ (x @ w) / x.shape[0]
    asked = partial(vf.validate, of=loss, args=draw, cases=1, edges="none")
    assert asked(gradient, under=("vmap", "jit")).verdict == "correct"
    whole = lambda w, x: 2.0 * x.T @ (x @ w) / 3.0 * w.size / 2.0
    assert asked(whole, under="vmap").verdict == "correct"


def test_a_linearized_function_is_judged_by_its_transpose():
    f = jax_function.derivative(lambda x: jnp.sin(x) * x)
    asked = partial(vf.validate, of=lambda x: jnp.sin(x) * x, args=numbers, cases=1)
    assert asked(f, under="linearize").verdict == "correct"


def test_a_name_that_there_is_not_is_said():
    with pytest.raises(ValueError, match="under has 'pmap'; the transformations are vmap, jit"):
        vf.validate(right, of, numbers, under="pmap")
