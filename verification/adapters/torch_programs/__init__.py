"""PyTorch programs as functions of JAX arrays: open programs.py first.

In: a function of tensors, a module, an autograd.Function, a compiled or a scripted one.
Out: a `Program`, which JAX traces, and which answers NumPy arrays by PyTorch itself.

known.py says what is one.  traced.py runs it once, and writes down each of its ATen operators by
the line that table.py has for it, in the files aten_*.py.
"""

from .known import as_program, by_trial, program
from .programs import Program

__all__ = ["Program", "as_program", "by_trial", "program"]
