"""PyTorch programs as `of`: traced, proven, and named at their own lines."""

import logging

import jax
import numpy as np
import pytest

import verification as vf
from verification.adapters.torch_programs import Program, as_program, program, table
from verification.judgement.programs import ELSEWHERE, settled
from verification.vocabulary import Verdict

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
nn = torch.nn


class Classifier(nn.Module):
    """A hidden layer, a LayerNorm, a linear layer and cross-entropy."""

    def __init__(self, keep=lambda h: h):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 3)
        self.keep = keep

    def forward(self, x, labels):
        hidden = self.norm(self.keep(torch.tanh(self.first(x))))
        return nn.functional.cross_entropy(self.last(hidden), labels)


def labelled(rng):
    return rng.normal(size=(4, 3)), rng.integers(0, 3, 4)


def normal(*shapes):
    return lambda rng: tuple(rng.normal(size=shape) for shape in shapes)


def judged(gradient, of=None, args=None, dtype="float64", **more):
    return vf.validate(gradient, of, args, dtype=dtype, **{"cases": 2, "edges": "none"} | more)


# --- modules --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_modules_own_autograd_is_proven_correct(dtype):
    found = judged(Classifier(), args=labelled, dtype=dtype)

    assert found.verdict is Verdict.CORRECT, str(found)
    assert found.oracle == "ball"
    assert {"value", "params['norm.weight']", "params['first.bias']"} <= set(found.power)


def test_a_path_that_is_cut_is_wrong_and_named_at_the_line_of_the_module():
    found = judged(Classifier(keep=lambda h: h.detach()), Classifier(), labelled)

    assert found.verdict is Verdict.WRONG, str(found)
    assert "test_programs.py" in found.explanation[0].location
    assert "self.norm(self.keep(torch.tanh(self.first(x))))" in str(found)


def test_a_gradient_in_numpy_is_judged_against_a_module():
    linear = nn.Linear(3, 2)

    def by_hand(params, x, d, lost=0.0):
        return {"weight": d.T @ x, "bias": d.sum(0) - lost * d[0]}

    wrong = lambda params, x, d: by_hand(params, x, d, 1.0)

    worst = judged(wrong, linear, normal((4, 3))).worst

    assert judged(by_hand, linear, normal((4, 3))).verdict is Verdict.CORRECT
    assert worst is not None and worst.leaf == "params['bias']"


def test_tied_weights_are_one_leaf():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(torch.tanh(self.a(x)))

    found = judged(Tied(), args=normal((2, 3)))

    assert found.verdict is Verdict.CORRECT, str(found)
    assert [leaf for leaf in found.power if leaf != "value"] == ["params['a.weight']"]


def test_running_statistics_are_a_second_output_and_evaluation_has_none():
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    before = {name: b.clone() for name, b in module.named_buffers()}
    found = judged(module, args=normal((5, 3)))

    assert found.verdict is Verdict.CORRECT, str(found)
    assert "value[1]['1.running_var']" in found.power
    assert all(torch.equal(b, before[name]) for name, b in module.named_buffers())
    still = judged(module.eval(), args=normal((5, 3)))
    assert still.verdict is Verdict.CORRECT and "value" in still.power


def test_the_mask_of_dropout_is_held_and_said():
    module = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
    found = judged(module, args=normal((5, 3)))

    assert found.verdict is Verdict.CORRECT, str(found)
    assert any("random numbers are held" in note for note in found.notes)
    assert not judged(module.eval(), args=normal((5, 3))).notes


# --- functions ------------------------------------------------------------------------------------


def cubed(x):
    return (x**3).sum() / torch.tensor(2.0)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope=2.0):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return x * x

    @staticmethod
    def backward(ctx, d):
        return ctx.slope * ctx.saved_tensors[0] * d, None


def in_place(x):
    y = x.clone()
    y[1:] *= x[:-1]
    row = y.view(-1)[2:]
    row.add_(x.reshape(-1)[:-2])
    return torch.exp(y)


def straight_through(x):
    return x + (torch.round(x) - x).detach()


def quiet(x):
    with torch.no_grad():
        scale = x.square().sum()
    return x * scale


SLOPES = {
    cubed: lambda x: 1.5 * x**2,
    straight_through: lambda x, d: d,
    quiet: lambda x, d: d * np.sum(x * x),
}


