"""Write the index of a section from its pages: formula, range, derivative, use, and every plot.

functions/index and losses/index hold `<div data-index="table"></div>` and
`<div data-index="plots"></div>`. What fills them is read from the pages at build, so it cannot
differ from them: the first formula and the range of the section Formula, the first formula of the
section Gradient, the first sentence, the first figure.
"""

import html
import re
import sys
from functools import cache
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks import figures  # noqa: E402
from tests.markdown import Page  # noqa: E402  (the one parser of pages)

on_post_page = figures.on_post_page  # MkDocs' own copy of that module holds other drawings

WORDS = {
    "zh": ("名称", "用途", "公式", "值域", "导数"),
    "en": ("name", "use", "formula", "range", "derivative"),
}


def on_page_content(content: str, page, config, files: Files) -> str:
    """Fill the two places of an index page."""
    if "data-index=" not in content:
        return content
    folder, name = page.file.src_uri.rsplit("/", 1)
    language = name.split(".")[-2]
    others = [sibling for sibling in page.parent.children if sibling is not page]
    paths = [Path(sibling.file.abs_src_path) for sibling in others]
    entries = [read(path, path.read_bytes()) for path in paths]
    parts = {"table": table(entries, language), "plots": plots(entries, folder, language)}
    return re.sub(r'<div data-index="(\w+)"></div>', lambda m: parts[m[1]], content)


@cache
def read(path: Path, content: bytes) -> Page:
    """The page as the checks read it; parsed again only when it says something else."""
    return Page.read(path)


def table(entries: list[Page], language: str) -> str:
    """One row a page."""
    head = "".join(f"<th>{word}</th>" for word in WORDS[language])
    rows = "".join(row(entry) for entry in entries)
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<table class="index" data-pagefind-ignore>{head}<tbody>{rows}</tbody></table>'


def row(entry: Page) -> str:
    """The page's own statements; what it does not state is left empty."""
    stated = [f for f in entry.formulas if not (f.marker or "").startswith("unchecked")]
    formulas = [f.latex for f in stated if section(entry, f.line) == "formula"]
    ranges = [latex for latex in formulas if r"\in" in latex]
    value = [latex for latex in formulas if r"\in" not in latex]
    slope = [f.latex for f in stated if section(entry, f.line) == "gradient"]
    link = f'<a href="{address(entry)}">{title(entry)}</a>'
    cells = (link, first_sentence(entry), math(value), math(ranges), math(slope))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def plots(entries: list[Page], folder: str, language: str) -> str:
    """The first figure of each page, under its title."""
    drawn = []
    for entry in entries:
        if entry.images:
            image = entry.images[0]
            script = ROOT / "snippets" / f"{entry.stem}.py"
            name = re.sub(rf"^{script.stem}-|\.svg$", "", image.text)
            try:
                drawing = figures.draw(script, name, language)
            except LookupError as error:
                raise PluginError(
                    f"docs/{entry.stem}.{language}.md:{image.line}: {error}"
                ) from None
            drawing = re.sub(r'( id="|url\(#|href="#)', r"\1index-", drawing)
            figure = figures.framed(f"{folder}/index#{script.stem}.{language}", drawing, image.alt)
            drawn.append(
                f'{figure}<p class="plot-of"><a href="{address(entry)}">{title(entry)}</a></p>'
            )
    return f'<div class="plots" data-pagefind-ignore>{"".join(drawn)}</div>'


def section(entry: Page, line: int) -> str | None:
    """The id of the section of level 2 that a line stands in."""
    return next((h.id for h in reversed(entry.headings) if h.level == 2 and h.line < line), None)


def math(latex: list[str]) -> str:
    """A cell with the first of the formulas, for hooks/math.py to render."""
    shown = html.escape(latex[0].strip()) if latex else ""
    return f'<span class="arithmatex">\\({shown}\\)</span>' if shown else ""


def first_sentence(entry: Page) -> str:
    """What the page says of itself, without links and emphasis."""
    texts = (p.text for p in entry.prose if not p.text.startswith(("#", "|", "!", "-")))
    line = next(texts, "")
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"<!--.*?-->", "", line))
    line = re.match(r".*?(?:。|\.(?=\s|$)|$)", line)[0]
    line = re.sub(r"`([^`]*)`", lambda m: f"<code>{m[1]}</code>", html.escape(line, quote=False))
    return re.sub(r"\$([^$]+)\$", r'<span class="arithmatex">\\(\1\\)</span>', line)


def title(entry: Page) -> str:
    return html.escape(entry.headings[0].text)


def address(entry: Page) -> str:
    return f"{entry.path.name.split('.')[0]}/"
