"""Do no work twice: what has not changed is not converted or compiled again.

MkDocs builds every page anew, also after each edit under `mkdocs serve`. A page's conversion
depends on its Markdown, on the set of files (links), on the configuration and on the versions of
the converters; where these are the same, the last result is read from .cache/pages. A conversion
that warned is not kept, or the next build would not warn.

A server also remembers what the template made of each page. That depends on the page, on the
titles and addresses in the navigation, on the configuration and on the templates.
"""

import hashlib
import logging
import os
import pickle
import sys
from importlib.metadata import version
from pathlib import Path

from jinja2 import FileSystemBytecodeCache, FileSystemLoader, Template
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.store import written  # noqa: E402

STORE = ROOT / ".cache"
CONVERTERS = ("mkdocs", "Markdown", "pymdown-extensions", "Pygments")
# what Page.render leaves on the page, beside links_to_anchors
RESULT = ("content", "toc", "_title_from_render", "present_anchor_ids")


class Warnings(logging.Handler):
    """Counts what MkDocs warns of."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.levelno >= logging.WARNING


_rendered: dict[str, tuple[str, str]] = {}  # page's address: key and HTML
_sources: list[bytes] = []  # what the templates of this build read: configuration and overrides


def on_env(env, config, files):
    """Keep the theme's templates compiled; under a server, keep what they made of a page."""
    env.trim_blocks = env.lstrip_blocks = True  # the lines of statements are a third of a page
    folder = STORE / "templates-trimmed"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    if config.extra["serving"]:
        own = sorted(path for path in Path(config.theme.custom_dir).rglob("*") if path.is_file())
        _sources[:] = [path.read_bytes() for path in (Path(config.config_file_path), *own)]
        env.template_class = Remembering
    return env


class Remembering(Template):
    """A template that does not render a page again where nothing that it shows has changed."""

    def render(self, *args, **kwargs) -> str:
        page = args[0].get("page") if args else None
        if page is None:
            return super().render(*args, **kwargs)
        key = hashlib.sha256(repr(shown(args[0])).encode()).hexdigest()
        known = _rendered.get(page.url)
        if not known or known[0] != key:
            known = _rendered[page.url] = key, super().render(*args, **kwargs)
        return known[1]


def shown(context: dict) -> list:
    """All that a page's template may read, as plain values.

    The navigation prints as its titles and addresses. What has no plain value prints as its address
    in memory, so that such a page is rendered every time.
    """
    page, nav, config = (context[name] for name in ("page", "nav", "config"))
    if not hasattr(nav, "printed"):  # once for all pages
        nav.printed = hashlib.sha256(str(nav).encode()).hexdigest()
    plain = str | int | dict | list | None
    own = {name: value for name, value in vars(page).items() if isinstance(value, plain)}
    texts = {name: value for name, value in config.items() if isinstance(value, str)}
    apart = {"page", "nav", "config", "pages", "build_date_utc"}  # told above, or in no page
    rest = {name: value for name, value in context.items() if name not in apart}
    return [page.url, page.title, own, nav.printed, texts, config.extra, rest, _sources]


def kept(convert):
    """Page.render, kept on disk."""
    versions = [version(name) for name in CONVERTERS]

    def render(page: Page, config, files) -> None:
        settings = (config.markdown_extensions, config.mdx_configs, versions)
        parts = (page.markdown, listed(files), *settings)
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
            written(store, pickle.dumps((key, result, links)))
        return None

    render.kept = True
    return render


def listed(files: Files) -> str:
    """A digest of the files that a link may lead to; the same for every page of a build."""
    if getattr(files, "listed", ("", 0))[1] != len(files):
        uris = sorted(files.src_uris)
        files.listed = hashlib.sha256(repr(uris).encode()).hexdigest(), len(files)
    return files.listed[0]


def list_templates(self: FileSystemLoader) -> list[str]:
    """Jinja's own, without folders like .icons: MkDocs would look at 14 000 names to skip them."""
    found = set()
    for root in self.searchpath:
        for folder, folders, names in os.walk(root, followlinks=self.followlinks):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = os.path.relpath(folder, root)
            found |= {os.path.normpath(os.path.join(below, name)) for name in names}
    return sorted(name.replace(os.sep, "/") for name in found)


if not hasattr(Page.render, "kept"):
    Page.render = kept(Page.render)
    FileSystemLoader.list_templates = list_templates
