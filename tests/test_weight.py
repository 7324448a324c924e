"""What a first visit costs a reader: bytes, requests, and text that stays where it is.

Times are measured by `make bench`; what is tested here does not depend on the machine.
"""

import re
from importlib.resources import files

import pytest
from fontTools.ttLib import TTFont
from lxml import html as parser

from tests.contract import nav_pages
from tests.markdown import ROOT, pages
from tests.serving import kinds, page

BYTES, NOTEBOOK_BYTES, REQUESTS, SHIFT = 130_000, 200_000, 16, 0.01
NOTEBOOKS = sorted({page.stem for page in pages() if page.path.suffix == ".ipynb"})
FUNCTIONS = [
    page(stem)
    for stem in nav_pages()
    if stem.startswith(("functions/", "losses/")) and not stem.endswith("index")
]
SHIFTS = """() => new Promise(resolve => {
  let sum = 0;
  const add = list => list.getEntries().forEach(e => { sum += e.hadRecentInput ? 0 : e.value; });
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(sum), 300);
})"""


def first_visit(browser, url: str, width: int = 412):
    """A first visit: the page, the bytes it took over the wire, and its requests by status."""
    context = browser.new_context(viewport={"width": width, "height": 823})
    tab = context.new_page()
    network = context.new_cdp_session(tab)
    network.send("Network.enable")
    bytes_, answers = [], []
    network.on("Network.loadingFinished", lambda e: bytes_.append(e["encodedDataLength"]))
    network.on("Network.loadingFailed", lambda e: answers.append((e["errorText"], e["type"])))
    network.on(
        "Network.responseReceived",
        lambda e: (
            e["response"]["url"].startswith("data:")
            or answers.append((e["response"]["status"], e["response"]["url"]))
        ),
    )
    tab.goto(url, wait_until="networkidle")
    return tab, sum(bytes_), answers


@pytest.mark.parametrize("language", ["", "en/"])
def test_a_function_page_is_light(browser, address, site, language):
    """The heaviest, and those with an element of the lab: bytes, requests, none of which fails."""
    texts = {path: (site / language / path / "index.html").read_bytes() for path in FUNCTIONS}
    heaviest = sorted(texts, key=lambda path: len(texts[path]))[-2:]
    for path in {*heaviest, *(path for path, text in texts.items() if b"<logits-" in text)}:
        tab, weight, answers = first_visit(browser, address + language + path)
        tab.context.close()
        assert weight <= BYTES, f"{language}{path}: {weight} bytes"
        assert len(answers) <= REQUESTS, f"{language}{path}: {answers}"
        assert all(status == 200 for status, _ in answers), answers


@pytest.mark.parametrize("language", ["", "en/"])
def test_a_notebook_page_is_light(browser, address, site, language):
    """The heaviest of them."""
    weights = {s: (site / language / s / "index.html").stat().st_size for s in NOTEBOOKS}
    stem = max(weights, key=weights.get)
    tab, weight, answers = first_visit(browser, f"{address}{language}{stem}/")
    tab.context.close()
    assert 50_000 < weight < NOTEBOOK_BYTES, weight
    assert all(status == 200 for status, _ in answers), answers


@pytest.mark.parametrize(
    ("path", "width"),
    [(f"{home}{kind}", 412) for kind in kinds()[:-1] for home in ("", "en/")]
    + [(path, 1280) for path in ("", "functions/", "functions/softmax/", "help/errors/", "lab/")],
)
def test_nothing_moves_while_a_page_loads_or_is_read(browser, address, path, width):
    tab = browser.new_page(viewport={"width": width, "height": 823})
    tab.goto(address + path)
    for _ in range(6):
        tab.evaluate("scrollBy(0, innerHeight)")
        tab.wait_for_timeout(50)
    shift = tab.evaluate(SHIFTS)
    tab.close()
    assert shift <= SHIFT


