"""The one door for foreign code: open recognition.py first.

In: what people hand over: functions and modules of JAX, PyTorch and scikit-learn, shared libraries
(c_library.py), programs over stdin and stdout (process.py), files (source_files.py).
On the way: guard.py and channel.py hold a foreign program to limits.py; trees.py maps its trees.
Out: a function from arrays to arrays; what is no proper answer raises a sentence.
"""
