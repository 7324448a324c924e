"""The built site, for the tests that look at what readers get."""

import base64
import logging
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import mkdocs.exceptions
import numpy as np
import pytest
from filelock import FileLock
from mkdocs.commands.build import build
from mkdocs.config import load_config
from playwright.sync_api import Browser, Page

from tests import lab
from tests.serving import CHROMIUM, chromium, serving

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
def common(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of pytest-xdist share; without workers, the only one's."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


def once(folder: Path, **environment: str) -> Path:
    """The handbook built into this folder: by the worker that comes first, for all of them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        whole = Path(f"{folder}.whole")
        if not whole.exists():
            built(folder, **environment)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def site(common) -> Path:
    """The built handbook."""
    return once(common / "site")


@pytest.fixture(scope="session")
def published(common) -> Path:
    """The handbook as a host below a path publishes it, and the repository is known.

    https://example.org/logits/ is this folder.
    """
    return once(
        common / "published/logits",
        SITE_URL="https://example.org/logits/",
        REPO_URL="https://example.org/repository",
        SOURCE_DATE_EPOCH="1767225600",  # 2026-01-01
    )


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    """The built site on a loopback address."""
    with serving(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    if not CHROMIUM:
        pytest.skip("no browser: apt-get install chromium-headless-shell (Debian), or chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def anchor(browser, address) -> Iterator[Page]:
    """A page that stays open: pages beside it share its process, which saves a third of a visit."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}404.html")
    yield page
    context.close()


@pytest.fixture
def visit(anchor, address):
    """Open an address of the site; console errors, failed and foreign requests fail the test.

    Each visit has a page of its own; what it stored or was allowed is gone after the test.
    """
    faults, pages = [], []

    def open_page(path: str, scheme: str = "light", width: int = 1280) -> Page:
        page = anchor.context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.on("console", lambda m: m.type == "error" and faults.append(m.text))
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on(
            "requestfailed",  # what is still on its way when a reader moves on is no fault
            lambda r: r.failure == "net::ERR_ABORTED" or faults.append(f"{r.failure}: {r.url}"),
        )
        page.on("response", lambda r: r.status >= 400 and faults.append(f"{r.status}: {r.url}"))
        page.on(
            "request",
            lambda r: not r.url.startswith((address, "data:", "blob:")) and faults.append(r.url),
        )
        page.goto(address + path)
        page.wait_for_function("!document.querySelector(':not(:defined)')")
        return page

    yield open_page
    for page in pages:
        page.close()
    anchor.evaluate("localStorage.clear()")
    anchor.context.clear_permissions()
    assert not faults, faults


@pytest.fixture(scope="session")
def math_js(browser) -> Iterator[Callable[..., np.ndarray]]:
    """Calls a function of lab/math.js in the browser, on float64 arrays, to the bit."""
    with serving(ROOT / "lab") as address:
        page = browser.new_page(bypass_csp=True)
        page.goto(f"{address}lab.css")

        def call(body: str, *arrays: np.ndarray) -> np.ndarray:
            """The numbers that `body`, JavaScript over `m` and arrays, returns in one flat list."""
            given = [
                [base64.b64encode(np.ascontiguousarray(a, np.float64).tobytes()).decode(), a.shape]
                for a in arrays
            ]
            text = page.evaluate(
                """async ([body, given]) => {
                  const m = await import("/math.js");
                  const arrays = given.map(([text, shape]) => {
                    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                    const flat = [...new Float64Array(bytes.buffer)];
                    if (shape.length === 1) return flat;
                    const width = shape[1];
                    return Array.from({length: shape[0]}, (_, k) =>
                      flat.slice(k * width, (k + 1) * width));
                  });
                  const out = new Function("m", "a", "b", `return ${body}`)(m, ...arrays);
                  const bytes = new Uint8Array(Float64Array.from(out.flat(Infinity)).buffer);
                  let text = "";
                  for (let k = 0; k < bytes.length; k += 9999)
                    text += String.fromCharCode(...bytes.subarray(k, k + 9999));
                  return btoa(text);
                }""",
                [body, given],
            )
            return np.frombuffer(base64.b64decode(text), np.float64)

        call.page = page
        yield call
        page.close()


@pytest.fixture(scope="module")
def rows() -> Iterator[np.ndarray]:
    """Rows for the lab's arithmetic, which may overflow as it pleases while they are in use."""
    with np.errstate(all="ignore"):
        yield lab.inputs()


@pytest.fixture(scope="module")
def targets(rows) -> np.ndarray:
    """A target between 0 and 1 for every number of the rows."""
    return np.random.default_rng(2).choice([0, 1, 0.5, 0.9], size=rows.size)


@pytest.fixture
def handbook(tmp_path, common) -> Path:
    """A small handbook of its own, the machinery and two pages, for a test to break.

    The cache is that of all small handbooks: it holds what the same input gave before.
    """
    (common / "small-cache").mkdir(exist_ok=True)
    (tmp_path / ".cache").symlink_to(common / "small-cache")
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
