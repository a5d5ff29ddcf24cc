"""The commands, one file each; `cli` puts them together.  Nothing heavy is imported at the top."""

from .campaign import campaign as campaign
from .check import check as check
from .explain import explain as explain
from .listing import listing as listing
from .report import report as report
from .train import train as train
from .validate import validate as validate
from .vectors import vectors as vectors
