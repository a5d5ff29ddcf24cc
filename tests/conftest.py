"""Every test runs in the strictest JAX there is, and draws the same examples every time."""

import jax
import pytest
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

settings.register_profile("refnet", deadline=None, derandomize=True)
settings.load_profile("refnet")


@pytest.fixture
def refnet(capfd):
    """Run one command line in this process: refnet(*arguments) -> (status, stdout, stderr)."""
    from verification import cli

    def call(*arguments):
        status = cli.run(list(map(str, arguments)))
        said = capfd.readouterr()
        return status, said.out, said.err

    return call
