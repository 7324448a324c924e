"""Render formulas at build with KaTeX, in V8 inside this process: no math script for the reader.

KaTeX and its fonts come from node_modules, which npm's lockfile pins.
"""

import html
import re
from functools import cache
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from py_mini_racer import MiniRacer

KATEX = Path(__file__).resolve().parent.parent / "node_modules" / "katex" / "dist"
shown: set[str] = (
    set()
)  # every character that a formula shows: hooks/weight.py cuts the fonts to it
# the height of a part of a formula
STRUT = re.compile(r'class="katex-strut" style="height:([\d.]+)em')
# what pymdownx.arithmatex writes with generic: true
SPAN = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.S)


@cache
def v8() -> MiniRacer:
    """One V8 with KaTeX loaded."""
    engine = MiniRacer()
    engine.eval((KATEX / "katex.min.js").read_text())
    return engine


@cache
def render(latex: str, display: bool) -> str:
    """The formula as HTML for eyes and MathML for screen readers; raises on bad LaTeX.

    A display tells how high it is, in em of its own: it is laid out when a reader comes near.
    """
    options = {"displayMode": display, "throwOnError": True, "strict": "ignore"}
    rendered = v8().call("katex.renderToString", latex, options)
    seen = rendered.partition('class="katex-html"')[2].partition(">")[2]
    shown.update(html.unescape(re.sub(r"<[^>]*>", "", seen)))
    if not display:
        return rendered
    high = max(map(float, STRUT.findall(rendered)))
    return f'<div class="formula" style="--high:{high}" tabindex="0">{rendered}</div>'


def on_files(files, config):
    """Serve KaTeX's style sheet and its woff2 fonts from the site itself."""
    if not KATEX.exists():
        raise PluginError("node_modules/katex is missing: run `make setup` (or `npm ci`)")
    for path in (KATEX / "katex.min.css", *sorted((KATEX / "fonts").glob("*.woff2"))):
        uri = f"assets/katex/{path.relative_to(KATEX)}"
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_content(content: str, page, config, files) -> str:
    """Refuse a formula that Markdown left as text; drop the comments that only the checks read."""
    if "$$" in content and "$$" in re.sub(r"<(pre|code)\b.*?</\1>", "", content, flags=re.S):
        raise PluginError(
            f"docs/{page.file.src_uri}: a $$ was left as text: put a blank line before and after it"
        )
    return re.sub(r"<!--.*?-->", "", content, flags=re.S)


def on_post_page(output: str, page, config) -> str:
    """Render every formula, last, so that the search index holds its source and not its spans."""

    def formula(match: re.Match) -> str:
        latex = html.unescape(match[3]).strip()
        try:
            return render(latex, match[2] == "[")
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise PluginError(f"docs/{page.file.src_uri}: formula {latex!r}: {reason}") from None

    return SPAN.sub(formula, output)
