"""The lab: its arithmetic against torch and a reference, its elements as a reader uses them."""

import gzip
import json
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests import lab
from tests.elements import PAGES, near, printed, ran, same_bits, settle
from tests.markdown import ROOT
from tests.serving import violations

A = [[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]]


# -- arithmetic ------------------------------------------------------------------------------


NARROW = ["float32", "float16", "bfloat16"]


@pytest.mark.parametrize("dtype", NARROW)
def test_rounding_is_that_of_the_dtype(math_js, rows, dtype):
    """NumPy's float32 and float16; bfloat16 against torch, on values that float32 holds."""
    generator = np.random.default_rng(3)
    wide = np.ldexp(generator.normal(size=30000), generator.integers(-1074, 1023, size=30000))
    narrow = np.ldexp(generator.normal(size=30000), generator.integers(-160, 130, size=30000))
    ties = np.ldexp(2 * generator.integers(0, 4096, 5000) + 1.0, generator.integers(-40, 12, 5000))
    x = np.concatenate([wide, narrow, ties, -ties, rows.ravel()])
    same_bits(math_js(f"a.map(m.{dtype})", x), lab.ROUNDINGS[dtype](x))
    if dtype == "bfloat16":
        x = lab.ROUNDINGS["float32"](x)
        same_bits(math_js("a.map(m.bfloat16)", x), torch.tensor(x).float().bfloat16().double())


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", [*lab.ROWS, *lab.NUMBERS, *lab.TARGETS])
def test_narrow_modes_are_the_reference_bit_for_bit(math_js, rows, targets, name, dtype):
    r = lab.ROUNDINGS[dtype]
    with np.errstate(all="ignore"):
        if name in lab.ROWS:
            ours = math_js(f"a.map((v) => m.{name}(v, m.{dtype}))", rows)
            return same_bits(ours, lab.ROWS[name](rows, r))
        x = rows.ravel()
        if name in lab.NUMBERS:
            ours = math_js(f"a.map((v) => m.{name}(v, m.{dtype}))", x)
            return same_bits(ours, lab.NUMBERS[name](x, r))
        x = np.random.default_rng(4).random(x.size) if name == "bce" else x
        weight = "2.5, " if name == "bceWithLogits" else ""
        ours = math_js(f"a.map((v, k) => m.{name}(v, b[k], {weight}m.{dtype}))", x, targets)
        return same_bits(ours, lab.TARGETS[name](x, targets, r))


# name in lab/math.js: torch's function of rows, and whether its values cancel near 0
TORCH_ROWS = {
    "softmax": (lambda x: F.softmax(x, 1), 0),
    "logSoftmax": (lambda x: F.log_softmax(x, 1), 1),
    "logsumexp": (lambda x: torch.logsumexp(x, 1), 1),
}


@pytest.mark.parametrize("name", TORCH_ROWS)
def test_rows_agree_with_torch(math_js, rows, name):
    kernel, floor = TORCH_ROWS[name]
    near(math_js(f"a.map((v) => m.{name}(v))", rows), kernel(torch.tensor(rows)), floor)


def test_jacobians_agree_with_autograd(math_js, rows):
    x = torch.tensor(rows[:600])
    for name, f in (("softmax", F.softmax), ("logSoftmax", F.log_softmax)):
        matrices = [torch.autograd.functional.jacobian(lambda v, f=f: f(v, 0), row) for row in x]
        near(math_js(f"a.map((v) => m.{name}Jacobian(v))", x.numpy()), torch.stack(matrices), 1)


@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_and_its_gradient_agree_with_torch(math_js, rows, smoothing, weighted):
    x = torch.tensor(rows, requires_grad=True)
    weight = [0.5, 2.0, 1.25, 3.0] if weighted else None
    options = json.dumps({"smoothing": smoothing} | ({"weight": weight} if weight else {}))
    y = torch.arange(len(rows)) % 4
    loss = F.cross_entropy(
        x,
        y,
        weight=torch.tensor(weight, dtype=torch.float64) if weight else None,
        label_smoothing=smoothing,
        reduction="none",
    )
    loss.sum().backward()
    near(math_js(f"a.map((v, k) => m.crossEntropy(v, k % 4, {options}))", rows), loss, 1)
    seen = torch.tensor(np.isfinite(rows).all(1))
    ours = math_js(f"a.map((v, k) => m.crossEntropyGradient(v, k % 4, {options}))", rows)
    near(ours.reshape(-1, 4)[seen].ravel(), x.grad[seen], 1)


