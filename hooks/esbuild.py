"""Bundle scripts and style sheets with esbuild, from npm's lockfile."""

import subprocess
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parent.parent


def bundle(entry: Path, *options: str) -> str:
    """The minified bundle of a source with all that it imports; raises PluginError on a fault."""
    # the program itself: what stands in .bin starts Node first
    tool = next((ROOT / "node_modules/@esbuild").glob("*/bin/esbuild"), None)
    if tool is None:
        raise PluginError("node_modules/@esbuild is missing: run `make setup` (or `npm ci`)")
    command = [tool, entry, "--bundle", "--minify", "--charset=utf8", "--log-level=warning"]
    run = subprocess.run([*command, *options], capture_output=True, encoding="utf-8")
    if run.returncode:
        raise PluginError(f"{entry.parent.name}/{entry.name} cannot be bundled:\n{run.stderr}")
    return run.stdout
