"""How long a run still takes: parts of it that are counted, and the steps of the item before.

The items that are done tell what the others cost.  Inside of an item, the steps of the item before
tell how far it has come.  Where nothing is done yet, nothing is known of what comes later.
"""

from typing import NamedTuple


class Part(NamedTuple):
    """What is counted: `done` of `total`, `first` of them before `since`; 0 where nobody knows."""

    what: str
    done: int
    total: int
    first: int
    since: float
    latest: float  # when the last of those done was done

    def said(self) -> str:
        """ "12 of 16 cases"."""
        if self.total:
            return f"{self.done} of {self.total} {self.what}"
        return f"{self.done} {self.what}" if self.done else self.what

    @property
    def mean(self) -> float | None:
        """What one item took; None where none was."""
        count = self.done - self.first
        return (self.latest - self.since) / count if count > 0 else None

    def left(self, now: float) -> float | None:
        """Seconds.  What the item under way takes longer than those before is shared by all."""
        if self.mean is None or self.done >= self.total:
            return None
        spent = now - self.latest
        each = self.mean + max(spent - self.mean, 0.0) / (self.done - self.first)
        return each * (self.total - self.done) - min(spent, self.mean)


class Step(NamedTuple):
    """A step of an item: when it began and ended, from the item's beginning; None while it runs."""

    what: str
    begins: float
    ends: float | None = None


class Item(NamedTuple):
    """An item that is done: its steps in their order, and what it took."""

    steps: tuple[Step, ...]
    took: float


def whole_left(part: Part, steps: tuple[Step, ...], before: Item | None, now: float):
    """Seconds until all of the part is done, at `steps` of the item under way; None: unknown."""
    left = part.left(now)
    if left is None or part.mean is None or before is None or not before.steps:
        return left
    spent = now - part.latest
    return item_left(steps, before, spent) + part.mean * (part.total - part.done - 1)


def item_left(steps: tuple[Step, ...], before: Item, spent: float) -> float:
    """Seconds until the item is done, if it goes on as the one before.

    Where it is, is known by the last step that began or ended.  A step that takes longer than
    before is taken to take that much again.
    """
    there, here, end = 0.0, 0.0, before.took
    for k, step in enumerate(steps):
        alike = _same(step, sum(one.what == step.what for one in steps[:k]), before)
        if alike is None or alike.ends is None:
            continue
        there, here, end = alike.begins, step.begins, alike.ends
        if step.ends is not None:
            there, here, end = alike.ends, step.ends, before.took
    reached = there + spent - here
    return before.took - min(reached, end) + max(reached - end, 0.0)


def _same(step: Step, count: int, before: Item) -> Step | None:
    """The step of that name of which as many were before it."""
    alike = [one for one in before.steps if one.what == step.what]
    return alike[count] if count < len(alike) else None


def in_words(seconds: float) -> str:
    """ "about 3 s left"."""
    for unit, size, most in (("s", 1.0, 120.0), ("min", 60.0, 7200.0)):
        if seconds < most:
            return f"about {seconds / size:.0f} {unit} left"
    return f"about {seconds / 3600.0:.0f} h left"
