"""Update rules, judged step by step over whole runs: open validate.py first.

In: a rule as people write it (rule.py), or a program that answers whole runs (foreign.py).
On the way: vectors.py draws the runs, evaluation.py drives the rule through them, truth.py has what
is exact and what rounding may do (numbers.py, rounded.py), explain.py names what is wrong.
Out: a Finding, with every catalogued mistake and whether it would have been seen (planted.py).
"""
