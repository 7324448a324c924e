"""Write the index of a section from its pages: formula, range, derivative, use, and every plot.

functions/index and losses/index hold `<div data-index="table"></div>` and
`<div data-index="plots"></div>`. What fills them is read from the pages at build, so it cannot
differ from them: the first formula and the range of the section Formula, the first formula of the
section Gradient, the first sentence, the first figure.

`<div data-index="sheet" data-of="functions/softmax losses/kl_div"></div>`, on any page, is the
table of the named pages without their sentences.
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
from tests.markdown import Page, stem_language  # noqa: E402  (the one parser of pages)

on_post_page = figures.on_post_page  # MkDocs' own copy of that module holds other drawings

WORDS = {
    "zh": ("名称", "用途", "公式", "值域", "导数"),
    "en": ("name", "use", "formula", "range", "derivative"),
}


def on_page_content(content: str, page, config, files: Files) -> str:
    """Fill the two places of an index page."""
    if "data-index=" not in content:
        return content
    stem, language = stem_language(page.file.src_uri)
    siblings = page.parent.children if page.parent else []
    paths = [Path(sibling.file.abs_src_path) for sibling in siblings if sibling is not page]

    def fill(match: re.Match) -> str:
        part, stems = match["part"], (match["of"] or "").split()
        if part == "sheet":
            named = [Path(config.docs_dir) / f"{stem}.{language}.md" for stem in stems]
            if missing := [path.name for path in named if not path.exists()]:
                raise PluginError(f"docs/{page.file.src_uri}: {match[0]}: no page {missing}")
            return table([read(path, path.read_bytes()) for path in named], language, sheet=True)
        entries = [read(path, path.read_bytes()) for path in paths]
        return table(entries, language) if part == "table" else plots(entries, stem, language)

    place = r'<div data-index="(?P<part>table|plots|sheet)"(?: data-of="(?P<of>[^"]*)")?></div>'
    return re.sub(place, fill, content)


@cache
def read(path: Path, content: bytes) -> Page:
    """The page as the checks read it; parsed again only when it says something else."""
    return Page.read(path)


def table(entries: list[Page], language: str, sheet: bool = False) -> str:
    """One row a page; a sheet's leave out the sentence and link from a page at the root."""
    words = [w for k, w in enumerate(WORDS[language]) if not (sheet and k == 1)]
    head = "".join(f"<th>{word}</th>" for word in words)
    rows = "".join(row(entry, sheet) for entry in entries)
    head = f"<thead><tr>{head}</tr></thead>"
    kind = "index sheet" if sheet else "index"
    return f'<table class="{kind}" data-search-exclude>{head}<tbody>{rows}</tbody></table>'


def row(entry: Page, sheet: bool = False) -> str:
    """The page's own statements; what it does not state is left empty."""
    stated = [f for f in entry.formulas if not (f.marker or "").startswith("unchecked")]
    formulas = [f.latex for f in stated if section(entry, f.line) == "formula"]
    ranges = [latex for latex in formulas if r"\in" in latex]
    value = [latex for latex in formulas if r"\in" not in latex]
    slope = [f.latex for f in stated if section(entry, f.line) == "gradient"]
    link = f'<a href="{f"../{entry.stem}/" if sheet else address(entry)}">{title(entry)}</a>'
    said = [] if sheet else [first_sentence(entry)]
    cells = (link, *said, math(value), math(ranges), math(slope))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def plots(entries: list[Page], index: str, language: str) -> str:
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
            figure = figures.framed(f"{index}#{script.stem}.{language}", drawing, image.alt)
            drawn.append(
                f'{figure}<p class="plot-of"><a href="{address(entry)}">{title(entry)}</a></p>'
            )
    return f'<div class="plots" data-search-exclude>{"".join(drawn)}</div>'


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
    return f"{stem_language(entry.path.name)[0]}/"