def test_binary_losses_and_their_gradients_agree_with_torch(math_js, rows, targets):
    x = torch.tensor(rows.ravel()).clamp(-1e300, 1e300).requires_grad_()
    y = torch.tensor(targets)
    given = x.detach().numpy()
    loss = F.binary_cross_entropy_with_logits(
        x, y, pos_weight=torch.tensor([2.5], dtype=torch.float64), reduction="none"
    )
    (slope,) = torch.autograd.grad(loss.sum(), x)
    near(math_js("a.map((v, k) => m.bceWithLogits(v, b[k], 2.5))", given, targets), loss, 1)
    ours = math_js("a.map((v, k) => m.bceWithLogitsGradient(v, b[k], 2.5))", given, targets)
    near(ours, slope, 1)
    seen = ~x.isnan()  # torch's BCE refuses probabilities that are none
    p = torch.sigmoid(x[seen])
    loss = F.binary_cross_entropy(p, y[seen], reduction="none")
    (slope,) = torch.autograd.grad(loss.sum(), x)
    near(math_js("a.map((v, k) => m.bce(v, b[k]))", p.detach().numpy(), y[seen].numpy()), loss)
    ours = math_js(
        "a.map((v, k) => m.sigmoidBceGradient(v, b[k]))", given[seen.numpy()], y[seen].numpy()
    )
    near(ours, slope[seen], 1)


def test_curves_and_their_derivatives_agree_with_torch(math_js, rows):
    """By the very expressions that the lab offers to copy."""
    page = math_js("Object.keys(m.curves).map((k) => k.length)", np.zeros(1))
    source = (ROOT / "lab/math.js").read_text("utf-8")
    table = source[source.index("export const curves") :]
    codes = dict(
        re.findall(r"^  (\w+): \{.*?code: \"([^\"]+)\"", table[: table.index("};\n")], re.M | re.S)
    )
    assert [len(name) for name in codes] == page.tolist() and len(codes) >= 13
    for name, code in codes.items():
        x = torch.tensor(rows.ravel())
        if name in ("logit", "xlogy"):  # xlogy(x, x) has no derivative in torch at 0
            x = torch.cat([torch.rand(3000, dtype=torch.float64), torch.tensor([0.5, 1.0])])
        x.requires_grad_()
        y = eval(code, {"torch": torch, "F": F, "x": x})
        (slope,) = torch.autograd.grad(y.sum(), x)
        given = x.detach().numpy()
        finite = np.isfinite(given) & (np.abs(given) < 1e300)
        floor = 0 if name in ("sigmoid", "logsigmoid", "softplus", "tanh", "softsign") else 1
        if "stack" in code:  # 0 * inf
            near(math_js(f"a.map(m.curves.{name}.f)", given[finite]), y[finite], 1)
        else:
            near(math_js(f"a.map((x) => m.curves.{name}.f(x))", given), y, floor)
        if name == "hardsigmoid":  # torch's backward holds 1/6 in float32, in float64 too
            slope = torch.where(slope == float(np.float32(1 / 6)), 1 / 6, slope)
        near(math_js(f"a.map(m.curves.{name}.d)", given[finite]), slope[finite], 1)


def test_the_generator_is_the_same_everywhere_and_gumbel_samples_softmax(math_js):
    draws = math_js("((r) => a.map(() => r()))(m.random(7))", np.zeros(4))
    state, expected = 7, []
    for _ in draws:  # mulberry32 in Python's integers
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (1 | state) % 2**32
        t = ((t + (t ^ t >> 7) * (61 | t)) ^ t) % 2**32
        expected.append(((t ^ t >> 14) + 0.5) / 2**32)
    same_bits(draws, expected)
    p = torch.softmax(torch.tensor([1.0, 0.0, -1.0]), 0).numpy()
    picks = math_js(
        "((r) => b.map(() => m.argmax(a.map((v) => v + m.gumbel(r)))))(m.random(1))",
        np.array([1.0, 0.0, -1.0]),
        np.zeros(40000),
    )
    share = np.bincount(picks.astype(int), minlength=3) / len(picks)
    assert np.abs(share - p).max() < 4 * np.sqrt(0.25 / len(picks))


