"""Every public function of a library that has a derivative: open campaign.py first.

In: the name of a library that is installed (found.py looks into it), and a journal of known rows.
On the way: tried.py finds arguments among the families.py, and rows.py asks for a verdict.
Out: a row for each function and dtype; tables.py makes them a document, and says what has changed.
"""
