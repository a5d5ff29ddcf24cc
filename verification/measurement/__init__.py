"""One answer beside the truth and its budget: open evaluation.py first.

In: an implementation, a case and a way to the truth.
On the way: answer.py asks, subject.py says what is asked, budget.py and tolerance.py derive what
rounding may do, error.py and power.py compare, contract.py checks structure, dtype and memory.
Out: a Sample (sample.py): truth, budget and answer, entry by entry; no verdict yet.
"""
