"""Break it and Loss surface: their arithmetic against torch, and both as a reader uses them."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests import lab
from tests.elements import PAGES, in_both, near, printed, ran, same_bits, settle
from tests.markdown import ROOT
from tests.serving import violations

DTYPES = list(lab.ROUNDINGS)


# -- arithmetic ------------------------------------------------------------------------------


def bce_by_hand(x, y, r):
    p = r(1 / r(1 + r(np.exp(-r(x)))))
    return -r(r(r(y) * r(np.log(p))) + r(r(1 - r(y)) * r(np.log(r(1 - p)))))


def sigmoid_bce(x, y, r):
    p, one, none = lab.sigmoid(x, r), np.ones_like(x), np.zeros_like(x)
    yes = r(r(2.5 * r(y)) * lab.bce(p, one, r))
    return r(yes + r(r(1 - r(y)) * lab.bce(p, none, r)))


def sigmoid_bce_gradient(x, y, r):
    one, none = np.ones_like(x), np.zeros_like(x)
    yes = r(r(2.5 * r(y)) * lab.sigmoid_bce_gradient(x, one, r))
    return r(yes + r(r(1 - r(y)) * lab.sigmoid_bce_gradient(x, none, r)))


def shares(smoothing, weight, r):
    """Class 0 of four, smoothed and weighted."""
    one_hot = np.array([1.0, 0, 0, 0])
    return r(r(r(r(smoothing) / 4) + one_hot * r(1 - r(smoothing))) * r(np.array(weight)))


def ce_by_hand(x, r):
    s = shares(0.1, [2, 1, 1, 1], r)
    return -lab.total(r(s * r(np.log(lab.softmax(x, r)))), r)


def ce_gradient_by_hand(x, r):
    s, p = shares(0.1, [2, 1, 1, 1], r), lab.softmax(x, r)
    g = -r(s / p)
    return r(p * r(g - lab.total(r(g * p), r)[:, None]))


ELEMENTWISE = {
    "bce(v, b[k]": bce_by_hand,
    "sigmoidBce(v, b[k], 2.5": sigmoid_bce,
    "sigmoidBceGradient(v, b[k], 2.5": sigmoid_bce_gradient,
}
OPTIONS = "{smoothing: 0.1, weight: [2, 1, 1, 1]}"


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_by_hand_is_the_reference_bit_for_bit(math_js, rows, targets, dtype):
    r, x = lab.ROUNDINGS[dtype], rows.ravel()
    with np.errstate(all="ignore"):
        for call, reference in ELEMENTWISE.items():
            ours = math_js(f"a.map((v, k) => m.byHand.{call}, m.{dtype}))", x, targets)
            same_bits(np.abs(ours) + 0.0, np.abs(reference(x, targets, r)))
        for name, reference in (
            ("crossEntropy", ce_by_hand),
            ("crossEntropyGradient", ce_gradient_by_hand),
        ):
            ours = math_js(f"a.map((v) => m.byHand.{name}(v, 0, {OPTIONS}, m.{dtype}))", rows)
            same_bits(np.abs(ours), np.abs(reference(rows, r)))


def test_by_hand_agrees_with_torch(math_js, rows, targets):
    seen = ~np.isnan(rows.ravel())
    x = torch.tensor(rows.ravel()[seen], requires_grad=True)
    y = torch.tensor(targets[seen])
    p = torch.sigmoid(x)
    yes = F.binary_cross_entropy(p, torch.ones_like(p), reduction="none")
    no = F.binary_cross_entropy(p, torch.zeros_like(p), reduction="none")
    loss = 2.5 * y * yes + (1 - y) * no
    (slope,) = torch.autograd.grad(loss.sum(), x)
    given = x.detach().numpy(), y.numpy()
    near(math_js("a.map((v, k) => m.byHand.sigmoidBce(v, b[k], 2.5))", *given), loss, 1)
    near(math_js("a.map((v, k) => m.byHand.sigmoidBceGradient(v, b[k], 2.5))", *given), slope, 1)

    x = torch.tensor(rows[np.abs(rows).max(1) < 50], requires_grad=True)
    p = F.softmax(x, 1)
    s = torch.tensor(shares(0.1, [2, 1, 1, 1], lab.ROUNDINGS["float64"]))
    loss = -(s * p.log()).sum(1)
    (slope,) = torch.autograd.grad(loss.sum(), x)
    given = x.detach().numpy()
    near(math_js(f"a.map((v) => m.byHand.crossEntropy(v, 0, {OPTIONS}))", given), loss, 1)
    ours = math_js(f"a.map((v) => m.byHand.crossEntropyGradient(v, 0, {OPTIONS}))", given)
    # the terms that cancel are as large as 1 / p
    near(ours.reshape(-1, 4)[:, 0], slope[:, 0], 1e3)


# -- both elements ---------------------------------------------------------------------------


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def message(page, name: str) -> str:
    return page.locator(f"logits-{name} .lab-message").inner_text()


def agree(shown: float, other: float, room: float = 1.01e-4) -> None:
    """Equal to the digits that are shown; nan and inf alike."""
    if math.isfinite(shown) and math.isfinite(other):
        assert abs(shown - other) <= room * max(1e-4, abs(shown), abs(other)) + 0.6e-4, (
            shown,
            other,
        )
    else:
        assert str(shown) == str(other), (shown, other)


# -- Break it --------------------------------------------------------------------------------

# function: its forms in the reference, over a row (1, C), and torch's kernel
BREAKS = {
    "softmax": (lab.naive_softmax, lab.softmax, lambda x: F.softmax(x, 1)),
    "log_softmax": (
        lab.ROWS["naive.logSoftmax"],
        lab.log_softmax,
        lambda x: F.log_softmax(x, 1),
    ),
    "logsumexp": (lab.ROWS["naive.logsumexp"], lab.logsumexp, lambda x: x.logsumexp(1)),
    "logsigmoid": (lab.NUMBERS["naive.logsigmoid"], lab.logsigmoid, F.logsigmoid),
    "bce": (
        lambda x, r: bce_by_hand(x, np.full_like(x, 0.25), r),
        lambda x, r: lab.bce_with_logits(x, np.full_like(x, 0.25), 1, r),
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.25), reduction="none"),
    ),
}
STATES = [
    ("0,-1,-2", 1, 90),
    ("0,-1,-2", 200, 0),
    ("0,-1,-2", 1, -110),
    ("2,-1.5,0.25", 1, 0),
    ("3,1,2", -7, 11.5),
    ("1", 1000, 0),
]


def reference(fn: str, row: str, scale: float, shift: float) -> dict:
    """{(dtype, form): values} as the lab should have them."""
    x = np.array([[float(v) for v in row.split(",")]]) * scale + shift
    with np.errstate(all="ignore"):
        return {
            (dtype, form): np.ravel(BREAKS[fn][k](x, r)).tolist()
            for dtype, r in lab.ROUNDINGS.items()
            for k, form in enumerate(("naive", "stable"))
        }


def digits(got: float, exact: float) -> int:
    if got == exact or (math.isnan(got) and math.isnan(exact)):
        return 16
    error = abs(got / exact - 1) if exact else math.inf
    return sum(error < 0.5 * 10.0**-k for k in range(1, 17))


def breaks(page) -> dict:
    """{(dtype, form): (verdict, values)} as shown."""
    settle(page)
    page.locator("logits-break button.lab-out").nth(7).wait_for()
    cells = page.locator("logits-break button.lab-out").evaluate_all(
        "cells => cells.map(cell => ['.lab-judged', '.lab-value'].map("
        "part => cell.querySelector(part).textContent))"
    )
    keys = [(dtype, form) for dtype in DTYPES for form in ("naive", "stable")]
    return {
        key: (verdict, values.split()) for key, (verdict, values) in zip(keys, cells, strict=True)
    }


def left(verdict: str) -> int:
    """The digits that a verdict in words leaves."""
    found = re.search(r"(\d+) (?:digits?|位)", verdict)
    return (
        int(found[1])
        if found
        else 16
        if re.search("all digits|一位不差|refer|为准", verdict)
        else 0
    )


@pytest.mark.parametrize(("path", "fn"), in_both(BREAKS))
def test_every_cell_is_the_reference_and_the_words_are_true(visit, path, fn):
    for row, scale, shift in STATES:
        query = f"break.fn={fn}&break.x={row}&break.scale={scale}&break.shift={shift}&break.y=0.25"
        page = visit(f"{path}?{query}")
        want = reference(fn, row, scale, shift)
        exact = want["float64", "stable"]
        x = torch.tensor([[float(v) for v in row.split(",")]], dtype=torch.float64) * scale + shift
        kernel = BREAKS[fn][2](x).flatten().tolist()
        for shown, value in zip(breaks(page)["float64", "stable"][1], kernel, strict=True):
            agree(number(shown), value)
        for key, (verdict, values) in breaks(page).items():
            for shown, value in zip(values, want[key], strict=True):
                agree(number(shown), value)
            n = min(digits(a, b) for a, b in zip(want[key], exact, strict=True))
            # in float64 the last digit is the engine's
            assert abs(left(verdict) - n) <= (key[0] == "float64"), (query, key, verdict, n)
            for word, test in (("nan", math.isnan), ("inf", math.isinf)):
                if any(test(v) for v in want[key]) and not any(map(test, exact)):
                    assert re.search("nan|inf", verdict), (query, key, word, verdict)
            if not any(math.isfinite(v) is False for v in want[key]):
                assert not re.search(r"\b(nan|inf)\b", verdict), (query, key, verdict)


@pytest.mark.parametrize("path", PAGES)
def test_the_dtypes_fail_where_the_page_says(visit, path):
    """The table on the page, moved through by the number field."""
    page = visit(path)
    text = (ROOT / "docs/lab.en.md").read_text("utf-8")
    table = re.findall(r"^ +(\d+) ((?: +(?:right|nan|0)){4})$", text, re.M)
    assert len(table) == 7
    field = page.locator("logits-break .lab-short").nth(1)
    for shift, words in table:
        field.fill(shift)
        shown = breaks(page)
        for dtype, word in zip(
            ["float16", "bfloat16", "float32", "float64"], words.split(), strict=True
        ):
            verdict, values = shown[dtype, "naive"]
            assert {"nan": "nan", "0": "0.0000"}.get(word, values[0]) == values[0], (shift, dtype)
            assert (left(verdict) > 0) == (word == "right"), (shift, dtype, verdict)
    field.fill("1000")
    assert breaks(page)["bfloat16", "stable"][1] == ["0.3340"] * 3


@pytest.mark.parametrize("path", PAGES)
def test_the_steps_and_the_sliders(visit, path):
    page = visit(path)
    cell = page.locator("logits-break button.lab-out").nth(4)  # float16, naive
    cell.focus()
    detail = page.locator("logits-break .lab-detail")
    assert detail.inner_text().startswith("float16") and "exp(x) = inf" in detail.inner_text()
    assert cell.get_attribute("aria-pressed") == "true"
    times, plus = page.locator("logits-break .lab-range").all()[:2]
    plus.focus()
    for key, value in (("End", 1000), ("ArrowLeft", 999), ("Home", -1000)):
        page.keyboard.press(key)
        settle(page)
        assert page.locator("logits-break .lab-short").nth(1).input_value() == str(value)
    times.focus()
    page.keyboard.press("Home")
    settle(page)
    assert page.locator("logits-break .lab-short").nth(0).input_value() == "-1000"
    shown = breaks(page)
    for key, values in reference("softmax", "0,-1,-2", -1000, -1000).items():
        for text, value in zip(shown[key][1], values, strict=True):
            agree(number(text), value)
    page.wait_for_function("location.search.includes('break.scale=-1000')")
    assert page.locator("logits-break > .lab > .lab-live").text_content().count("nan") >= 4


# typed into “plus”: the value kept or taken, and words of the message
PLUS = {
    "": (None, "没有填数字", "no number"),
    "abc": (None, "不是数字", "not a number"),
    "1e400": (None, "最大是 1000", "most is 1000"),
    "-inf": (None, "最小是 -1000", "least is -1000"),
    "nan": (None, "不是数字", "not a number"),
    "1001": (None, "最大是 1000", "most is 1000"),
    "１２．５": (12.5, "", ""),
}


@pytest.mark.parametrize("path", PAGES)
def test_break_refuses_bad_input_by_name(visit, path):
    page = visit(path)
    field = page.locator("logits-break .lab-short").nth(1)
    for text, (value, *said) in PLUS.items():
        field.fill("90")
        field.press("Enter")
        field.fill(text)
        field.press("Enter")
        settle(page)
        want = reference("softmax", "0,-1,-2", 1, 90 if value is None else value)
        for shown, exact in zip(
            breaks(page)["float32", "stable"][1], want["float32", "stable"], strict=True
        ):
            agree(number(shown), exact)
        assert said[path != "lab/"] in message(page, "break"), text
        assert (field.get_attribute("aria-invalid") == "true") == (value is None)
    row = page.locator("logits-break .lab-row")
    for bad in ("", "1,,2", "a", "1;2", "[1", "0," * 101):
        row.fill(bad)
        row.press("Enter")
        assert page.locator("logits-break .lab-message.lab-bad").inner_text(), bad
        assert len(breaks(page)["float64", "stable"][1]) == 3
    row.fill("1，−inf、1e400，nan")
    row.press("Enter")
    assert breaks(page)["float64", "stable"][1] == ["nan"] * 4
    assert "inf" in row.input_value() and "Infinity" not in row.input_value()


@pytest.mark.parametrize("path", PAGES)
def test_fifty_logits_are_pasted(visit, path):
    page = visit(path)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    values = [round(k / 7 - 3, 4) for k in range(50)]
    page.evaluate("t => navigator.clipboard.writeText(t)", "，\n".join(map(str, values)))
    row = page.locator("logits-break .lab-row")
    row.focus()
    row.select_text()
    page.keyboard.press("Control+v")
    want = reference("softmax", ",".join(map(str, values)), 1, 90)["float32", "stable"]
    shown = breaks(page)["float32", "stable"][1]
    assert len(shown) == 5 and shown[3] == "…"
    for text, value in zip([*shown[:3], shown[4]], [*want[:3], want[-1]], strict=True):
        agree(number(text), value)
    assert "50" in message(page, "break")
    page.locator("logits-break .lab-button").nth(2).click()
    assert len(breaks(page)["float32", "stable"][1]) == 3


@pytest.mark.parametrize(("path", "fn"), in_both(BREAKS))
def test_breaks_code_prints_what_is_shown(visit, path, fn):
    for row, scale, shift in (STATES[0], STATES[4], ("1,nan,-inf", 2, 0)):
        query = f"break.fn={fn}&break.x={row}&break.scale={scale}&break.shift={shift}&break.y=0.25"
        page = visit(f"{path}?{query}")
        shown = breaks(page)
        lines = re.findall(r"^(\w+) (naive|stable) +(\d+) digits (.*)$", ran(page, "break"), re.M)
        assert len(lines) == 8
        for dtype, form, n, values in lines:
            verdict, texts = shown[dtype, form]
            for text, value in zip(texts, values.split(), strict=True):
                agree(number(text), float(value))
            assert abs(left(verdict) - int(n)) <= (dtype == "float64"), (query, dtype, form)


# -- Loss surface ----------------------------------------------------------------------------

LOSSES = [
    {},
    {"x": -50, "y": 1},
    {"x": -28, "y": 1, "w": 3},
    {"x": 2.5, "y": 0.3, "w": 0.5},
    {"x": -200, "y": 1},
    {"loss": "ce", "x": 1.5},
    {"loss": "ce", "x": -120, "span": 120},
    {"loss": "ce", "x": 4, "eps": 0.1, "w": 2, "rest": "1,-2,0.5"},
    {"loss": "ce", "x": -3, "eps": 0.2, "label": 1, "rest": "1,2"},
    {"loss": "ce", "x": 110, "label": 1, "span": 120},
]


def forms(state: dict):
    """torch's function of the logit and the same by hand, as people write them."""
    state = {"loss": "bce", "y": 0, "w": 1, "eps": 0, "label": 0, "rest": "0,0"} | state
    y, w, eps = (torch.tensor(float(state[name])) for name in ("y", "w", "eps"))
    if state["loss"] == "bce":

        def by_hand(x):
            p = torch.sigmoid(x)
            yes = F.binary_cross_entropy(p, torch.ones_like(p), reduction="none")
            no = F.binary_cross_entropy(p, torch.zeros_like(p), reduction="none")
            return w * y * yes + (1 - y) * no

        return (
            lambda x: F.binary_cross_entropy_with_logits(
                x, y.expand_as(x).to(x), pos_weight=w.to(x), reduction="none"
            ),
            by_hand,
        )
    rest = torch.tensor([float(v) for v in state["rest"].split(",")])
    count, label = len(rest) + 1, int(state["label"])
    weight = torch.ones(count)
    weight[0] = w

    def row(x):
        return torch.cat([x[:, None], rest.to(x).expand(len(x), -1)], 1)  # (N, C)

    def stable(x):
        y = torch.full((len(x),), label)
        smooth = float(state["eps"])
        return F.cross_entropy(row(x), y, weight.to(x), label_smoothing=smooth, reduction="none")

    def by_hand(x):
        p = F.softmax(row(x), 1)
        share = F.one_hot(torch.tensor(label), count) * (1 - eps) + eps / count
        share = (share * weight).to(x)
        k = share > 0
        return -(share[k] * p[:, k].log()).sum(1)

    return stable, by_hand


