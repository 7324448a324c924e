"""Draw the picture that a shared link shows: one card a page, 1200 by 630, kept in .cache/cards.

The font comes from npm in 101 pieces by character, which Pillow reads as they are; a machine that
builds needs no Chinese font of its own.
"""

import hashlib
import json
import re
import shutil
import sys
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.machines import source, summary  # noqa: E402
from hooks.store import installed, kept  # noqa: E402
from tests.markdown import stem_language  # noqa: E402

STORE = ROOT / ".cache" / "cards"
FONT = ROOT / "node_modules" / "@fontsource-variable" / "noto-sans-sc"
SIZE, MARGIN = (1200, 630), 80
ROOM = SIZE[0] - 2 * MARGIN
INK, PAPER, ACCENT, MUTED = "#14253d", "#ffffff", "#ff9e64", "#b9c6d8"
# a run of Latin letters or one character, with the punctuation that may not start a line
TOKEN = re.compile(r"(?:[\x21-\x7e]+|.)[，。；：、？！）”》]*\s*", re.S)
# the mark of the site: three bars, as softmax would have them
BARS = (0.66, 0.24, 0.1)
_cards: dict[str, tuple[str, ...]] = {}  # its place in the site: section, title, summary, foot


def on_page_context(context, page, config, nav) -> None:
    """Name the page's card, for its head (overrides/partials/machines.html)."""
    if config.extra["serving"]:
        return
    stem, language = stem_language(page.file.src_uri)
    read = source(page)
    title = re.sub(r"[`*]", "", read.headings[0].text if read.headings else page.title)
    section = page.parent.title if page.parent else ""
    context["card"] = f"assets/cards/{stem}.{language}.png"
    _cards[context["card"]] = (section, title, summary(read), config.site_name)


@event_priority(-300)  # when both languages are there
def on_post_build(config) -> None:
    """Put every card in its place; draw those whose words are new."""
    if config.extra["serving"] or config.plugins["i18n"].building:
        return
    if not FONT.exists():
        raise PluginError(f"{FONT.relative_to(ROOT)} is missing: run `make setup` (or `npm ci`)")
    for name, words in _cards.items():
        place = Path(config.site_dir) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stored(words), place)
    _cards.clear()


def stored(words: tuple[str, ...]) -> Path:
    """The card with these words, from the cache where it has been drawn before."""
    font = installed(str(FONT.relative_to(ROOT / "node_modules")))
    key = "\0".join((*words, Path(__file__).read_text("utf-8"), version("pillow"), font))

    def drawn() -> bytes:
        picture = BytesIO()
        # 64 colours are enough for two inks and their edges, and a third of the bytes;
        # by octree and unoptimized, they take a sixth of the time of median cut and no more bytes
        draw(*words).quantize(64, Image.Quantize.FASTOCTREE).save(picture, "png")
        return picture.getvalue()

    return kept(STORE / f"{hashlib.sha256(key.encode()).hexdigest()}.png", drawn)


def draw(section: str, title: str, said: str, foot: str) -> Image.Image:
    """The card: where, what, what about; the title as large as two lines allow."""
    card = Image.new("RGB", SIZE, INK)
    pen = ImageDraw.Draw(card)
    for k, height in enumerate(BARS):
        left, bottom = SIZE[0] - MARGIN - 44 * (3 - k) + 14, SIZE[1] - MARGIN
        pen.rectangle((left, bottom - 90 * height, left + 30, bottom), fill=ACCENT)
    write(pen, section, (MARGIN, 72), 32, 500, ACCENT, 1)
    size = next((size for size in range(84, 40, -4) if fits(title, size)), 40)
    top = write(pen, title, (MARGIN, 130), size, 700, PAPER, 2) + 26
    write(pen, said, (MARGIN, top), 34, 400, MUTED, (SIZE[1] - MARGIN - 60 - top) // 50)
    write(pen, foot, (MARGIN, SIZE[1] - MARGIN - 36), 32, 500, PAPER, 1)
    return card


def fits(title: str, size: int) -> bool:
    """Whether a title of this size takes no more than two lines, and no line is too long."""
    found = lines(title, size, 700)
    return len(found) <= 2 and all(width(line.rstrip(), size, 700) <= ROOM for line in found)


def write(pen, text: str, at: tuple[int, int], size: int, weight: int, ink, most: int) -> int:
    """Draw at most so many lines from `at` down; where the next would stand. More ends in "…"."""
    found = lines(text, size, weight)
    if len(found) > most:
        found = [*found[: most - 1], f"{found[most - 1].rstrip('，。；：、,.;: ')[:-2]}…"]
    left, top = at
    for line in found:
        x = left
        for character in line:
            pen.text((x, top), character, ink, font(piece(ord(character)), size, weight))
            x += advance(character, weight) * size / 100
        top += round(size * 1.45)
    return top


def lines(text: str, size: int, weight: int) -> list[str]:
    """The text in lines that fit between the margins; a word longer than a line stays whole."""
    found, taken = [""], 0.0
    for token in TOKEN.findall(text):
        if taken + width(token.rstrip(), size, weight) > ROOM and found[-1]:
            found.append("")
            taken = 0.0
        found[-1] += token
        taken += width(token, size, weight)
    return found if text else []


def width(text: str, size: int, weight: int) -> float:
    """How wide a text is; measured at one size, because a font grows evenly."""
    return sum(advance(character, weight) for character in text) * size / 100


@cache
def advance(character: str, weight: int) -> float:
    return font(piece(ord(character)), 100, weight).getlength(character)


@cache
def font(name: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """A piece of the font at a size and a weight (100 to 900)."""
    face = ImageFont.truetype(FONT / "files" / f"noto-sans-sc-{name}-wght-normal.woff2", size)
    face.set_variation_by_axes([weight])
    return face


@cache
def piece(code: int) -> str:
    """The piece of the font that holds a character; Latin's where none does."""
    return next((name for name, held in pieces() if any(a <= code <= b for a, b in held)), "latin")


@cache
def pieces() -> list[tuple[str, list[tuple[int, int]]]]:
    """Each piece's name and the ranges of characters in it; the common alphabets first."""
    known = json.loads((FONT / "unicode.json").read_text("utf-8"))

    def ranges(text: str) -> list[tuple[int, int]]:
        ends = [part.removeprefix("U+").split("-") for part in text.split(",")]
        return [(int(end[0], 16), int(end[-1], 16)) for end in ends]

    named = [(name.strip("[]"), ranges(text)) for name, text in known.items()]
    return sorted(named, key=lambda entry: entry[0].isdigit())
