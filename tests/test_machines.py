"""What programs read: copies of the pages, notebooks, lists, structured data, a page's foot."""

import json
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qs, urljoin, urlsplit

import nbformat
import pytest
import torch
from lxml import html as parser
from nbclient import NotebookClient
from PIL import Image

from hooks import cards
from hooks.machines import summary
from tests.contract import nav_pages
from tests.markdown import DOCS, OUTPUT_MARK, Page, pages
from tests.test_site import html

HOME = "https://example.org/logits/"
PAGES = {(page.stem, page.language): page for page in pages()}
BOTH = [(stem, language) for stem in nav_pages() for language in ("zh", "en")]


@pytest.fixture(scope="module")
def trees(published) -> dict:
    """Every built page, parsed, by (stem, language)."""
    return {key: parser.parse(str(html(published, *key))).getroot() for key in BOTH}


def exists(published, address: str) -> bool:
    """Whether an address of the site is a file of it."""
    assert address.startswith(HOME), address
    path = published / urlsplit(address).path.removeprefix("/logits/")
    return path.is_file() or (path / "index.html").is_file()


def test_every_page_has_its_markdown_beside_it(published, trees):
    for (stem, language), tree in trees.items():
        (link,) = tree.xpath("//link[@type='text/markdown']/@href")
        folder = html(published, stem, language).parent
        text = (folder / link).read_text("utf-8")
        page = PAGES[stem, language]
        copy = Page(page.path, text)
        where = f"{stem}.{language}"
        assert not copy.comments and OUTPUT_MARK not in text, f"{where}: a comment is left"
        assert [h.text for h in copy.headings] == [h.text for h in page.headings], where
        assert [(f.info, f.body) for f in copy.fences] == [(f.info, f.body) for f in page.fences]
        assert [f.latex for f in copy.formulas] == [f.latex for f in page.formulas], where
        for image in page.images:
            alt = re.sub(r"<!--.*?-->", "", image.alt)
            assert alt in text, f"{where}: a figure is told in words"
        for target in copy.links:
            if target.text.startswith(HOME):
                assert exists(published, target.text), f"{where}: {target.text}"
            else:
                assert target.text.startswith(("http", "#")), f"{where}: {target.text}"


def test_llms_txt_lists_every_page_and_its_address_is_right(published, trees):
    text = (published / "llms.txt").read_text("utf-8")
    assert text.startswith("# The Logits Handbook\n\n> ") and torch.__version__[:6] in text
    links = re.findall(r"^- \[[^\]]+\]\((\S+)\): \S.*$", text, re.M)
    assert len(links) == len(trees) == len(set(links))
    for link in [*links, *re.findall(r"\]\((\S+)\)", text)]:
        assert exists(published, link), link


def test_the_whole_text_holds_every_page(published):
    for home, language in (("", "zh"), ("en/", "en")):
        whole = (published / home / "llms-full.txt").read_text("utf-8")
        for stem in nav_pages():
            copy = html(published, stem, language).with_name("index.md").read_text("utf-8")
            assert copy in whole, f"{stem}.{language}"


def test_handbook_json_holds_every_fact(published):
    data = json.loads((published / "handbook.json").read_text("utf-8"))
    assert data["torch"] == torch.__version__.partition("+")[0] and data["date"] == "2026-01-01"
    facts = {(fact["page"], fact["language"]): fact for fact in data["pages"]}
    assert set(facts) == set(BOTH)
    for page in pages():
        fact = facts[page.stem, page.language]
        blocks = [
            (b.code.line, b.code.body, b.output.body if b.output else None) for b in page.blocks
        ]
        assert [(b["line"], b["code"], b["output"]) for b in fact["blocks"]] == blocks
        formulas = [(f.line, f.latex, f.marker) for f in page.formulas]
        assert [(f["line"], f["latex"], f["checked_as"]) for f in fact["formulas"]] == formulas
        assert [h["id"] for h in fact["headings"]] == [h.id for h in page.headings]
        assert exists(published, fact["url"])
        assert fact["summary"] and not re.search(r"</|\*\*|\$|\\", fact["summary"]), fact["summary"]


# -- notebooks ---------------------------------------------------------------------------------


