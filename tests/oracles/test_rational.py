"""The rational oracle is exact, agrees with the balls, and chooses no convention at a kink."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx, fmpq

import refnet
from verification.oracles import ball, rational
from verification.oracles.question import ask
from verification.vocabulary import NoRule, Undecided


def network_question(rng):
    layers = tuple(
        refnet.Dense(rng.normal(size=shape), rng.normal(size=shape[1]))
        for shape in ((5, 4), (4, 3))
    )
    x, y = rng.normal(size=(7, 5)), rng.normal(size=(7, 3))
    loss = lambda layers, x, y: refnet.mse(refnet.mlp(layers, x, refnet.relu), y)
    return ask(loss, (layers, x, y), argnums=(0, 1))


def test_a_relu_network_is_exact_and_inside_the_balls():
    question = network_question(np.random.default_rng(3))
    enclosed = ball.enclose(question, 128)
    with ctx.workprec(128):
        for fractions, balls in zip(rational.exact(question), enclosed, strict=True):
            assert all(b.overlaps(arb(q)) for b, q in zip(balls.flat, fractions.flat, strict=True))


def test_a_wrong_fraction_would_leave_the_balls():
    question = network_question(np.random.default_rng(3))
    with ctx.workprec(128):
        for fractions, balls in zip(
            rational.exact(question), ball.enclose(question, 128), strict=True
        ):
            wrong = [arb(q * (1 + fmpq(1, 2**60))) for q in fractions.flat]
            assert any(not b.overlaps(w) for b, w in zip(balls.flat, wrong, strict=True))


def test_the_radius_covers_the_conversion_and_is_0_only_where_it_is_exact():
    numbers = np.array([fmpq(1, 3), fmpq(-7, 4), fmpq(1, 3 * 2**1100), fmpq(10) ** 400, fmpq(0)])
    got = rational.to_ball(numbers)
    for q, mid, tail, rad in zip(numbers, got.mid, got.tail, got.rad, strict=True):
        if np.isfinite(rad):
            gap = abs(q - fmpq(*mid.as_integer_ratio()) - fmpq(*tail.as_integer_ratio()))
            assert gap <= fmpq(*rad.as_integer_ratio())
            assert (rad == 0) == (gap == 0)
    assert got.rad[1] == got.rad[4] == 0 and got.rad[0] > 0 and got.rad[2] > 0
    assert got.rad[3] == np.inf  # 10^400 is no float64
    assert got.proven


@pytest.mark.parametrize(
    "kinked",
    [
        lambda z: jnp.maximum(z, 0.0).sum(),
        lambda z: jnp.minimum(z, 0.0).sum(),
        lambda z: jnp.abs(z).sum(),
        lambda z: jnp.clip(z, 0.0, 2.0).sum(),
        lambda z: z.max() * z[0],
    ],
)
def test_exact_ties_are_undecided_and_their_neighbours_are_not(kinked):
    tied, near = np.array([0.0, -1.5, 0.0]), np.array([0.25, -1.5, 0.75])
    with pytest.raises(Undecided, match="tie"):
        rational.exact(ask(kinked, (tied,)))
    (got,) = rational.exact(ask(kinked, (near,)))
    assert [float(g) for g in got] == jax.grad(kinked)(near).tolist()


def test_division_by_zero_and_transcendentals_are_silence():
    with pytest.raises(Undecided, match="division"):
        rational.exact(ask(lambda z: 1.0 / (z - z), (np.float64(1.5),)))
    with pytest.raises(NoRule):
        rational.exact(ask(jnp.tanh, (np.float64(1.5),)))


def test_an_update_rule_is_its_formula_exactly():
    w, g = np.array([0.7, -1.3]), np.array([0.2, 3.1])

    def stepped(w, g):
        rule = refnet.gradient_descent(0.1)
        return w + rule.update(g, rule.init(w))[0]

    (got,) = rational.evaluate(stepped, w, g)
    exactly = lambda v: fmpq(*float(v).as_integer_ratio())
    assert [exactly(a) - exactly(0.1) * exactly(b) for a, b in zip(w, g, strict=True)] == list(got)
