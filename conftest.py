"""Guards every block of every page; at the root, because hooks in tests/ do not reach docs/."""

import os

import pytest
from pytest_codeblocks.plugin import TestBlock

from tests.execution import guarded


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: a test in the browser waits for it half of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """First what needs the built site: one worker builds it while another runs the blocks.

    pytest-xdist gives each worker a stretch of this list to begin with.
    """
    items.sort(key=lambda item: "site" not in getattr(item, "fixturenames", ()))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Put torch's and the process's state back after each block."""
    if isinstance(item, TestBlock):
        with guarded():
            yield
    else:
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Under CI a check that is skipped is a check that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped, which CI does not allow: {call.excinfo}"
