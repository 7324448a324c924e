"""Bundle the lab, and load it on the pages that use one of its elements.

The sources are ES modules in lab/. A browser loads no module from file://, so readers of an offline
copy would have none; esbuild makes one minified classic script of them, which is smaller too.
The script is deferred: a page shows its text first, and an element's content, the static figure,
until then. lab.css keeps the room that the element will take.
"""

import hashlib
import re
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.esbuild import bundle  # noqa: E402
from hooks.store import installed, kept  # noqa: E402

SOURCES = ROOT / "lab"
STORE = ROOT / ".cache" / "lab"
# Markdown takes a tag that it does not know for words of a sentence
WRAPPED = re.compile(r"<p>(</?logits-[^>]*>)</p>")
USED = re.compile(r"<(logits-[\w-]+)")


def on_config(config):
    """Have `mkdocs serve` watch the sources."""
    if str(SOURCES) not in config.watch:
        config.watch.append(str(SOURCES))
    return config


def on_files(files, config):
    """Add the script and its style sheet to the site."""
    for entry, name in (("index.js", "lab.js"), ("lab.css", "lab.css")):
        uri = f"assets/{name}"
        files.append(File.generated(config, uri, abs_src_path=str(made(entry))))
    return files


def on_page_content(content: str, page, config, files) -> str:
    """Free the elements from the paragraphs, and refuse one that does not exist."""
    for name in USED.findall(content):
        if not (SOURCES / f"{name.removeprefix('logits-')}.js").exists():
            known = ", ".join(sorted(elements()))
            raise PluginError(f"docs/{page.file.src_uri}: no element <{name}>; there are {known}")
    return WRAPPED.sub(r"\1", content)


def on_post_page(output: str, page, config) -> str:
    """Load the lab where one of its elements stands, and nowhere else."""
    if not USED.search(output):
        return output
    style, script = (get_relative_url(f"assets/lab.{kind}", page.url) for kind in ("css", "js"))
    tags = f'<link rel="stylesheet" href="{style}"><script defer src="{script}"></script>'
    return output.replace("</head>", f"{tags}</head>", 1)


def elements() -> list[str]:
    """The tags that index.js defines."""
    imports = re.findall(r'from "\./([\w-]+)\.js"', (SOURCES / "index.js").read_text("utf-8"))
    return [f"logits-{name}" for name in imports]


def made(entry: str) -> Path:
    """The bundle of a source, kept under a hash of all sources and the bundler."""
    sources = sorted(p for p in SOURCES.iterdir() if p.suffix in (".js", ".css"))
    texts = [installed("esbuild"), *(path.read_text("utf-8") for path in sources)]
    key = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    options = ("--format=iife", "--target=es2022")
    return kept(STORE / key / entry, lambda: bundle(SOURCES / entry, *options).encode())
