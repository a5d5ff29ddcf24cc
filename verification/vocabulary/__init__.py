"""The nouns of the suite, and no logic: open nouns.py first.

In: nothing; every stage speaks in these words.
On the way: nouns.py has cases, derivations, balls and verdicts; findings.py has the finding and its
explanations; checks.py has what is said of our own derivations and claims; silence.py has refusals.
Out: NamedTuples and frozen dataclasses that every later stage takes and returns.
"""

from .checks import Agreement as Agreement
from .checks import ArrowCheck as ArrowCheck
from .checks import Check as Check
from .checks import Claim as Claim
from .checks import Judged as Judged
from .findings import ORACLES as ORACLES
from .findings import Explanation as Explanation
from .findings import Finding as Finding
from .findings import Sensitivity as Sensitivity
from .findings import Spread as Spread
from .findings import Worst as Worst
from .findings import plural as plural
from .nouns import SEVERITY as SEVERITY
from .nouns import Arrow as Arrow
from .nouns import Ball as Ball
from .nouns import Case as Case
from .nouns import Derivation as Derivation
from .nouns import Evidence as Evidence
from .nouns import Leaves as Leaves
from .nouns import Rank as Rank
from .nouns import Sides as Sides
from .nouns import Verdict as Verdict
from .silence import NoRule as NoRule
from .silence import Silent as Silent
from .silence import Undecided as Undecided
from .silence import Unproven as Unproven
