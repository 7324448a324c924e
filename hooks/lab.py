"""Bundle the lab, and load it on the pages that use one of its elements.

The sources are ES modules in lab/. A browser loads no module from file://, so readers of an offline
copy would have none; esbuild makes minified classic scripts of them, which are smaller too: one of
each element, for the pages that hold it alone, and one of all.
The script is deferred: a page shows its text first, and an element's content, the static figure,
until then. lab.css keeps the room that the element will take.
"""

import hashlib
import re
import sys
from collections.abc import Collection
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.esbuild import bundle  # noqa: E402
from hooks.store import installed, kept  # noqa: E402

SOURCES = ROOT / "lab"
STYLE = "assets/lab.css"
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
    """Add the scripts and their style sheet to the site."""
    tags, folder = elements(), store()
    parts = {script(tags): "index.js", STYLE: "lab.css"}
    parts |= {script([tag]): f"{key(tag)}.js" for tag in tags}
    for uri, entry in parts.items():
        files.append(File.generated(config, uri, abs_src_path=str(made(folder / entry))))
    return files


def on_page_content(content: str, page, config, files) -> str:
    """Free the elements from the paragraphs, and refuse one that does not exist."""
    for name in USED.findall(content):
        if name not in elements():
            known = ", ".join(sorted(elements()))
            raise PluginError(f"docs/{page.file.src_uri}: no element <{name}>; there are {known}")
    return WRAPPED.sub(r"\1", content)


def on_post_page(output: str, page, config) -> str:
    """Load the lab where one of its elements stands, and nowhere else."""
    used = set(USED.findall(output))
    if not used:
        return output
    style, code = (get_relative_url(uri, page.url) for uri in (STYLE, script(used)))
    tags = f'<link rel="stylesheet" href="{style}"><script defer src="{code}"></script>'
    return output.replace("</head>", f"{tags}</head>", 1)


def elements() -> list[str]:
    """The tags that index.js defines."""
    index = (SOURCES / "index.js").read_text("utf-8")
    return [f"logits-{name}" for name in re.findall(r'^import "\./([\w-]+)\.js"', index, re.M)]


def script(used: Collection[str]) -> str:
    """The script of a page that holds these elements: an element alone has its own."""
    return f"assets/lab-{key(*used)}.js" if len(used) == 1 else "assets/lab.js"


def key(tag: str) -> str:
    """The name of an element in the lab's sources."""
    return tag.removeprefix("logits-")


def store() -> Path:
    """Where bundles are kept: under a hash of all sources and the bundler."""
    sources = sorted(p for p in SOURCES.iterdir() if p.suffix in (".js", ".css"))
    texts = [installed("esbuild"), *(path.read_text("utf-8") for path in sources)]
    name = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return STORE / name


def made(place: Path) -> Path:
    """The bundle of the source of this name, made where it is not kept yet."""
    options = ("--format=iife", "--target=es2022")
    return kept(place, lambda: bundle(SOURCES / place.name, *options).encode())
