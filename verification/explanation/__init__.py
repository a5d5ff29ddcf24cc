"""Name the wrong term of a wrong gradient: which local derivative, where, by what factor.

Tried in order, stopping where one fits to rounding at every entry of every case: what is seen in
the answer alone, one wrong or missing local derivative, a wrong slope or an arrow mishandled, a
number or an argument that is not the forward's, two mistakes, a known wrong twin; else what is
right and what is wrong, to start looking from.
"""

from .explained import explain as explain
