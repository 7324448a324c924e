"""What every element of the lab keeps to: axe, room, figure, address, code; one row an element."""

import re

import pytest

from tests.elements import PAGES, numbers, settle
from tests.serving import violations

# element: its other page, a state, and a number that it refuses
ELEMENTS = {
    "jacobian": ("guides/gradients/", "jacobian.x=1,-inf,3&jacobian.f=log_softmax", "x=1,a"),
    "sample": (
        "guides/temperature/",
        "sample.x=1,2&sample.t=0&sample.seed=7&sample.n=9",
        "n=1.5",
    ),
    "curve": ("functions/tanh/", "curve.fn=logit&curve.x=0.25&curve.c=0.5&curve.w=2", "w=0"),
}


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("scheme, width", [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(visit, name, scheme, width):
    state = ELEMENTS[name][1]
    for path in (f"en/lab/?{state}", ELEMENTS[name][0]):
        page = visit(path, scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        field = page.locator(f"logits-{name} .lab-field:not(select)").first
        field.fill("x")
        field.press("Enter")
        assert not violations(page, f"logits-{name}")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        *((name, f"en/{page}") for name, (page, *_) in ELEMENTS.items()),
        *(("compare", path) for path in (*PAGES, "functions/softmax/", "lab/?compare.x=1,2,3")),
        *(("break", f"{home}guides/numerical_stability/") for home in ("", "en/")),
        *(("loss", f"{home}losses/bce_with_logits/") for home in ("", "en/")),
    ],
)
def test_nothing_shifts(browser, address, name, path, width):
    context = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    # the script comes late, as on a slow line: the page is painted before it runs
    page.route("**/lab*.js", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((e) => (shift += e.value)))
          .observe({type: "layout-shift", buffered: true});"""
    )
    page.goto(address + path, wait_until="commit")
    lab = page.locator(f"logits-{name}")
    lab.wait_for(state="attached")
    lab.evaluate("e => e.scrollIntoView()")
    before = lab.bounding_box()["height"]
    lab.locator(".lab").wait_for()
    page.wait_for_timeout(200)
    assert lab.bounding_box()["height"] == before
    assert page.evaluate("shift") < 0.01
    context.close()


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("path", PAGES)
def test_the_address_holds_the_state(visit, address, name, path):
    """A state from the address is written back as it was; reset clears it."""
    state = ELEMENTS[name][1]
    page = visit(f"{path}?{state}")
    lab = page.locator(f"logits-{name}")
    assert lab.locator(".lab-message").inner_text() == ""
    kept = lab.evaluate("e => e.address()").removeprefix(address + path)
    assert sorted(kept.removeprefix("?").split("&")) == sorted(state.split("&"))
    lab.locator(".lab-buttons .lab-button").nth(2).click()
    page.wait_for_function("location.search === ''")


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("path", PAGES)
def test_a_broken_address_says_what_it_did(visit, name, path):
    fields = [ELEMENTS[name][2], "q=1", "x=%E0%A4%A"]
    page = visit(f"{path}?" + "&".join(f"{name}.{part}" for part in fields))
    message = page.locator(f"logits-{name} .lab-message.lab-bad").inner_text()
    for part in fields:
        assert f"{name}.{part.split('=')[0]}" in message
    # what is refused leaves the page's own value
    kept = page.locator(f"logits-{name}").evaluate("e => e.address()")
    assert f"{name}." not in kept


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("language", ["", "en/"])
def test_the_figure_stands_in_without_javascript(browser, address, name, language):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + language + ELEMENTS[name][0])
    figure = page.locator(f"logits-{name} figure svg").bounding_box()
    element = page.locator(f"logits-{name}").bounding_box()
    assert element["height"] - figure["height"] < 60
    drawn = set(numbers(page.locator(f"logits-{name} figure svg").inner_html().replace("−", "-")))
    context.close()
    page = browser.new_page(bypass_csp=True)
    page.goto(address + language + ELEMENTS[name][0])
    shown = {
        "jacobian": ".lab-matrix td[tabindex]",
        "sample": ".lab-draws td:nth-child(2), .lab-draws td:nth-child(5)",
        "curve": ".lab-read",
    }[name]
    for text in page.locator(f"logits-{name} {shown}").all_text_contents():
        for value in re.findall(r"-?\d+\.\d{4}|^\d+$", text):
            assert float(value) in drawn, value
    page.close()


def test_elements_work_from_a_file(browser, site):
    page = browser.new_page(bypass_csp=True)
    page.goto((site / "en/lab/index.html").as_uri())
    for name in ELEMENTS:
        page.locator(f"logits-{name} .lab").wait_for()
    page.locator("logits-curve .lab-at-x").fill("0")
    settle(page)
    assert page.locator("logits-curve .lab-read").inner_text().startswith("sigmoid(0) = 0.5000")
    page.close()
