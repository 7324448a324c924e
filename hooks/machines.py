"""What programs read: a Markdown copy and a notebook of every page, llms.txt, handbook.json.

A page functions/softmax/ has beside it index.md, which is the page without the comments that only
the checks read, and softmax.ipynb, which is the page to run. llms.txt lists the copies, llms-full
holds them, handbook.json has every block with its checked output and every formula.
"""

import html
import json
import posixpath
import re
import sys
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from mkdocs.plugins import event_priority

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.index import first_sentence  # noqa: E402
from tests.markdown import COMMENT, IMAGE, Page, stem_language  # noqa: E402  (the one parser)

FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)
HEAD = re.compile(r"\A---\n.*?\n---\n", re.S)  # settings of the page, for MkDocs alone
LINK = re.compile(r"(?<!!)\]\((?P<target>[^)\s:#]+?)\.(?:md|ipynb)(?P<fragment>#[^)\s]*)?\)")
FIGURE = {"zh": "图", "en": "Figure"}
FROM = {
    "zh": "出自 {url}，代码已用 torch {torch} 核对。",
    "en": "From {url}, checked with torch {torch}.",
}
HOME = {"zh": "首页", "en": "Home"}
_navs: dict[str, list] = {}  # language: the pages in the order of the navigation


@event_priority(-200)  # after static-i18n has made it the language's own
def on_nav(nav, config, files) -> None:
    _navs[config.plugins["i18n"].current_language] = list(nav.pages)


def on_page_markdown(markdown: str, page, config, files) -> None:
    """Describe the page by its own first sentence, where it has one."""
    said = described(page.file.src_uri, markdown)
    if said:
        page.meta.setdefault("description", html.escape(said))  # the theme escapes nothing


def on_page_context(context, page, config, nav) -> None:
    """What the page says of itself, and where its copies stand, for overrides/partials."""
    context["said"] = html.unescape(page.meta.get("description") or config.site_description)
    if not config.extra["serving"]:
        context["copies"] = {"notebook": notebook_name(page) if as_notebook(page) else None}


@event_priority(-300)  # when both languages are there
def on_post_build(config) -> None:
    """Write everything, once."""
    if config.extra["serving"] or config.plugins["i18n"].building:
        return
    site, facts = Path(config.site_dir), []
    for language, pages in _navs.items():
        whole = []
        for page in pages:
            read = source(page)
            copy = markdown_copy(read, page, config)
            whole.append(copy)
            place = (site / page.file.dest_uri).with_name("index.md")
            place.write_text(copy, "utf-8")
            if as_notebook(page):
                text = notebook(read, page, config)
                place.with_name(notebook_name(page)).write_text(text, "utf-8")
            facts.append(fact(read, page, language))
        home = site if language == "zh" else site / language
        (home / "llms-full.txt").write_text("\n\n".join(whole), "utf-8")
    (site / "llms.txt").write_text(index(config), "utf-8")
    about = {"name": "The Logits Handbook", "url": config.site_url} | config.extra["stamp"]
    data = json.dumps(about | {"pages": facts}, ensure_ascii=False)
    (site / "handbook.json").write_text(data + "\n", "utf-8")


def source(page) -> Page:
    """The page as it is written."""
    path = Path(page.file.abs_src_path)
    return parsed(path, path.stat().st_mtime_ns)


@cache
def parsed(path: Path, written: int) -> Page:
    """A page read once, until it is written again; lines keep their numbers."""
    read = Page.read(path)
    read.text = HEAD.sub(lambda m: "\n" * m[0].count("\n"), read.text)
    return read


@lru_cache(maxsize=4096)  # a server sees the same pages again and again
def described(uri: str, markdown: str) -> str:
    """The first sentence of a page on its way through the build."""
    return summary(Page(Path(uri), markdown))


def summary(read: Page) -> str:
    """The first sentence as plain text; of a formula, its letters."""
    said = re.sub(r"<[^>]*>|\\[()]|\*\*|[\\{}]", "", first_sentence(read))
    return html.unescape(said).strip()


def address(page, config, target: str) -> str:
    """The address of another page, from a link of this one without its .md."""
    stem = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), target))
    stem = re.sub(r"(^|/)index$", r"\1", stem).rstrip("/")
    home = "" if stem_language(page.file.src_uri)[1] == "zh" else "en/"
    return config.site_url + home + (f"{stem}/" if stem else "")


