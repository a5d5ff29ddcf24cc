"""Number systems that a traced program is run in: open interpreter.py first.

In: a jaxpr and its arguments.
On the way: one file per arithmetic with one table, primitive -> rule: balls.py (proof),
rationals.py (exact), expressions.py (formula), bounds.py and tangents.py (rounding), rewrites.py (a
primitive made of others).  sweep.py goes back through any of them for the gradient.
Out: numbers of that arithmetic; NoRule where a rule is missing, never a guess.
"""
