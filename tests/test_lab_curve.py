"""The lab's curves: value and gradient against torch, the cursor, the view."""

import itertools
import re

import pytest
import torch
import torch.nn.functional as F

from tests.elements import PAGES, agree, numbers, printed, ran, settle
from tests.markdown import ROOT

CODES = dict(
    re.findall(
        r"^  (\w+): \{.*?code: \"([^\"]+)\"",
        (ROOT / "lab/math.js").read_text("utf-8").split("export const curves")[1].split("};\n")[0],
        re.M | re.S,
    )
)
POINTS = [-20.5, -1.0, 0.0, 0.25, 1.0, 3.5, 21.0, 800.0]


def reference(name: str, at: float) -> tuple[float, float]:
    """Value and gradient by the expression that the lab copies."""
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    y = eval(CODES[name], {"torch": torch, "F": F, "x": x})
    y.backward()
    return y.item(), x.grad.item()


def read(page) -> tuple[str, float, list[str]]:
    """Name, x, and the two texts of the read-out."""
    settle(page)
    text = page.locator("logits-curve .lab-read").inner_text()
    name, x, value, slope = re.fullmatch(r"(\w+)\((\S+)\) = (\S+), \S+ (\S+)", text).groups()
    return name, float(x), [value, slope]


def shows(page, name: str, x: float) -> None:
    assert read(page) == (name, x, [printed(v + 0.0) for v in reference(name, x)])


@pytest.mark.parametrize("path", PAGES)
def test_every_curve_shows_and_copies_what_torch_gives(visit, path):
    page = visit(path)
    field = page.locator("logits-curve .lab-at-x")
    for name in CODES:
        page.locator("logits-curve select").select_option(name)
        for x in POINTS if path == "en/lab/" else POINTS[2:4]:
            field.fill(str(x))
            shows(page, name, x)
        if path == "en/lab/":
            field.fill("0.25")
            _, _, shown = read(page)
            agree(shown, numbers(ran(page, "curve")))


def test_the_functions_of_the_handbook_are_there():
    """Every function of one number that has a page."""
    pages = {path.name.split(".")[0] for path in (ROOT / "docs/functions").glob("*.en.md")}
    rows = {"adaptive_log_softmax", "gumbel_softmax", "masked_softmax", "sparse_softmax"}
    rows |= {"index", "softmax2d", "logcumsumexp"}
    assert {name.replace("log_sigmoid", "logsigmoid") for name in pages - rows} <= set(CODES)


def test_a_drawn_line_is_the_function(visit):
    """The path's points, put back from the picture to numbers."""
    page = visit("en/lab/?curve.fn=softplus")
    for k, panel in enumerate(page.locator("logits-curve .lab-panel").all()):
        ticks = panel.locator(".lab-tick-y").evaluate_all(
            """es => es.map(e =>
              [parseFloat(e.textContent.replace("−", "-")), parseFloat(e.style.top) / 100])"""
        )
        (a, at), (b, bt) = ticks[0], ticks[-1]
        line = panel.locator(".lab-line-path").get_attribute("d")
        points = [tuple(map(float, p.split())) for p in re.split("[ML]", line)[1:]]
        assert len(points) == 601
        for across, up in points[::25]:
            x = -6 + 12 * across
            y = a + (up - at) / (bt - at) * (b - a)
            assert y == pytest.approx(reference("softplus", x)[k], abs=2e-4 * (b - a) * 5)