def test_every_page_with_blocks_can_be_had_as_a_notebook(published, trees):
    for (stem, language), tree in trees.items():
        page = PAGES[stem, language]
        links = tree.xpath("//p[@class='hb-tools']/a[@download]/@href")
        here = page.path.suffix == ".md" and bool(page.blocks)
        assert len(links) == here, f"{stem}.{language}"
        for link in links:
            path = html(published, stem, language).parent / link
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            assert [f"{cell.source}\n" for cell in code] == [b.code.body for b in page.blocks]
            text = "".join(cell.source for cell in notebook.cells)
            assert "<!--" not in text and "{ #" not in text


@pytest.mark.filterwarnings("default")  # Jupyter's own
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_notebook_runs_and_prints_what_the_page_shows(published, language, tmp_path):
    path = html(published, "functions/softmax", language).with_name("softmax.ipynb")
    notebook = nbformat.read(path, as_version=4)
    shown = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": tmp_path}})
    client.execute()
    now = [printed(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert now == shown and any(shown)


def printed(cell) -> str:
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


# -- the head of a page ------------------------------------------------------------------------


def test_a_shared_link_shows_the_page(published, trees):
    said = set()
    for (stem, language), tree in trees.items():
        meta = {tag.get("property"): tag.get("content") for tag in tree.xpath("//meta[@property]")}
        (address,) = tree.xpath("//link[@rel='canonical']/@href")
        assert meta["og:url"] == address and exists(published, address)
        assert meta["og:locale"] == {"zh": "zh_CN", "en": "en_US"}[language]
        (title,) = tree.xpath("//article//h1")
        assert meta["og:title"] in title.text_content() or stem == "index"
        (described,) = tree.xpath("//meta[@name='description']/@content")
        assert described == meta["og:description"]
        said.add(described)
    assert len(said) == len(trees), "two pages describe themselves alike"


def test_every_page_has_its_card(published, trees):
    seen = set()
    for key, tree in trees.items():
        meta = {tag.get("property"): tag.get("content") for tag in tree.xpath("//meta[@property]")}
        assert exists(published, meta["og:image"])
        path = published / urlsplit(meta["og:image"]).path.removeprefix("/logits/")
        with Image.open(path) as card:
            assert card.size == (1200, 630) and card.format == "PNG"
            colours = card.convert("RGB").getcolors(1 << 20)
        assert path.stat().st_size < 60_000, f"{key}: a card is small"
        assert len(colours) > 20, f"{key}: the card is empty"
        seen.add(path.read_bytes())
        assert tree.xpath("//meta[@name='twitter:card']/@content") == ["summary_large_image"]
    assert len(seen) == len(trees), "two pages share a card"


def test_a_card_has_a_glyph_for_every_character():
    """A character that no piece of the font holds would be a box."""
    for page in pages():
        for character in page.headings[0].text + summary(page):
            code = ord(character)
            held = any(a <= code <= b for _, ranges in cards.pieces() for a, b in ranges)
            assert held, f"{page.path.name}: the card of the page cannot draw {character!r}"


def test_a_card_holds_long_words_within_its_margins():
    for title in ("MultiLabelSoftMarginLoss" * 2, "很长的标题" * 9, "one two " * 12, "Softmax"):
        card = cards.draw("Section", title, "多说一句，再说一句。" * 30, "Foot")
        ink = card.getpixel((0, 0))
        margin = cards.MARGIN - 10
        edges = [(0, 0, margin, 630), (1200 - margin, 0, 1200, 630), (0, 560, 1200, 630)]
        for edge in edges:
            assert card.crop(edge).getcolors() == [((edge[2] - edge[0]) * (edge[3] - edge[1]), ink)]


def test_structured_data_names_the_page_and_its_place(published, trees):
    for (stem, language), tree in trees.items():
        (text,) = tree.xpath("//script[@type='application/ld+json']/text()")
        article, crumbs = json.loads(text)["@graph"]
        assert article["@type"] == "TechArticle" and article["inLanguage"] == language
        assert exists(published, article["url"]) and article["dateModified"] == "2026-01-01"
        items = crumbs["itemListElement"]
        assert [item["position"] for item in items] == list(range(1, len(items) + 1))
        assert all(exists(published, item["item"]) for item in items)
        assert items[-1]["item"] == article["url"]
        indexed = f"{stem.split('/')[0]}/index" in nav_pages()
        depth = 1 if stem == "index" else 2 + indexed - stem.endswith("/index")
        assert len(items) == depth, stem


def test_the_sitemap_holds_every_page_with_its_twin(published, trees):
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    root = ElementTree.parse(published / "sitemap.xml").getroot()
    entries = {}
    for entry in root.findall("s:url", space):
        links = entry.findall("{http://www.w3.org/1999/xhtml}link")
        twins = {link.get("hreflang"): link.get("href") for link in links}
        entries[entry.find("s:loc", space).text] = twins
        assert entry.find("s:lastmod", space).text == "2026-01-01"
    canonical = {tree.xpath("//link[@rel='canonical']/@href")[0] for tree in trees.values()}
    assert set(entries) == canonical
    for address, twins in entries.items():
        assert set(twins) == {"zh", "en"} and address in twins.values()
        assert entries[twins["zh"]] == entries[twins["en"]]


# -- the foot of a page ------------------------------------------------------------------------


def test_edit_and_report_lead_to_the_repository(published, trees, site):
    for (stem, language), tree in trees.items():
        (edit,) = tree.xpath("//a[@rel='edit']/@href")
        path = PAGES[stem, language].path
        assert edit == f"https://example.org/repository/edit/main/{path.relative_to(DOCS.parent)}"
        (report,) = tree.xpath("//p[@class='hb-tools']/a[contains(@href, '/issues/new')]/@href")
        asked = parse_qs(urlsplit(report).query)
        assert f"{stem}.{language}." in asked["title"][0]
        assert tree.xpath("//link[@rel='canonical']/@href")[0] in asked["body"][0]
        (stamp,) = tree.xpath("//p[@class='stamp']/text()")
        assert "2026-01-01" in stamp
    plain = parser.parse(str(html(site, "functions/softmax", "en"))).getroot()
    assert not plain.xpath("//a[@rel='edit'] | //a[contains(@href, 'issues/new')]")


def test_a_page_tells_its_place_in_the_section(trees):
    for section, pages_in_it in {"functions": 22, "losses": 14}.items():
        stems = [stem for stem in nav_pages() if stem.startswith(f"{section}/")]
        assert len(stems) >= pages_in_it
        for place, stem in enumerate(stems, 1):
            (text,) = trees[stem, "en"].xpath("//p[@class='hb-tools']/span/text()")
            assert text.split(maxsplit=1)[1] == f"{place} / {len(stems)}"


def test_nothing_asks_the_repository_for_anything(trees):
    """The theme would fetch its stars; a link is all there is."""
    for tree in trees.values():
        assert not tree.xpath("//*[@data-md-component='source']")
        for load in tree.xpath("//@src | //link[@rel='stylesheet' or @rel='icon']/@href"):
            assert not urlsplit(urljoin("", load)).netloc


# -- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        ("docs/index.en.md", "# Home", '<img src="../nothing.png" alt="x">\n\n# Home'),
        (
            "overrides/partials/reading.html",
            "<p class",
            '<script src="nothing.png"></script><p class',
        ),
        ("mkdocs.yml", "extra_css: [", "extra_css: [assets/nothing.png, "),
        ("overrides/404.html", "<h1>", '<img src="/assets/nothing.png" alt="x"><h1>'),
    ],
)
def test_a_missing_asset_stops_the_build(handbook, building, where, old, new):
    path = handbook / where
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    message = building()
    assert "nothing.png, which the site does not hold" in message, message or "it went through"


MOVES = {
    "functions/one\tfunctions/two": "no page functions/two",
    "functions/one\tindex": "functions/one is a page again",
    "functions/zero functions/one": "one tab",
    "functions/one#old\tfunctions/one#new": "no heading #new",
    "functions/one#old\tindex#home": "only a whole page",
}


@pytest.mark.parametrize("line", MOVES)
def test_a_move_that_leads_nowhere_stops_the_build(handbook, building, line):
    (handbook / "redirects.tsv").write_text(f"old\tnew\n{line}\n", "utf-8")
    message = building()
    assert MOVES[line] in message and "redirects.tsv:2" in message, message


def test_a_renamed_heading_answers_to_its_old_id(handbook, building):
    (handbook / "redirects.tsv").write_text(
        "old\tnew\nfunctions/one#first\tfunctions/one#one\nzero\tfunctions/one#one\n", "utf-8"
    )
    assert building() == ""
    for home in ("", "en/"):
        text = (handbook / f"site/{home}functions/one/index.html").read_text("utf-8")
        assert '<span id="first"></span><h1 id="one"' in text
        moved = (handbook / f"site/{home}zero/index.html").read_text("utf-8")
        assert 'data-target="../functions/one/#one"' in moved
