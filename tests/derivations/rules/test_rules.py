"""Every variant of an update rule: its formula, and that one text runs in every arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

import refnet
from verification.derivations.rules import DECAYS, VARIANTS, Variant, family_of, run
from verification.updates import truth, vectors
from verification.updates.numbers import fractions, rationals
from verification.updates.vectors import Layout, Sequence, Slices, layout
from verification.vocabulary import NoRule

WHERE = layout(vectors.PARAMS)
MATRICES = layout(vectors.MATRICES)
RATIONAL = [name for name, v in VARIANTS.items() if v.rational]


def sequence_of(
    variant: Variant, steps: int = 5, dtype: str = "float64", where: Layout = WHERE
) -> Sequence:
    rng = np.random.default_rng(3)
    h = vectors.hyperparameters(variant, rng, dtype)
    rates = vectors.rates(h.pop("learning_rate"), steps, changes=True)
    return Sequence(h, *vectors.draw(rng, where.size, steps, dtype, variant.family), rates)


@pytest.mark.parametrize("name", RATIONAL)
def test_a_rational_rule_has_the_same_fractions_by_flint_and_by_python(name):
    sequence = sequence_of(VARIANTS[name])
    one = truth.exactly(VARIANTS[name], sequence, rationals(WHERE.slices))
    other = truth.exactly(VARIANTS[name], sequence, fractions(WHERE.slices))
    same = [Fraction(int(a.p), int(a.q)) == b for a, b in zip(one.flat, other.flat, strict=True)]
    assert all(same)


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - set(RATIONAL)))
def test_a_rule_with_roots_has_no_fractions(name):
    with pytest.raises(NoRule):
        truth.exactly(VARIANTS[name], sequence_of(VARIANTS[name], 12), rationals(WHERE.slices))


@pytest.mark.parametrize("name", VARIANTS)
def test_balls_are_thin_and_float64_lies_in_its_budget(name):
    variant = VARIANTS[name]
    where = layout(vectors.params_of(variant))
    sequence = sequence_of(variant, where=where)
    proven = truth.proven(variant, sequence, where)
    bound = truth.rounding(variant, sequence, where, "float64")
    got = where.leaves_of(truth.roughly(variant, sequence, where))
    for ball, leaf, allowed in zip(proven, got, where.leaves_of(bound.allowed), strict=True):
        assert (ball.rad <= 2.0**-80 * (1.0 + np.abs(ball.mid))).all()
        assert (np.abs((leaf - ball.mid) - ball.tail) <= allowed + ball.rad).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_says_what_it_is(name):
    variant = VARIANTS[name]
    assert variant.name == name and variant.formula and variant.reference
    assert variant.latex.count("{") == variant.latex.count("}")
    assert variant in family_of(name)
    assert variant.decay in DECAYS
    assert set(variant.defaults) <= set(vectors.DRAWN)


def test_no_two_variants_of_a_rule_are_the_same_function():
    """At runs with a changing rate; the rate is what tells some of them apart."""
    for family in {v.family for v in VARIANTS.values()}:
        mine = [v for v in VARIANTS.values() if v.family == family]
        where = MATRICES if mine[0].matrices else WHERE
        ends = [truth.roughly(v, _of_all(mine, where), where)[-1] for v in mine]
        for i, one in enumerate(ends):
            for k in range(i):
                assert not np.allclose(one, ends[k], rtol=1e-9, atol=0.0), (
                    mine[i].name,
                    mine[k].name,
                )


def _of_all(family: list[Variant], where: Layout) -> Sequence:
    """One run with the hyperparameters of all of them."""
    rng = np.random.default_rng(5)
    h: dict[str, float] = {"learning_rate": 0.05}
    for variant in family:
        h |= vectors.hyperparameters(variant, rng, "float64")
    h |= {"eps": 0.01, "eps_root": 0.02, "initial_accumulator_value": 0.3, "total": 5}
    rates = vectors.rates(h.pop("learning_rate"), 8, changes=True)
    return Sequence(h, *vectors.draw(rng, where.size, 8, "float64", family[0].family), rates)


def test_momentum_by_hand_in_fractions():
    numbers = fractions(Slices([slice(0, 1)]))
    out = run(
        VARIANTS["momentum"],
        numbers,
        {"decay": 0.5},
        numbers.vector(np.array([1.0])),
        [numbers.vector(np.array([g])) for g in (2.0, 0.0)],
        [Fraction(1, 4), Fraction(1, 8)],
    )
    assert [w[0] for w in out] == [Fraction(1, 2), Fraction(3, 8)]  # v = 2, then 1


def test_the_reference_names_its_rules_as_the_variants_do():
    assert set(refnet.UPDATES) <= set(VARIANTS)
