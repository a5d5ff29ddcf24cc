"""Complex arguments and results: JAX's gradient is correct, PyTorch's named, and others wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.judgement import complex_arguments as parts
from verification.vocabulary import Verdict


def vector(rng):
    return (rng.normal(size=3) + 1j * rng.normal(size=3),)


def energy(z):
    return jnp.sum(jnp.abs(z) ** 2 + (z * z).imag)


def by_jax(z):
    """dL/dx - i dL/dy of sum x^2 + y^2 + 2 x y."""
    x, y = z.real, z.imag
    return (2 * x + 2 * y) - 1j * (2 * y + 2 * x)


def by_pytorch(z):
    return np.conj(by_jax(z))


def squared(z, d):
    """The pullback of z^2, without a conjugate: JAX's."""
    return 2 * z * d


def judged(gradient, of=energy, args=vector, **more):
    return vf.validate(gradient, of=of, args=args, cases=2, **more)


@pytest.fixture(autouse=True)
def unexplained(monkeypatch):
    monkeypatch.setattr("verification.judgement.judged.explain", lambda *_, **__: ())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_gradient_of_jax_is_correct_by_proof(dtype):
    for gradient in (by_jax, jax.grad(energy)):
        found = judged(gradient, dtype=dtype)
        assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)


def test_the_conjugate_is_named_and_can_be_allowed():
    refused, accepted = judged(by_pytorch), judged(by_pytorch, allow=("conjugate",))
    assert refused.verdict is Verdict.WRONG and "conjugate" in refused.conventions
    assert "PyTorch" in refused.reason and 'allow=("conjugate",)' in str(refused)
    assert accepted.verdict is Verdict.CORRECT and accepted.conventions == ("conjugate",)


@pytest.mark.parametrize(
    "mistake", [lambda z: 2 * z, lambda z: by_jax(z).real + 0j, lambda z: -by_jax(z)]
)
def test_a_mistake_is_neither(mistake):
    found = judged(mistake, allow=("conjugate",))
    assert found.verdict is Verdict.WRONG and "conjugate" not in found.conventions


def test_a_complex_result_has_a_complex_cotangent():
    square = lambda z: z * z
    right, wrong = (judged(g, square) for g in (squared, lambda z, d: 2 * np.conj(z) * d))
    assert right.verdict is Verdict.CORRECT and right.oracle == "ball", str(right)
    assert wrong.verdict is Verdict.WRONG
    pytorch = judged(lambda z, d: 2 * np.conj(z) * d, square, allow=("conjugate",))
    assert pytorch.verdict is Verdict.CORRECT and pytorch.conventions == ("conjugate",)


def test_a_transform_of_real_numbers_has_one():
    signal = lambda rng: (rng.normal(size=6),)
    spectrum = lambda x: jnp.fft.rfft(x)
    back = lambda x, d: (np.exp(-2j * np.pi * np.outer(np.arange(6), np.arange(4)) / 6) @ d).real
    wrong = lambda x, d: (np.exp(2j * np.pi * np.outer(np.arange(6), np.arange(4)) / 6) @ d).real
    assert judged(back, spectrum, signal).verdict is Verdict.CORRECT
    assert judged(wrong, spectrum, signal).conventions == ("conjugate",)


def test_only_one_argument_is_complex():
    of = lambda z, w: jnp.sum(jnp.real(z * w))
    both = lambda rng: (*vector(rng), rng.normal(size=3))
    right = lambda z, w: (w + 0j, z.real)
    found = judged(right, of, both, argnums=(0, 1))
    assert found.verdict is Verdict.CORRECT, str(found)


def test_parts_go_apart_and_together():
    tree = {"z": np.array([1 + 2j, 3.0]), "x": np.ones(2)}
    there = parts.apart(tree, -1.0)
    assert (there["z"].imag == [-2.0, 0.0]).all() and (there["x"] == 1.0).all()
    assert (parts.together(there, -1.0)["z"] == tree["z"]).all()
    narrow = parts.together(parts.Parts(np.ones(2, np.float32), np.ones(2, np.float32)))
    assert narrow.dtype == np.complex64


def test_the_code_that_asks_again_and_the_example_are_in_complex_numbers():
    found = judged(by_pytorch)
    assert "Parts" not in found.reproduce and "args=vector" in found.reproduce
    assert "# the worst is case" in found.reproduce
    example = found.example
    assert example is not None and "Parts" not in str(example)
    assert np.iscomplexobj(example.args[0]) and "by_pytorch(z)" in str(example)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_sampler_may_return_a_bare_array(dtype):
    of = lambda z: jnp.sum(jnp.abs(z) ** 2)
    sample = lambda rng: rng.normal(size=3) + 1j * rng.normal(size=3)
    ask = lambda slope: vf.validate(slope, of=of, args=sample, dtype=dtype, cases=2)
    assert ask(lambda z: 2.0 * jnp.conj(z)).verdict == "correct"
    assert ask(lambda z: 2.0 * z).verdict == "wrong"
