"""What all draws of a sum have in common is found once, and is what each run would find."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.arithmetic import drawn_sums
from verification.arithmetic.noise import DRAWS, Noise
from verification.measurement import budget as budgets


def test_what_all_draws_have_in_common_is_found_by_the_first_of_them(monkeypatch):
    asked, found = [], drawn_sums.of_products
    monkeypatch.setattr(drawn_sums, "of_products", lambda *a: asked.append(a) or found(*a))
    monkeypatch.setattr(budgets, "ROOM", 8 * 12)  # draws come eight at a time
    rng = np.random.default_rng(0)
    args = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    slope = jax.grad(lambda x, w: jnp.sum(jnp.tanh(jnp.tanh(x) @ w) ** 2), (0, 1))
    kept, few = budgets.deviations(slope, args, "float32"), len(asked)
    monkeypatch.setattr(Noise, "once", lambda self, find: find())
    again = budgets.deviations(slope, args, "float32")
    assert all(map(np.array_equal, kept, again))
    assert few and len(asked) - few == DRAWS / 8 * few


def test_a_product_in_blocks_of_columns_is_the_product(monkeypatch):
    rng = np.random.default_rng(0)
    few = drawn_sums.FEW
    for rows in (1, DRAWS):  # of what is the same in all draws there is one
        a, b = rng.integers(-9, 9, (rows, 1, 3, 5)), rng.integers(-9, 9, (DRAWS, 1, 5, 3 * few + 1))
        a, b = a.astype(float), b.astype(float)
        monkeypatch.setattr(drawn_sums, "ONE_THREAD", 3 * 5 * few)
        assert np.array_equal(drawn_sums._product(a, b), a @ b)
        monkeypatch.setattr(drawn_sums, "ONE_THREAD", 3 * 5 * few - 1)
        assert np.array_equal(drawn_sums._product(a, b), a @ b), "fewer columns: in one"
