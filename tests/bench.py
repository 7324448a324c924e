"""Measure what the handbook promises, as ratios where the machine matters: `make bench`.

python -m tests.bench [blocks] [build] [reload] [growth] [lighthouse]     without a name, all
"""

import gzip
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests import lighthouse
from tests.contract import nav_pages
from tests.growth import grown
from tests.markdown import DOCS, ROOT, pages


def seconds(command: list[str], **kwargs) -> float:
    """How long a command takes; raises when it fails."""
    start = time.perf_counter()
    kwargs = {"cwd": ROOT} | kwargs
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **kwargs)
    return time.perf_counter() - start


def blocks() -> None:
    """All code blocks under pytest against the same code run bare in one process."""
    code = [block.code.body for page in pages() for block in page.blocks]
    bare = (
        "import sys, io, warnings, torch; torch.set_num_threads(1)\n"
        "warnings.simplefilter('error')\n"
        "for code in eval(sys.stdin.read()):\n"
        "    keep, sys.stdout = sys.stdout, io.StringIO()\n"
        "    filters = warnings.filters[:]\n"
        "    try: exec(code, {'__MODULE__': '__main__'})\n"
        "    finally: sys.stdout = keep; warnings.filters[:] = filters\n"
    )
    with tempfile.TemporaryDirectory() as desk:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", bare], input=repr(code), text=True, check=True, cwd=desk
        )
        alone = time.perf_counter() - start
    suite = seconds([sys.executable, "-m", "pytest", "docs"])
    print(f"blocks: {len(code)} in {suite:.1f} s, bare {alone:.1f} s, ratio {suite / alone:.2f}")


def build() -> None:
    """A clean build, and one with figures in the cache."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir"]
    with tempfile.TemporaryDirectory() as site:
        kept = ROOT / ".cache/figures"
        shutil.rmtree(kept, ignore_errors=True)
        clean = seconds([*command, site])
        cached = statistics.median(seconds([*command, site]) for _ in range(3))
    print(
        f"build: {2 * len(nav_pages())} pages, clean {clean:.1f} s, with the cache {cached:.1f} s"
    )


def reload() -> None:
    """From saving a page to its new text being served by `mkdocs serve`."""
    with tempfile.TemporaryDirectory() as copy:
        taken = edits(grown(1, Path(copy) / "handbook"), 5)
    print(f"reload: median {statistics.median(taken):.2f} s, worst {max(taken):.2f} s of 5 edits")


def edits(tree: Path, count: int) -> list[float]:
    """Seconds from each edit of a page to its new text being served from this handbook."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}/functions/softmax/"
        served(address, "softmax", 600)
        page = tree / "docs/functions/softmax.zh.md"
        taken = []
        for k in range(count):
            time.sleep(2)
            word = f"edit-{k}-"
            text = re.sub(r"edit-\d-", "", page.read_text("utf-8"))
            page.write_text(text.replace("Softmax 把", f"{word}Softmax 把", 1), "utf-8")
            taken.append(served(address, word, 120))
    finally:
        server.terminate()
        server.wait()
    return taken


def growth() -> None:
    """The handbook at 1, 4 and 16 times its pages: build, reload, and what one page weighs."""
    first: tuple[float, int] | None = None
    for times in (1, 4, 16):
        with tempfile.TemporaryDirectory() as copy:
            tree, site = grown(times, Path(copy) / "handbook"), Path(copy) / "site"
            command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", site]
            warm = [seconds(command, cwd=tree) for _ in range(2)][-1]
            weight = len(gzip.compress((site / "functions/softmax/index.html").read_bytes()))
            taken = statistics.median(edits(tree, 3))
        first = first or (warm, weight)
        print(
            f"growth: {times:2} x {2 * len(nav_pages())} pages: build with the cache {warm:.1f} s"
            f" ({warm / first[0] / times:.2f} of linear), reload {taken:.2f} s,"
            f" a function page {weight / 1000:.1f} KB ({weight / first[1]:.3f})",
            flush=True,
        )


def speed() -> None:
    """Lighthouse by page type and language; fails where a page falls short."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        seconds([sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", site])
        if not lighthouse.table(site):
            raise SystemExit("lighthouse: a page falls short; see the table above")


def served(address: str, word: str, limit: float) -> float:
    """Seconds until a page that holds the word is served; raises TimeoutError."""
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        try:
            if word in urllib.request.urlopen(address, timeout=limit).read().decode():
                return time.perf_counter() - start
        except OSError:
            pass
        time.sleep(0.1)  # more often, and the asking slows the server down
    raise TimeoutError(f"{address} did not show {word!r} within {limit} s")


BENCHES = {
    "blocks": blocks,
    "build": build,
    "reload": reload,
    "growth": growth,
    "lighthouse": speed,
}

if __name__ == "__main__":
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    print(f"on {os.cpu_count()} cores, {len(list(DOCS.rglob('*.md')))} page files")
    for name in sys.argv[1:] or BENCHES:
        BENCHES[name]()
