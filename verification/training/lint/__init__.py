"""What looks wrong in a recorded run by itself, with no reference: open lint.py first.

In: a folder or file of steps, or the steps (run.py has them as arrays, with what was not recorded).
On the way: weights.py, gradients.py, slopes.py and batches.py each look at one part of the run.
Out: a Lint: what was seen and what cannot be known from it, and what there was nothing to look at.
"""
