"""Edges that nobody asked for: they find mistakes, and never make a right gradient fail."""

import jax
import jax.numpy as jnp
import numpy as np

import verification as vf
from verification.judgement import edge_cases, truth_source
from verification.vocabulary import Verdict


def relu_loss(w, x):
    return jnp.sum(jnp.maximum(x @ w, 0.0) ** 2 + jnp.abs(w).sum())


def sample(rng):
    return rng.normal(size=3), rng.normal(size=(4, 3))


def relu_gradient(w, x):
    return x.T @ (2 * np.maximum(x @ w, 0.0)) + len(x) * np.sign(w)


def judged(gradient, of=relu_loss, args=sample, **options):
    return vf.validate(gradient, of=of, args=args, cases=2, **options)


def test_a_choice_at_a_kink_is_right_there_and_beyond_it_wrong():
    """At w = 0 any slope of |w| from -1 to 1 is right, and 3 is not."""
    at_zero = lambda value: lambda w, x: relu_gradient(w, x) + len(x) * value * (w == 0.0)

    assert judged(at_zero(0.0)).verdict is Verdict.CORRECT
    assert judged(at_zero(1.0)).verdict is Verdict.CORRECT
    found = judged(at_zero(3.0))
    assert found.verdict is Verdict.WRONG
    assert found.worst and "zero" in found.worst.case


def test_a_shape_that_nobody_drew_is_a_note():
    """sqrt(n - 1) of Bessel's correction, guarded by n > 1."""
    of = lambda w, x: jnp.mean(jnp.tanh(x @ w))
    right = lambda w, x: x.T @ (1 - np.tanh(x @ w) ** 2) / len(x)
    guarded = lambda w, x: right(w, x) * (1.0 if len(x) > 1 else 0.5)

    assert not judged(right, of).notes
    found = judged(guarded, of)
    assert found.verdict is Verdict.CORRECT
    assert found.notes == (
        "at a batch of 1, a shape that args did not draw, the answer differs from the gradient",
    )
    one = lambda rng: (rng.normal(size=3), rng.normal(size=(1, 3)))
    assert judged(guarded, of, one).verdict is Verdict.WRONG  # drawn, it decides


def test_an_exception_at_such_a_shape_is_a_note_too():
    of = lambda w, x: jnp.mean(jnp.tanh(x @ w))

    def for_four(w, x):
        assert len(x) == 4
        return x.T @ (1 - np.tanh(x @ w) ** 2) / len(x)

    found = judged(for_four, of)
    assert found.verdict is Verdict.CORRECT
    assert "a batch of 1" in found.notes[0] and "AssertionError" in found.notes[0]


def test_digits_that_saturation_takes_are_noted_and_held_against_nobody():
    of = lambda z: jnp.sum(jax.nn.softplus(z))
    points = lambda rng: (rng.uniform(-1, 1, size=4),)
    found = judged(lambda z: 1 - 1 / (1 + np.exp(z)), of, points)

    assert found.verdict is Verdict.CORRECT
    assert found.notes[0].startswith("digits are lost at edges, in float64: z times ")
    assert "none of 16 digits left" in found.notes[0]


def test_an_edge_where_the_function_is_not_finite_is_skipped_and_counted():
    of = lambda z: jnp.sum(jnp.log(z * z) * z)
    found = judged(lambda z: np.log(z * z) + 2.0, of, lambda rng: (rng.normal(size=4),))

    assert found.verdict is Verdict.CORRECT
    assert found.edges > 0 and found.edges_skipped >= 2  # the zeros
    assert f"{found.edges} edges, {found.edges_skipped} skipped" in str(found)


def test_labels_are_left_alone():
    """y - p is the gradient for one-hot labels only: another sum of y is another function."""
    of = lambda z, y: -jnp.mean(jnp.sum(y * (z - jnp.log(jnp.sum(jnp.exp(z), 1))[:, None]), 1))
    points = lambda rng: (rng.normal(size=(3, 4)), np.eye(4)[rng.integers(4, size=3)])

    def gradient(z, y):
        e = np.exp(z - z.max(1, keepdims=True))
        return (e / e.sum(1, keepdims=True) - y) / len(z)

    assert judged(gradient, of, points).verdict is Verdict.CORRECT
    assert judged(gradient, of, points, vary=("y",)).verdict is Verdict.WRONG


def test_one_point_is_that_one_point():
    rng = np.random.default_rng(2)
    found = vf.validate(relu_gradient, of=relu_loss, args=sample(rng))

    assert (found.edges, found.edges_skipped) == (0, 0)


def test_edges_of_what_is_too_large_for_a_proof_are_skipped_without_a_look(monkeypatch):
    asked, args = [], lambda rng: rng.normal(size=3)
    look = lambda subject, question: asked.append(question) or True
    monkeypatch.setattr(truth_source, "_is_finite", look)
    judged = lambda: vf.validate(lambda x: 2.0 * x, of=lambda x: (x * x).sum(), args=args, cases=1)
    seen = judged()
    assert asked and not seen.edges_skipped
    asked.clear()
    for module in (truth_source, edge_cases):
        monkeypatch.setattr(module, "PROVABLE", 0)
    skipped = judged()
    assert not asked and 0 < skipped.edges_skipped == seen.edges - skipped.edges
