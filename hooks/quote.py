"""Let a page show a table or an output of another page, taken from there at build.

`<div data-from="help/errors#messages"></div>`, alone on its line, stands for the first table of
that section, or, where it has none, for its first output. `data-rows="target-size in-place"` keeps
the rows that link to one of these places. What is shown is checked on the page it comes from and
cannot differ from it; links are made to lead there, and a search finds it there and not here.
"""

import posixpath
import re
import sys
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from tests.markdown import Page, stem_language  # noqa: E402  (the one parser of pages)

PLACE = re.compile(
    r'^<div data-from="(?P<stem>[\w/]+)#(?P<id>[\w-]+)"(?: data-rows="(?P<rows>[^"]*)")?></div>$',
    re.M,
)
LINK = re.compile(r"\]\((?![a-z]+:)(?P<target>[^)#]*)(?P<anchor>#[\w-]+)?\)")


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Fill every place of a page."""
    uri, docs = page.file.src_uri, Path(config.docs_dir)
    _, language = stem_language(uri)

    def fill(match: re.Match) -> str:
        source = docs / f"{match['stem']}.{language}.md"
        try:
            text = quoted(Page.read(source), match["id"], (match["rows"] or "").split())
        except (LookupError, OSError) as error:
            raise PluginError(f"docs/{uri}: {match[0]}: {error}") from None
        text = relinked(text, f"{match['stem']}.md", posixpath.dirname(uri))
        return f'<div class="quote" data-search-exclude markdown="1">\n\n{text}\n\n</div>'

    return PLACE.sub(fill, markdown)


def quoted(page: Page, section: str, wanted: list[str]) -> str:
    """The table of a section with the wanted rows (all where none is named), or its output.

    Raises LookupError where there is no such section, row, table or output.
    """
    ids = [heading.id for heading in page.headings]
    if section not in ids:
        raise LookupError(f"{page.path.name} has no heading {{ #{section} }}")
    start, *rest = [heading.line for heading in page.headings[ids.index(section) :]]
    end = rest[0] if rest else len(page.lines) + 1
    table = [line for line in page.outside[start : end - 1] if line.startswith("|")]
    if not table:
        outputs = [b.output for b in page.blocks if b.output and start < b.code.line < end]
        if not outputs or wanted:
            raise LookupError(f"#{section} has no {'table' if wanted else 'table and no output'}")
        return f"```text\n{outputs[0].body}```"
    head, rows = table[:2], table[2:]
    for anchor in wanted:
        if not any(f"#{anchor})" in row for row in rows):
            raise LookupError(f"no row of #{section} links to #{anchor}")
    kept = [row for row in rows if not wanted or any(f"#{anchor})" in row for anchor in wanted)]
    return "\n".join(head + kept)


def relinked(text: str, source: str, folder: str) -> str:
    """The text's links, as a page in `folder` has to write them."""

    def lead(match: re.Match) -> str:
        target = posixpath.join(posixpath.dirname(source), match["target"])
        path = posixpath.relpath(target if match["target"] else source, folder or ".")
        return f"]({path}{match['anchor'] or ''})"

    return LINK.sub(lead, text)