def test_the_distance_from_torchs_kernels_is_as_stated(capsys):
    """The table of docs/lab bounds what is measured here."""
    measured = lab.distance()
    with capsys.disabled():
        lab.main()
    for language in ("zh", "en"):
        text = (ROOT / f"docs/lab.{language}.md").read_text("utf-8")
        stated = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.M)
        assert [name for name, *_ in stated] == list(measured)
        for name, *bounds in stated:
            for bound, (dtype, found) in zip(bounds, measured[name].items(), strict=True):
                assert found <= int(bound) < 8 * found, (language, name, dtype, found)


# -- numbers in and out ----------------------------------------------------------------------


def test_numbers_are_shown_as_torch_prints_them(math_js):
    """One number at a time, ties and signed zeros included."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=3000) * 10.0 ** generator.integers(-12, 14, size=3000)
    ties = generator.integers(-4000, 4000, 2000) / 2**5.0
    x = np.concatenate([x, ties, [0.0, -0.0, np.inf, -np.inf, np.nan, 1e8, 1e-4, 5e-324, 1e308]])
    x = np.concatenate([x, [1.00005e9, -1.00015e9, 0.00009999999]])
    page = math_js.page
    shown = page.evaluate(
        "async (x) => { const n = await import('/numbers.js'); return x.map(n.show); }", x.tolist()
    )
    for value, text in zip(x.tolist(), shown, strict=True):
        printed = str(torch.tensor(value, dtype=torch.float64))
        printed = printed.removeprefix("tensor(").removesuffix(", dtype=torch.float64)")
        if printed.endswith("."):  # torch shortens whole numbers
            printed += "0000" if "e" not in printed else ""
        if value and value == int(value) if np.isfinite(value) else False:
            printed = f"{value:.4e}" if abs(value) > 1e8 else f"{value:.4f}"
        assert text == printed, value


# text: the rows it means, or the kind of problem
TENSORS = {
    "1, 2, 3": [[1, 2, 3]],
    "1，2、3；": [[1, 2, 3]],
    "［−1．5，∞］": [[-1.5, float("inf")]],
    "【1 2】": [[1, 2]],
    "1 2\n3 4": [[1, 2], [3, 4]],
    "1;2": [[1], [2]],
    "[1, 2], [3, 4]": [[1, 2], [3, 4]],
    "tensor([[ 0.5283,  0.3922],\n        [-1.6257,     -inf]], dtype=torch.float64)": [
        [0.5283, 0.3922],
        [-1.6257, -float("inf")],
    ],
    "tensor([1., 2.], grad_fn=<SoftmaxBackward0>)": [[1, 2]],
    "1e400 .5 +2.": [[float("inf"), 0.5, 2]],
    "": "empty",
    "[]": "empty",
    "1,,2": "hole",
    "1 a": "text",
    "0x10": "text",
    "1_000": "text",
    "[1, 2": "brackets",
    "1, [2]": "brackets",
    "[[[1]]]": "deep",
    "1 2\n3": "ragged",
    "1 " * 101: "many",
}


@pytest.mark.parametrize("text", TENSORS)
def test_a_tensor_is_read_as_people_write_it(math_js, text):
    got = math_js.page.evaluate(
        """async (text) => {
          const n = await import("/numbers.js");
          try { return n.parseTensor(text).rows; } catch (problem) { return problem.kind; }
        }""",
        text,
    )
    assert got == TENSORS[text]


# -- Compare ---------------------------------------------------------------------------------


def expected(rows, dim, t=1.0):
    """What torch gives, by the lab's column."""
    x = torch.tensor(rows, dtype=torch.float64) / t
    return [F.softmax(x, dim), F.log_softmax(x, dim), torch.sigmoid(x), F.logsigmoid(x)]


