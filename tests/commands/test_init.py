"""`refnet init`: what is found by text alone, and tests that run where the guesses are right."""

import ast
import subprocess
import sys

import pytest

from verification.campaign.found import found_in

OPS = """
import functools, jax, jax.numpy as jnp

raise SystemExit("this file must not be executed")

@jax.custom_vjp
def softplus(z: jax.Array):
    return jnp.logaddexp(z, 0.0)

def softplus_bwd(z, d):
    return (d * jax.nn.sigmoid(-z),)

softplus.defvjp(lambda z: (softplus(z), z), softplus_bwd)

@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def scaled(x, k):
    return k * x

def plain(x):
    return x
wrapped = jax.custom_vjp(plain)

class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, i):
        return i.exp()

def square(x):
    return x * x

def square_backward(x, dy):
    return 2 * x * dy

def adam_update(w, grads, lr=0.1):
    return w

def update(window):
    return window

def scale_by_size(rate):
    def init_fn(params):
        return ()
    def update_fn(updates, state, params=None):
        return updates, state
    return init_fn, update_fn

class Base:
    def forward(self, x):
        raise NotImplementedError
    def backward(self, d):
        raise NotImplementedError

class Dense(Base):
    def forward(self, x):
        return x
    def backward(self, d):
        return d

class Sigmoid:
    def __call__(self, x):
        return 1 / (1 + np.exp(-x))
    def grad(self, x):
        return self(x) * (1 - self(x))

class Loss:
    def loss(self, y, p):
        return p
    def gradient(self, y, p):
        return p

class Descent:
    def update(self, w, grad_wrt_w):
        return w
    def gradient_of_nothing(self, w):
        return w

def helper(x):
    return x
"""
KINDS = {
    "softplus": "custom_vjp",
    "scaled": "custom_jvp",
    "plain": "custom_vjp",
    "Exp": "autograd.Function",
    "square_backward": "backward by hand",
    "adam_update": "update rule",
    "scale_by_size": "update rule",
    "Dense.backward": "backward by hand",
    "Sigmoid.grad": "backward by hand",
    "Loss.gradient": "backward by hand",
    "Descent.update": "update rule",
}


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "ops.py").write_text(OPS)
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.py").write_text(OPS)
    return tmp_path


def test_each_kind_is_found_and_nothing_else_and_nothing_is_executed(repository):
    found = found_in(repository)

    assert {one.title: one.kind for one in found} == KINDS
    assert {one.file for one in found} == {"src/ops.py"}
    square = next(one for one in found if one.name == "square_backward")
    assert square.forward == "square" and [name for name, _ in square.inputs] == ["x"]


def test_a_file_for_each_is_written_marked_and_never_overwritten(refnet, repository):
    status, out, _ = refnet("init", str(repository))
    tests = sorted((repository / "tests" / "gradients").glob("*.py"))

    assert status == 0 and f"{len(KINDS)} found" in out and len(tests) == len(KINDS)
    for file in tests:
        ast.parse(file.read_text())
        assert "LOOK HERE" in file.read_text()
    assert (repository / ".github" / "workflows" / "gradients.yml").is_file()
    tests[0].write_text("mine")
    assert f"kept {tests[0]}" in refnet("init", str(repository))[1]
    assert tests[0].read_text() == "mine"


def test_dry_runs_write_nothing_and_nothing_is_no_success(refnet, repository, tmp_path_factory):
    assert refnet("init", str(repository), "--dry-run")[0] == 0
    assert not (repository / "tests").exists()
    assert refnet("init", str(tmp_path_factory.mktemp("empty")))[0] == 3
    assert refnet("init", str(repository / "none"))[0] == 2


@pytest.mark.end_to_end
def test_what_is_written_runs_where_the_guesses_are_right(refnet, tmp_path):
    (tmp_path / "mine.py").write_text(
        "def square(x):\n    return x * x\n\ndef square_backward(x, dy):\n    return 3 * x * dy\n"
    )
    refnet("init", str(tmp_path))
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gradients"]
    done = subprocess.run(run, cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 1 and "WRONG  " in done.stdout, done.stdout
    (tmp_path / "mine.py").write_text(
        "def square(x):\n    return x * x\n\ndef square_backward(x, dy):\n    return 2 * x * dy\n"
    )
    done = subprocess.run(run, cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.end_to_end
def test_the_slope_of_an_object_is_judged_as_it_stands(refnet, tmp_path):
    """Its forward method is NumPy's: it is only called, and measured."""
    text = (
        "import numpy as np\n\nclass Tanh:\n    def __call__(self, x):\n        return np.tanh(x)\n"
    )
    slope = "    def gradient(self, x):\n        return 1 - self(x){}\n"
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gradients"]
    for power, status in (("**2", 0), ("", 1)):
        (tmp_path / "acts.py").write_text(text + slope.format(power))
        refnet("init", str(tmp_path))
        done = subprocess.run(run, cwd=tmp_path, text=True, capture_output=True, check=False)
        assert done.returncode == status, done.stdout


PAIRS = """
import numpy as np

def relu_forward(x):
    return np.maximum(x, 0.0), x

def relu_backward(dout, cache):
    return dout * (cache > 0.0)

def tanh_forward(x):
    return np.tanh(x), np.tanh(x)

def tanh_backward(dout, cache):
    return dout * (1 - cache)

def momentum_step(w, grad, v, lr=0.1, decay=0.9):
    v = decay * v + grad
    return w - lr * v, v

def adam_step(w, grad, m, v, t, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    m, v = b1 * m + (1 - b1) * grad, b2 * v + (1 - b2) * grad**2
    return w - lr * m / (np.sqrt(v / (1 - b2**t)) + eps), m, v

def loss(w):
    return np.sum(w**2)

def gradient(w):
    return 2 * w

def sample(rng):
    return (rng.normal(size=3),)
"""


@pytest.mark.end_to_end
def test_pairs_with_a_cache_and_steps_of_functions_run_as_they_are_written(refnet, tmp_path):
    """Half of them are wrong: they are seen, and the others pass."""
    (tmp_path / "pairs.py").write_text(PAIRS)
    refnet("init", str(tmp_path))
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gradients"]
    done = subprocess.run(run, cwd=tmp_path, text=True, capture_output=True, check=False)
    failed = {
        line.split("::")[1].split()[0] for line in done.stdout.splitlines() if "FAILED" in line
    }
    assert failed == {"test_pairs_tanh_backward", "test_pairs_adam_step"}, done.stdout
    assert "2 failed, 3 passed" in done.stdout


def test_what_the_tests_need_is_installed_and_a_sampler_is_used(refnet, tmp_path):
    (tmp_path / "pairs.py").write_text(PAIRS)
    (tmp_path / "ops.py").write_text(OPS)
    (tmp_path / "requirements.txt").write_text("numpy\n")
    refnet("init", str(tmp_path))
    written = {file.stem: file.read_text() for file in (tmp_path / "tests/gradients").glob("*.py")}

    said = (tmp_path / ".github/workflows/gradients.yml").read_text()
    assert "pip install 'refnet[torch]' pytest -r requirements.txt\n" in said
    assert "import gradient, loss, sample\n" in written["test_pairs_gradient"]
    assert "def sample" not in written["test_pairs_gradient"]
    assert 'AGAINST = "momentum"' in written["test_pairs_momentum_step"]
    function = written["test_ops_exp"]
    assert ", an autograd.Function, is right" in function and "of=" not in function
