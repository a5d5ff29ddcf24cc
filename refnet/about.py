"""Which refnet this is: its version, as it was installed; of a check-out, the one it leads to."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("refnet")
except PackageNotFoundError:  # a check-out that was never installed
    __version__ = "0.1.0"