def logits(page) -> list[float]:
    return [
        float(f.input_value()) for f in page.locator("logits-compare .lab-input .lab-field").all()
    ]


def shows(page, rows, dim, t=1.0):
    """Every displayed value is torch's, and so is the argmax."""
    settle(page)
    cells = page.locator("logits-compare .lab-value").all_text_contents()
    columns = [values.reshape(-1).tolist() for values in expected(rows, dim, t)]
    want = [printed(v) for values in zip(*columns, strict=True) for v in values]
    assert cells == want
    x = torch.tensor(rows, dtype=torch.float64)
    best = torch.zeros_like(x).scatter(dim, x.argmax(dim, keepdim=True), 1).flatten().tolist()
    marks = page.locator("logits-compare .lab-line:not(.lab-head)").all()
    assert [float("lab-best" in mark.get_attribute("class")) for mark in marks] == best


@pytest.mark.parametrize("path", PAGES)
def test_compare_starts_with_the_articles_tensor(visit, path):
    page = visit(path)
    assert page.locator("logits-compare figure").count() == 0
    shows(page, A, 1)
    page.locator("logits-compare .lab-choice label").first.click()
    shows(page, A, 0)
    assert ("温度" in page.locator("logits-compare .lab").inner_text()) == (path == "lab/")


@pytest.mark.parametrize("path", PAGES)
def test_a_bar_is_dragged(visit, path):
    page = visit(path)
    bar = page.get_by_role("slider", name="logit [0, 1]")
    box = bar.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 5, steps=5)
    page.mouse.up()
    value = logits(page)[1]
    assert value == pytest.approx(3, abs=0.1)
    shows(page, [[A[0][0], value, A[0][2]], A[1]], 1)
    assert float(bar.get_attribute("aria-valuenow")) == pytest.approx(value)


