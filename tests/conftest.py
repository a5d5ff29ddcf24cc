"""Every test runs in the strictest JAX there is, and draws the same examples every time."""

import sys

import jax
import pytest
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

settings.register_profile("refnet", deadline=None, derandomize=True)
settings.load_profile("refnet")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory of its own for somebody's files, of which nothing stays loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    theirs = lambda module: str(getattr(module, "__file__", "")).startswith(str(tmp_path))
    for name in [name for name, module in sys.modules.items() if theirs(module)]:
        del sys.modules[name]


@pytest.fixture
def refnet(capfd):
    """Run one command line in this process: refnet(*arguments) -> (status, stdout, stderr)."""
    from verification import cli

    def call(*arguments):
        status = cli.run(list(map(str, arguments)))
        said = capfd.readouterr()
        return status, said.out, said.err

    return call
