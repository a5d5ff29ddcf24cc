"""Programs with complex numbers, as programs of pairs: values, slopes and roundings.

Values and slopes against mpmath at 60 digits; a slope there is the derivative along each of the two
parts, by central differences at 120 digits with a step of 1e-30.
"""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from jax import lax
from jax.extend.core import jaxpr_as_fun

import verification as vf
from verification.arithmetic.complex_numbers import fourier, functions, programs
from verification.arithmetic.complex_numbers.pairs import Pair
from verification.arithmetic.complex_numbers.programs import real_program
from verification.oracles import ball, reverse_autodiff
from verification.oracles.question import ask
from verification.vocabulary import NoRule, Verdict

FUNCTIONS = {
    "exp": (jnp.exp, mpmath.exp),
    "expm1": (jnp.expm1, lambda z: mpmath.exp(z) - 1),
    "log": (jnp.log, mpmath.log),
    "log1p": (jnp.log1p, lambda z: mpmath.log(1 + z)),
    "sqrt": (jnp.sqrt, mpmath.sqrt),
    "rsqrt": (lax.rsqrt, lambda z: 1 / mpmath.sqrt(z)),
    "sin": (jnp.sin, mpmath.sin),
    "cos": (jnp.cos, mpmath.cos),
    "tan": (jnp.tan, mpmath.tan),
    "sinh": (jnp.sinh, mpmath.sinh),
    "cosh": (jnp.cosh, mpmath.cosh),
    "tanh": (jnp.tanh, mpmath.tanh),
    "asin": (jnp.arcsin, mpmath.asin),
    "acos": (jnp.arccos, mpmath.acos),
    "atan": (jnp.arctan, mpmath.atan),
    "asinh": (jnp.arcsinh, mpmath.asinh),
    "acosh": (jnp.arccosh, mpmath.acosh),
    "atanh": (jnp.arctanh, mpmath.atanh),
    "square": (jnp.square, lambda z: z * z),
    "cube": (lambda z: z**3, lambda z: z**3),
    "inverse square": (lambda z: z**-2, lambda z: z**-2),
    "power": (lambda z: z ** (0.5 - 1.5j), lambda z: z ** mpmath.mpc(0.5, -1.5)),
    "quotient": (lambda z: (z + 1) / (z - 2j), lambda z: (z + 1) / (z - 2j)),
    "conj": (jnp.conj, mpmath.conj),
    "sign": (jnp.sign, lambda z: z / abs(z)),
    "logistic": (jax.nn.sigmoid, lambda z: 1 / (1 + mpmath.exp(-z))),
    "abs": (lambda z: jnp.abs(z) + 0j, abs),
    "angle": (lambda z: jnp.angle(z) + 0j, mpmath.arg),
}
POINTS = [(0.8125, 1.25), (-0.6875, 0.375), (-1.75, -2.125), (0.4375, -0.5625)]
WEIGHTS = (0.75, -1.25)  # of the real part and of the imaginary part


@pytest.fixture(autouse=True)
def x64():
    loose = jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow")
    with jax.enable_x64(True), loose[0], loose[1]:
        yield


def weighted(z):
    return WEIGHTS[0] * z.real + WEIGHTS[1] * z.imag


def of_parts(function):
    return lambda a, b: weighted(function(a + 1j * b))


def slopes(name: str, point) -> list:
    """Of both parts, by balls and by mpmath."""
    function, other = FUNCTIONS[name]
    args = tuple(map(np.float64, point))
    found = [leaf[()] for leaf in ball.enclose(ask(of_parts(function), args, (0, 1)), 256)]
    with mpmath.workdps(120):
        z, step = mpmath.mpc(*point), mpmath.mpf("1e-30")
        at = lambda z: weighted(mpmath.mpc(other(z)))
        wanted = [(at(z + h) - at(z - h)) / (2 * step) for h in (step, mpmath.mpc(0, step))]
        with ctx.workprec(256):
            return list(zip(found, [arb(mpmath.nstr(w, 55)) for w in wanted], strict=True))


def contained(pairs) -> bool:
    with ctx.workprec(256):
        room = arb(0, 1) * arb(10) ** -48
        return all(
            mine.overlaps(other + room * (1 + abs(other)))
            and float(mine.rad()) <= 2.0**-60 * (1 + abs(float(other)))
            for mine, other in pairs
        )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_slope_holds_what_mpmath_says(name):
    for point in POINTS:
        assert contained(slopes(name, point)), point


@pytest.mark.parametrize(
    ("name", "primitive", "mistake"),
    [
        ("conj", "conj", lambda z: z),
        ("exp", "exp", lambda z: Pair(lax.exp(z.re), lax.sin(z.im))),
        ("quotient", "div", functions.mul),
        ("sqrt", "sqrt", lambda z: functions.neg(functions.sqrt(z))),
    ],
)
def test_a_wrong_rule_is_seen(name, primitive, mistake, monkeypatch):
    monkeypatch.setitem(functions.ELEMENTWISE, primitive, mistake)
    function, other = FUNCTIONS[name]
    monkeypatch.setitem(FUNCTIONS, name, (lambda z: function(z), other))  # traced again
    assert not contained(slopes(name, POINTS[0]))


