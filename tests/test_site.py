"""The built site: whole, self-contained, in two languages; and no faulty one is ever built."""

import json
import platform
import re
import shutil
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import torch
from lxml import html as parser

from tests.contract import nav_pages
from tests.markdown import COMMENT, OUTPUT_MARK, Page, source
from tests.notebooks import dumped, from_markdown

STEMS = nav_pages()


def html(site: Path, stem: str, language: str) -> Path:
    """Where a page stands in the built site."""
    folder = site if language == "zh" else site / language
    return folder / re.sub(r"(^|/)index$", "", stem) / "index.html"


@pytest.fixture(scope="module")
def trees(site) -> dict:
    """Every built page, parsed, by (stem, language)."""
    return {
        (stem, language): parser.parse(str(html(site, stem, language))).getroot()
        for stem in STEMS
        for language in ("zh", "en")
    }


def test_every_page_is_html_with_its_own_language(trees):
    for (stem, language), tree in trees.items():
        assert tree.get("lang") == language, f"{stem}.{language} is no HTML page"
        page = Page.read(source(stem, language))
        ids = tree.xpath("//article//*[self::h1 or self::h2 or self::h3 or self::h4]/@id")
        assert ids == [h.id for h in page.headings], f"{stem}.{language}: headings got lost"


def test_formulas_and_figures_are_drawn(trees):
    for (stem, language), tree in trees.items():
        page = Page.read(source(stem, language))
        drawn = tree.xpath("//figure[@class='plot']/*[local-name()='svg']/@aria-label")
        if not stem.endswith("/index"):
            formulas = tree.xpath("//div[@class='formula']//span[@class='katex-display']")
            assert len(formulas) == len(page.formulas), f"{stem}.{language}: formulas"
            said = [COMMENT.sub("", image.alt) for image in page.images]
            assert drawn == said, f"{stem}.{language}: figures"
        text = tree.xpath(
            "//article//text()[not(ancestor::pre or ancestor::code"
            " or ancestor::*[local-name()='annotation'])]"
        )
        assert "$" not in "".join(text), f"{stem}.{language}: LaTeX was left as text"
        assert not tree.xpath("//article//comment()"), f"{stem}.{language}: a marker is left"


