"""Test vectors for programs that cannot call us: open export.py first.

In: derivations and update rules; later, the answers that another program wrote.
On the way: documents.py and runs.py make the files, notes.py says what each test is there to catch,
reading.py reads them back.
Out: one JSON file per function, and findings on the answers (answers.py, run_answers.py).
"""

from .answers import check_vectors as check_vectors
from .export import export_vectors as export_vectors