def test_a_heading_far_down_is_reached(browser, address):
    """Though what stands above it has no size yet."""
    tab, _, _ = first_visit(browser, f"{address}functions/softmax/#see-also")
    tab.wait_for_timeout(300)
    top = tab.locator("#see-also").bounding_box()["y"]
    assert 0 <= top <= 823, top
    tab.context.close()


def test_cut_fonts_hold_every_character_of_every_formula(site):
    """A character that a font of KaTeX has, and a formula shows, is in the font that is served."""
    shown = set()
    for path in site.rglob("index.html"):
        text = path.read_text("utf-8")
        if 'class="katex"' in text:
            for span in parser.fromstring(text).xpath("//span[@class='katex-html']"):
                shown |= set(map(ord, span.text_content()))
    assert len(shown) > 80
    for path in sorted((ROOT / "node_modules/katex/dist/fonts").glob("*.woff2")):
        small = TTFont(site / "assets/katex/fonts" / path.name)
        lost = shown & set(TTFont(path).getBestCmap()) - set(small.getBestCmap())
        assert not lost, f"{path.name}: {sorted(map(chr, lost))}"
        assert (site / "assets/katex/fonts" / path.name).stat().st_size < path.stat().st_size


def test_a_page_has_one_style_sheet_and_it_holds_them_all(site):
    links = parser.parse(str(site / "functions/softmax/index.html")).xpath(
        "//link[@rel='stylesheet']/@href"
    )
    assert links.pop() == "../../assets/lab.css"  # on the few pages with an element of the lab
    assert len(links) == 1
    css = (site / "functions/softmax" / links[0]).resolve().read_text("utf-8")
    for rule in (".md-header", "--md-primary-fg-color--dark", ".katex-display", ".hb-search"):
        assert rule in css
    for load in re.findall(r"url\((?!\"?data:|#)([^)]+)\)", css):
        assert (site / "assets/stylesheets" / load).exists(), load


# the selectors of a sheet that fit an element of the page, states like :hover aside
FITTING = """async sheet => {
  const state = /::?(before|after|hover|focus(-visible|-within)?|active|target|checked)(?![-\\w])/g;
  const rules = list => [...list].flatMap(r =>
    r.selectorText ? r.selectorText.split(/, (?![^(]*[)])/) : rules(r.cssRules ?? []));
  const fits = selector => {
    try { return document.querySelector(selector.replace(state, "")); } catch { return false; }
  };
  return rules((await new CSSStyleSheet().replace(sheet)).cssRules).filter(fits);
}"""


def test_no_rule_that_fits_an_element_was_cut(browser, address, site):
    """Of the theme's, KaTeX's and our own rules, on one page of every kind."""
    theme = files("material") / "templates/assets/stylesheets"
    sources = [*theme.glob("main.*.css"), *theme.glob("palette.*.css")]
    sources += [ROOT / "node_modules/katex/dist/katex.min.css", ROOT / "docs/assets/handbook.css"]
    (cut,) = (site / "assets/stylesheets").glob("main.*.css")
    tab = browser.new_context(bypass_csp=True).new_page()
    for kind in kinds():
        tab.goto(address + kind)
        whole = {s for path in sources for s in tab.evaluate(FITTING, path.read_text("utf-8"))}
        lost = whole - set(tab.evaluate(FITTING, cut.read_text("utf-8")))
        assert len(whole) > 100 and not lost, f"{kind}: {sorted(lost)}"
    tab.context.close()


def test_a_page_carries_its_own_section_and_no_other(site):
    tree = parser.parse(str(site / "functions/softmax/index.html"))
    links = tree.xpath("//div[@data-md-type='navigation']//a/@href")
    stems = nav_pages()
    sections = {stem.partition("/")[0] for stem in stems}
    own = [stem for stem in stems if stem.startswith("functions/")]
    assert len(links) <= len(own) + len(sections) + 40, len(links)  # its own headings, twice
    assert "../../losses/nll_loss/" not in links and "../log_softmax/" in links
