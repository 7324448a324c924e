"""Old addresses never die: redirects.tsv says where a page or a heading went.

    old page             new page, or a heading of it      in both languages
    functions/expit      functions/sigmoid
    functions/softmax#x  functions/softmax#y                a heading's old id, on the same page

A page that moved leaves a page that leads on; a host that can is told as well (hooks/hosts.py).
A heading that was renamed answers to its old id too.
"""

import posixpath
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.security import guarded  # noqa: E402
from tests.markdown import stem_language  # noqa: E402

TABLE = "redirects.tsv"
PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>{title}</title>
<link rel="canonical" href="{canonical}">
<meta name="robots" content="noindex">
<script src="{script}" data-target="{target}"></script>
<noscript><meta http-equiv="refresh" content="0; url={target}"></noscript>
<p><a href="{target}">{title}</a></p>
</html>
"""
TITLE = {"zh": "这个页面搬到了这里", "en": "This page has moved here"}


@dataclass(frozen=True)
class Move:
    """One line of the table; `old` and `new` are STEM or STEM#ID."""

    line: int
    old: str
    new: str

    @property
    def within(self) -> bool:
        """Whether a heading was renamed, and its page stayed."""
        return "#" in self.old


def moves(config) -> list[Move]:
    """The table beside mkdocs.yml, without its head; empty where there is none."""
    table = Path(config.config_file_path).with_name(TABLE)
    lines = table.read_text("utf-8").splitlines() if table.exists() else []
    found = []
    for number, line in enumerate(lines, 1):
        cells = line.split("\t")
        if number > 1 and line:
            if len(cells) != 2 or not all(cells):
                raise PluginError(f"{TABLE}:{number}: a line is OLD, one tab, NEW: {line!r}")
            found.append(Move(number, *cells))
    return found


def on_files(files, config) -> None:
    """Refuse a move that leads nowhere, or away from a page that is there."""
    pages = {stem_language(f.src_uri)[0] for f in files.documentation_pages()}
    for move in moves(config):
        where = f"{TABLE}:{move.line}"
        old, _, old_id = move.old.partition("#")
        new = move.new.partition("#")[0]
        if new not in pages:
            raise PluginError(f"{where}: there is no page {new}; name the page that took its place")
        if old_id and old != new:
            raise PluginError(f"{where}: only a whole page can move to another; {old} is still one")
        if not old_id and old in pages:
            raise PluginError(f"{where}: {old} is a page again; delete this line")


def on_page_content(content: str, page, config, files) -> str:
    """Let a renamed heading answer to its old id."""
    stem, _ = stem_language(page.file.src_uri)
    for move in moves(config):
        (old, _, old_id), new_id = move.old.partition("#"), move.new.partition("#")[2]
        if move.within and old == stem:
            anchor = f'<span id="{old_id}"></span>'
            content, count = re.subn(rf'(<h\d id="{re.escape(new_id)}")', rf"{anchor}\1", content)
            if count != 1:
                raise PluginError(f"{TABLE}:{move.line}: {stem} has no heading #{new_id}")
    return content


@event_priority(-300)  # when both languages are there
def on_post_build(config) -> None:
    """Leave a page at each old address."""
    if config.plugins["i18n"].building:
        return
    for move in moves(config):
        for language in () if move.within else ("zh", "en"):
            home = "" if language == "zh" else f"{language}/"
            target = posixpath.relpath(address(home, move.new), f"{home}{move.old}") + "/"
            fragment = move.new.partition("#")[2]
            target += f"#{fragment}" if fragment else ""
            text = PAGE.format(
                language=language,
                title=TITLE[language],
                target=target,
                canonical=f"{config.site_url}{address(home, move.new)}",
                script=posixpath.relpath("assets/moved.js", f"{home}{move.old}"),
            )
            place = Path(config.site_dir) / home / move.old / "index.html"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(guarded(text, TABLE), "utf-8")


def address(home: str, stem: str) -> str:
    """A page's address in the site, without its fragment."""
    return home + re.sub(r"(^|/)index$", r"\1", stem.partition("#")[0]).rstrip("/") + "/"
