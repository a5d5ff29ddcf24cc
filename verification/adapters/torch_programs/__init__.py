"""PyTorch programs as functions of JAX arrays: open programs.py first.

In: a function of tensors, a module, an autograd.Function, a compiled or a scripted one.
Out: a `Program`, which JAX traces, and which answers NumPy arrays by PyTorch itself.

traced.py runs the program once, and writes down each of its ATen operators by the line that
table.py has for it, in the files aten_*.py.
"""

from .programs import Program, as_program, by_trial, program

__all__ = ["Program", "as_program", "by_trial", "program"]
