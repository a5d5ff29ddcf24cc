"""Factorisations and solves: enclosed, pulled back by the implicit theorem, and how they round.

In: one primitive's operands, with leading axes of a batch.  Out: its outputs over real balls
(enclosed.py), cotangents over real balls (pullbacks.py), and values with the errors of a
backward-stable LAPACK (backward.py).
"""
