"""Search as a reader meets it, in a real browser."""

import gzip
import json
from collections import Counter

import pytest

from tests.contract import nav_pages
from tests.markdown import ROOT
from tests.searches import HOME, named, ranks, searches
from tests.serving import violations

BAD = """<!doctype html><html lang="en"><title>A strict page</title><article></article>
<button class="hb-search" data-root="/">Search</button><script src="/assets/search.js"></script>"""


@pytest.fixture
def visit(visit):
    """Open an address of the site and wait until its scripts have run, so that keys count."""
    early = visit

    def open_page(*args):
        page = early(*args)
        page.wait_for_load_state("load")
        return page

    return open_page


def search(page, query: str):
    """Open the dialog, type, and return the locator of the results."""
    page.keyboard.press("/")
    page.locator(".hb-find textarea").fill(query)
    quoted = json.dumps(query, ensure_ascii=False)
    page.locator(f".hb-find-results[data-query={quoted}]").wait_for(state="attached")
    return page.locator(".hb-find-results > li")


def fetched(page) -> list[str]:
    return page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")


def status(page) -> str:
    return page.locator(".hb-find [role=status]").inner_text()


def test_the_table_names_pages_that_exist():
    known = {name.removesuffix("/index").removesuffix("index") for name in nav_pages()}
    for row in searches():
        pages = {right.partition("#")[0] for right in row.right}
        assert pages <= known, f"tests/searches.tsv: {row.query!r}: {pages - known}"
    names = (ROOT / "hooks/aliases.tsv").read_text("utf-8").splitlines()[1:]
    named = [line.split("\t")[0] for line in names]
    assert all(len(line.split("\t")) == 3 for line in names)
    assert set(named) <= set(nav_pages()), set(named) - set(nav_pages())
    assert not [name for name, count in Counter(named).items() if count > 1]


@pytest.mark.parametrize("language", HOME)
def test_every_search_finds_its_page_among_the_first_three(browser, address, language):
    found = ranks(browser, address, language)
    assert len(found) > 150
    low = [f"{row.query!r} ({row.part}): {rank}" for row, rank in found if not rank or rank > 3]
    assert not low, "below rank 3:\n" + "\n".join(low)


@pytest.mark.parametrize("language", HOME)
def test_a_result_is_of_the_readers_language(visit, language):
    page = visit(HOME[language] + "functions/softmax/")
    assert search(page, "softmax").count() == 8
    links = page.locator(".hb-find-results a").evaluate_all("all => all.map(a => a.pathname)")
    assert all(link.startswith("/en/") == (language == "en") for link in links)


def test_nothing_is_fetched_before_a_search_and_little_by_it(visit, address, site):
    page = visit("")
    assert not [name for name in fetched(page) if "search/" in name or "search.css" in name]
    before = set(fetched(page))
    search(page, "数值稳定").first.wait_for()
    page.wait_for_load_state("networkidle")
    files = [site / name.removeprefix(address) for name in set(fetched(page)) - before]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    assert sum(sizes.values()) < 200_000, sizes
    for language in HOME:
        size = len(gzip.compress((site / f"search/{language}.json").read_bytes()))
        assert size < 150_000, f"search/{language}.json has {size} bytes after gzip"


def test_a_search_is_made_with_the_keyboard_alone(visit, address):
    page = visit("en/")
    page.locator(".hb-search").focus()
    page.keyboard.press("Control+k")
    page.locator(".hb-find textarea").wait_for()
    page.keyboard.type("sigmoid")
    page.locator(".hb-find-results[data-query=sigmoid] > li").first.wait_for()
    assert "pages found" in status(page) and "?q=sigmoid" in page.url
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.href")
    page.keyboard.press("ArrowUp")
    first = page.evaluate("document.activeElement.href")
    assert first != second and first.endswith("/en/functions/sigmoid/")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("ArrowDown")
    page.keyboard.type("2")  # a letter goes on with the query
    assert page.locator(".hb-find textarea").input_value() == "sigmoid2"
    page.keyboard.press("Escape")
    assert not page.locator(".hb-find").is_visible() and "?q" not in page.url
    assert page.evaluate("document.activeElement.matches('.hb-search')")


def test_enter_opens_the_first_result_of_what_was_typed_last(browser, address):
    page = browser.new_page(
        bypass_csp=True
    )  # not `visit`: requests that Enter cuts short are no fault
    page.goto(address + "en/")
    page.keyboard.press("Control+k")
    page.locator(".hb-find textarea").wait_for()
    page.keyboard.type("logsumexp")
    page.keyboard.press("Enter")
    page.wait_for_url(address + "en/functions/logsumexp/")
    page.close()


def test_a_result_shows_sections_with_the_words_found(visit, address):
    page = visit("en/")
    first = search(page, "label smoothing binary").first
    assert first.locator("h2").inner_text().startswith("Label smoothing")
    links = first.locator("li a").evaluate_all("all => all.map(a => a.href)")
    assert 1 <= len(links) <= 3 and any(link.endswith("#binary") for link in links)
    first.locator("mark").first.wait_for()
    marked = " ".join(first.locator("mark").all_inner_texts()).lower()
    assert "smoothing" in marked and "label" in marked
    page.wait_for_load_state("networkidle")
    first.locator("li a[href$='#binary']").click()
    page.wait_for_url(address + "en/losses/label_smoothing/#binary")
    page.wait_for_function("CSS.highlights.get('hb-found')?.size > 3")
    words = page.evaluate("[...CSS.highlights.get('hb-found')].map(r => r.toString())")
    assert {word.lower() for word in words} >= {"label", "smoothing", "binary"}
    page.keyboard.press("Escape")
    assert not page.evaluate("CSS.highlights.has('hb-found')")
    page.reload(wait_until="networkidle")
    assert not page.evaluate("CSS.highlights.has('hb-found')"), "marks come from a search only"


