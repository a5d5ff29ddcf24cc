"""The work of a program is counted product by product, loops and branches included."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.oracles.work import products


def work(f, *shapes) -> int:
    return products(jax.make_jaxpr(f)(*(np.zeros(s) for s in shapes)))


def test_a_matrix_product_counts_its_products_and_a_sum_its_results():
    assert work(lambda a, b: a @ b, (3, 5), (5, 7)) == 3 * 5 * 7
    assert work(lambda a, b: a @ b + 1.0, (3, 5), (5, 7)) == 3 * 5 * 7 + 3 * 7


def test_a_loop_counts_as_often_as_it_runs():
    def loop(a, w):
        return jax.lax.scan(lambda c, _: (jnp.tanh(c @ w), None), a, length=11)[0]

    once = work(lambda a, w: jnp.tanh(a @ w), (2, 3), (3, 3))

    assert work(loop, (2, 3), (3, 3)) == 11 * once


def test_a_compiled_body_counts_as_its_lines():
    f = lambda a, b: jnp.sin(a @ b)

    assert work(jax.jit(f), (3, 4), (4, 2)) == work(f, (3, 4), (4, 2)) == 3 * 4 * 2 + 3 * 2
