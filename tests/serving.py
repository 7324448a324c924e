"""The built site on a loopback address, as a web host sends it and as a browser sees it."""

import gzip
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.contract import nav_pages
from tests.markdown import ROOT

# the headless build of the same browser opens a page in two thirds of the time
CHROMIUM = (
    shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
)
AXE = ROOT / "node_modules/axe-core/axe.min.js"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
PACKED = {".woff2"}  # compressed already


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder; gives the address of its root. An unknown address is answered by 404.html."""

    @cache
    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        file = folder / unquote(path).lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        found = file.is_file() and file.resolve().is_relative_to(folder.resolve())
        file = file if found else folder / "404.html"
        body = file.read_bytes() if file.is_file() else b""
        headers = {"Content-Type": TYPES.get(file.suffix, "application/octet-stream")}
        if file.suffix not in PACKED:
            body = gzip.compress(body, 6)
            headers["Content-Encoding"] = "gzip"
        return 200 if found else 404, headers, body

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open, as on a real host

        def do_GET(self):
            status, headers, body = answer(urlsplit(self.path).path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, driven by Playwright."""
    with sync_playwright() as playwright:
        # pages of one context share a process: to start one is a third of opening a page
        shared = ["--process-per-site", "--renderer-process-limit=1"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *shared])
        yield browser
        browser.close()


def violations(page: Page, *parts: str, **options) -> dict[str, list[str]]:
    """What axe finds: rule and elements; of parts of a page (selectors), without one of it all."""
    if page.evaluate("!window.axe"):
        page.evaluate(AXE.read_text("utf-8"))
    context = {"include": [[part] for part in parts or ("html",)]}
    run = "([context, options]) => axe.run(context, options)"
    found = page.evaluate(run, [context, options])["violations"]
    return {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found}


def kinds() -> list[str]:
    """One page of every kind: home, every section's index and its first page, and the 404 page."""
    sections: dict[str, list[str]] = {}
    for stem in nav_pages():
        sections.setdefault(stem.rpartition("/")[0], []).append(stem)
    found = []
    for stems in sections.values():
        found += [stem for stem in stems if stem.endswith("index")][:1]
        found += [stem for stem in stems if not stem.endswith("index")][:1]
    return [page(stem) for stem in found] + ["404.html"]


def page(stem: str) -> str:
    """The address of a page in the site: functions/softmax -> functions/softmax/."""
    return stem.removesuffix("index").rstrip("/") + "/" if stem != "index" else ""
