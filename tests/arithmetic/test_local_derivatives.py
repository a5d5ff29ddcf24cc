"""The tape and its two passes: JAX's gradient, and what flows through each spot of it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from verification.arithmetic import linear
from verification.arithmetic.local_derivatives import flows, meetings, rates, swept
from verification.arithmetic.tape import Wrong, record
from verification.oracles.question import ask


def looped(w, x):
    step = lambda h, v: (jnp.tanh(h @ v), h[0])
    h, rows = jax.lax.scan(step, x, jnp.stack([w, 2.0 * w]))
    return jnp.sum(h) + jnp.prod(jnp.sort(rows[1]))


FUNCTIONS = {
    "elementwise": lambda w, x: jnp.sum(jnp.exp(jnp.sin(x @ w)) / (2.0 + jnp.cos(x @ w) ** 3)),
    "activations": lambda w, x: jnp.sum(jax.nn.gelu(x @ w) * jax.nn.softplus(x @ w)),
    "softmax": lambda w, x: jnp.sum(jax.nn.log_softmax(x @ w)[:, 1] + jnp.var(x @ w, axis=1)),
    "moves": lambda w, x: jnp.sum(jnp.pad(x @ w, 1)[::-1, 1:].T[:2] * jnp.cumsum(w, 0)[:2, :1]),
    "picked": lambda w, x: jnp.sum((x @ w)[jnp.array([0, 2, 2]), jnp.array([1, 0, 0])] ** 2),
    "largest": lambda w, x: jnp.max(x @ w) * jnp.min(w) + jnp.sum(jnp.where(w > 0, w, 0.1 * w)),
    "branch": lambda w, x: jax.lax.cond(x[0, 0] > 0, lambda: jnp.sum(w**2), lambda: jnp.sum(w**3)),
    "loop": looped,
}


def tape_of(function):
    rng = np.random.default_rng(7)
    w, x = rng.normal(size=(3, 3)), rng.normal(size=(4, 3))
    question = ask(function, (w, x), (0, 1))
    return record(question.program, question.leaves, question.wanted), (w, x)


def close(a, b):
    """Up to the rounding of a few hundred operations on numbers of the size of the largest."""
    scale = max(float(np.max(np.abs(b))), 1.0)
    return bool(np.all(np.abs(a - b) <= 512 * np.finfo(float).eps * scale))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_is_that_of_jax_and_the_tangent_agrees(name):
    tape, args = tape_of(FUNCTIONS[name])
    want = jax.grad(FUNCTIONS[name], (0, 1))(*args)
    directions = [np.stack([np.cos(x), np.ones_like(x)]) for x in args]
    got = swept(tape).gradient

    assert all(map(close, got, map(np.asarray, want)))
    slopes = sum(r.reshape(2, -1) @ g.ravel() for r, g in zip(directions, got, strict=True))
    assert close(rates(tape, directions)[tape.out].ravel(), slopes)
    assert not close(2.0 * got[0], np.asarray(want[0]))  # the bound is no blanket


@pytest.mark.parametrize("name", ["elementwise", "activations", "softmax"])
def test_a_scaled_spot_changes_the_gradient_by_what_flows_through_it(name):
    tape, args = tape_of(FUNCTIONS[name])
    directions = [np.ones((1, *x.shape)) for x in args]
    sweep, met = meetings(tape, rates(tape, directions))
    whole = sum(g.sum() for g in sweep.gradient)
    for spot, flow in flows(met).items():
        wrong = sum(g.sum() for g in swept(tape, {spot: 3.0}).gradient)
        assert close(np.asarray(wrong - whole), 2.0 * flow)


def mistaken(tape, kind):
    """A known mistake of a kind, at the exponential or at a product of two that move."""
    op = next(o for o in tape.operations if o.name == ("mul" if kind == "slopes" else "exp"))
    slope = np.cos(np.arange(tape.numbers[op.outs[0]].size)).reshape(tape.numbers[op.outs[0]].shape)
    if kind == "scales":
        return Wrong(scales={(op.key, 0): -3.0})
    if kind == "instead":
        return Wrong(instead={op.outs[0]: (op.ins[0], slope)})
    return Wrong(slopes={(op.outs[0], 1): slope})


@pytest.mark.parametrize("kind", ["scales", "instead", "slopes"])
def test_a_known_mistake_is_made_forward_and_back_alike(kind):
    function = lambda w, x: jnp.sum(jnp.exp(x @ w) * jnp.sin(x @ w))
    tape, args = tape_of(function)
    wrong = replace(tape, wrong=mistaken(tape, kind))
    directions = [np.stack([np.cos(x), np.ones_like(x)]) for x in args]
    paired = lambda sweep: sum(
        r.reshape(2, -1) @ g.ravel() for r, g in zip(directions, sweep.gradient, strict=True)
    )

    assert close(rates(wrong, directions)[tape.out].ravel(), paired(swept(wrong)))
    assert not close(paired(swept(wrong)), paired(swept(tape)))  # it is a mistake
    assert not close(rates(wrong, directions)[tape.out].ravel(), paired(swept(tape)))


def test_a_pullback_of_jax_is_made_once_at_a_place_and_anew_at_another():
    energy = lambda w, x: jnp.sum(jnp.linalg.svd(w, compute_uv=False) ** 3)
    tape, (w, x) = tape_of(energy)
    svd = next(op for op in tape.operations if op.name == "svd")
    of = lambda scale: [scale * tape.numbers[i] for i in svd.ins]
    outs = [tape.numbers[i] for i in svd.outs]
    at, beyond = of(1.0), of(-1.0)
    made = lambda: linear._linearized.cache_info().misses
    before = made()
    first, second = (linear.pull(svd, at, outs, [d])[0] for d in (np.ones(3), np.arange(3.0)))

    assert made() == before + 1 and not close(first, second)
    assert close(linear.pull(svd, beyond, outs, [np.ones(3)])[0], -first)
    assert made() == before + 2
    assert close(swept(tape).gradient[0], np.asarray(jax.grad(energy)(w, x)))


def test_noise_moves_every_number_that_moves_by_a_rounding():
    tape, args = tape_of(FUNCTIONS["elementwise"])
    question = ask(FUNCTIONS["elementwise"], args, (0, 1))
    perturbed = record(question.program, question.leaves, question.wanted, lambda x: x * 1.0001)
    pairs = zip(swept(perturbed).gradient, swept(tape).gradient, strict=True)

    assert all(0 < np.abs(a - b).max() < 0.1 * np.abs(b).max() for a, b in pairs)
