"""PyTorch's operators, only called: its autograd is right of them, and mistakes in it are not.

Forward through NumPy, so that nothing but calls is known; the gradient is autograd's.
"""

from functools import partial

import numpy as np
import pytest

import verification as vf
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
nn = torch.nn.functional
CASES = 2


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def invertible(rng):
    return (rng.normal(size=(3, 3)) + 3.0 * np.eye(3),)


OPERATORS = {
    "relu": (nn.relu, normal((3, 4))),
    "saturated": (lambda x: torch.tanh(4.0 * x), normal((3, 4))),
    "softmax": (lambda x: nn.softmax(x, -1), normal((3, 4))),
    "layer norm": (lambda x, w, b: nn.layer_norm(x, (3,), w, b), normal((2, 3), 3, 3)),
    "convolution": (nn.conv1d, normal((1, 1, 4), (1, 1, 2))),
    "max pool": (lambda x: nn.max_pool1d(x, 2), normal((1, 2, 6))),
    "handed on": (lambda x: nn.pad(torch.flip(x, (-1,)), (1, 2)), normal((2, 3))),
    "0 everywhere": (torch.floor, normal(6)),
    "ones": (torch.sum, normal(5)),
    "inverse": (torch.linalg.inv, invertible),
    "special": (torch.special.i0e, normal(5)),
}
MISTAKES = {
    "sign": lambda x: -x,
    "factor": lambda x: 1.02 * x,
    "shifted": lambda x: np.roll(x, 1, -1),
    "added": lambda x: x + 1e-3,
}
UNCHANGED = {("0 everywhere", name) for name in ("sign", "factor", "shifted")} | {
    ("ones", "shifted")
}


@pytest.fixture(autouse=True)
def one_thread():
    """Operators of a few numbers wait for one another where workers share two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def called(operator):
    def of(*args):
        with torch.no_grad():
            return operator(*(torch.as_tensor(np.asarray(x)) for x in args)).numpy()

    return of


def pulled_back(operator, count, *args, mistake=lambda x: x):
    inputs = [torch.tensor(np.asarray(x), requires_grad=True) for x in args[:count]]
    above = [torch.as_tensor(np.asarray(x)) for x in args[count:]]
    found = torch.autograd.grad(operator(*inputs), inputs, *above)
    return tuple(np.array(mistake(x.numpy())) for x in found)


def judged(name, dtype="float64", mistake=lambda x: x):
    operator, args = OPERATORS[name]
    count = len(args(np.random.default_rng(0)))
    gradient = partial(pulled_back, operator, count, mistake=mistake)
    options = {"argnums": tuple(range(count)), "dtype": dtype, "cases": CASES}
    return vf.validate(gradient, of=called(operator), args=args, **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OPERATORS)
def test_its_own_gradient_is_correct(name, dtype):
    found = judged(name, dtype)

    assert found.verdict is Verdict.CORRECT, str(found)


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", OPERATORS)
def test_a_mistake_is_wrong_where_it_changes_anything(name, mistake):
    found = judged(name, mistake=MISTAKES[mistake])
    wanted = Verdict.CORRECT if (name, mistake) in UNCHANGED else Verdict.WRONG

    assert found.verdict is wanted, str(found)
