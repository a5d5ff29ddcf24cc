"""What a test suite calls: a gradient is asserted, and a finding is the failure's explanation."""

from .asserting import GradientError as GradientError
from .asserting import UndecidedError as UndecidedError
from .asserting import assert_gradient as assert_gradient
