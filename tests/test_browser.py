"""What a reader sees, in a real browser: Debian's chromium, driven by Playwright."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from hooks import figures
from tests.markdown import ROOT

SCHEME = "data-md-color-scheme"
PAGES = ["", "functions/softmax/", "compare/softmax_vs_log_sigmoid/", "experiments/scores/"]


def contrast(page, selector: str) -> float:
    """The contrast ratio (WCAG 2.2) of an element's text colour on the page's background."""
    return page.evaluate(
        """selector => {
          const rgb = colour => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const luminance = colour => rgb(colour)
            .map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
          const element = document.querySelector(selector);
          const style = getComputedStyle(element);
          const text = luminance(element.closest("svg") ? style.fill : style.color);
          const ground = luminance(getComputedStyle(document.body).backgroundColor);
          return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        }""",
        selector,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["", "en/"])
@pytest.mark.parametrize("path", PAGES)
def test_text_formulas_and_figures_can_be_seen(visit, path, language, scheme):
    page = visit(language + path, scheme)
    figure = page.locator("figure.plot svg").first
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    assert box["width"] > 300 and box["height"] > 100
    column = page.locator("article").bounding_box()
    assert box["width"] <= column["width"] + 1, "a figure is wider than the text"
    assert contrast(page, "figure.plot svg text") >= 4.5
    assert contrast(page, "article p") >= 7
    assert contrast(page, "article p a, article td a, article li a") >= 4.5
    if path:
        formula = page.locator(".formula .katex-html").first
        assert formula.is_visible() and formula.bounding_box()["height"] > 15
        assert contrast(page, ".formula .katex-html") >= 7
        # KaTeX's own font is there, not a fallback
        assert page.evaluate("document.fonts.check('16px KaTeX_Main')")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 1920])
def test_a_page_is_never_wider_than_its_window(visit, path, width):
    page = visit(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_the_switcher_stays_on_the_page(visit, address, path):
    page = visit(path)
    for target in ("en/" + path, path):
        language = "en" if target.startswith("en/") else "zh"
        page.locator(f".hb-language[hreflang={language}]").click()
        page.wait_for_url(address + target)
        assert page.locator("html").get_attribute("lang") == language


def test_the_scheme_can_be_chosen_and_stays(visit, address):
    page = visit("functions/softmax/", "dark")
    scheme, button = page.locator("body"), page.locator(".hb-scheme")
    shown = []
    for _ in range(4):  # automatic, light, dark, automatic
        shown.append((button.get_attribute("aria-label"), scheme.get_attribute(SCHEME)))
        button.click()
    names, schemes = zip(*shown, strict=True)
    assert schemes == ("slate", "default", "slate", "slate")
    assert len(set(names)) == 3 and names[0] == names[3]
    assert scheme.get_attribute(SCHEME) == "default"
    page.goto(address + "en/losses/cross_entropy/")
    assert scheme.get_attribute(SCHEME) == "default"


def test_a_dark_page_is_dark_from_its_first_paint(browser, address):
    """And follows the system, while no scheme has been chosen."""
    page = browser.new_page(color_scheme="dark")
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(address)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(18, 22, 29)"
    page.emulate_media(color_scheme="light")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    page.close()


def test_the_copy_button_copies_the_code_alone(visit):
    page = visit("functions/softmax/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = page.locator(".language-python").first
    block.hover()
    block.locator("button[data-md-type=copy], .md-clipboard").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import torch") and "tensor([[" not in copied.split("print")[-1]
    assert not page.locator(".language-python + .language-text .md-clipboard:visible").count()


def test_an_output_hangs_on_its_block(visit):
    page = visit("functions/softmax/")
    block = page.locator(".language-python:has(+ .language-text) > pre").first.bounding_box()
    output = page.locator(".language-python + .language-text > pre").first.bounding_box()
    assert abs(block["y"] + block["height"] - output["y"]) < 3


@pytest.mark.parametrize(
    ("path", "said"), [("404.html", "没有这个页面"), ("en/404.html", "There is no such page")]
)
def test_an_unknown_address_is_answered_in_the_language_of_the_reader(visit, path, said):
    page = visit(path)
    assert page.locator("article h1:visible").all_inner_texts() == [said]


def test_a_page_prints_without_its_frame(visit):
    page = visit("functions/softmax/")
    page.emulate_media(media="print")
    assert not page.locator(
        ".md-header:visible, .md-sidebar:visible, .md-clipboard:visible"
    ).count()
    assert page.locator("figure.plot svg").first.is_visible()


@pytest.mark.parametrize(
    ("page", "name"),
    [("functions/softmax", "jacobian"), ("losses/bce_with_logits", "surface"), ("lab", "compare")],
)
def test_a_small_drawing_looks_as_it_was_drawn(browser, page, name):
    script = ROOT / f"snippets/{page}.py"
    tab, seen = browser.new_page(device_scale_factor=2), []  # words keep to whole pixels at 1
    whole, small = (draw(script, name, "zh") for draw in (figures.drawn, figures.draw))
    for drawing in (whole, small):
        tab.set_content(f"<style>svg {{ width: 800px; color: #123 }}</style>{drawing}")
        shot = Image.open(io.BytesIO(tab.locator("svg").screenshot()))
        seen.append(np.asarray(shot.convert("L"), float))
    tab.close()
    before, after = seen
    assert before.std() > 5
    assert abs(before - after).mean() < 0.1  # of 255
    assert len(small) < 0.9 * len(whole)
