"""The sample report, rendered once for all tests of this folder."""

import importlib.util
from pathlib import Path

import pytest

from verification.report import write

spec = importlib.util.spec_from_file_location(
    "sample_report", Path(__file__).parent / "sample_report.py"
)
assert spec is not None and spec.loader is not None
sample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sample)


@pytest.fixture(scope="session")
def samples():
    """The module that makes sample reports."""
    return sample


@pytest.fixture(scope="session")
def passing():
    return write.rendered(sample.report())


@pytest.fixture(scope="session")
def failing():
    return write.rendered(sample.failing())