def sloped(form, x) -> tuple[list[float], list[float]]:
    x = torch.as_tensor(x).clone().requires_grad_()
    values = form(x)
    (slope,) = torch.autograd.grad(values.sum(), x)
    return values.tolist(), slope.tolist()


def query(state: dict) -> str:
    return "&".join(f"loss.{name}={value}" for name, value in state.items())


def table(page) -> list[list[str]]:
    settle(page)
    lines = page.locator("logits-loss tbody tr").all()
    return [line.locator("td").all_text_contents() for line in lines]


def shows(page, state: dict) -> None:
    """The table is torch's, in float32."""
    x = torch.tensor([float(state.get("x", 20))])
    for shown, form in zip(table(page), forms(state), strict=True):
        for text, (value,) in zip(shown, sloped(form, x), strict=True):
            agree(number(text), value)


@pytest.mark.parametrize(("path", "state"), in_both(LOSSES))
def test_the_loss_and_its_gradient_are_torchs(visit, path, state):
    page = visit(f"{path}?{query(state)}")
    shows(page, state)
    assert message(page, "loss") == ""
    names = page.locator("logits-loss tbody th").all_text_contents()
    lines = ran(page, "loss").splitlines()
    assert len(lines) == len(names) == 2
    for line, shown in zip(lines, table(page), strict=True):
        for text, value in zip(shown, line.split()[1:], strict=True):
            agree(number(text), float(value))


