"""Why nothing is said: silence is never agreement, and never a pass."""


class Silent(Exception):
    """An oracle has nothing to say here; the message says why.  Silence is never agreement."""


class Undecided(Silent):
    """The arithmetic at hand cannot tell; more precision, or another oracle, might."""


class NoRule(Silent, NotImplementedError):
    """An arithmetic has no rule for a primitive.  Add one line; never skip it."""


class Unproven(AssertionError):
    """The evidence for a claim failed, or its negative control passed."""
