"""A slope taken at another number is that slope, and is found where it is planted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.arithmetic.tape import record
from verification.explanation.bank import ARGUMENTS, ELSEWHERE, formula_of
from verification.explanation.units import units

X = np.array([[0.3, -1.2, 0.7], [1.6, -0.4, 2.3]])


def forward(x):
    return jnp.sum(jnp.tanh(3.0 * x) ** 2)


@pytest.fixture(scope="module")
def tape():
    return record(jax.make_jaxpr(forward)(X), [X], (0,))


@pytest.mark.parametrize("k", range(len(ARGUMENTS)), ids=[formula for formula, _ in ARGUMENTS])
def test_the_slope_of_a_formula_over_several_lines_at_another_number(tape, k):
    """tanh(3x)^2 by x: 6 t (1 - t^2); its own numbers are those of x, and of the square."""
    (at,) = (
        one
        for found in units(tape).values()
        for one in found
        if one.enters == tape.leaves[0] and one.operation.name == "integer_pow"
    )
    z = ARGUMENTS[k][1](X, np.tanh(3.0 * X) ** 2)
    t = np.tanh(3.0 * z)
    # eight roundings: two of tanh's argument and value, six of the product
    allowed = 8.0 * 2.0**-53 * (np.abs(6.0 * t) + np.abs(18.0 * z))
    assert (np.abs(ELSEWHERE[k].of(tape, at) - 6.0 * t * (1.0 - t**2)) <= allowed).all()


@pytest.mark.parametrize(("formula", "at"), [("2 z", 2.0), ("z/2", 0.5)])
def test_it_is_named_where_it_is_planted(formula, at):
    def gradient(x):
        t, wrong = np.tanh(3.0 * x), np.tanh(at * 3.0 * x)
        return 2.0 * t * (1.0 - wrong**2) * 3.0

    finding = vf.validate(gradient, of=forward, args=lambda rng: (rng.normal(size=5),), cases=3)
    said = finding.explanation[0]
    assert said.fits and f"that at {formula}" in said.mistake
    assert "jnp.tanh(3.0 * x)" in said.term


Z = np.linspace(0.2, 2.9, 7)
FORMULAS = {
    "1 - a**2": (np.tanh(Z), 1.0 / np.cosh(Z) ** 2),
    "1 / (2 * a)": (np.sqrt(Z), 0.5 * Z**-0.5),
    "a": (np.exp(Z), np.exp(Z)),
    "cos(z)": (np.sin(Z), np.cos(Z)),
    "": (np.tanh(Z), 1.01 / np.cosh(Z) ** 2),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_right_slope_is_said_as_a_formula_of_z_and_a(formula):
    a, slope = FORMULAS[formula]
    assert formula_of([(Z, a, slope)]) == formula


def test_two_entries_are_too_few_to_tell_a_formula():
    assert formula_of([(Z[:2], np.tanh(Z[:2]), 1.0 / np.cosh(Z[:2]) ** 2)]) == ""