@pytest.mark.parametrize("section", ["functions", "losses"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_index_holds_every_page_of_its_section(trees, section, language):
    tree = trees[f"{section}/index", language]
    others = [s for s in STEMS if s.startswith(f"{section}/") and not s.endswith("/index")]
    links = tree.xpath("//table[@class='index']//td[1]/a/@href")
    assert [f"{section}/{link.strip('/')}" for link in links] == others
    for stem, row in zip(others, tree.xpath("//table[@class='index']/tbody/tr"), strict=True):
        empty = [k for k, cell in enumerate(row) if not cell.text_content().strip()]
        assert not empty, f"{stem}.{language} leaves the cells {empty} of the index empty"
    assert len(tree.xpath("//div[@class='plots']/figure/*[local-name()='svg']")) == len(others)


def test_ids_are_unique(trees):
    for (stem, language), tree in trees.items():
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), (stem, language, {i for i in ids if ids.count(i) > 1})


def test_nothing_comes_from_another_host(site, trees):
    """Pages and style sheets load only what the site holds, and that exists."""
    paths = [html(site, *key) for key in trees] + [site / "404.html"]
    for path, tree in zip(paths, [*trees.values(), parser.parse(str(paths[-1]))], strict=True):
        loads = tree.xpath("//@src | //link[contains('stylesheet icon preload', @rel)]/@href")
        for load in loads:
            assert not urlsplit(load).netloc, f"{path}: loads {load}"
            base = site if load.startswith("/") else path.parent
            assert (base / urlsplit(load).path.lstrip("/")).exists(), f"{path}: {load} is missing"
    for path in site.rglob("*.css"):
        for load in re.findall(r"url\(([^)]+)\)", path.read_text("utf-8")):
            load = load.strip("\"'")
            # Material draws its icons from data: addresses; KaTeX lists formats we do not ship
            if not load.startswith(("data:", "#")) and load.endswith("woff2"):
                assert (path.parent / load).exists(), f"{path}: {load} is missing"
            assert not load.startswith(("http", "//")), f"{path}: loads {load}"


def test_links_lead_somewhere(site, trees):
    """Every internal link of every page, fragment included."""
    known = {}
    for key, tree in trees.items():
        folder = html(site, *key).parent.relative_to(site).as_posix()
        known[urljoin("http://site/", f"{folder}/").replace("/./", "/")] = set(tree.xpath("//@id"))
    for address, tree in zip(known, trees.values(), strict=True):
        for link in tree.xpath("//article//a/@href"):
            target = urlsplit(urljoin(address, link))
            if target.netloc != "site":
                continue
            if target.path.endswith(".ipynb"):
                assert (site / target.path.lstrip("/")).exists(), f"{address}: {link}"
                continue
            bare = target._replace(fragment="").geturl()
            if (site / target.path.lstrip("/")).is_file():  # a page's copies, beside it
                continue
            assert bare in known, f"{address}: {link} leads nowhere"
            assert not target.fragment or target.fragment in known[bare], (address, link)


def test_each_page_names_its_twin(trees):
    """hreflang is absolute, and the switcher leads to the same page in the other language."""
    for (stem, language), tree in trees.items():
        links = {tag.get("hreflang"): tag.get("href") for tag in tree.xpath("//link[@hreflang]")}
        assert set(links) == {"zh", "en"}, (stem, language)
        assert all(urlsplit(link).netloc for link in links.values()), (stem, links)
        tail = re.sub(r"(^|/)index$", "", stem)
        assert links["en"].rstrip("/").endswith(f"/en/{tail}".rstrip("/")), links
        other = {"zh": "en", "en": "zh"}[language]
        (switch,) = tree.xpath(f"//a[@class='hb-language'][@hreflang='{other}']/@href")
        assert urljoin(links[language], switch) == links[other], (stem, language)


def test_stamp_is_the_environment_that_built(trees):
    for tree in trees.values():
        (stamp,) = tree.xpath("//p[@class='stamp']/text()")
        assert torch.__version__.partition("+")[0] in stamp and platform.python_version() in stamp


def test_not_found_page_speaks_both_languages(site):
    text = (site / "404.html").read_text("utf-8")
    assert "没有这个页面" in text and "There is no such page" in text


# -- faults stop the build -------------------------------------------------------------------


def test_the_small_handbook_builds(building):
    assert building() == ""


def test_a_notebook_is_a_page_in_both_languages(handbook, building):
    """And not raw JSON in index.html, which a strict build would let through."""
    add_notebook(handbook)
    assert building() == ""
    for folder, title in (("", "笔记本"), ("en/", "Notebook")):
        page = (handbook / f"site/{folder}functions/two/index.html").read_text("utf-8")
        assert page.lstrip().startswith("<!doctype html>") and f"{title}<a" in page
        output = parser.fromstring(page).xpath("//div[contains(@class, 'language-text')]//code")
        assert [element.text_content() for element in output] == ["2\n"]
        assert 'href="../one/"' in page and "katex-display" in page and "</svg></figure>" in page
        download = json.loads((handbook / f"site/{folder}functions/two/two.ipynb").read_text())
        text = "".join(download["cells"][0]["source"])
        assert f"{folder}functions/one/)" in text and "{ #" not in text and "<!--" not in text
        assert "](attachment:two-curve.svg)" in text


NOTEBOOK_FAULTS = {
    "a cell that failed": (
        '"output_type": "stream"',
        '"output_type": "error", "ename": "E", "evalue": "no"',
        "cell 2 failed: E: no",
    ),
    "a picture as output": ('"name": "stdout"', '"name": "stderr"', "not printed text"),
    "a broken link": ("../functions/one.md", "../functions/other.md", "other.md"),
    "a misspelt figure": ("two-curve", "two-curv", "no function curv"),
    "no notebook": ('"cells"', '"sells"', "cells"),
}


@pytest.mark.parametrize("fault", NOTEBOOK_FAULTS)
def test_a_faulty_notebook_stops_the_build(fault, handbook, building):
    old, new, said = NOTEBOOK_FAULTS[fault]
    add_notebook(handbook)
    path = handbook / "docs/functions/two.zh.ipynb"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    message = building()
    assert said in message and "two.zh.ipynb" in message, message or "the build went through"


def add_notebook(handbook: Path) -> None:
    """The page functions/two, a notebook, with a link, a formula and a figure."""
    for language, title in (("zh", "笔记本"), ("en", "Notebook")):
        text = (
            f"# {title} {{ #two }}\n\n[one](../functions/one.md)\n\n"
            "<!-- formula: -->\n$$\nx\n$$\n\n![A curve](two-curve.svg)\n\n"
            f"```python\nprint(1 + 1)\n```\n{OUTPUT_MARK}\n```text\n2\n```"
        )
        path = handbook / f"docs/functions/two.{language}.ipynb"
        path.write_text(dumped(from_markdown(text)), "utf-8")
    shutil.copy(handbook / "snippets/functions/one.py", handbook / "snippets/functions/two.py")
    config = handbook / "mkdocs.yml"
    text = config.read_text("utf-8").replace("one.md\n", "one.md\n      - functions/two.ipynb\n", 1)
    config.write_text(text, "utf-8")


FAULTS = {
    "misspelt figure": ("docs/functions/one.zh.md", "one-curve", "one-curv", "no function curv"),
    "figure of another page": ("docs/functions/one.zh.md", "one-curve", "two-curve", "one-NAME"),
    "broken link": ("docs/functions/one.en.md", "../index.md", "../other.md", "other.md"),
    "broken anchor": ("docs/functions/one.en.md", "../index.md", "../index.md#x", "#x"),
    "bad formula": ("docs/index.zh.md", "# Home { #home }\n", "$$\n\\frac{1}\n$$\n", "\\frac{1}"),
    "raw formula": ("docs/index.zh.md", "{ #home }\n", "{ #home }\nx $$\na\n$$\n", "blank line"),
    "snippet that raises": ("snippets/functions/one.py", "return", "1 / 0\n    return", "curve"),
    "page out of the nav": (
        "mkdocs.yml",
        "      - functions/one.md\n",
        "      - index.md\n",
        "one",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_stops_the_build_and_is_named(fault, handbook, building):
    name, old, new, said = FAULTS[fault]
    path = handbook / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    message = building()
    assert said in message, message or "the build went through"


def test_a_missing_twin_stops_the_build(handbook, building):
    (handbook / "docs/functions/one.en.md").unlink()
    assert "one" in building()


def test_a_figure_is_the_same_bytes_every_time(handbook, monkeypatch):
    """No date, no random id: the cache and the reader's diff depend on it."""
    from snippets import _style

    def draw():
        figure, (ax,) = _style.panels(1)
        ax.plot([0, 1], [0, 1])
        return _style.svg(figure, "a")

    assert draw() == draw()
