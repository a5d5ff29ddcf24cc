"""Optimizers that are objects with a memory, handed over as they are."""

import numpy as np
import pytest

import verification as vf
from verification.adapters.optimizer_object import Layout, alike, optimizer_object


class Rate:
    """A schedule that never changes."""

    def __init__(self, size):
        self.size = size

    def now(self):
        return self.size

    def __call__(self, g):
        return self.size * g


class HeavyBall:
    """The velocity is made at the first step; `frozen` holds on to the first rate."""

    def __init__(self, rate, decay, frozen=False):
        self.rate, self.decay, self.frozen, self.first = Rate(rate), decay, frozen, None
        self.memory = {"v": None}

    def update(self, w, g):
        v = self.memory["v"]
        self.memory["v"] = g.copy() if v is None else self.decay * v + g
        if self.frozen:
            self.first = self.first or self.rate.now()
        return w - (self.first or self.rate.now()) * self.memory["v"]


class InPlace(HeavyBall):
    def go(self, w, g):
        w -= self.rate.now() * g


class Closed(HeavyBall):
    """What it was made with is in a function, and it knows itself."""

    def __init__(self, rate, decay):
        super().__init__(rate, decay)
        self.scaled, self.own = lambda v: rate * v, self

    def update(self, w, g):
        super().update(w, g)
        return w - self.scaled(self.memory["v"])


def judged(make, against="momentum", step=None):
    made = lambda learning_rate, decay: optimizer_object(lambda: make(learning_rate, decay), step)
    return vf.validate_update(made, against=against)


@pytest.mark.parametrize("kind", [HeavyBall, Closed])
def test_an_object_with_a_memory_is_judged_as_a_rule(kind):
    assert judged(kind).verdict == "correct"


class Stepped(HeavyBall):
    """Its method has another name."""

    step = HeavyBall.update
    update = None


class Plain:
    """It has `step` alone."""

    def __init__(self, rate, decay):
        self.rate, self.decay, self.v = rate, decay, 0.0

    def step(self, w, g):
        self.v = self.decay * self.v + g
        return w - self.rate * self.v


def test_a_method_is_named_or_found():
    assert judged(Stepped, step="step").verdict == "correct"
    assert judged(Plain).verdict == "correct"
    assert judged(HeavyBall, step="go").verdict == "rejected"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_may_change_the_array_in_place(dtype):
    made = lambda learning_rate: optimizer_object(lambda: InPlace(learning_rate, 0.0), InPlace.go)
    assert vf.validate_update(made, against="gradient_descent", dtype=dtype).verdict == "correct"


def test_a_memory_that_is_lost_is_named():
    class Forgets(HeavyBall):
        def update(self, w, g):
            self.memory["v"] = None
            return super().update(w, g)

    found = judged(Forgets)
    assert found.verdict == "wrong" and "no velocity" in found.explanation[0].mistake


def test_only_what_the_object_holds_on_to_stays_the_first_rate():
    found = judged(lambda r, decay: HeavyBall(r, decay, frozen=True))
    assert found.verdict == "wrong" and "first rate for ever" in found.explanation[0].mistake


def test_steps_begin_where_they_are_asked_to():
    init, update = optimizer_object(lambda: HeavyBall(0.5, 0.25))
    w, g = np.array([1.0, 2.0]), np.array([4.0, 8.0])
    first, after = update(g, init(w), w)
    again, _ = update(g, init(w), w)
    second, _ = update(g, after, first)

    np.testing.assert_array_equal(first, [-1.0, -2.0])
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(second, [-3.5, -7.0])


class HasAll:
    """Weights, gradient and memory are its own; the rate is in a table, as many have it."""

    def __init__(self, decay, forgets=False):
        self.config = {"learning_rate": 1.0, "decay": decay}
        self.params, self.grads = [np.zeros(0)], [None]
        self.v, self.forgets, self.calls = None, forgets, 0

    def step(self):
        old = 0.0 if self.v is None or self.forgets else self.v
        self.v, self.calls = self.config["decay"] * old + self.grads[0], self.calls + 1
        self.params[0] = self.params[0] - self.config["learning_rate"] * self.v


LAYOUT = Layout("params.0", "grads.0", "config.learning_rate")


@pytest.mark.parametrize("state", [(), ("v",)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_layout_says_where_everything_is(dtype, state):
    made = lambda forgets: (
        lambda learning_rate, decay: optimizer_object(
            lambda: HasAll(decay, forgets), layout=LAYOUT._replace(state=state)
        )
    )
    right = vf.validate_update(made(False), against="momentum", dtype=dtype)
    assert right.verdict == "correct", right.reason
    assert vf.validate_update(made(True), against="momentum", dtype=dtype).verdict == "wrong"


def test_a_table_of_settings_that_goes_with_the_weights():
    def momentum(w, dw, config):
        config["v"] = config["decay"] * config.get("v", 0.0) + dw
        return w - config["rate"] * config["v"], config

    class Config:
        def __init__(self, decay):
            self.config = {"rate": 1.0, "decay": decay}

    step = lambda one, w, g: momentum(w, g, one.config)[0]
    made = lambda learning_rate, decay: optimizer_object(
        lambda: Config(decay), step, Layout(rate="config.rate", state=("config.v",))
    )
    assert vf.validate_update(made, against="momentum").verdict == "correct"
    with pytest.raises(ValueError, match=r"Config has no 'config.u'"):
        init, update = optimizer_object(lambda: Config(0.5), step, Layout(state=("config.u",)))
        update(np.ones(2), init(np.ones(2)), np.ones(2))


class Tensor:
    """As PyTorch's: what it holds is none of its attributes."""

    __slots__ = ("__dict__", "_numbers", "dtype")

    def __init__(self, numbers):
        self._numbers, self.dtype = np.asarray(numbers), str(np.asarray(numbers).dtype)

    def __array__(self, dtype=None, copy=None):
        return self._numbers


class InTensors:
    """RMSprop whose memory is a list of tensors; it is written back, or is not."""

    def __init__(self, rate, decay, eps, lost=False):
        self.rate, self.decay, self.eps, self.v, self.lost = rate, decay, eps, [Tensor(0.0)], lost

    def update(self, w, g):
        v = self.decay * np.asarray(self.v[0]) + (1 - self.decay) * g**2
        if not self.lost:
            self.v[0] = Tensor(v)
        return w - self.rate * g / (np.sqrt(v) + self.eps)


@pytest.mark.parametrize(("lost", "verdict"), [(False, "correct"), (True, "wrong")])
def test_tensors_in_a_list_are_remembered(lost, verdict):
    made = lambda learning_rate, decay, eps: optimizer_object(
        lambda: InTensors(learning_rate, decay, eps, lost)
    )
    found = vf.validate_update(made, against="rmsprop_eps_outside", cases=1)
    assert found.verdict == verdict
    assert not lost or found.explanation[0].fault == "nothing written back"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64"])
def test_tensors_of_pytorch_are_alike_where_their_numbers_are(dtype):
    torch = pytest.importorskip("torch")
    one = lambda x: [torch.tensor([x, 2], dtype=getattr(torch, dtype))]
    assert alike(one(1), one(1)) and not alike(one(1), one(3))
    assert not alike(one(1), [torch.ones(2, dtype=torch.float64)])
