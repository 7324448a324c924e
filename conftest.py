"""Guards every block of every page; at the root, because hooks in tests/ do not reach docs/."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "tests"))

from execution import guarded  # noqa: E402
from pytest_codeblocks.plugin import TestBlock  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Put torch's and the process's state back after each block."""
    if isinstance(item, TestBlock):
        with guarded():
            yield
    else:
        yield