@pytest.mark.parametrize("path", PAGES)
def test_a_bar_has_keys(visit, path):
    page = visit(path)
    bar = page.get_by_role("slider", name="logit [1, 2]")
    bar.focus()
    for key, value in (("Home", -5), ("PageUp", -3), ("ArrowRight", -2.9), ("ArrowDown", -3)):
        page.keyboard.press(key)
        settle(page)
        assert logits(page)[5] == pytest.approx(value)
        # the range grows when an end is reached
        if key == "Home":
            assert bar.get_attribute("aria-valuemin") == "-10"
    assert bar.get_attribute("aria-valuetext").startswith("-3.0000, softmax ")
    shows(page, [A[0], [*A[1][:2], -3.0]], 1)
    page.locator("logits-compare .lab-out").nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert (
        page.locator("logits-compare .lab-detail").inner_text().startswith("log_softmax[0, 1] = ")
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_bar_is_moved_by_a_finger(browser, address, path):
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(address + path)
    bar = page.get_by_role("slider", name="logit [0, 0]")
    box = bar.bounding_box()
    bar.tap(position={"x": box["width"] * 0.7, "y": box["height"] / 2})
    settle(page)
    value = logits(page)[0]
    assert value == pytest.approx(2, abs=0.3)
    shows(page, [[value, *A[0][1:]], A[1]], 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_the_temperature_and_the_terms(visit, path):
    page = visit(path)
    page.locator("logits-compare .lab-short").fill("2.5")
    shows(page, A, 1, 2.5)
    page.locator("logits-compare .lab-range").focus()
    page.keyboard.press("Home")
    shows(page, A, 1, 0.1)
    page.locator("logits-compare .lab-short").fill("1")
    page.locator("logits-compare .lab-out").nth(4).hover()  # softmax of [0, 1]
    e = np.exp(np.array(A[0]) - A[0][0])
    terms = " + ".join(f"{v:.4f}" for v in e)
    detail = page.locator("logits-compare .lab-detail").inner_text()
    assert detail.startswith("softmax[0, 1] = ")
    assert detail.endswith(f"{e[1]:.4f} / ({terms}) = {e[1]:.4f} / {e.sum():.4f} = 0.3585")


# typed into logit [0, 0]: what is shown after, and a word of what is said (zh, en)
TYPED = {
    "": (None, "没有填数字", "no number"),
    "abc": (None, "不是数字", "not a number"),
    "1e": (None, "不是数字", "not a number"),
    "1e400": (float("inf"), "按 inf 计算", "taken as inf"),
    "1e-400": (0.0, "按 0 计算", "taken as 0"),
    "-inf": (float("-inf"), "", ""),
    "nan": (float("nan"), "", ""),
    "−２．５": (-2.5, "", ""),
}


@pytest.mark.parametrize("path", PAGES)
def test_bad_input_is_named_and_never_shown_as_a_number(visit, path):
    page = visit(path)
    field = page.locator("logits-compare .lab-input .lab-field").first
    for text, (value, *said) in TYPED.items():
        field.fill("0.5283")
        field.press("Enter")
        field.fill(text)
        field.press("Enter")
        shows(page, [[A[0][0] if value is None else value, *A[0][1:]], A[1]], 1)
        if value is not None:
            field.blur()
            assert "Infinity" not in field.input_value() and "NaN" not in field.input_value()
        message = page.locator("logits-compare .lab-message").inner_text()
        assert said[path != "lab/"] in message and bool(message) == bool(said[0]), (text, message)
        assert (field.get_attribute("aria-invalid") == "true") == (value is None)
    text = page.locator("logits-compare .lab-text")
    for bad in ("1, 2; 3", "[1, 2", "1,,2", "0," * 101, ""):
        text.fill(bad)
        text.evaluate("e => e.dispatchEvent(new Event('change'))")
        assert page.locator("logits-compare .lab-message.lab-bad").inner_text()
        shows(page, [[-2.5, *A[0][1:]], A[1]], 1)


@pytest.mark.parametrize("path", PAGES)
def test_fifty_values_are_pasted_into_one_field(visit, path):
    page = visit(path)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = [round(k / 7 - 3, 4) for k in range(50)]
    page.evaluate("t => navigator.clipboard.writeText(t)", "\n".join(["，".join(map(str, row))]))
    page.locator("logits-compare .lab-input .lab-field").nth(2).focus()
    page.keyboard.press("Control+v")
    shows(page, row, 0)
    assert "50" in page.locator("logits-compare .lab-message").inner_text()
    page.locator("logits-compare .lab-button").nth(2).click()
    shows(page, A, 1)


@pytest.mark.parametrize("path", PAGES)
def test_the_address_holds_the_state(visit, address, path):
    page = visit(path)
    page.locator("logits-compare .lab-text").fill("1e21 -0.5\n2 nan")
    page.locator("logits-compare .lab-choice label").first.click()
    page.locator("logits-compare .lab-short").fill("2")
    page.wait_for_function("location.search.includes('compare.t=2')")
    shared = page.url.removeprefix(address)
    again = visit(shared)
    shows(again, [[1e21, -0.5], [2, float("nan")]], 0, 2)
    page.locator("logits-compare .lab-button").nth(2).click()
    page.wait_for_function("location.search === ''")


@pytest.mark.parametrize("path", PAGES)
def test_a_broken_address_says_what_it_did(visit, path):
    page = visit(path + "?compare.x=1,2,x&compare.t=0&compare.dim=1&compare.y=3&other=%E0%A4%A")
    shows(page, A, 1)
    message = page.locator("logits-compare .lab-message.lab-bad").inner_text()
    for part in ("compare.x", "compare.t", "compare.y"):
        assert part in message
    page = visit(path + "?compare.x=1,2&compare.dim=1")
    shows(page, [1, 2], 0)
    assert "dim=0" in page.locator("logits-compare .lab-message").inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_the_copied_code_prints_what_is_shown(visit, path):
    for query in ("", "?compare.x=3,-inf,1e400&compare.t=0.5", "?compare.x=[[1e-7,9],[2,-0.0]]"):
        page = visit(path + query)
        names: dict = {}
        found = re.findall(r"-?(?:inf|nan|\d+\.\d*(?:e[+-]\d+)?)", ran(page, "compare", names))
        values = expected(names["y_logits"].tolist(), names["y_logits"].dim() - 1)
        assert names["y_logits"].flatten().tolist() == logits(page)
        t = float(page.locator("logits-compare .lab-short").input_value())
        shows(page, names["y_logits"].tolist(), names["y_logits"].dim() - 1, t)
        shown = page.locator("logits-compare .lab-value").all_text_contents()
        found = found[: len(shown)]  # the four tensors; the argmax follows
        columns = [shown[k::4] for k in range(4)]
        for text, number in zip([v for c in columns for v in c], found, strict=True):
            a, b = float(text), float(number)
            if np.isfinite(a):  # each printed to its own last digit
                assert abs(a - b) <= 1.01e-4 * max(1, abs(a)), (text, number)
            else:
                assert str(a) == str(b)
        assert len(values) == 4


# -- what it costs ---------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(visit, path, scheme, width):
    page = visit(path, scheme, width)
    page.locator("logits-compare .lab-input .lab-field").first.fill("x")
    page.locator("logits-compare .lab-input .lab-field").first.press("Enter")
    assert not violations(page, "logits-compare")


def test_a_hundred_logits_are_updated_within_a_frame(visit, capsys):
    page = visit("lab/")
    page.locator("logits-compare .lab-text").fill(", ".join(str(k / 10) for k in range(100)))
    settle(page)
    measure = page.context.new_cdp_session(page)
    measure.send("Performance.enable")

    def spent() -> float:
        """The CPU time of the page's thread so far, in s: what else runs does not count."""
        metrics = measure.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "ThreadTime")

    took = []
    for _ in range(5):
        start = spent()
        page.evaluate(
            """() => {
              const lab = document.querySelector("logits-compare");
              for (let k = 0; k < 20; k++) {
                lab.move(0, 50, Math.random(), []);
                lab.update();
                lab.offsetHeight; // the layout too
              }
            }"""
        )
        took.append((spent() - start) * 1000 / 20)
    with capsys.disabled():
        print(f"\nan update of 100 logits, layout included: {min(took):.1f} ms")
    assert 0 < min(took) < 16


def test_the_scripts_are_small_and_loaded_only_where_used(site, capsys):
    scripts = sorted((site / "assets").glob("lab*.js"))
    sizes = {path.stem: len(gzip.compress(path.read_bytes(), 9)) for path in scripts}
    with capsys.disabled():
        print("\nKB gzip:", ", ".join(f"{name} {size / 1000:.1f}" for name, size in sizes.items()))
    whole = sizes.pop("lab")
    assert whole < 40_000 and all(size < whole / 1.5 for size in sizes.values())
    users = {"lab", "en/lab", "functions/softmax", "en/functions/softmax"}
    for path in site.rglob("index.html"):
        text = path.read_text("utf-8")
        name = path.parent.relative_to(site).as_posix()
        used = set(re.findall("<logits-([a-z]+)", text))
        own = {""} if len(used) > 1 else {f"-{key}" for key in used}
        assert set(re.findall(r"assets/lab([-\w]*)\.js", text)) == own, name
        assert "<p><logits-" not in text and "<p></logits-" not in text
        users.discard(name if "<logits-" in text else "")
    assert not users


def test_the_figure_stands_in_without_javascript(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "en/lab/")
    figure = page.locator("logits-compare figure svg").bounding_box()
    element = page.locator("logits-compare").bounding_box()
    assert element["height"] - figure["height"] < 60
    text = page.locator("logits-compare figure svg").text_content()
    for values in expected(A, 1):
        for value in values.flatten().tolist():
            assert f"{value:.4f}".replace("-", "−") in text
    context.close()


def test_the_lab_works_from_a_file(browser, site):
    page = browser.new_page(bypass_csp=True)
    page.goto((site / "en/lab/index.html").as_uri())
    page.locator("logits-compare .lab-short").fill("2")
    shows(page, A, 1, 2)
    page.close()


def test_an_element_that_does_not_exist_stops_the_build(handbook):
    from mkdocs.exceptions import PluginError

    import hooks.lab as hook

    class Page:
        class file:
            src_uri = "functions/one.zh.md"

    with pytest.raises(PluginError, match=r"one\.zh\.md: no element <logits-compar>.*compare"):
        hook.on_page_content("<p><logits-compar></p>", Page, None, None)