@pytest.mark.parametrize("state", LOSSES, ids=query)
def test_the_curves_are_torchs(visit, state):
    """Every point of the stable curves in float64, which float32 follows to the drawn digits."""
    page = visit(f"lab/?{query(state)}")
    span = float(page.locator("logits-loss .lab-choice :checked").nth(1).input_value())
    tops = page.evaluate("document.querySelector('logits-loss').tops")
    for which, plot in enumerate(page.locator("logits-loss .lab-loss-plot").all()):
        path = plot.locator(".lab-curve-0").get_attribute("d")
        points = np.array([p.split() for p in re.split("[ML]", path)[1:]], float)
        assert len(points) > 200
        x = torch.tensor((points[:, 0] / 500 - 1) * span)
        want = np.array(sloped(forms(state)[0], x)[which]) / tops[which]
        drawn = (50 - points[:, 1]) / 44 if which else (94 - points[:, 1]) / 88
        assert np.abs(drawn - want).max() < 1e-3


def edges(page) -> list[float]:
    settle(page)
    return [float(t) for t in page.locator("logits-loss .lab-flags span").all_text_contents()]


# state: how many edges, and the room that torch's kernels have
EDGES = [
    ({"y": 0}, 1, 0.05),
    ({"y": 1}, 1, 0.05),
    ({"y": 0.5}, 2, 0.05),
    ({"y": 1, "w": 3}, 1, 0.05),
    ({"loss": "ce", "span": 120}, 1, 1.5),
    ({"loss": "ce", "span": 120, "eps": 0.1, "rest": "1,2,3"}, 2, 1.5),
    ({"y": 0, "span": 6, "x": 1}, 0, 0),
    ({"loss": "ce", "x": 1}, 0, 0),
]


