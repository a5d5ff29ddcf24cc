"""Complex tensors: PyTorch's own convention for its programs, and JAX's said where it is that."""

import numpy as np
import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


def energy(z, w):
    return (torch.abs(z * w) ** 2).sum() + 0.5 * (z * torch.conj(w)).real.sum()


def slopes(z, w):
    """By hand: of |zw|^2 it is 2 |w|^2 z in z, of Re z conj(w) it is w; PyTorch's convention."""
    size = lambda x: x.real**2 + x.imag**2
    return 2.0 * size(w) * z + 0.5 * w, 2.0 * size(z) * w + 0.5 * z


def sample(rng):
    return tuple(rng.normal(size=3) + 1j * rng.normal(size=3) for _ in range(2))


def asked(gradient, dtype="float64", **options):
    return vf.validate(
        gradient, of=energy, args=sample, argnums=(0, 1), dtype=dtype, cases=2, **options
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_convention_of_pytorch_is_correct(dtype):
    assert asked(slopes, dtype).verdict == "correct"


def test_what_autograd_makes_of_it_is_correct():
    def by_autograd(z, w):
        leaves = [torch.as_tensor(x).clone().requires_grad_() for x in (z, w)]
        return torch.autograd.grad(energy(*leaves), leaves)

    assert asked(by_autograd).verdict == "correct"


def test_a_function_that_does_not_name_pytorch_is_found_by_trial():
    size = lambda z: (z * z.conj()).real.sum() + z.imag.square().sum()
    ask = lambda slope: vf.validate(slope, of=size, args=lambda rng: sample(rng)[0], cases=2)
    assert ask(lambda z: 2.0 * z + 2.0j * z.imag).verdict == "correct"
    assert ask(lambda z: 2.0 * z + 1.0j * z.imag).verdict == "wrong"


def test_the_convention_of_jax_is_wrong_and_said_and_may_be_allowed():
    conjugate = lambda z, w: tuple(map(np.conj, slopes(z, w)))
    found = asked(conjugate)
    assert found.verdict == "wrong" and "which is JAX's convention" in found.reason
    assert asked(conjugate, allow=("conjugate",)).verdict == "correct"


def test_a_part_that_is_off_is_wrong_and_named():
    def off(z, w):
        by_z, by_w = slopes(z, w)
        return by_z.real + 1.001j * by_z.imag, by_w

    found = asked(off)
    assert found.verdict == "wrong" and "the gradient in z.imag: 1.001 times" in str(found)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * z

    @staticmethod
    def backward(ctx, g):
        return g * 2.0 * ctx.saved_tensors[0].conj()


class Holomorphic(Square):
    """As one writes it for real numbers."""

    @staticmethod
    def backward(ctx, g):
        return g * 2.0 * ctx.saved_tensors[0]


def point(dtype="complex128"):
    torch.manual_seed(3)
    return torch.randn(3, dtype=getattr(torch, dtype), requires_grad=True)


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
def test_torch_gradcheck_takes_them(dtype):
    assert vf.torch_gradcheck(Square.apply, point(dtype))
    assert not vf.torch_gradcheck(Holomorphic.apply, point(dtype), raise_exception=False)


def test_so_does_torch_gradgradcheck():
    assert vf.torch_gradgradcheck(lambda z: z * z.abs(), point())


def test_real_inputs_may_stand_beside():
    real = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64, requires_grad=True)
    assert vf.torch_gradcheck(lambda z, x: (z * x).abs().sum(), (point(), real))


class Ahead(torch.autograd.Function):
    """z^2, with forward mode."""

    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        ctx.save_for_forward(z)
        return z * z

    @staticmethod
    def backward(ctx, d):
        return 2 * d * ctx.saved_tensors[0].conj()

    @staticmethod
    def jvp(ctx, t):
        return 2 * t * ctx.saved_tensors[0]


class Conjugated(Ahead):
    @staticmethod
    def jvp(ctx, t):
        return 2 * t * ctx.saved_tensors[0].conj()


def test_forward_mode_of_complex_numbers_is_judged_in_their_parts():
    asked = {"inputs": point(), "check_forward_ad": True, "raise_exception": False}
    assert vf.torch_gradcheck(Ahead.apply, **asked)
    assert not vf.torch_gradcheck(Conjugated.apply, **asked)
    real = torch.tensor([0.5, -1.5, 2.0], dtype=torch.float64, requires_grad=True)
    beside = asked | {"inputs": (point(), real)}
    assert vf.torch_gradcheck(lambda z, x: (z * x).abs(), **beside)
