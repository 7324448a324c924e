"""Send a reader no more than a page needs: one sheet, cut fonts, code without idle spans.

Measured on a function page, on a slow phone's line: four sheets that block the first paint cost
0.3 s more than one; two thirds of the theme's and KaTeX's rules fit no element of the site, and
every one is tried on every element; the formula fonts weigh 80 KB as KaTeX ships them and half of
that with the glyphs in use; every span is an element that the browser styles again and again.
"""

import hashlib
import posixpath
import re
import sys
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from fontTools import subset
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.node import output  # noqa: E402
from hooks.store import installed, kept  # noqa: E402

STORE = ROOT / ".cache"
FONTS = "assets/katex/fonts"
# the two faces that nearly every formula is set in
PRELOADED = ("KaTeX_Main-Regular.woff2", "KaTeX_Math-Italic.woff2")
THEME = re.compile(r"assets/stylesheets/(main|palette)\.\w+\.min\.css")
LINK = re.compile(r'[ \t]*<link rel="stylesheet" href="([^"]+)">\n?')
URL = re.compile(r"url\((?![\"']?(?:data:|#))[\"']?([^\"')]+)[\"']?\)")
# names and blanks, which the theme prints in the colour of all code, and Pygments' empty mark
IDLE = re.compile(r'<span class="(?:n|w)">([^<]*)</span>|(?<=<pre>)<span></span>')
# a tag of a page, and what of it no selector asks for
TAG = re.compile(r"<[a-zA-Z][^>]*>")
UNSTYLED = re.compile(r'\s(?:content|aria-label|href|src|title|d|style|alt)="[^"]*"')
WORD = re.compile(r"[\w-]+")
PURGE = ROOT / "hooks/purge.mjs"
# the theme's script puts each table into these, and the browser draws it a second time
TABLE = re.compile(r"<table>(.*?)</table>", re.S)
WRAPPED = (
    r'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'
    r'<table class="plain">\1</table></div></div>'
)
CODE = re.compile(r"<pre>(?=<code>(.*?)</code></pre>)", re.S)

_sheets: dict[str, str] = {}  # address in the site: the same sheet's CSS, in the order of a page
_sheet = ""  # address of all of them in one


def on_files(files, config) -> None:
    """Join the theme's sheets and extra_css into one, named by a hash of what it says."""
    global _sheet
    uris = sorted(uri for uri in files.src_uris if THEME.fullmatch(uri))
    uris += [str(uri) for uri in config.extra_css]
    _sheets.clear()
    for uri in uris:
        if uri not in files.src_uris:
            raise PluginError(f"mkdocs.yml: extra_css names {uri}, which the site does not hold")
        _sheets[uri] = moved(files.src_uris[uri].content_string, uri)
        for part in (uri, f"{uri}.map"):
            if part in files.src_uris:
                files.remove(files.src_uris[part])
    text = "\n".join(_sheets.values())
    _sheet = f"assets/stylesheets/main.{hashlib.sha256(text.encode()).hexdigest()[:8]}.css"
    stored = kept(STORE / "styles" / Path(_sheet).name, text.encode)
    files.append(File.generated(config, _sheet, abs_src_path=str(stored)))


def moved(css: str, uri: str) -> str:
    """A sheet as it reads from assets/stylesheets/, asking for woff2 alone."""
    css = re.sub(r'@charset "UTF-8";', "", css)
    css = css.replace("table:not([class])", "table:is(.plain,:not([class]))")
    css = re.sub(r',url\([^)]+\) format\("(?:woff|truetype)"\)', "", css)
    folder = posixpath.dirname(uri)

    def address(match: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        return f"url({posixpath.relpath(target, 'assets/stylesheets')})"

    return URL.sub(address, css)


def on_page_content(content: str, page, config, files) -> str:
    return lean(content)


@lru_cache(maxsize=4096)  # a server sees the same pages again and again
def lean(content: str) -> str:
    """Take off the spans that colour nothing; tell the style sheet how long each block is."""
    content = TABLE.sub(WRAPPED, IDLE.sub(lambda match: match[1] or "", content))
    return CODE.sub(lambda match: f'<pre style="--lines:{match[1].count(chr(10))}">', content)


@event_priority(-50)  # when formulas are drawn
def on_post_page(output: str, page, config) -> str:
    """Link the one sheet, and ask early for the fonts of formulas."""
    head, end, body = output.partition("</head>")
    fonts = PRELOADED if 'class="katex"' in body else ()
    return one_sheet(head, fonts) + end + body


@event_priority(-50)
def on_post_template(output: str, template_name: str, config) -> str:
    return one_sheet(output) if template_name.endswith(".html") else output


def one_sheet(head: str, fonts: tuple[str, ...] = ()) -> str:
    """Put one link, and the fonts', where the first of the joined sheets was linked."""
    links = [
        (link, uri) for link in LINK.finditer(head) for uri in _sheets if link[1].endswith(uri)
    ]
    for link, uri in reversed(links):
        root, new = link[1].removesuffix(uri), ""
        if link is links[0][0]:
            new = f'    <link rel="stylesheet" href="{root}{_sheet}">\n' + "".join(
                f'    <link rel="preload" href="{root}{FONTS}/{font}" as="font" type="font/woff2"'
                " crossorigin>\n"
                for font in fonts
            )
        head = head[: link.start()] + new + head[link.end() :]
    return head


@event_priority(-500)  # when all is written, and what pages load has been looked for
def on_post_build(config) -> None:
    """Cut the fonts and the sheet to what all pages show; a server sends them whole."""
    if config.extra["serving"] or config.plugins["i18n"].building:
        return
    cut_sheet(Path(config.site_dir))
    characters = "".join(sorted(config.hooks["hooks/math.py"].shown))
    for font in sorted((Path(config.site_dir) / FONTS).glob("*.woff2")):
        font.write_bytes(cut(font.read_bytes(), characters))


def cut_sheet(site: Path) -> None:
    """Leave out the rules that fit no element, and name the sheet by what is left."""
    whole = site / _sheet
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html")}
    # what a script may add to a page stands somewhere in the script
    named = {word for path in site.rglob("*.js") for word in WORD.findall(path.read_text("utf-8"))}
    for tag in {tag for text in pages.values() for tag in TAG.findall(text)}:
        named.update(WORD.findall(UNSTYLED.sub("", tag)))
    words = "\n".join(sorted(named))
    key = "\0".join((_sheet, PURGE.read_text("utf-8"), installed("purgecss"), words))
    stored = STORE / "styles" / f"{hashlib.sha256(key.encode()).hexdigest()}.css"
    css = kept(stored, lambda: output(PURGE, str(whole), given=words).encode()).read_bytes()
    name = f"main.{hashlib.sha256(css).hexdigest()[:8]}.css"
    whole.unlink()
    whole.with_name(name).write_bytes(css)
    for path, text in pages.items():
        path.write_text(text.replace(whole.name, name), "utf-8")


def cut(font: bytes, characters: str) -> bytes:
    """The font with these characters' glyphs and no others, from the cache where it is known."""
    key = (version("fonttools"), version("brotli"), characters)
    name = hashlib.sha256(font + repr(key).encode()).hexdigest()

    def fewer() -> bytes:
        options = subset.Options(flavor="woff2", hinting=False, layout_features=[])
        whole = subset.load_font(BytesIO(font), options)
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters)
        cutter.subset(whole)
        small = BytesIO()
        subset.save_font(whole, small, options)
        return small.getvalue()

    return kept(STORE / "fonts" / f"{name}.woff2", fewer).read_bytes()
