"""What a test suite calls: open asserting.py first.

In: a gradient and the function that it is the gradient of, inside somebody's test.
On the way: asserting.py judges it and raises unless it is correct; plugin.py is pytest's plugin.
Out: an AssertionError that is the finding in words; with --refnet-report a folder of findings.
"""

from .asserting import GradientError as GradientError
from .asserting import UndecidedError as UndecidedError
from .asserting import assert_gradient as assert_gradient
