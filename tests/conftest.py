"""The built site, for the tests that look at what readers get."""

import functools
import http.server
import logging
import os
import shutil
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import mkdocs.exceptions
import pytest
from filelock import FileLock
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parent.parent


def built(folder: Path, **environment: str) -> Path:
    """The handbook, built strictly as `make build` does, with these environment variables."""
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if run.returncode:
        pytest.fail(f"the strict build fails:\n{run.stdout}{run.stderr}", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The built handbook, once for all tests and all workers."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # each worker of pytest-xdist has a folder below the one of all
        folder = folder.parent
    with FileLock(folder / "site.lock"):
        whole = folder / "site-is-whole"
        if not whole.exists():
            built(folder / "site")
            whole.touch()
    return folder / "site"


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Path:
    """The handbook as a host below a path publishes it, and the repository is known.

    https://example.org/logits/ is this folder.
    """
    return built(
        tmp_path_factory.mktemp("published") / "logits",
        SITE_URL="https://example.org/logits/",
        REPO_URL="https://example.org/repository",
        SOURCE_DATE_EPOCH="1767225600",  # 2026-01-01
    )


@pytest.fixture(scope="session")
def address(site) -> str:
    """The built site on a loopback address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def handbook(tmp_path) -> Path:
    """A small handbook of its own, the machinery and two pages, for a test to break."""
    for part in ("mkdocs.yml", "hooks", "overrides", "lab", "docs/assets", "snippets/_style.py"):
        source, target = ROOT / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    text = (tmp_path / "mkdocs.yml").read_text(encoding="utf-8")
    start, end = text.index("\nnav:"), text.index("\nvalidation:")
    nav = "\nnav:\n  - index.md\n  - functions:\n      - functions/one.md\n"
    (tmp_path / "mkdocs.yml").write_text(text[:start] + nav + text[end:], encoding="utf-8")
    (tmp_path / "docs/functions").mkdir()
    (tmp_path / "snippets/functions").mkdir()
    (tmp_path / "snippets/functions/one.py").write_text(
        "from snippets._style import panels\n\n\ndef curve(say):\n    return panels(1)[0]\n"
    )
    for language in ("zh", "en"):
        (tmp_path / f"docs/index.{language}.md").write_text("# Home { #home }\n")
        (tmp_path / f"docs/functions/one.{language}.md").write_text(
            "# One { #one }\n\n![A curve](one-curve.svg)\n\n[home](../index.md)\n"
        )
    return tmp_path


@pytest.fixture
def building(handbook, monkeypatch, caplog):
    """Build the small handbook strictly; give back what the build said before it stopped."""

    def run() -> str:
        monkeypatch.syspath_prepend(str(handbook))
        loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if "snippets" in name}
        try:
            with caplog.at_level(logging.WARNING), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                config = load_config(
                    str(handbook / "mkdocs.yml"), strict=True, site_dir=str(handbook / "site")
                )
                config.plugins.on_startup(command="build", dirty=False)
                build(config)
            return ""
        except (mkdocs.exceptions.Abort, mkdocs.exceptions.BuildError) as error:
            return f"{caplog.text}\n{error}"
        finally:
            sys.modules.update(loaded)

    return run
