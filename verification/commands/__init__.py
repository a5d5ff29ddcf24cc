"""The commands, one file each; `cli` puts them together.  Nothing heavy is imported at the top."""

from .check import check as check
from .listing import listing as listing
from .report import report as report
from .train import train as train
from .vectors import vectors as vectors
