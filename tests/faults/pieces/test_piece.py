"""A pullback planted at one arrow changes nothing else: the program keeps its values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verification.faults.pieces.piece import gradient_of, planted, sites, traced


def network(w, x):
    """Two uses of w: one inside a jit, one in a loop."""
    z = jax.jit(lambda w, x: jnp.tanh(x @ w))(w, x)
    return jnp.sum(lax.scan(lambda h, row: (h * row, h + row), z[0], z)[1] * w[0, 0])


def looped(w, x):
    return lax.scan(lambda h, row: (jnp.tanh(h * w + row), h * row), jnp.ones_like(w), x)[0]


def here(function, *args):
    leaves, tree = jax.tree.flatten(args)
    program, _ = traced(function, tree, tuple((x.shape, x.dtype) for x in leaves))
    return sites(program, [True] * len(leaves))


def with_rule(function, number, wrong):
    every = lambda program: [True] * len(program.jaxpr.invars)
    return planted(function, lambda program, _: sites(program, every(program))[number], wrong)


ARGS = np.array([[0.25, -0.5, 0.75], [1.25, 0.5, -0.25]]), np.array([[0.5, -1.5], [0.75, 0.25]])


@pytest.mark.parametrize("number", range(3))
def test_the_right_pullback_planted_anywhere_changes_nothing(number):
    right = lambda piece, d: piece.pull(d)
    for function, args in ((network, ARGS), (looped, (ARGS[1][0], ARGS[1]))):
        same = with_rule(function, number, right)
        assert np.array_equal(same(*args), function(*args))
        pairs = zip(pulled(same, args), pulled(function, args), strict=True)
        assert all(np.allclose(a, b, rtol=1e-14, atol=0.0) for a, b in pairs)


def pulled(function, args):
    out = jax.eval_shape(function, *args)
    d = jnp.full(out.shape, 0.375)
    return gradient_of(function, (0, 1), scalar=False)(*args, d)


def test_a_pullback_of_zeros_in_a_loop_is_met_at_every_step():
    args = ARGS[1][0], ARGS[1]
    names = [site.name for site in here(looped, *args)]
    at = names.index("tanh")
    dead = with_rule(looped, at, lambda piece, d: [jnp.zeros_like(d)])
    assert all((leaf == 0.0).all() for leaf in pulled(dead, args))
    assert any((leaf != 0.0).any() for leaf in pulled(looped, args))


def test_arrows_without_a_gradient_are_no_sites():
    function = lambda x: jnp.sum(lax.stop_gradient(jnp.exp(x)) * x + jnp.sin(jnp.ones(2)))
    assert [s.name for s in here(function, ARGS[1][0])] == ["mul", "add", "reduce_sum"]


def test_a_value_read_twice_is_shared():
    (product,) = (s for s in here(lambda x: jnp.sum(x * jnp.exp(x)), ARGS[1][0]) if s.name == "mul")
    assert product.shared == (True, False)
    assert product.active == (True, True)


def test_a_place_names_the_line_of_the_forward():
    site = here(lambda x: jnp.sum(jnp.tanh(x)), ARGS[1][0])[0]
    assert site.place.startswith("tanh, test_piece.py:")
