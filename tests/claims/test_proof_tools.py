"""The tools behind C1 to C11 prove what is true, and refuse what is not."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from flint import arb, ctx

from refnet import Neuron, relu, sigmoid
from verification.claims import enclosures, minimum, regions, symbols
from verification.claims.symbols import U, Y, Z
from verification.claims.trial import Trial, every

GAP = Fraction(1, 1024)


def fraction(p: int, q: int) -> arb:
    return regions.exact(Fraction(p, q))


GAP_BALL = regions.exact(GAP)


def test_region_is_proved_or_its_bad_piece_named():
    lifted = regions.positive(lambda x: x * (x - 1) + fraction(1, 4) + GAP_BALL, (-1, 2))
    dipping = regions.positive(lambda x: x * (x - 1) + fraction(1, 4) - GAP_BALL, (-1, 2))

    assert lifted.holds
    assert not dipping.holds and "the value is in" in dipping.says


def test_region_with_a_zero_inside_is_not_proved():
    assert not regions.positive(lambda x: (x - fraction(1, 3)) ** 2, (0, 1)).holds


def test_region_in_the_plane():
    inside = regions.positive(lambda x, y: 2 - x * x - y * y, (0, Fraction(99, 100)), (0, 1))

    assert inside.holds
    assert not regions.positive(
        lambda x, y: 2 - x * x - y * y, (0, Fraction(101, 100)), (0, 1)
    ).holds


def circle(radius2: int):
    """x^2 + y^2 = radius2 and x = y, with the Jacobian of it."""
    field = lambda p: [p[0] * p[0] + p[1] * p[1] - radius2, p[0] - p[1]]
    jacobian = lambda p: [[2 * p[0], 2 * p[1]], [arb(1), arb(-1)]]
    return field, jacobian


def test_zero_is_enclosed():
    found = minimum.zero(*circle(4), (1.0, 2.0))
    with ctx.workprec(256):
        root = arb(2).sqrt()

    assert found.trial.holds
    assert all(x.contains(root) and x.rad() < minimum.WIDE**2 for x in found.box)


@pytest.mark.parametrize("radius2", [-1, 0], ids=["none", "double"])
def test_zero_that_is_none_or_double_is_not_proved(radius2):
    assert not minimum.zero(*circle(radius2), (1.0, 2.0)).trial.holds


def test_krawczyk_with_a_wrong_field_lies_outside():
    _, jacobian = circle(4)
    far, _ = circle(5)
    box = tuple(arb(2).sqrt().mid() + arb(0, minimum.WIDE) for _ in range(2))

    image = minimum.krawczyk(far, jacobian, box)

    assert not any(x.contains_interior(k) for x, k in zip(box, image, strict=True))


def test_formulas_equal_for_all_values():
    slope = sympy.diff(symbols.formula(sigmoid, Z), Z)

    assert symbols.equal(
        "slope", slope, symbols.formula(lambda z: sigmoid(z) * sigmoid(-z), Z)
    ).holds
    wrong = symbols.equal("slope", slope, symbols.formula(lambda z: sigmoid(z) * sigmoid(z), Z))
    assert not wrong.holds and "difference" in wrong.says


def test_formula_follows_the_branch_of_its_sample():
    assert symbols.formula(relu, Z, sample={Z: sympy.Rational(1, 2)}) == Z
    assert symbols.formula(relu, Z, sample={Z: -sympy.Rational(1, 2)}) == 0


@pytest.mark.parametrize(
    ("quotient", "holds"),
    [
        ((U**2 - U + 1) / (1 + U), True),
        (U**2 - 2 * U + 1, False),  # a double root at 1, seen where it is sounded
        ((U - 7) ** 2, False),  # a double root between the soundings
        ((U - 7) * (U - sympy.Rational(71, 10)), False),  # negative between the soundings only
        (1 / (U - 7) ** 2, False),  # a pole
        (-U, False),
        (U + Y, False),  # not of u alone
        (U, True),
    ],
)
def test_sign_is_decided_for_all_u(quotient, holds):
    assert symbols.positive("q", quotient).holds == holds


def test_gradient_over_a_box_holds_the_gradient_at_its_points():
    slope = lambda z: enclosures.number(enclosures.gradient(sigmoid, z))

    wide = slope(regions.ball(Fraction(1), Fraction(2)))

    assert wide.contains(slope(arb(1.5))) and not wide.contains(slope(arb(4)))


def quadratic(params, x, y):
    return jnp.sum((params.w * x + params.b - y) ** 2)


def test_gradient_keeps_the_type_of_its_argument():
    found = enclosures.gradient(quadratic, Neuron(*np.array([2.0, 1.0])), np.ones(2), np.zeros(2))

    assert isinstance(found, Neuron)
    assert [enclosures.number(v) == 12 for v in found] == [True, True]


def test_trials_together_hold_when_all_do():
    good, bad = Trial(True, "good."), Trial(False, "bad.")

    assert every([good, good]) == Trial(True, "good. good.")
    assert every([good, bad]) == Trial(False, "bad.")
    assert every([bad, bad]) == Trial(False, "bad. bad.")
