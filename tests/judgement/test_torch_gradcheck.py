"""torch_gradcheck: the arguments and the answer of PyTorch's, by proof, in any dtype."""

import inspect

import pytest

import verification as vf

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")


class Square(torch.autograd.Function):
    SLOPE = 2.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @classmethod
    def backward(cls, ctx, d):
        return cls.SLOPE * d * ctx.saved_tensors[0]


class Off(Square):
    """By less than gradcheck's own tolerance."""

    SLOPE = 2.001


class Pair(torch.autograd.Function):
    """Of two outputs; the backward takes the second cotangent for granted."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return 2.0 * x, 3.0 * x

    @staticmethod
    def backward(ctx, d, e):
        return (0.0 if d is None else 2.0 * d) + 3.0 * e


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def point(dtype="float64"):
    torch.manual_seed(1)
    return torch.randn(2, 3, dtype=getattr(torch, dtype), requires_grad=True)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_right_backward_passes_in_any_dtype(dtype):
    assert vf.torch_gradcheck(Square.apply, (point(dtype),))
    assert vf.torch_gradcheck(lambda x: (x.exp(), torch.tanh(x @ x.T).sum(0)), point(dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_wrong_backward_is_a_gradcheck_error_even_within_gradchecks_tolerance(dtype):
    assert torch.autograd.gradcheck(Off.apply, point())
    with pytest.raises(RuntimeError, match=r"1\.0005 times"):
        vf.torch_gradcheck(Off.apply, point(dtype))
    assert not vf.torch_gradcheck(Off.apply, point(dtype), raise_exception=False)


def test_forward_mode_and_batches_of_cotangents_are_judged_too():
    assert vf.torch_gradcheck(torch.sin, point(), check_forward_ad=True, check_batched_grad=True)
    with pytest.raises(RuntimeError, match="(?i)forward"):
        vf.torch_gradcheck(Square.apply, point(), check_forward_ad=True)


def test_an_undefined_cotangent_means_zero():
    assert "output 0" in _message(lambda: vf.torch_gradcheck(Pair.apply, point()))
    assert vf.torch_gradcheck(Pair.apply, point(), check_undefined_grad=False)


def test_the_second_derivative_of_a_backward_that_detaches_is_refused():
    class Cut(Square):
        @staticmethod
        def backward(ctx, d):
            return 2.0 * d * ctx.saved_tensors[0].detach()

    assert vf.torch_gradgradcheck(Square.apply, point())
    assert vf.torch_gradcheck(Cut.apply, point())
    assert not vf.torch_gradgradcheck(Cut.apply, point(), raise_exception=False)


def test_a_narrow_tensor_that_is_closed_over_is_a_sentence():
    w = torch.ones(3, 2, dtype=torch.bfloat16)
    x = torch.ones(4, 3, dtype=torch.bfloat16, requires_grad=True)
    with pytest.raises(ValueError, match="func cannot be run in float64, .* closes over"):
        vf.torch_gradcheck(lambda x: x @ w, x)
    assert vf.torch_gradcheck(lambda x: x @ w.to(x.dtype), x)


def test_inputs_that_are_not_judged_are_said():
    with pytest.raises(ValueError, match="requires_grad=True"):
        vf.torch_gradcheck(torch.sin, torch.ones(2))
    mixed = point(), point("float32")
    with pytest.raises(ValueError, match="float32, float64"):
        vf.torch_gradcheck(torch.add, mixed)


@pytest.mark.parametrize("name", ["gradcheck", "gradgradcheck"])
def test_the_arguments_are_those_of_pytorch(name):
    theirs = inspect.signature(getattr(torch.autograd, name)).parameters
    mine = inspect.signature(getattr(vf, f"torch_{name}")).parameters

    assert list(mine) == list(theirs)
    assert [p.default for p in mine.values()] == [p.default for p in theirs.values()]


def _message(call):
    with pytest.raises(RuntimeError) as caught:
        call()
    return str(caught.value)
