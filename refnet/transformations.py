"""What an update rule is: an optax.GradientTransformation, which type checkers know from here.

optax is imported where the first one is made: it takes a sixth of JAX's own time to import.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from optax import GradientTransformation as GradientTransformation
    from optax import Schedule as Schedule
else:
    GradientTransformation: TypeAlias = Any
    Schedule: TypeAlias = Callable