@pytest.mark.parametrize(("path", "edge"), in_both(EDGES))
def test_the_gradient_by_hand_dies_where_it_is_marked(visit, path, edge):
    state, count, room = edge
    page = visit(f"{path}?{query(state)}")
    found = edges(page)
    assert len(found) == count
    said = page.locator("logits-loss .lab-detail").inner_text()
    for edge in found:
        assert f"{edge:.2f}" in said
        outwards = math.copysign(room, edge)
        for x, dead in ((edge + outwards, True), (edge - outwards, False)):
            exact = sloped(forms(state)[0], torch.tensor([x], dtype=torch.float64))[1][0]
            got = sloped(forms(state)[1], torch.tensor([x]))[1][0]
            off = not abs(got - exact) <= abs(exact) / 2
            assert abs(exact) > 1e-3 and off == dead, (edge, x, exact, got)
    if not found:
        assert ("还在" if path == "lab/" else "alive") in said


@pytest.mark.parametrize("path", PAGES)
def test_the_cursor_is_dragged_moved_by_keys_and_typed(visit, path):
    page = visit(path)
    slider = page.locator("logits-loss .lab-slide")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    field = page.locator("logits-loss .lab-short").first
    settle(page)
    x = float(field.input_value())
    assert x == pytest.approx(6, abs=0.4)
    shows(page, {"x": x})
    for key, value in (("Home", -30), ("ArrowRight", -29.4), ("PageUp", -23.4), ("End", 30)):
        slider.press(key)
        settle(page)
        assert float(field.input_value()) == pytest.approx(value)
    assert "loss 30.0000" in slider.get_attribute("aria-valuetext").replace("损失", "loss")
    field.fill("-500")
    shows(page, {"x": -500})
    assert page.locator("logits-loss .lab-choice :checked").nth(1).input_value() == "1000"
    field.press("ArrowUp")
    shows(page, {"x": -499.9})
    page.wait_for_function("location.search.includes('loss.x=-499.9')")


