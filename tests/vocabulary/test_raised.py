"""An exception in one sentence, without addresses and without JAX's insides."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.vocabulary.raised import KNOWN, LONGEST, in_words, kind_of


@pytest.mark.parametrize(
    "function",
    [lambda x: np.tanh(x), lambda x: x if x > 0 else -x, lambda x: [1, 2][x.astype(int)],
     lambda x: float(x)],
)  # fmt: skip
def test_what_jax_raises_of_its_tracing_is_said_as_what_was_done(function):
    with pytest.raises(Exception) as said:  # noqa: PT011
        jax.jit(function)(jnp.array(1.0))
    assert "Tracer" not in in_words(said.value) and "inside what JAX traces" in in_words(said.value)
    assert kind_of(said.value) in KNOWN.values()


def test_other_exceptions_keep_their_words():
    assert in_words(ValueError("no\n  way")) == "ValueError: no way"
    assert in_words(KeyError()) == "KeyError" and kind_of(KeyError()) == "KeyError"
    assert in_words(ValueError("<f at 0x7f12ab> of JitTracer<float64[3]>")) == (
        "ValueError: <f> of a traced array"
    )
    assert len(in_words(ValueError("x" * 999))) < LONGEST + 20


def test_a_transformation_that_was_not_applied_is_told_so():
    with pytest.raises(TypeError) as said:
        jax.grad(jnp.ones(2))
    assert in_words(said.value).endswith("of a function, such as jax.grad(loss)")
    assert "grad(loss)" not in in_words(TypeError("Expected a number, got 3"))


@jax.custom_vjp
def ruled(x, y):
    return jnp.sum(x * y)


RULES = {
    "call ruled.defvjp(forward, backward)": None,
    "a tuple with one gradient for each argument": (
        lambda x, y: (1.0, x),
        lambda r, d: (r,),
    ),
    "return a pair: the value, and what": (lambda x, y: jnp.sum(x), lambda r, d: (r, r)),
}


@pytest.mark.parametrize("advice", RULES)
def test_what_is_wrong_with_a_rule_says_what_to_write(advice):
    function = jax.custom_vjp(ruled.fun)
    if (rules := RULES[advice]) is not None:
        function.defvjp(*rules)
    with pytest.raises((TypeError, AttributeError)) as said:
        jax.grad(function)(jnp.ones(2), jnp.ones(2))
    assert advice in in_words(said.value) and "pytree" not in in_words(said.value)
