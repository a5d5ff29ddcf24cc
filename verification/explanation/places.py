"""Where an equation stands in the program of the person who asked: file, line, expression."""

import linecache
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import jax
import numpy as np
from jax.extend.core import JaxprEqn

import refnet

from ..oracles import question

PACKAGES = tuple(str(Path(m.__file__ or "").parent) for m in (jax, np)) + ("<frozen", "<string>")
REFNET = str(Path(refnet.__file__ or "").parent)
OURS = str(Path(question.__file__).parent.parent)
WRITTEN = tuple(str(Path(OURS) / stage) for stage in ("derivations", "faults", "inputs"))


class Place(NamedTuple):
    """A line of somebody's file, and the expression on it; all empty where it is not known."""

    file: str = ""
    line: int = 0
    text: str = ""  # of the line
    expression: str = ""  # the part of it that made the equation
    function: str = ""
    within: str = ""  # the line of refnet's that it stands for, where it calls one

    @property
    def said(self) -> str:
        """ "`mlp(params, x)`, there `x @ w` (layers.py:20)"."""
        return f"`{self.expression}`" + (f", there {self.within}" if self.within else "")

    @property
    def location(self) -> str:
        return f"{Path(self.file).name}:{self.line}" if self.file else ""


def place_of(eqns: tuple[JaxprEqn, ...]) -> Place:
    """The innermost line of the user's for an equation, or for one of those around it.

    Lines of refnet's stand in where the user has none of their own on the way there.
    """
    found = [frames(eqn) for eqn in reversed(eqns)]
    for mine in (True, False):
        for lines in found:
            for place in lines:
                if (not place.file.startswith(REFNET)) is mine:
                    return place._replace(within=_within(lines) if mine else "")
    return Place()


def _within(lines: list[Place]) -> str:
    first = lines[0]
    return f"`{first.expression}` ({first.location})" if first.file.startswith(REFNET) else ""


def frames(eqn: JaxprEqn) -> list[Place]:
    """Every line on the way to an equation, innermost first, that is nobody's machinery."""
    trace = eqn.source_info.traceback
    if trace is None:
        return []
    places = []
    for code, at in zip(*trace.raw_frames(), strict=True):
        file = code.co_filename
        if file.startswith(OURS) and not file.startswith(WRITTEN):
            break  # from here on it is we who called
        if not file.startswith(PACKAGES):
            places.append(_place(code, at))
    return places


@lru_cache(maxsize=4096)
def _place(code: CodeType, at: int) -> Place:
    line, end, first, last = list(code.co_positions())[at // 2]
    line = line or 0
    text = linecache.getline(code.co_filename, line).rstrip("\n")
    part = text.encode()[first:last] if end == line and first is not None else text.encode()
    expression = part.decode(errors="replace").strip()
    return Place(code.co_filename, line, text.strip(), expression, code.co_name)