def prose(text: str, page, config) -> str:
    """Markdown outside fences, read elsewhere: links whole, figures in words, no comments."""
    _, language = stem_language(page.file.src_uri)
    text = IMAGE.sub(lambda m: f"*{FIGURE[language]}: {m['alt']}*", COMMENT.sub("", text))
    text = re.sub(r"^(#+ .*?)\s*\{[^}]*\}$", r"\1", text, flags=re.M)
    text = re.sub(
        r'<div data-index="(\w+)"></div>',
        lambda m: listed(page.parent.children, page) if m[1] == "table" else "",
        text,
    )
    text = LINK.sub(lambda m: f"]({address(page, config, m['target'])}{m['fragment'] or ''})", text)
    return re.sub(r"\n{3,}", "\n\n", text)


def markdown_copy(read: Page, page, config) -> str:
    """The page for programs: no comments, no attributes, where it comes from at the end."""
    parts = FENCE.split(read.text)
    parts[::2] = [prose(part, page, config) for part in parts[::2]]
    return f"{''.join(parts).strip()}\n\n{origin(page, config)}\n"


def origin(page, config) -> str:
    words = FROM[stem_language(page.file.src_uri)[1]]
    return words.format(url=page.canonical_url, torch=config.extra["stamp"]["torch"])


def as_notebook(page) -> bool:
    """Whether the page is to be had as a notebook from here: it runs, and is none itself."""
    return page.file.src_uri.endswith(".md") and bool(source(page).blocks)


def notebook_name(page) -> str:
    return f"{page.file.name.split('.')[0]}.ipynb"


def notebook(read: Page, page, config) -> str:
    """The page as a notebook (nbformat 4.5): its blocks are cells that hold their outputs."""
    cells, done = [], 0

    def add(kind: str, text: str, **more) -> None:
        if text.strip():
            cell = {"cell_type": kind, "id": f"cell-{len(cells)}", "metadata": {}}
            cells.append(cell | {"source": text.strip("\n").splitlines(True)} | more)

    for block in read.blocks:
        add("markdown", between(read, done, block.code.line - 1, page, config))
        printed = block.output.body.splitlines(True) if block.output else []
        stream = {"name": "stdout", "output_type": "stream", "text": printed}
        outputs = [stream] if printed else []
        add("code", block.code.body, execution_count=None, outputs=outputs)
        done = block.output.end if block.output else block.code.end
    add("markdown", between(read, done, len(read.lines), page, config))
    add("markdown", origin(page, config))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    meta = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False) + "\n"


def between(read: Page, start: int, end: int, page, config) -> str:
    """The Markdown of some lines, fences in it untouched."""
    parts = FENCE.split("\n".join(read.lines[start:end]))
    parts[::2] = [prose(part, page, config) for part in parts[::2]]
    return "".join(parts)


def fact(read: Page, page, language: str) -> dict:
    """What a page states, and what was checked."""
    return {
        "page": stem_language(page.file.src_uri)[0],
        "language": language,
        "title": page.title,
        "url": page.canonical_url,
        "summary": summary(read),
        "headings": [{"id": h.id, "level": h.level, "text": h.text} for h in read.headings],
        "blocks": [
            {"line": b.code.line, "code": b.code.body, "output": b.output and b.output.body}
            for b in read.blocks
        ],
        "formulas": [
            {"line": f.line, "latex": f.latex, "checked_as": f.marker} for f in read.formulas
        ],
    }


def index(config) -> str:
    """llms.txt: what there is, in both languages, with the address of each copy."""
    stamp, site = config.extra["stamp"], config.site_url
    lines = [
        "# The Logits Handbook",
        "",
        "> PyTorch's logits functions: softmax, sigmoid, their logarithms, losses and decisions. "
        f"Every code block was run with torch {stamp['torch']}, every printed output compared, "
        "every formula evaluated against torch.",
        "",
        f"All pages in one file: [English]({site}en/llms-full.txt), [中文]({site}llms-full.txt). "
        f"Every block with its output, every formula: [handbook.json]({site}handbook.json).",
    ]
    for language in ("en", "zh"):
        for section, pages in groupby(_navs[language], lambda page: page.parent):
            title = section.title if section else HOME[language]
            lines += ["", f"## {title}", "", listed(pages)]
    return "\n".join(lines) + "\n"


def listed(pages, but=None) -> str:
    """A list of pages: the address of each one's copy, and what it is about."""
    return "\n".join(
        f"- [{page.title}]({page.canonical_url}index.md): {summary(source(page))}"
        for page in pages
        if page is not but
    )
