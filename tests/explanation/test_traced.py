"""What is seen in the answer alone, traced to the places that it came down from."""

import jax.numpy as jnp
import numpy as np

import verification as vf


def scores(q, k, v):
    return jnp.sum(jnp.sin(jnp.exp(q) @ k) @ v)


def pulled(q, k, v, first=1.0, second=1.0):
    """The gradient with one factor at the outer product's way down, another at the inner's in k."""
    inner = np.exp(q) @ k
    down = first * np.cos(inner) * np.broadcast_to(v.sum(axis=1), inner.shape)
    return (down @ k.T) * np.exp(q), second * np.exp(q).T @ down, _values(inner, v)


def _values(inner, v):
    return np.broadcast_to(np.sin(inner).sum(axis=0)[:, None], v.shape)


def found(**factors):
    args = lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=(5, 2)))
    gradient = lambda q, k, v: pulled(q, k, v, **factors)
    return vf.validate(gradient, of=scores, args=args, argnums=(0, 1, 2), cases=4)


def test_leaves_wrong_by_other_factors_are_traced_to_two_edges():
    said = found(first=2.0, second=-1.0).explanation
    assert [e.factor for e in said if e.kind in ("factor", "sign") and not e.location] == [
        2.0,
        -2.0,
    ]
    placed = [e for e in said if e.fits and e.location]
    both = {e.factor for e in placed}  # the sign in the second operand, or in the other two
    assert both in ({2.0, -1.0}, {-2.0, -1.0})
    assert found().verdict == "correct"


def test_one_wrong_edge_is_not_told_as_two():
    said = [e for e in found(second=-1.0).explanation if e.location]
    assert said and {e.factor for e in said} == {-1.0}


def test_a_mean_in_every_leaf_is_traced_to_where_it_comes_down():
    average = lambda p, t: ((m := np.cos(p - t).mean()) + 0.0 * p, -m + 0.0 * t)
    args = lambda rng: (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)))
    loss = lambda p, t: jnp.sum(jnp.sin(p - t))
    said = vf.validate(average, of=loss, args=args, argnums=(0, 1), cases=4).explanation
    assert "holds the mean of all" in said[0].mistake
    assert any("`p - t`" in e.term and "is replaced by its mean" in e.mistake for e in said[1:])


def test_where_no_line_explains_it_the_answer_comes_first():
    squared = lambda x, dy: (np.cos(x) * dy) ** 2
    args = lambda rng: (rng.normal(size=(3, 5)),)
    said = vf.validate(squared, of=jnp.sin, args=args, cases=3).explanation
    assert "squared entry by entry" in said[0].mistake and said[0].fits
    assert "the slope is multiplied in twice" in said[1].mistake and not said[1].location
