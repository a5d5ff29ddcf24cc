"""Formulas in LaTeX as MathML; a command that is not known raises.

What the converter returns is parsed again and copied element by element from a list of what
browsers set: it lets names that it does not know, and markup inside text, pass as they are.
"""

import re
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

BETWEEN_DOLLARS = re.compile(r"\$([^$]+)\$")
LEFTOVER = re.compile(r"\\|&|\{\}")
ELEMENTS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mpadded", "mphantom"),
    *("mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mtable", "mtr", "mtd", "menclose"),
}
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2} | {
    "msubsup": 3,
    "munderover": 3,
}
ATTRIBUTES = {
    *("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "separator"),
    *("accent", "accentunder", "minsize", "maxsize", "width", "height", "depth"),
    *("linethickness", "lspace", "rspace", "movablelimits", "largeop"),
}
CLASSES = {("columnalign", "left"): "left", ("columnalign", "right"): "right"} | {
    ("mathvariant", variant): "bold" for variant in ("bold", "bold-italic")
}


@lru_cache(maxsize=1024)
def formula(latex: str, display: str = "block") -> Markup:
    """LaTeX -> <math>.  ValueError names what cannot be set."""
    from latex2mathml.converter import convert

    source = latex.strip().strip("$").replace("{aligned}", "{split}")
    try:
        tree = ElementTree.fromstring(convert(source, display=display))
        return Markup(ElementTree.tostring(copied(tree), encoding="unicode"))
    except Exception as error:  # the converter has a dozen kinds, with no common parent
        raise ValueError(f"the formula {latex!r} cannot be set: {error or type(error)}") from error


def copied(element: ElementTree.Element) -> ElementTree.Element:
    """The same element with known names only."""
    name = element.tag.rpartition("}")[2]
    if name not in ELEMENTS:
        raise ValueError(f"<{name}> is not MathML")
    if element.text and LEFTOVER.search(element.text):
        raise ValueError(f"{element.text!r} is not a known command")
    if len(element) != PARTS.get(name, len(element)):
        raise ValueError(f"<{name}> has {len(element)} parts and wants {PARTS[name]}")
    attributes = {key: value for key, value in element.items() if key in ATTRIBUTES}
    if ("mathvariant", "normal") in element.items():
        attributes["mathvariant"] = "normal"
    classes = [CLASSES[item] for item in element.items() if item in CLASSES]
    if classes:
        attributes["class"] = " ".join(classes)
    copy = ElementTree.Element(name, attributes)
    copy.text = element.text
    copy.extend([copied(child) for child in element])
    return copy


def sentence(text: str) -> Markup:
    """Plain text, escaped, with every $formula$ set in the line."""
    parts = BETWEEN_DOLLARS.split(text)
    return Markup("").join(
        formula(part, "inline") if k % 2 else escape(part) for k, part in enumerate(parts)
    )
