"""What all draws of a sum have in common is found once, and is what each run would find."""

import jax
import jax.numpy as jnp
import numpy as np

from verification.arithmetic import drawn_sums
from verification.arithmetic.formats import format_of
from verification.arithmetic.noise import DRAWS, Noise
from verification.arithmetic.samples import Samples
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


def test_of_a_table_the_rows_that_were_read_are_shaken_alone(monkeypatch):
    monkeypatch.setattr(drawn_sums, "is_large", lambda value: True)
    noise = Noise(format_of("float32"), 0, 4, 0)
    deviation = np.zeros((6, 5))
    deviation[2] = 2.0**-24
    x = Samples(np.ones((6, 5)), np.ones((1, 6, 5)))
    shaken = drawn_sums.summed(noise, x, drawn_sums.Spread(deviation, np.zeros((), bool))).rows
    assert shaken.shape == (4, 6, 5) and (x.rows == 1.0).all()
    assert (shaken[:, 2] != 1.0).all() and (np.delete(shaken, 2, 1) == 1.0).all()
