"""Let notebooks be pages, and give each to the reader as a file that runs anywhere.

A notebook goes through the pipeline of every page, as the Markdown that it is
(tests/notebooks.py): its links, ids, formulas and figures are checked and drawn as theirs are, and
nothing of nbconvert's 595 KB of style sheets and scripts is needed. What is offered for download
carries the modules and the stored results that its cells use.
"""

import base64
import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks import figures  # noqa: E402
from hooks.machines import notebook_name  # noqa: E402
from tests.markdown import Page, stem_language  # noqa: E402  (the one parser of pages)
from tests.notebooks import carrying, dumped  # noqa: E402

WORDS = {
    "zh": ("下载这个 notebook", "：代码与结果都在文件里，装好 {} 即可运行。"),
    "en": ("Download this notebook", ": it carries its code and results, and runs after {}."),
}
NEEDS = "<code>pip install torch scikit-learn matplotlib</code>"

# static-i18n rebuilds every file as a plain File, which takes an .ipynb for an asset
if File.is_documentation_page.__name__ == "is_documentation_page":
    _is_markdown = File.is_documentation_page

    def _is_markdown_or_notebook(self: File) -> bool:
        return _is_markdown(self) or self.src_uri.endswith(".ipynb")

    File.is_documentation_page = _is_markdown_or_notebook


def on_page_read_source(page, config) -> str | None:
    """A notebook as Markdown; None leaves other pages to MkDocs."""
    if not page.file.src_uri.endswith(".ipynb"):
        return None
    return Page.read(Path(page.file.abs_src_path)).text


def on_page_content(content: str, page, config, files) -> str:
    """Offer the notebook below its title."""
    if not page.file.src_uri.endswith(".ipynb"):
        return content
    _, language = stem_language(page.file.src_uri)
    link, words = WORDS[language]
    offer = f'<p><a href="{notebook_name(page)}" download>{link}</a>{words.format(NEEDS)}</p>'
    return content.replace("</h1>", f"</h1>\n{offer}", 1)


def on_post_page(output: str, page, config) -> None:
    """Put the notebook that carries all it needs beside its page."""
    if page.file.src_uri.endswith(".ipynb"):
        target = Path(page.file.abs_dest_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        address = page.canonical_url or config.site_url
        text = dumped(portable(Path(page.file.abs_src_path), address))
        target.with_name(notebook_name(page)).write_text(text, "utf-8")


def portable(path: Path, address: str) -> dict:
    """A notebook that needs no other file: modules and results in cells, figures attached.

    Links become absolute, from the page's `address`; ids and markers of the site are dropped.
    """
    notebook = json.loads(path.read_text("utf-8"))
    stem, language = stem_language(path.name)
    folder = ROOT / "snippets" / path.parent.relative_to(ROOT / "docs")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = _plain("".join(cell["source"]), urljoin(address, "../"))
            drawn = {
                f"{stem}-{match['name']}.svg": figures.draw(
                    folder / f"{stem}.py", match["name"], language
                )
                for match in figures.IMAGE.finditer(text)
            }
            if drawn:
                text = figures.IMAGE.sub(lambda m: m[0].replace("](", "](attachment:", 1), text)
                cell["attachments"] = {name: _attached(svg) for name, svg in drawn.items()}
            cell["source"] = text.splitlines(keepends=True)
    files = [ROOT / "snippets/_style.py", *sorted(folder.glob("_*.py"))]
    files += [folder / f"{stem}.py", folder / f"{stem}.json"]
    present = [file for file in files if file.exists()]
    return carrying(notebook, [(str(f.relative_to(ROOT)), f.read_text("utf-8")) for f in present])


def _plain(text: str, base: str) -> str:
    """Markdown that Jupyter renders: no ids, no markers, links to the site."""

    def link(match: re.Match) -> str:
        page, _, anchor = match[1].partition("#")
        path = re.sub(r"(^|/)index/$", r"\1", re.sub(r"\.(md|ipynb)$", "/", page))
        return f"]({urljoin(base, path)}{'#' if anchor else ''}{anchor})"

    text = re.sub(r"[ ]*\{ #[\w-]+ \}[ ]*$", "", text, flags=re.M)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)
    return re.sub(r"\]\(([\w/.]+\.(?:md|ipynb)(?:#[\w-]+)?)\)", link, text)


def _attached(svg: str) -> dict:
    """The drawing as an attachment; outside the site it has colours of its own and white ground."""
    svg = re.sub(r"var\(--[\w-]+,\s*(#\w+)\)", r"\1", svg)
    svg = svg.replace("currentColor", "#1f2328").replace(
        "<svg ", '<svg style="background:#fff" ', 1
    )
    return {"image/svg+xml": base64.b64encode(svg.encode()).decode()}
