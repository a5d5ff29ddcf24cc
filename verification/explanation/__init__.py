"""Name the wrong term of a wrong gradient: which local derivative, where, by what factor.

In: the cases of a wrong answer (measurement's Samples) and the function that was differentiated.
Out: Explanations, the best first; those that fit leave nothing beyond rounding at any entry.
Open explained.py first: it tries the stages in their order and stops where one fits; problem.py
lays a case out, leaves.py looks at the answer alone, edges.py, slopes.py and arrows.py at the
function's own program, and where.py says what is right and what is wrong where nothing fits.
"""

from .explained import explain as explain
