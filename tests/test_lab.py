"""The lab: its arithmetic against torch and a reference, its elements as a reader uses them."""

import base64
import functools
import http.server
import json
import re
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests import lab
from tests.markdown import ROOT
from tests.test_browser import browser, pytestmark, visit  # noqa: F401

A = [[0.5283, 0.3922, -0.0484], [-1.6257, -0.4775, 0.5645]]
PAGES = ["lab/", "en/lab/"]


# -- arithmetic ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module(browser):  # noqa: F811
    """Calls a function of lab/math.js in the browser, on float64 arrays, to the bit."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=ROOT / "lab")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/lab.css")

        def call(body: str, *arrays: np.ndarray) -> np.ndarray:
            """The numbers that `body`, JavaScript over `m` and arrays, returns in one flat list."""
            given = [
                [base64.b64encode(np.ascontiguousarray(a, np.float64).tobytes()).decode(), a.shape]
                for a in arrays
            ]
            text = page.evaluate(
                """async ([body, given]) => {
                  const m = await import("/math.js");
                  const arrays = given.map(([text, shape]) => {
                    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                    const flat = [...new Float64Array(bytes.buffer)];
                    if (shape.length === 1) return flat;
                    const width = shape[1];
                    return Array.from({length: shape[0]}, (_, k) =>
                      flat.slice(k * width, (k + 1) * width));
                  });
                  const out = new Function("m", "a", "b", `return ${body}`)(m, ...arrays);
                  const bytes = new Uint8Array(Float64Array.from(out.flat(Infinity)).buffer);
                  let text = "";
                  for (let k = 0; k < bytes.length; k += 9999)
                    text += String.fromCharCode(...bytes.subarray(k, k + 9999));
                  return btoa(text);
                }""",
                [body, given],
            )
            return np.frombuffer(base64.b64decode(text), np.float64)

        yield call
        page.close()
        server.shutdown()


def same_bits(ours, reference, x=None):
    """Every number the same, the sign of zero too; any NaN is like another."""
    reference = np.asarray(reference, np.float64).ravel()
    assert ours.shape == reference.shape
    same = (ours.view(np.int64) == reference.view(np.int64)) | (
        np.isnan(ours) & np.isnan(reference)
    )
    wrong = np.flatnonzero(~same)
    assert not wrong.size, [(k, ours[k], reference[k]) for k in wrong[:5]]


def near(ours, reference, floor=0.0):
    """Within 1e-12 of the reference, or of `floor` where that is larger.

    Below the smallest normal number torch's vectorised kernels may give 0, so an absolute error of
    that number passes.
    """
    reference = reference.detach().numpy().ravel()
    assert ours.shape == reference.shape
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(ours - reference)
        close = apart <= 1e-12 * np.maximum(np.abs(reference), floor) + np.finfo(float).tiny
    close |= (ours == reference) | (np.isnan(ours) & np.isnan(reference))
    wrong = np.flatnonzero(~close)
    assert not wrong.size, [(k, ours[k], reference[k]) for k in wrong[:5]]


@pytest.fixture(scope="module")
def rows():
    with np.errstate(all="ignore"):
        yield lab.inputs()


@pytest.fixture(scope="module")
def targets(rows):
    return np.random.default_rng(2).choice([0, 1, 0.5, 0.9], size=rows.size)


NARROW = ["float32", "float16", "bfloat16"]


@pytest.mark.parametrize("dtype", NARROW)
def test_rounding_is_that_of_the_dtype(module, rows, dtype):
    """NumPy's float32 and float16; bfloat16 against torch, on values that float32 holds."""
    generator = np.random.default_rng(3)
    wide = np.ldexp(generator.normal(size=30000), generator.integers(-1074, 1023, size=30000))
    narrow = np.ldexp(generator.normal(size=30000), generator.integers(-160, 130, size=30000))
    ties = np.ldexp(2 * generator.integers(0, 4096, 5000) + 1.0, generator.integers(-40, 12, 5000))
    x = np.concatenate([wide, narrow, ties, -ties, rows.ravel()])
    same_bits(module(f"a.map(m.{dtype})", x), lab.ROUNDINGS[dtype](x))
    if dtype == "bfloat16":
        x = lab.ROUNDINGS["float32"](x)
        same_bits(module("a.map(m.bfloat16)", x), torch.tensor(x).float().bfloat16().double())


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("name", [*lab.ROWS, *lab.NUMBERS, *lab.TARGETS])
def test_narrow_modes_are_the_reference_bit_for_bit(module, rows, targets, name, dtype):
    r = lab.ROUNDINGS[dtype]
    with np.errstate(all="ignore"):
        if name in lab.ROWS:
            ours = module(f"a.map((v) => m.{name}(v, m.{dtype}))", rows)
            return same_bits(ours, lab.ROWS[name](rows, r))
        x = rows.ravel()
        if name in lab.NUMBERS:
            ours = module(f"a.map((v) => m.{name}(v, m.{dtype}))", x)
            return same_bits(ours, lab.NUMBERS[name](x, r))
        x = np.random.default_rng(4).random(x.size) if name == "bce" else x
        weight = "2.5, " if name == "bceWithLogits" else ""
        ours = module(f"a.map((v, k) => m.{name}(v, b[k], {weight}m.{dtype}))", x, targets)
        return same_bits(ours, lab.TARGETS[name](x, targets, r))


