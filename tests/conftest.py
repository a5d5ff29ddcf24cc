"""Every test runs in the strictest JAX there is, and draws the same examples every time."""

import jax
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

settings.register_profile("refnet", deadline=None, derandomize=True)
settings.load_profile("refnet")
