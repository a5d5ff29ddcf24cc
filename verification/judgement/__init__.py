"""From measurements to a verdict: open validate.py first.

In: somebody's gradient (validate.py, foreign.py) or one of our derivations (check.py).
On the way: truth_source.py chooses a proof or witnesses for each case, edge_cases.py adds edges,
evidence.py keeps what the cases have shown, verdict.py decides.
Out: a Finding: verdict, worst element, power, explanation and a snippet that asks again.
"""
