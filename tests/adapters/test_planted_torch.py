"""Ten wrong backward passes in PyTorch are caught; their right twins are correct."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verification as vf
from verification.adapters import torch_function
from verification.vocabulary import Verdict

from .planted import Planted

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def function(forward, backward):
    """An autograd.Function of one or two tensors."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *args):
            ctx.save_for_backward(*args)
            return forward(*args)

        @staticmethod
        def backward(ctx, d):
            return backward(d, *ctx.saved_tensors)

    return Rule


def vector(rng):
    return (rng.normal(size=5),)


def pair(rng):
    return rng.normal(size=4), rng.normal(size=4)


# --- autograd.Function --------------------------------------------------------------------------

softplus = lambda z: torch.logaddexp(z, torch.zeros_like(z))
SOFTPLUS = function(softplus, lambda d, z: d * torch.sigmoid(z))
SIGN = function(softplus, lambda d, z: -d * torch.sigmoid(-z))
UPSTREAM = function(softplus, lambda d, z: torch.sigmoid(z))
PRODUCT = function(lambda x, y: x * y, lambda d, x, y: (d * y, d * x))
DROPPED = function(lambda x, y: x * y, lambda d, x, y: (d * y, None))
EXPONENTIAL = function(torch.exp, lambda d, z: d * torch.exp(z))
SAVED_INPUT = function(torch.exp, lambda d, z: d * z)

# --- plain functions, and gradients by hand on tensors ------------------------------------------


def normalise(x, keep=lambda s: s):
    return x / keep(torch.sqrt((x * x).sum()))


NORMALISE = torch_function.derivative(normalise)
DETACHED = torch_function.derivative(lambda x: normalise(x, lambda s: s.detach()))


def attention(params, x):
    scores = (x @ params["q"]) @ (x @ params["k"]).T / params["q"].shape[1] ** 0.5
    return torch.softmax(scores, -1) @ x


def not_scaled(params, x):
    return torch.softmax((x @ params["q"]) @ (x @ params["k"]).T, -1) @ x


def attention_of(params, x):
    scores = (x @ params["q"]) @ (x @ params["k"]).T / np.sqrt(2.0)
    return jax.nn.softmax(scores, -1) @ x


def attention_sample(rng):
    draw = lambda *shape: rng.normal(size=shape)
    return {"q": draw(3, 2), "k": draw(3, 2)}, draw(4, 3)


def mse_by_hand(p, t):
    return 2.0 * (p - t) / p.numel()


def summed_by_hand(p, t):
    return 2.0 * (p - t)


def mse(p, t):
    return jnp.mean((p - t) ** 2)


# --- modules ------------------------------------------------------------------------------------


class Network(torch.nn.Module):
    def __init__(self, keep=lambda h: h, twice=1.0):
        super().__init__()
        self.first, self.last = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
        self.keep, self.twice = keep, twice

    def forward(self, x):
        hidden = torch.tanh(self.first(x))
        return self.keep(hidden) @ self.last.weight.T + self.twice * self.last.bias


def network(params, x):
    hidden = jnp.tanh(x @ params["first.weight"].T + params["first.bias"][None])
    return hidden @ params["last.weight"].T + params["last.bias"][None]


def network_sample(rng):
    shapes = {name: tuple(p.shape) for name, p in Network().named_parameters()}
    return {name: rng.normal(size=s) for name, s in shapes.items()}, rng.normal(size=(5, 3))


MODULE, CUT, BIAS_TWICE = Network(), Network(keep=lambda h: h.detach()), Network(twice=2.0)
SCALE = torch.nn.Softmax(dim=1), torch.nn.Softmax(dim=0)

BOTH = (("argnums", (0, 1)),)
tensors, derivative = torch_function.on_tensors, torch_function.derivative
NETWORK, ATTENTION = (network, network_sample, MODULE), derivative(attention)
PLANTED = {
    "the sign": Planted(jax.nn.softplus, vector, SOFTPLUS, SIGN),
    "upstream ignored": Planted(jax.nn.softplus, vector, SOFTPLUS, UPSTREAM),
    "one input without a slope": Planted(jnp.multiply, pair, PRODUCT, DROPPED, BOTH),
    "the input saved for the output": Planted(jnp.exp, vector, EXPONENTIAL, SAVED_INPUT),
    "a norm detached": Planted(lambda x: x / jnp.linalg.norm(x), vector, NORMALISE, DETACHED),
    "scores not scaled": Planted(attention_of, attention_sample, ATTENTION, derivative(not_scaled)),
    "a sum by hand": Planted(mse, pair, tensors(mse_by_hand), tensors(summed_by_hand)),
    "a layer cut off": Planted(*NETWORK, CUT),
    "a bias twice": Planted(*NETWORK, BIAS_TWICE),
    "another axis": Planted(
        lambda x: jax.nn.softmax(x, 1), lambda rng: (rng.normal(size=(3, 4)),), *SCALE
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_mistake_is_wrong_and_its_right_twin_correct(name):
    planted = PLANTED[name]
    right, wrong = planted.judged(planted.right), planted.judged(planted.wrong)

    assert right.verdict is Verdict.CORRECT, str(right)
    assert wrong.verdict is Verdict.WRONG, str(wrong)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_narrow_tensors_come_and_go_through_dlpack_or_by_their_bits(dtype):
    judged = lambda f: vf.validate(f, of=jnp.multiply, args=pair, argnums=1, dtype=dtype, cases=2)

    assert judged(PRODUCT).verdict is Verdict.CORRECT
    assert judged(DROPPED).verdict is Verdict.WRONG


def test_other_names_of_parameters_are_a_rejection_that_says_them():
    sample = lambda rng: ({"w": rng.normal(size=3)}, rng.normal(size=(5, 3)))
    of = lambda params, x: x @ params["w"]
    found = vf.validate(MODULE, of=of, args=sample, cases=2)

    assert found.verdict is Verdict.REJECTED
    assert "parameters: first.bias, first.weight, last.bias, last.weight" in found.reason


def test_a_gradient_on_tensors_that_writes_into_its_input_is_rejected():
    def in_place(p, t):
        p -= t
        return p * (2.0 / p.numel())

    found = vf.validate(tensors(in_place), of=mse, args=pair, cases=2)

    assert found.verdict is Verdict.REJECTED
    assert "it changed its input p" in found.reason


@pytest.mark.parametrize(("slope", "verdict"), [(1.0, Verdict.CORRECT), (0.5, Verdict.WRONG)])
def test_the_apply_of_an_autograd_function_is_the_function(slope, verdict):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, d):
            return 2.0 * slope * ctx.saved_tensors[0] * d

    points = lambda rng: (rng.normal(size=3),)

    assert vf.validate(Square.apply, lambda x: x**2, points, cases=2).verdict is verdict


def test_a_class_of_modules_and_an_object_of_a_function_say_what_to_hand_over():
    rule = function(lambda x: x * x, lambda d, x: 2 * d * x)
    one = rule.__new__(rule)
    with pytest.raises(TypeError, match="the class Linear; hand over a module that it makes"):
        vf.validate(torch.nn.Linear, args=np.ones(2))
    with pytest.raises(TypeError, match="an object of Rule; hand over the class itself: Rule"):
        vf.validate(one, args=np.ones(2))
    with pytest.raises(TypeError, match="pass a function; FILE.py:NAME is for the command line"):
        vf.validate("net.py:gradient", jnp.sum, np.ones(2))