def test_a_result_on_the_same_page_closes_the_dialog(visit):
    page = visit("functions/softmax/")
    search(page, "softmax 雅可比")
    page.locator(".hb-find-results a[href*='/functions/softmax/#']").first.click()
    assert not page.locator(".hb-find").is_visible()
    page.wait_for_function("CSS.highlights.get('hb-found')?.size > 3")


@pytest.mark.parametrize(
    ("path", "typed", "meant", "found"),
    [
        ("en/", "sofmax", "softmax", "functions/softmax"),
        ("en/", "corss entropy", "cross entropy", "losses/cross_entropy"),  # codespell:ignore
        ("", "交叉商", "交叉熵", "losses/cross_entropy"),
        ("", "log_sofmax", "log_softmax", "functions/log_softmax"),
        ("en/", "lable smoothing", "label smoothing", "losses/label_smoothing"),  # codespell:ignore
    ],
)
def test_a_misspelt_search_offers_the_nearest_words(visit, path, typed, meant, found):
    page = visit(path)
    search(page, typed)
    offer = page.locator(".hb-find-meant button")
    assert offer.inner_text() == meant
    offer.click()
    page.locator(f".hb-find-results[data-query='{meant}'] > li").first.wait_for()
    assert named(page.locator(".hb-find-results a").first.get_attribute("href")) == found
    assert not page.locator(".hb-find-meant").count()


@pytest.mark.parametrize(("path", "none"), [("", "没有找到页面"), ("en/", "No page found")])
def test_a_search_without_a_result_leads_on(visit, path, none):
    page = visit(path)
    assert search(page, "qqqzzz").count() == 0
    assert status(page) == none
    links = page.locator(".hb-find-body a").evaluate_all("all => all.map(a => a.href)")
    assert {named(link) for link in links} == {
        "help/errors",
        "help/magic_numbers",
        "start/choose",
    }
    for odd in ("<img src=x onerror=alert(1)>", "\\", '"[{(', "?#&%", "x" * 5000):
        search(page, odd)


def test_a_search_has_an_address(browser, address):
    page = browser.new_page(
        bypass_csp=True
    )  # not `visit`: requests that leaving cuts short are no fault
    page.goto(address + "en/?q=Target%2010%20is%20out%20of%20bounds.%0A")
    first = page.locator(".hb-find-results a").first
    first.wait_for()
    assert page.locator(".hb-find textarea").input_value() == "Target 10 is out of bounds.\n"
    page.wait_for_load_state("networkidle")
    first.click()
    page.wait_for_url("**/en/help/errors/**")
    page.go_back()
    page.locator(".hb-find-results a").first.wait_for()  # Back returns to the results
    page.close()


def test_the_404_page_offers_a_search(visit, address):
    page = visit("")
    page.route(
        "**/functions/sofmax/",
        lambda route: route.fulfill(response=route.fetch(url=address + "404.html")),
    )
    for language, home in HOME.items():
        page.goto(f"{address}{home}functions/sofmax/")
        link = page.locator("a[data-search-address]:visible")
        assert page.locator("article").get_by_text("sofmax").count() == 1
        assert link.inner_text().endswith(" sofmax")
        assert link.get_attribute("href") == f"{address}{home}?q=sofmax", language
    link.click()
    assert page.locator(".hb-find-meant button").inner_text() == "softmax"


def test_an_index_that_cannot_be_read_is_said(browser, address):
    page = browser.new_page(bypass_csp=True)
    page.route("**/search/en.json", lambda route: route.abort())
    page.goto(address + "en/?q=nan")
    page.get_by_text("The search index cannot be read").wait_for()
    page.unroute("**/search/en.json")
    page.locator(".hb-find textarea").fill("nan ")
    page.locator(".hb-find-results > li").first.wait_for()
    page.close()


def test_search_works_under_a_strict_content_security_policy(visit, address):
    page = visit("en/")
    policy = {"Content-Security-Policy": "default-src 'self'", "Content-Type": "text/html"}
    page.route("**/strict", lambda route: route.fulfill(body=BAD, headers=policy))
    page.goto(address + "strict")
    page.locator(".hb-search").click()
    page.locator(".hb-find textarea").fill("nan")
    page.locator(".hb-find-results > li mark").first.wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
@pytest.mark.parametrize("path", HOME.values())
def test_the_dialog_is_accessible_and_fits(visit, path, scheme, width):
    page = visit(path + "functions/softmax/", scheme, width)
    search(page, "sofmax overflow 上溢").first.locator("mark").first.wait_for()
    assert not violations(page, ".hb-find")
    box = page.locator(".hb-find").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    wide = (
        "e => [...e.querySelectorAll('*')].some(c => c.getBoundingClientRect().right > innerWidth)"
    )
    assert not page.locator(".hb-find").evaluate(wide)
