"""How the suite proves itself: open kill_table.py first.

In: the derivations, the catalogue of mistakes, networks drawn by a seed.
On the way: kill_table.py plants every mistake, calibration.py judges correct networks,
digit_loss.py shows where textbook forms lose their digits; statistics.py counts.
Out: rows of plain data: caught or not, false alarms, errors in budgets, ulps lost.
"""
