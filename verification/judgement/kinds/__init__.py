"""Other kinds of derivative, each made into a question that validate can judge: open problem.py.

In: what was asked of validate, or of one of its siblings.
On the way: orders.py (second and third derivatives), tangents.py (forward mode), batches.py (vmap,
jit, remat), meant.py (derivatives that are meant to be others), values.py (a value as a gradient).
Out: problems, each a gradient beside the function of which it should be one.
"""
