"""Where we look, before anything is judged: open draws.py first.

In: a seed, and for edges somebody's sample.
On the way: draws.py stays away from special values, edges.py and structure.py visit them on
purpose, networks.py and programs.py draw whole functions, grids.py sweeps all binades for figures.
Out: NumPy arrays, and edges with the names that findings print.
"""
