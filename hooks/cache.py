"""Do no work twice: what has not changed is not converted or compiled again.

MkDocs builds every page anew, also after each edit under `mkdocs serve`. A page's conversion
depends on its Markdown, on the set of files (links), on the configuration and on the versions of
the converters; where these are the same, the last result is read from .cache/pages. A conversion
that warned is not kept, or the next build would not warn.
"""

import hashlib
import logging
import pickle
from importlib.metadata import version
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from mkdocs.structure.pages import Page

STORE = Path(__file__).resolve().parent.parent / ".cache"
CONVERTERS = ("mkdocs", "Markdown", "pymdown-extensions", "Pygments")
# what Page.render leaves on the page, beside links_to_anchors
RESULT = ("content", "toc", "_title_from_render", "present_anchor_ids")


class Warnings(logging.Handler):
    """Counts what MkDocs warns of."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.levelno >= logging.WARNING


def on_env(env, config, files):
    """Keep the theme's templates compiled."""
    folder = STORE / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    return env


def kept(convert):
    """Page.render, kept on disk."""
    versions = [version(name) for name in CONVERTERS]

    def render(page: Page, config, files) -> None:
        uris = sorted(file.src_uri for file in files)
        parts = (page.markdown, uris, config.markdown_extensions, config.mdx_configs, versions)
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        store = STORE / "pages" / f"{page.file.src_uri.replace('/', '__')}.pickle"
        known, result, links = pickle.loads(store.read_bytes()) if store.exists() else ("",) * 3
        if known == key:
            vars(page).update(result)
            page.links_to_anchors = {files.get_file_from_path(uri): a for uri, a in links.items()}
            return None
        warnings = Warnings()
        logging.getLogger("mkdocs").addHandler(warnings)
        try:
            convert(page, config, files)
        finally:
            logging.getLogger("mkdocs").removeHandler(warnings)
        if not warnings.count:
            result = {name: getattr(page, name) for name in RESULT}
            links = {file.src_uri: a for file, a in (page.links_to_anchors or {}).items()}
            store.parent.mkdir(parents=True, exist_ok=True)
            part = store.with_suffix(".part")
            part.write_bytes(pickle.dumps((key, result, links)))
            part.replace(store)
        return None

    render.kept = True
    return render


if not hasattr(Page.render, "kept"):
    Page.render = kept(Page.render)
