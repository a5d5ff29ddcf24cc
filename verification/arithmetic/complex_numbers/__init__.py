"""Complex numbers as pairs of real ones: a program with none left, for every arithmetic.

In: a program whose arguments and results are real.  Out: the same function on real and imaginary
parts (programs.py), so that balls, bounds and draws need no complex rules.
"""