# name in lab/math.js: torch's function of rows, and whether its values cancel near 0
TORCH_ROWS = {
    "softmax": (lambda x: F.softmax(x, 1), 0),
    "logSoftmax": (lambda x: F.log_softmax(x, 1), 1),
    "logsumexp": (lambda x: torch.logsumexp(x, 1), 1),
}


@pytest.mark.parametrize("name", TORCH_ROWS)
def test_rows_agree_with_torch(module, rows, name):
    kernel, floor = TORCH_ROWS[name]
    near(module(f"a.map((v) => m.{name}(v))", rows), kernel(torch.tensor(rows)), floor)


def test_jacobians_agree_with_autograd(module, rows):
    x = torch.tensor(rows[:600])
    for name, f in (("softmax", F.softmax), ("logSoftmax", F.log_softmax)):
        matrices = [torch.autograd.functional.jacobian(lambda v, f=f: f(v, 0), row) for row in x]
        near(module(f"a.map((v) => m.{name}Jacobian(v))", x.numpy()), torch.stack(matrices), 1)


@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy_and_its_gradient_agree_with_torch(module, rows, smoothing, weighted):
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
    near(module(f"a.map((v, k) => m.crossEntropy(v, k % 4, {options}))", rows), loss, 1)
    seen = torch.tensor(np.isfinite(rows).all(1))
    ours = module(f"a.map((v, k) => m.crossEntropyGradient(v, k % 4, {options}))", rows)
    near(ours.reshape(-1, 4)[seen].ravel(), x.grad[seen], 1)


def test_binary_losses_and_their_gradients_agree_with_torch(module, rows, targets):
    x = torch.tensor(rows.ravel()).clamp(-1e300, 1e300).requires_grad_()
    y = torch.tensor(targets)
    given = x.detach().numpy()
    loss = F.binary_cross_entropy_with_logits(
        x, y, pos_weight=torch.tensor([2.5], dtype=torch.float64), reduction="none"
    )
    (slope,) = torch.autograd.grad(loss.sum(), x)
    near(module("a.map((v, k) => m.bceWithLogits(v, b[k], 2.5))", given, targets), loss, 1)
    ours = module("a.map((v, k) => m.bceWithLogitsGradient(v, b[k], 2.5))", given, targets)
    near(ours, slope, 1)
    seen = ~x.isnan()  # torch's BCE refuses probabilities that are none
    p = torch.sigmoid(x[seen])
    loss = F.binary_cross_entropy(p, y[seen], reduction="none")
    (slope,) = torch.autograd.grad(loss.sum(), x)
    near(module("a.map((v, k) => m.bce(v, b[k]))", p.detach().numpy(), y[seen].numpy()), loss)
    ours = module(
        "a.map((v, k) => m.sigmoidBceGradient(v, b[k]))", given[seen.numpy()], y[seen].numpy()
    )
    near(ours, slope[seen], 1)


def test_curves_and_their_derivatives_agree_with_torch(module, rows):
    """By the very expressions that the lab offers to copy."""
    page = module("Object.keys(m.curves).map((k) => k.length)", np.zeros(1))
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
            near(module(f"a.map(m.curves.{name}.f)", given[finite]), y[finite], 1)
        else:
            near(module(f"a.map((x) => m.curves.{name}.f(x))", given), y, floor)
        if name == "hardsigmoid":  # torch's backward holds 1/6 in float32, in float64 too
            slope = torch.where(slope == float(np.float32(1 / 6)), 1 / 6, slope)
        near(module(f"a.map(m.curves.{name}.d)", given[finite]), slope[finite], 1)


def test_the_generator_is_the_same_everywhere_and_gumbel_samples_softmax(module):
    draws = module("((r) => a.map(() => r()))(m.random(7))", np.zeros(4))
    state, expected = 7, []
    for _ in draws:  # mulberry32 in Python's integers
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ state >> 15) * (1 | state) % 2**32
        t = ((t + (t ^ t >> 7) * (61 | t)) ^ t) % 2**32
        expected.append(((t ^ t >> 14) + 0.5) / 2**32)
    same_bits(draws, expected)
    p = torch.softmax(torch.tensor([1.0, 0.0, -1.0]), 0).numpy()
    picks = module(
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
