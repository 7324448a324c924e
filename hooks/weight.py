"""Send a reader no more than a page needs: one style sheet, cut fonts, code without idle spans.

Measured on a function page, on a slow phone's line: four sheets that block the first paint cost
0.3 s more than one; the formula fonts weigh 80 KB as KaTeX ships them and half of that with the
glyphs in use; every span is an element that the browser styles again and again.
"""

import hashlib
import posixpath
import re
from functools import lru_cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from fontTools import subset
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

STORE = Path(__file__).resolve().parent.parent / ".cache"
FONTS = "assets/katex/fonts"
# the two faces that nearly every formula is set in
PRELOADED = ("KaTeX_Main-Regular.woff2", "KaTeX_Math-Italic.woff2")
THEME = re.compile(r"assets/stylesheets/(main|palette)\.\w+\.min\.css")
LINK = re.compile(r'[ \t]*<link rel="stylesheet" href="([^"]+)">\n?')
URL = re.compile(r"url\((?![\"']?(?:data:|#))[\"']?([^\"')]+)[\"']?\)")
# names and blanks, which the theme prints in the colour of all code, and Pygments' empty mark
IDLE = re.compile(r'<span class="(?:n|w)">([^<]*)</span>|(?<=<pre>)<span></span>')
CODE = re.compile(r"<pre>(?=<code>(.*?)</code></pre>)", re.S)

_serving = False
_sheets: dict[str, str] = {}  # address in the site: the same sheet's CSS, in the order of a page
_sheet = ""  # address of all of them in one


def on_startup(command: str, dirty: bool) -> None:
    global _serving
    _serving = command == "serve"


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
    text = "\n".join(_sheets.values())
    _sheet = f"assets/stylesheets/main.{hashlib.sha256(text.encode()).hexdigest()[:8]}.css"
    stored = kept(STORE / "styles" / Path(_sheet).name, text.encode())
    files.append(File.generated(config, _sheet, abs_src_path=str(stored)))


def moved(css: str, uri: str) -> str:
    """A sheet as it reads from assets/stylesheets/, asking for woff2 alone."""
    css = re.sub(r'@charset "UTF-8";', "", css)
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
    content = IDLE.sub(lambda match: match[1] or "", content)
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


@event_priority(-150)  # after static-i18n, which builds the other language in this event
def on_post_build(config) -> None:
    """Cut the fonts to the characters of all formulas; a server sends them whole."""
    if _serving or config.plugins["i18n"].building:
        return
    characters = "".join(sorted(config.hooks["hooks/math.py"].shown))
    for font in sorted((Path(config.site_dir) / FONTS).glob("*.woff2")):
        font.write_bytes(cut(font.read_bytes(), characters))


def cut(font: bytes, characters: str) -> bytes:
    """The font with these characters' glyphs and no others, from the cache where it is known."""
    key = (version("fonttools"), version("brotli"), characters)
    name = hashlib.sha256(font + repr(key).encode()).hexdigest()
    stored = STORE / "fonts" / f"{name}.woff2"
    if not stored.exists():
        options = subset.Options(flavor="woff2", hinting=False, layout_features=[])
        whole = subset.load_font(BytesIO(font), options)
        cutter = subset.Subsetter(options)
        cutter.populate(text=characters)
        cutter.subset(whole)
        small = BytesIO()
        subset.save_font(whole, small, options)
        kept(stored, small.getvalue())
    return stored.read_bytes()


def kept(place: Path, content: bytes) -> Path:
    """Write a file of the cache in one step: a build that is stopped leaves no half of it."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        part.write_bytes(content)
        part.replace(place)
    return place