@pytest.mark.parametrize("path", PAGES)
def test_the_cursor_is_moved_by_a_finger(browser, address, path):
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address + path)
    slider = page.locator("logits-loss .lab-slide")
    box = slider.bounding_box()
    slider.tap(position={"x": box["width"] * 0.4, "y": box["height"] / 2})
    settle(page)
    x = float(page.locator("logits-loss .lab-short").first.input_value())
    assert x == pytest.approx(-6, abs=0.5)
    shows(page, {"x": x})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_loss_refuses_bad_input_by_name(visit, path):
    page = visit(path)
    field = page.locator("logits-loss .lab-short").first
    for text, (value, *said) in PLUS.items():
        field.fill("20")
        field.press("Enter")
        field.fill(text)
        field.press("Enter")
        shows(page, {"x": 20 if value is None else value})
        assert said[path != "lab/"] in message(page, "loss"), text
    page.locator("logits-loss .lab-choice label").nth(1).click()
    rest = page.locator("logits-loss .lab-row")
    for bad in ("", "1,,2", "a", "1;2", "0," * 101):
        rest.fill(bad)
        rest.press("Enter")
        assert page.locator("logits-loss .lab-message.lab-bad").inner_text(), bad
    many = [round(k / 25 - 1, 4) for k in range(50)]
    rest.fill("，".join(map(str, many)))
    assert "50" in message(page, "loss")
    shows(page, {"loss": "ce", "x": 12.5, "rest": ",".join(map(str, many))})
    rest.fill("nan, -inf")
    assert table(page)[0] == ["nan", "nan"]