# --- transforms ------------------------------------------------------------------------------

TRANSFORMS = {
    "fft": lambda x: jnp.fft.fft(x + 1j * x[::-1]),
    "ifft": lambda x: jnp.fft.ifft(x * 1j + x[0]),
    "rfft": jnp.fft.rfft,
    "irfft": lambda x: jnp.fft.irfft(x[:4] + 1j * x[3:7]) + 0j,
    "irfft, odd": lambda x: jnp.fft.irfft(x[:4] + 1j * x[3:7], n=7) + 0j,
    "fft2": lambda x: jnp.fft.fft2(x[:6].reshape(2, 3)),
    "irfftn": lambda x: jnp.fft.irfftn(x[:6].reshape(2, 3) * (1 + 1j)) + 0j,
    "scan": lambda x: lax.scan(lambda c, y: (c * y + 0.5j, c), 1j * x[0], x + 1j)[1],
    "solve": lambda x: jnp.linalg.solve(jnp.eye(3) * 2j + x[:9].reshape(3, 3), x[:3] + 1j),
    "det": lambda x: jnp.linalg.det(jnp.concatenate([x, x[:7]]).reshape(4, 4) + 1j * jnp.eye(4)),
    "cholesky": lambda x: jnp.linalg.cholesky(
        jnp.eye(2) * 9.0 + jnp.array([[0, 1j], [-1j, 0]]) * x[0] + x[1] ** 2
    ),
    "product": lambda x: jnp.prod(x + 1j),
    "cumsum": lambda x: jnp.cumsum(x + 1j * x**2),
    "while": lambda x: lax.fori_loop(0, 3, lambda k, z: z * z / 2.0 + 1j, x + 1j),
    "cond": lambda x: lax.cond(x[0] > 0.0, lambda z: z * 1j, lambda z: z**2, x + 2j),
}
X = np.random.default_rng(2).integers(-24, 24, 9) / 16


def both(function):
    def parts(x):
        y = jnp.ravel(function(x))
        return jnp.concatenate([y.real, y.imag])

    return parts


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_program_of_pairs_is_the_same_function(name):
    program = jax.make_jaxpr(both(TRANSFORMS[name]))(X)
    real = real_program(program)
    assert not programs.has_complex(real.jaxpr) and programs.has_complex(program.jaxpr)
    (got,), want = jax.jit(jaxpr_as_fun(real))(X), jax.jit(both(TRANSFORMS[name]))(X)
    assert np.abs(got - want).max() < 2.0**-45 * (1.0 + np.abs(want).max())


def test_another_sign_in_the_exponent_is_another_transform(monkeypatch):
    right = fourier.transform
    monkeypatch.setattr(fourier, "transform", lambda z, axis, sign: right(z, axis, -sign))
    function = lambda x: TRANSFORMS["fft"](x)
    real = real_program(jax.make_jaxpr(both(function))(X))
    (got,) = jax.jit(jaxpr_as_fun(real))(X)
    assert np.abs(got - both(function)(X)).max() > 0.1


def test_a_program_of_real_numbers_is_left_alone():
    program = jax.make_jaxpr(jnp.sin)(1.0)
    assert real_program(program) is program


def test_complex_arguments_are_no_pairs():
    with pytest.raises(NoRule, match="complex"):
        real_program(jax.make_jaxpr(jnp.abs)(1j))


# --- verdicts --------------------------------------------------------------------------------


def spectrum(x):
    return jnp.sum(jnp.abs(jnp.fft.rfft(x)) ** 2 * jnp.arange(4.0, dtype=x.dtype))


def by_hand(x):
    """d sum_k k |X_k|^2: 2 Re sum_k k conj(X_k) e^(-2 pi i j k / n)."""
    n = len(x)
    back = np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(4)) / n)
    return 2.0 * (back @ (np.arange(4) * np.conj(np.fft.rfft(x)))).real


def test_autodiff_in_float64_has_a_bound_of_it_too():
    (found,) = reverse_autodiff.gradient(ask(spectrum, (X[:7],)))
    assert (np.abs(found.mid - by_hand(X[:7])) <= 2.0 * found.rad).all() and found.rad.max() < 1e-10


POINT = lambda rng: (rng.normal(size=7),)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_gradient_of_a_spectrum_is_correct_by_proof(dtype):
    found = vf.validate(by_hand, of=spectrum, args=POINT, dtype=dtype, cases=2)
    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda x: by_hand(x) / 2.0,
        lambda x: np.fft.irfft(np.arange(4) * np.fft.rfft(x), 7) * 2.0 * 7,
        lambda x: -by_hand(x),
    ],
)
def test_a_mistake_in_it_is_wrong(mistake, monkeypatch):
    monkeypatch.setattr("verification.judgement.judged.explain", lambda *_, **__: ())
    found = vf.validate(mistake, of=spectrum, args=POINT, cases=2, edges="note")
    assert found.verdict is Verdict.WRONG, str(found)
