"""Names in sentences: the nearest of the known ones, and a list that does not go on for ever."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

SHOWN = 20  # more names than these are not listed in a sentence
LISTED = 6  # names, and how many more there are
VARIANTS_LISTED = "`refnet list updates` has all of them"
SYNONYMS = {"sgd": "gradient_descent", "heavy_ball": "momentum", "nag": "nesterov"} | {
    "lr": "learning_rate",
    "rate": "learning_rate",
    "beta1": "b1",
    "beta2": "b2",
    "epsilon": "eps",
}


def listed(names: Sequence[str], most: int = LISTED) -> str:
    """ "w1, b1", or "w1, b1 and 40 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(name: Any, names: Collection[str]) -> str:
    """ "did you mean 'adam'? ", or nothing where no name is near."""
    meant = SYNONYMS.get(str(name).lower(), "")
    turned = [one for one in names if sorted(one) == sorted(str(name))]  # adma: adam, not adamax
    near = [meant] if meant in names else turned or get_close_matches(str(name), names, n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def unknown(what: str, name: Any, names: Collection[str], which: str = "") -> str:
    """`what` is `name`; the nearest name; and all of them, or `which` says where they are."""
    every = which if which and len(names) > SHOWN else f"it must be one of {', '.join(names)}"
    return f"{what} is {name!r}; {nearest(name, names)}{every}"