@pytest.mark.parametrize("path", PAGES)
def test_broken_addresses_are_named_and_whole_ones_kept(visit, address, path):
    bad = "break.fn=soft&break.shift=1e9&break.q=1&loss.x=a&loss.span=7&loss.y=2&loss.rest=1;2"
    page = visit(f"{path}?{bad}")
    for part in ("break.fn", "break.shift", "break.q"):
        assert part in message(page, "break")
    for part in ("loss.x", "loss.span", "loss.y"):  # three at a time
        assert part in message(page, "loss")
    shows(page, {})
    assert len(breaks(page)) == 8
    page.locator("logits-loss .lab-short").first.fill("3")
    page.wait_for_function("location.search.includes('loss.x=3')")
    again = visit(page.url.removeprefix(address))
    shows(again, {"x": 3})


# -- what it costs ---------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut(visit, path, scheme, width):
    for state in ("", "?break.fn=bce&loss.loss=ce&loss.span=120&loss.eps=0.1"):
        page = visit(path + state, scheme, width)
        for field in page.locator(":is(logits-break, logits-loss) .lab-short:visible").all()[:3]:
            field.fill("x")
            field.press("Enter")
        assert not violations(page, "logits-break", "logits-loss")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in ("break", "loss"):  # the controls and buttons stand inside the element
            outside = page.evaluate(
                """(name) => {
                  const room = document.querySelector(name).getBoundingClientRect();
                  const parts = [...document.querySelectorAll(`${name} :is(input, button)`)];
                  return parts.filter((part) => {
                    const box = part.getBoundingClientRect();
                    return box.right > room.right + 1 || box.bottom > room.bottom + 1;
                  }).map((part) => part.outerHTML);
                }""",
                f"logits-{name}",
            )
            assert not outside, outside


