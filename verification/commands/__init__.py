"""The command line, one file per command: open validate.py first; cli.py joins them.

In: words that a user typed; mistakes.py turns a user's mistake into one sentence.
On the way: each command calls the stages above and nothing else; nothing heavy is imported here.
Out: a finding or a table on the terminal (shown.py), files on request, and the exit status of
status.py.
"""

from .atlas import atlas as atlas
from .campaign import campaign as campaign
from .check import check as check
from .explain import explain as explain
from .init import init as init
from .lint import lint as lint
from .listing import listing as listing
from .report import report as report
from .train import train as train
from .training import training as training
from .validate import validate as validate
from .vectors import vectors as vectors
