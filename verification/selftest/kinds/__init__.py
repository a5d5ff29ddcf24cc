"""Other kinds of derivative: right and wrong subjects of each, so that telling them apart is seen.

In: nothing; each file is one kind, a tuple SUBJECTS.
On the way: subject.py says what a subject is, and what counts as told apart and as named.
Out: ALL, kind -> subjects; benchmarks.kinds asks them all, the report a few.
"""

from . import estimators, forward, implicit, meant, transformed

ALL = {
    "forward mode": forward.SUBJECTS,
    "under transformations": transformed.SUBJECTS,
    "given by an equation": implicit.SUBJECTS,
    "meant to be another": meant.SUBJECTS,
    "right on average": estimators.SUBJECTS,
}