def test_an_update_takes_less_than_a_frame(visit, capsys):
    """The CPU time of the page's thread, layout included, with a hundred logits."""
    many = ",".join(str(k / 10) for k in range(99))
    page = visit(f"lab/?break.x={many}&loss.loss=ce&loss.rest={many}&loss.span=120")
    measure = page.context.new_cdp_session(page)
    measure.send("Performance.enable")

    def spent() -> float:
        metrics = measure.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "ThreadTime")

    for name, change in (("break", "{shift: k}"), ("loss", "{x: k}")):
        took = []
        for _ in range(5):
            start = spent()
            page.evaluate(
                """([name, change]) => {
                  const lab = document.querySelector(`logits-${name}`);
                  const make = new Function("k", `return ${change}`);
                  for (let k = 0; k < 20; k++) { lab.set(make(k)); lab.update(); lab.offsetHeight; }
                }""",
                [name, change],
            )
            took.append((spent() - start) * 1000 / 20)
        with capsys.disabled():
            print(f"\nan update of {name}, layout included: {min(took):.1f} ms")
        assert 0 < min(took) < 16


def test_the_figures_stand_in_without_javascript(browser, address):
    page = browser.new_page(java_script_enabled=False)
    page.goto(address + "en/lab/")
    text = page.locator("logits-break figure svg").text_content()
    for values in reference("softmax", "0,-1,-2", 1, 90).values():
        for value in values:
            assert printed(value) in text
    text = page.locator("logits-loss figure svg").text_content()
    for form in forms({}):
        for (value,) in sloped(form, torch.tensor([20.0])):
            assert printed(value) in text
    assert "16.64" in text
    for name in ("break", "loss"):
        figure = page.locator(f"logits-{name} figure svg").bounding_box()
        assert page.locator(f"logits-{name}").bounding_box()["height"] - figure["height"] < 60
    page.close()
