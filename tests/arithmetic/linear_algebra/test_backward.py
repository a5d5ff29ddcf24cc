"""What LAPACK rounds in float32 stays within the running bound, and within random rounding's K."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from verification.arithmetic.bounded import Bounded
from verification.arithmetic.formats import format_of
from verification.arithmetic.linear_algebra import backward, floats
from verification.arithmetic.noise import Noise
from verification.arithmetic.samples import Samples
from verification.measurement.tolerance import allowance

TARGET = format_of("float32")
LEFT = {
    "left_side": True,
    "lower": True,
    "transpose_a": False,
    "conjugate_a": False,
    "unit_diagonal": False,
}
PARAMS = {
    "cholesky": {},
    "lu": {},
    "triangular_solve": LEFT,
    "tridiagonal_solve": {},
    "qr": {"full_matrices": False},
    "eigh": {"lower": True},
    "svd": {"full_matrices": False, "compute_uv": True},
}
LAPACK = {  # in float32, by JAX
    "cholesky": lambda x: (lax.linalg.cholesky(x, symmetrize_input=False),),
    "lu": lambda x: lax.linalg.lu(x)[:1],
    "triangular_solve": lambda a, b: (
        lax.linalg.triangular_solve(a, b, left_side=True, lower=True),
    ),
    "tridiagonal_solve": lambda *parts: (lax.linalg.tridiagonal_solve(*parts),),
    "qr": lambda x: lax.linalg.qr(x, full_matrices=False),
    "eigh": lambda x: lax.linalg.eigh(x, symmetrize_input=False),
    "svd": lambda x: [lax.linalg.svd(x, full_matrices=False)[k] for k in (1, 0, 2)],
}


def operands(name: str, rng) -> list[np.ndarray]:
    shapes = ((4, 4), (6, 4), (4, 6)) if name in ("lu", "qr", "svd") else ((2, 2), (5, 5))
    m, n = shapes[rng.integers(len(shapes))]
    x = rng.normal(size=(m, n)) * np.exp(rng.normal(size=n))
    if name == "cholesky":
        x = x @ x.T
    if name == "eigh":
        x = x + x.T
    if name == "triangular_solve":
        return [x, rng.normal(size=(n, 2))]
    if name == "tridiagonal_solve":
        low, high = rng.normal(size=(2, n))
        low[0] = high[-1] = 0.0
        return [low, 3.0 + rng.normal(size=n), high, rng.normal(size=(n, 2))]
    return [x]


def point(name: str, rng) -> list[np.ndarray]:
    return [x.astype(np.float32).astype(np.float64) for x in operands(name, rng)]


def in_one_gauge(name: str, outs: list, like: list) -> list:
    """Signs of columns are free; and a case is left out where rows were exchanged otherwise."""
    if name in ("qr", "eigh", "svd"):
        k = {"qr": 0, "eigh": 0, "svd": 1}[name]
        sign = np.where((outs[k] * like[k]).sum(-2, keepdims=True) < 0, -1.0, 1.0)
        outs[k] = outs[k] * sign
        if name != "eigh":
            other = {"qr": 1, "svd": 2}[name]
            outs[other] = outs[other] * np.swapaxes(sign, -1, -2)
    return outs


def errors(name: str, xs: list, like: list) -> list[np.ndarray]:
    got = LAPACK[name](*(jnp.asarray(x, jnp.float32) for x in xs))
    outs = in_one_gauge(name, [np.asarray(g, np.float64) for g in got], like)
    return [abs(o - w) for o, w in zip(outs, like, strict=True)]


def listed(name: str, made) -> list:
    return list(made)[: 1 if name == "lu" else None] if isinstance(made, tuple) else [made]


def excess(name: str, allowed, count: int = 40) -> float:
    """The largest error over what is allowed, of `count` draws."""
    rng, worst = np.random.default_rng(3), 0.0
    for _ in range(count):
        xs = point(name, rng)
        made = listed(name, allowed(xs))
        found = errors(name, xs, [value for value, _ in made])
        for error, (_, room) in zip(found, made, strict=True):
            with np.errstate(invalid="ignore", divide="ignore"):
                worst = max(worst, float(np.nanmax(np.where(error == 0, 0.0, error / room))))
    return worst


def bound(name: str, xs: list) -> tuple:
    made = backward.bounded(name, TARGET, *(Bounded(x) for x in xs), **PARAMS[name])
    return tuple((x.value, x.error) for x in listed(name, made))


def drawn(name: str, xs: list) -> tuple:
    made = backward.drawn(name, Noise(TARGET, 0, 32, 0), *(Samples(x) for x in xs), **PARAMS[name])
    sigma = lambda x: np.sqrt(np.square(x.rows - x.value).mean(0))
    room = lambda x: allowance(sigma(x), np.full(x.shape, np.inf), x.size)
    return tuple((x.value, room(x)) for x in listed(name, made))


@pytest.mark.parametrize("name", LAPACK)
@pytest.mark.parametrize("allowed", [bound, drawn])
def test_what_lapack_rounds_is_allowed(name, allowed):
    assert excess(name, partial(allowed, name)) <= 1.0


@pytest.mark.parametrize("name", LAPACK)
def test_a_bound_without_the_condition_of_the_matrix_is_too_small(name, monkeypatch):
    """The unit alone, relative to the output, is not what LAPACK keeps to."""
    zero = backward.TABLE[name]._replace(count=lambda shape: 0)
    monkeypatch.setitem(backward.TABLE, name, zero)
    assert excess(name, partial(bound, name)) > 1.0


def test_the_draws_of_an_operand_go_through():
    """Deviations of the operand come out as the derivative says: of a 1 x 1 Cholesky, half."""
    x, e = np.full((1, 1), 4.0), 2.0**-10
    draws = x + e * np.array([1.0, -1.0]).reshape(2, 1, 1)
    (out,) = listed(
        "cholesky", backward.drawn("cholesky", Noise(TARGET, 0, 2, 0), Samples(x, draws))
    )
    assert np.allclose((out.rows - 2.0).ravel(), [e / 4, -e / 4], rtol=2.0**-8, atol=0)
    made = listed("cholesky", backward.bounded("cholesky", TARGET, Bounded(x, np.full((1, 1), e))))
    assert e / 4 < made[0].error.item() < e / 4 + 2.0**-10 * e + 16 * TARGET.unit


def test_pivots_are_those_of_lapack():
    rng = np.random.default_rng(0)
    for shape in ((4, 4), (5, 3), (3, 5)):
        x = rng.normal(size=shape)
        packed, pivots, order = floats.lu_with_pivots(x)
        want = lax.linalg.lu(jnp.asarray(x, jnp.float32))
        assert (pivots == np.asarray(want[1])).all() and (order == np.asarray(want[2])).all()
        assert np.allclose(packed, want[0], atol=1e-5)
