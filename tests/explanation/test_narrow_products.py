"""A float32 gradient whose products were made in TF32 or bfloat16 is told that."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import verification as vf

KEPT = {"TF32, 11 bits": 10, "bfloat16, 8 bits": 7}


def of(w, x):
    return jnp.sum(jnp.tanh(x @ w) ** 2)


def drawn(rng):
    return rng.normal(size=(5, 3)), rng.normal(size=(12, 5))


def slopes(mantissa, product=lambda a, b: a @ b):
    """With the factors of each product kept so short, in whatever dtype it is asked."""
    keep = lambda a: lax.reduce_precision(a, 8, mantissa)

    def gradient(w, x):
        a = jnp.tanh(product(keep(x), keep(w)))
        return product(keep(x).T, keep(2 * a * (1 - a * a)))

    return gradient


def judged(gradient, **how):
    asked = {"of": of, "args": drawn, "argnums": 0, "cases": 2, "edges": "none"}
    return vf.validate(gradient, **asked, dtype="float32", **how)


@pytest.mark.parametrize("words", KEPT)
def test_products_in_fewer_digits_are_named(words):
    found = judged(slopes(KEPT[words]))
    assert found.verdict == "inaccurate", str(found)
    (one,) = found.explanation
    assert one.mistake == f"the factors are rounded to {words} of each"
    assert "default_matmul_precision" in one.remedy and one.remedy in str(found)
    assert "in another form" not in str(found)


def test_digits_that_are_lost_elsewhere_are_not_called_those_of_products():
    """The same size of error, of the sums alone: nothing is said of products."""
    short = lambda a: lax.reduce_precision(a, 8, 10)
    found = judged(slopes(23, product=lambda a, b: short(a @ b)))
    assert found.verdict == "inaccurate" and found.explanation == ()
    assert judged(jax.grad(of)).verdict == "correct"


def test_products_in_loops_and_calls_are_followed():
    def steps(w, xs):
        step = lambda h, x: (jnp.tanh(h @ w + x), None)
        return jnp.sum(jax.checkpoint(lambda w, xs: lax.scan(step, xs[0], xs)[0])(w, xs) ** 2)

    def short(w, xs):
        keep = lambda a: lax.reduce_precision(a, 8, 10)

        @jax.custom_vjp
        def product(a, b):
            return keep(a) @ keep(b)

        back = lambda kept, d: (keep(d) @ keep(kept[1]).T, keep(kept[0]).T @ keep(d))
        product.defvjp(lambda a, b: (product(a, b), (a, b)), back)

        def loss(w):
            step = lambda h, x: (jnp.tanh(product(h, w) + x), None)
            return jnp.sum(lax.scan(step, xs[0], xs)[0] ** 2)

        return jax.grad(loss)(w)

    asked = {"args": lambda rng: (rng.normal(size=(4, 4)), rng.normal(size=(3, 2, 4)))}
    found = vf.validate(
        jax.jit(lambda w, xs: short(w, xs)),
        of=steps,
        argnums=0,
        cases=2,
        edges="none",
        dtype="float32",
        **asked,
    )
    assert found.verdict == "inaccurate", str(found)
    assert "TF32" in found.explanation[0].mistake
