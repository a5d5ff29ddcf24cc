"""Every formula is LaTeX that becomes MathML, with nothing left of its commands."""

import re

import pytest
from latex2mathml.converter import convert

from verification.derivations import ALL
from verification.derivations.rules import VARIANTS

FORMULAS = [(d.name, d.latex) for d in ALL.values()] + [
    (f"{d.name} {a.name}", a.latex) for d in ALL.values() for a in d.arrows
]
FORMULAS += [(variant.name, variant.latex) for variant in VARIANTS.values()]


def remains(latex):
    """What the converter did not understand: a backslash or a brace in the text it shows."""
    shown = re.sub(r"<[^>]*>", "", convert(latex))
    return re.findall(r"[\\{}^]|_(?=\w)", shown)


@pytest.mark.parametrize(("name", "latex"), FORMULAS, ids=[name for name, _ in FORMULAS])
def test_formula_converts(name, latex):
    assert latex.strip()
    assert not remains(latex)


@pytest.mark.parametrize("wrong", [r"\nosuchcommand x", r"\bold{x} \unknown"])
def test_an_unknown_command_is_seen(wrong):
    assert remains(wrong)