@pytest.mark.parametrize("of", SLOPES, ids=lambda f: f.__name__)
def test_a_function_of_tensors_is_traced_and_what_it_cuts_is_cut(of):
    right, off = SLOPES[of], lambda *args: 1.001 * SLOPES[of](*args)
    found = judged(right, of, normal((3,)))

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)
    assert judged(off, of, normal((3,))).verdict is Verdict.WRONG


def test_statistics_beside_an_output_have_no_slope():
    of = lambda x: torch.native_layer_norm(x, (3,), None, None, 1e-5)

    assert judged(of, of, normal((2, 3))).verdict is Verdict.CORRECT


def test_writes_in_place_are_seen_through_views():
    of = as_program(in_place, (np.ones((3, 2)),))
    x = np.random.default_rng(0).normal(size=(3, 2))

    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(of)(x), of(x), rtol=1e-14)


def test_the_forward_of_an_autograd_function_is_what_its_backward_is_judged_by():
    half = type("Half", (Square,), {})
    half.backward = staticmethod(lambda ctx, d: (ctx.saved_tensors[0] * d, None))

    assert judged(Square, args=normal((3,))).verdict is Verdict.CORRECT
    assert judged(half, args=normal((3,))).verdict is Verdict.WRONG


def test_a_gradient_on_tensors_is_given_tensors():
    on_tensors = lambda x: torch.tensor(1.5) * x.square()

    assert judged(on_tensors, cubed, normal((3,))).verdict is Verdict.CORRECT


def test_a_compiled_function_is_judged_by_its_own_derivative():
    compiled = torch.compile(cubed, backend="eager")

    assert judged(compiled, cubed, normal((3,))).verdict is Verdict.CORRECT


# --- what is no program, or cannot be traced ------------------------------------------------------


def test_a_function_of_arrays_that_uses_tensors_inside_stays_a_black_box():
    def of(x):
        return float(torch.from_numpy(np.asarray(x)).square().sum().numpy())

    found = judged(lambda x: 2.0 * x, of, normal((3,)))

    assert not isinstance(as_program(of, (np.ones(3),)), Program)
    assert found.verdict is Verdict.CORRECT and "ball" not in found.oracle, str(found)


def test_a_branch_on_numbers_is_proven_on_its_way():
    def of(x):
        return torch.sum(x * x if x[0].item() > -9.0 else x)

    found = judged(lambda x: 2.0 * x, of, normal((3,)))
    other = judged(lambda x: 0.0 * x + 1.0, of, normal((3,)))

    assert found.verdict is Verdict.CORRECT and found.oracle == "ball", str(found)
    assert other.verdict is Verdict.WRONG and other.oracle == "ball", str(other)


def test_a_line_of_the_table_that_is_wrong_is_seen_at_the_first_point(monkeypatch):
    monkeypatch.setitem(table.LINES, "exp", lambda x: jax.numpy.exp(x) * (1 + 1e-12))
    table.rule.cache_clear()
    of, _ = settled(lambda x: torch.exp(x), (np.ones(3),), None, None, "float64")
    table.rule.cache_clear()
    monkeypatch.undo()

    assert of.refused == ELSEWHERE
    assert settled(lambda x: torch.exp(x), (np.ones(3),), None, None, "float64")[0].refused == ""


def test_without_of_a_candidate_must_have_a_derivative_of_its_own():
    with pytest.raises(TypeError, match="of is missing"):
        vf.validate(lambda x: x, args=(np.ones(3),))
    assert program(lambda x: np.sin(x)) is None


# --- what PyTorch says of itself ------------------------------------------------------------------


@pytest.fixture
def logged():
    """What PyTorch logs of operators that raise without numbers, each with a traceback."""
    records, handler = [], logging.Handler()
    handler.emit = records.append
    log = logging.getLogger(torch._subclasses.fake_tensor.__name__)
    log.addHandler(handler)
    yield records
    log.removeHandler(handler)


def test_shapes_that_do_not_fit_are_not_logged(logged):
    """As at an edge that has one example fewer in one argument alone."""
    with pytest.raises(TypeError, match="incompatible shapes"):
        jax.eval_shape(program(lambda a, b: torch.mul(a, b)), np.ones(5), np.ones(4))
    assert not logged

    with torch._subclasses.FakeTensorMode(), pytest.raises(RuntimeError):
        torch.ones(5) * torch.ones(4)
    assert logged, "the control: PyTorch itself is heard again"
