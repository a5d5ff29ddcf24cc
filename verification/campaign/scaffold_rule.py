"""A test file for an update rule that was found: a function, a class, or one that makes it."""

import re

from .found import GRADIENTS, Found

LOOK = "  # LOOK HERE: "
RATE = re.compile(r"^(lr|learning_rate|rate|alpha|eta|step_size)$")
COUNT = re.compile(r"^(t|i|k|n|step|count|iteration|it)$")
RULES = {  # what the name has in it -> the name of the rule
    "adamw": "adamw",
    "adam": "adam",
    "rmsprop": "rmsprop",
    "adagrad": "adagrad",
    "nesterov": "nesterov",
    "momentum": "momentum",
    "lion": "lion",
    "sgd": "gradient_descent",
    "descent": "gradient_descent",
}


def of_rule(one: Found) -> str:
    """Every guess is marked."""
    made = one.owner or one.name
    named = [name for name, _ in one.parameters]
    takes_gradient = any(map(_is_slope, named)) and not all(map(_is_slope, named))
    if not takes_gradient:
        more, handed = "", f"{made}{LOOK}a function that makes the rule, see docs/updates.md"
    elif one.owner:
        given = ", ".join("g" if _is_slope(name) else "w" for name in named[:2])
        usual = one.name == "update" and given == "w, g"
        step = "" if usual else f", lambda one, w, g: one.{one.name}({given})"
        how = f"lambda: {made}(learning_rate){step}"
        more = ""
        handed = f"lambda learning_rate: optimizer_object({how}){LOOK}how it is made"
    else:
        more = f"\n\n{_memory(one)}\n"
        handed = "lambda learning_rate: optimizer_object(lambda: Rule(learning_rate))"
    adapter = "from verification.adapters.optimizer_object import optimizer_object\n"
    return f'''"""{one.title} of {one.file}:{one.line} is the update rule that it should be."""

import verification as vf
from {one.module} import {made}
{adapter if takes_gradient else ""}
AGAINST = "{_against(one)}"{LOOK}`refnet list updates` has the names
{more}

def test_{one.slug}():
    made = {handed}
    assert vf.validate_update(made, against=AGAINST)
'''


def _is_slope(name: str) -> bool:
    return name in GRADIENTS or "grad" in name


def _against(one: Found) -> str:
    said = f"{one.owner}{one.name}{one.module}".lower()
    return next((rule for word, rule in RULES.items() if word in said), "adam")


def _memory(one: Found) -> str:
    """An object that remembers for a function what it takes and gives back at every step."""
    names = [name for name, _ in one.parameters]
    rate = next(filter(RATE.match, names), "")
    slope = next(filter(_is_slope, names))
    asked = [n for n in names if n not in (slope, rate) and n not in one.given]
    weights, *state = asked or [slope]
    count = next(filter(COUNT.match, state), "")
    kept = [n for n in state if n != count]
    own = {weights: "w", slope: "g", rate: "self.rate"} | {n: f"self.{n}" for n in state}
    call = ", ".join(own[n] if n not in one.given else f"{n}={own[n]}" for n in names if n in own)
    back = ", ".join(["w", *(f"self.{n}" for n in kept)])
    begin = [f"        self.{n} = 0.0{LOOK}how {n} begins" for n in kept]
    begin += [f"        self.{count} = 0"] if count else []
    move = [f"        self.{count} += 1"] if count else []
    right = one.returned == 1 + len(kept)
    look = "" if right else f"{LOOK}what {one.name} returns"
    lines = [
        "class Rule:",
        '    """What is remembered from step to step, for one array."""',
        "",
        "    def __init__(self, rate):",
        "        self.rate = rate",
        *begin,
        "",
        "    def update(self, w, g):",
        *move,
        f"        {back} = {one.name}({call}){look}",
        "        return w",
    ]
    return "\n".join(lines)