@pytest.mark.parametrize("path", PAGES)
def test_the_cursor_has_mouse_keys_and_a_field(visit, path):
    page = visit(path)
    lab = page.locator("logits-curve")
    lab.scroll_into_view_if_needed()
    for plot, share, x in ((0, 0.25, -3), (1, 0.75, 3)):
        box = lab.locator(".lab-plot").nth(plot).bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 40, steps=4)
        page.mouse.up()
        _, at, _ = read(page)
        assert at == pytest.approx(x, abs=0.1)
        shows(page, "sigmoid", at)
    slider = lab.get_by_role("slider")
    slider.focus()
    for key, x in (
        ("Home", -6),
        ("ArrowRight", -5.8),
        ("PageUp", -3.4),
        ("End", 6),
        ("PageUp", 8.4),
    ):
        page.keyboard.press(key)
        name, at, _ = read(page)
        assert at == pytest.approx(x, abs=0.011), key
        shows(page, name, at)
    assert lab.evaluate("e => e.ends") == pytest.approx([-3.6, 8.4])  # the view followed
    assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(8.4)
    assert slider.get_attribute("aria-valuetext") == lab.locator(".lab-read").inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_zoom_and_shift(visit, path):
    page = visit(path)
    lab = page.locator("logits-curve")

    def ends():
        settle(page)
        return lab.evaluate("e => e.ends")

    closer, wider, left, right, whole = lab.locator(".lab-body .lab-button").all()
    closer.click()
    low, high = ends()
    assert high - low == 6 and (1 - low) / 6 == pytest.approx(7 / 12)  # the cursor stays in place
    left.click()
    assert ends() == pytest.approx([low - 1.5, high - 1.5])
    right.click()
    wider.click()
    assert ends() == pytest.approx([-6, 6])
    lab.get_by_role("slider").focus()
    for _ in range(40):
        page.keyboard.press("+")
    low, high = ends()
    assert 0.001 <= high - low < 0.002 and low < 1 < high
    for _ in range(60):
        page.keyboard.press("-")
    assert 5e5 < ends()[1] - ends()[0] <= 1e6
    assert not re.search("NaN|Infinity", lab.inner_html())
    whole.click()
    assert ends() == [-6, 6]
    lab.locator("select").select_option("logit")
    assert ends() == pytest.approx([-0.1, 1.1])
    shows(page, "logit", 0.5)  # where it is finite
    lab.locator(".lab-at-x").fill("20")
    assert ends() == pytest.approx([19.4, 20.6])  # the view follows
    lab.locator("select").select_option("softplus")
    lab.locator(".lab-at-x").fill("21")
    before = ends()
    lab.locator("select").select_option("logaddexp")
    assert ends() == before and before[0] < 21 < before[1]  # to compare the two


def test_any_view_is_drawn(visit):
    page = visit("en/lab/")
    lab = page.locator("logits-curve")
    views = [(0, 12), (0.5, 1.2), (-5, 0.01), (20, 1), (0, 1e6), (999999, 2)]
    for fn, (c, w) in itertools.product(CODES, views):
        lab.evaluate("(e, [fn, c, w]) => e.set({fn, c, w, x: c})", [fn, c, w])
        settle(page)
        html = lab.inner_html()
        assert not re.search("NaN|Infinity|undefined", html), (fn, c, w)
        labels = lab.locator(".lab-tick-x").all_text_contents()
        assert 1 <= len(labels) <= 14


@pytest.mark.parametrize("path", PAGES)
def test_bad_input_is_named_and_changes_nothing(visit, path):
    page = visit(path)
    lab = page.locator("logits-curve")
    field = lab.locator(".lab-at-x")
    for bad in ("", "abc", "1e", "1e400", "-inf", "nan", "1，2", " ".join(map(str, range(50)))):
        field.fill(bad)
        field.press("Enter")
        assert lab.locator(".lab-message.lab-bad").inner_text(), bad
        assert field.get_attribute("aria-invalid") == "true"
        shows(page, "sigmoid", 1)
    field.fill("−２．５")
    field.press("Enter")
    shows(page, "sigmoid", -2.5)


def test_a_finger_moves_the_cursor(browser, address):
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address + "en/functions/tanh/")
    plot = page.locator("logits-curve .lab-plot").first
    box = plot.bounding_box()
    plot.tap(position={"x": box["width"] / 4, "y": box["height"] / 2})
    _, x, _ = read(page)
    assert x == pytest.approx(-3, abs=0.15)
    shows(page, "tanh", x)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_what_the_page_says_to_try(visit, path):
    page = visit(path)
    for fn, x, value, slope in (
        ("sigmoid", 10, "1.0000", "4.5396e-05"),
        ("logsigmoid", -10, "-10.0000", "1.0000"),
        ("softplus", 20.0001, "20.0001", "1.0000"),
        ("logit", 0, "-inf", "inf"),
        ("logit", 1, "inf", "inf"),
        ("logit", 1.01, "nan", "nan"),
    ):
        page.locator("logits-curve select").select_option(fn)
        page.locator("logits-curve .lab-at-x").fill(str(x))
        assert read(page) == (fn, x, [value, slope])
