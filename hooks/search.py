"""Index the pages for search, one index a language: search/zh.json, search/en.json.

Chosen by measurement (tests/searches.tsv, 234 searches): Pagefind asks for every word of a query
and found 152 among the first three, MiniSearch with sections as documents finds all; and
Material's own index is one file for both languages that every page fetches. Here a page fetches
nothing before a reader searches. search-engine.js says what a word and a document is:
it runs in V8 here to build the index, and is bundled for the browser to search it.
"""

import hashlib
import json
import re
import sys
import threading
from functools import cache
from pathlib import Path

from lxml import html
from mkdocs.plugins import event_priority
from py_mini_racer import MiniRacer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.esbuild import bundle  # noqa: E402
from hooks.store import kept  # noqa: E402
from tests.markdown import stem_language  # noqa: E402

STORE = ROOT / ".cache" / "search"
# not text of the page, or not its own
SKIP = "//figure | //script | //style | //*[@data-search-exclude or contains(@class, 'headerlink')]"
BLOCKS = {"p", "li", "td", "th", "dt", "dd", "summary", "pre"}
_built: dict[str, list[tuple[dict, str]]] = {}  # language: page and its content, of this build
_running: threading.Thread | None = None


def on_pre_build(config) -> None:
    """Let the last index be finished before MkDocs empties the folder that it is written to."""
    if _running:
        _running.join()


@event_priority(-100)  # when the other hooks have finished the content
def on_page_content(content: str, page, config, files) -> None:
    """Keep what the index is made of."""
    name, language = stem_language(page.file.src_uri)
    group = page.parent.title if page.parent else ""
    address = page.url.lstrip("./")  # from the site's root; "" is the Chinese home page
    entry = {"name": name, "address": address, "title": page.title, "group": group}
    _built.setdefault(language, []).append((entry, content))


@event_priority(-200)  # after static-i18n, which builds the other languages in this event
def on_post_build(config) -> None:
    """Index the site, once both languages are there; a server does not wait for it."""
    global _running
    if config.plugins["i18n"].building:
        return
    pages, folder = dict(_built), Path(config.site_dir) / "search"
    _built.clear()
    folder.mkdir(exist_ok=True)
    (folder / "dialog.js").write_text(script("search-dialog.js", "esm"), "utf-8")
    if not config.extra["serving"]:
        return write(pages, folder)
    _running = threading.Thread(target=write, args=(pages, folder), daemon=True)
    _running.start()


def write(built: dict[str, list[tuple[dict, str]]], folder: Path) -> None:
    """The index of each language, and for excerpts one file a page with the text of its parts."""
    for language, pages in built.items():
        read = [document(entry, content, language) for entry, content in pages]
        for page in read:
            text = {part["id"]: part["text"] for part in page["sections"]}
            place = folder / "text" / f"{page['address'].strip('/') or 'index'}.json"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(dumps({"": page["lead"], **text}), "utf-8")
        (folder / f"{language}.json").write_text(index(read), "utf-8")


def index(pages: list[dict]) -> str:
    """The index as JSON text, from the cache where neither pages nor engine have changed."""
    engine, data = script("search-engine.js", "iife"), dumps(pages)

    def made() -> bytes:
        v8 = MiniRacer()
        v8.eval(engine)
        return v8.call("engine.build", pages, vocabulary(pages)).encode()

    name = f"{hashlib.sha256((engine + data).encode()).hexdigest()}.json"
    return kept(STORE / name, made).read_text("utf-8")


def document(entry: dict, content: str, language: str) -> dict:
    """A page's text: what stands before its first section, and its sections of level 2 and 3.

    A section is {id, heading, text, message}. `message` is what printed outputs say in words, as
    errors do, and the rows of the page's own tables that link to the section.
    """
    tree = html.fragment_fromstring(content, create_parent="article")
    for element in tree.xpath(SKIP):
        element.drop_tree()
    part = {"id": "", "heading": "", "text": [], "message": []}
    parts = {"": part}
    pointers, above = [], ""
    for element in tree.iter("h2", "h3", "tr", *BLOCKS):
        if element.tag in ("h2", "h3"):
            above = words(element) if element.tag == "h2" else above
            part = {
                "id": element.get("id", ""),
                "heading": words(element),
                "text": [],
                "message": [],
            }
            part["message"] += [above] if element.tag == "h3" else []
            parts[part["id"]] = part
        elif element.tag == "tr":
            pointers += [
                (link.get("href")[1:], words(element))
                for link in element.xpath(".//a[starts-with(@href, '#')]")
            ]
        elif element.tag == "pre":
            if not element.xpath("ancestor::*[contains(@class, 'language-python')]"):
                lines = element.text_content().splitlines()
                part["message"] += [
                    line for line in lines if re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", line)
                ]
        elif element.find(".//p") is None and not element.xpath(
            ".//pre | ancestor::tr[.//a[starts-with(@href, '#')]]"
        ):
            part["text"].append(words(element))
    for target, row in pointers:
        parts.get(target, parts[""])["message"].append(row)
    joined = [
        {**p, "text": "\n".join(p["text"]), "message": "\n".join(dict.fromkeys(p["message"]))}
        for p in parts.values()
        if p["id"] != "see-also"
    ]
    lead, *sections = joined
    alias = " ".join((entry["name"].rsplit("/", 1)[-1], aliases(language).get(entry["name"], "")))
    return {
        **entry,
        "alias": alias,
        "lead": f"{lead['text']}\n{lead['message']}",
        "sections": sections,
    }


def words(element) -> str:
    """The text of an element on one line; of a formula, its LaTeX without the backslashes."""
    text = " ".join(element.text_content().split())
    return re.sub(r"\\\((.*?)\\\)", lambda m: re.sub(r"\\[a-z]+\{|[\\{}]", " ", m[1]), text)


@cache
def aliases(language: str) -> dict[str, str]:
    """What readers call a page, from hooks/aliases.tsv; Chinese ones use English words, too."""
    lines = (HERE / "aliases.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {page: f"{zh} {en}" if language == "zh" else en for page, zh, en in rows}


def vocabulary(pages: list[dict]) -> list[str]:
    """What a misspelt word can be meant for: words of titles, aliases and English headings."""
    names = " ".join(f"{page['title']} {page['alias']}" for page in pages).lower()
    headings = " ".join(s["heading"] for page in pages for s in page["sections"]).lower()
    latin = re.findall(r"[a-z]{4,}", f"{names} {headings}")
    return sorted({*latin, *re.findall(r"[\u4e00-\u9fff]{3,}", names)})


@cache
def script(name: str, form: str) -> str:
    """A script of this folder with all it imports: "esm" for the browser, "iife" for V8."""
    return bundle(HERE / name, "--target=es2022", f"--format={form}", "--global-name=engine")


def dumps(data) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
