"""The lab's samples: probabilities and counts against torch and a second generator, and its use."""

import math

import pytest
import torch
import torch.nn.functional as F

from snippets._lab import draws
from tests.elements import PAGES, agree, in_both, numbers, printed, ran, settle

X = [3.0, 2.0, 0.0]


def counts(lab) -> list[int]:
    return [int(text) for text in lab.locator(".lab-draws td:nth-child(5)").all_text_contents()]


def shows(page, x: list[float], t: float, seed: int, n: int) -> None:
    """Probabilities, counts and spread are those of torch and of the generator in Python."""
    settle(page)
    lab = page.locator("logits-sample")
    p, count = draws(x, t, seed, n)
    assert lab.locator(".lab-draws td:nth-child(2)").all_text_contents() == [
        printed(v) for v in p.tolist()
    ]
    assert counts(lab) == count.tolist()
    spread = (n * p * (1 - p)).sqrt()
    expected = numbers(" ".join(lab.locator(".lab-draws td:nth-child(6)").all_text_contents()))
    want = [v for pair in zip((n * p).tolist(), spread.tolist(), strict=True) for v in pair]
    assert expected == pytest.approx(want, abs=0.0501)


@pytest.mark.parametrize("path", PAGES)
def test_counts_are_reproduced_in_python(visit, path):
    page = visit(path)
    shows(page, X, 1, 0, 1000)
    lab = page.locator("logits-sample")
    lab.locator(".lab-short").fill("0.5")
    lab.locator(".lab-whole").nth(0).fill("4294967295")
    shows(page, X, 0.5, 2**32 - 1, 1000)
    lab.locator(".lab-whole").nth(1).fill("10000")
    shows(page, X, 0.5, 2**32 - 1, 10000)
    p, count = draws(X, 0.5, 2**32 - 1, 10000)
    assert ((count / 10000 - p).abs() <= 5 * (p * (1 - p) / 10000).sqrt()).all()
    text = lab.locator(".lab-text")
    text.fill("0, 0, 0, 1, -2")
    shows(page, [0, 0, 0, 1, -2], 0.5, 2**32 - 1, 10000)


STATES = [
    ("3,2,0", 1, 0, 1000),
    ("3,2,0", 0.01, 5, 77),
    ("1,2,2", 0, 3, 500),
    ("1,-inf,0.5", 2, 9, 300),
    ("1e300,-1e300,0", 1e-3, 1, 50),
    ("0,0", 1000, 2, 0),
    ("1,2,3,4,5,6,7,8,9,10", 3, 4, 2000),
]


@pytest.mark.parametrize(("path", "state"), in_both(STATES))
def test_the_copied_code_prints_the_shown_counts(visit, path, state):
    x, t, seed, n = state
    query = f"sample.x={x}&sample.t={t}&sample.seed={seed}&sample.n={n}"
    page = visit(f"{path}?{query}")
    lab = page.locator("logits-sample")
    row = torch.tensor([float(v) for v in x.split(",")], dtype=torch.float64)
    if t:
        p = F.softmax((row - row.max()) / t, 0)
    else:  # the limit
        p = (row == row.max()).double() / (row == row.max()).sum()
    cells = lab.locator(".lab-draws td:nth-child(2)").all_text_contents()
    assert cells == [printed(v) for v in p.tolist()]
    out = numbers(ran(page, "sample"))
    C = len(cells)
    agree(cells, out[:C])
    assert counts(lab) == out[C : 2 * C] and sum(counts(lab)) == n
    shown = numbers(" ".join(lab.locator(".lab-draws td:nth-child(6)").all_text_contents()))
    assert shown[::2] == pytest.approx(out[2 * C : 3 * C], abs=0.051)
    assert shown[1::2] == pytest.approx(out[3 * C :], abs=0.051)


@pytest.mark.parametrize("path", PAGES)
def test_step_run_pause_and_clear(visit, path):
    page = visit(path)
    lab = page.locator("logits-sample")
    step, run, clear = lab.locator(".lab-body .lab-button").all()
    clear.click()
    shows(page, X, 1, 0, 0)
    for n in (1, 2, 3):
        step.click()
        shows(page, X, 1, 0, n)
        # the marked line has the largest sum, and its count went up
        scores = [float(v) for v in lab.locator(".lab-draws td:nth-child(4)").all_text_contents()]
        picked = lab.locator(".lab-picked th").inner_text()
        assert picked == f"[{scores.index(max(scores))}]"
    label = run.inner_text()
    run.click()
    page.wait_for_function("document.querySelector('logits-sample').state.n > 20")
    assert run.inner_text() != label
    run.click()
    settle(page)
    assert run.inner_text() == label
    n = lab.evaluate("e => e.state.n")
    page.wait_for_timeout(200)
    shows(page, X, 1, 0, n)
    run.click()
    page.wait_for_function("document.querySelector('logits-sample').state.n === 10000")
    settle(page)
    assert run.is_disabled() and step.is_disabled()
    assert "10000" in lab.locator(".lab-message").inner_text()
    shows(page, X, 1, 0, 10000)


def test_reduced_motion_draws_at_once(browser, address):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address + "en/lab/")
    lab = page.locator("logits-sample")
    _, run, clear = lab.locator(".lab-body .lab-button").all()
    clear.click()
    for n in (100, 1000, 10000):
        run.click()
        shows(page, X, 1, 0, n)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_the_slider_goes_to_the_limit(visit, path):
    page = visit(path)
    lab = page.locator("logits-sample")
    lab.locator(".lab-range").focus()
    page.keyboard.press("Home")
    settle(page)
    assert lab.locator(".lab-short").input_value() == "0"
    assert counts(lab) == [1000, 0, 0]
    lab.locator(".lab-text").fill("2, 1, 2")
    settle(page)
    one, none, two = counts(lab)
    assert none == 0 and abs(one - 500) < 5 * math.sqrt(250) and one + two == 1000


@pytest.mark.parametrize("path", PAGES)
def test_bad_input_is_named(visit, path):
    page = visit(path)
    lab = page.locator("logits-sample")
    for place, texts in (
        (".lab-short", ["", "abc", "-1", "1e400", "nan", "-inf"]),
        (".lab-whole >> nth=0", ["", "x", "1.5", "-1", "4294967296", "inf"]),
        (".lab-whole >> nth=1", ["", "x", "1.5", "10001", "nan"]),
        (".lab-move .lab-field >> nth=0", ["", "x", "1e"]),
        (".lab-text", ["", "x", "1,,2", "0," * 50, "[[1], [2]]"]),
    ):
        field = lab.locator(place)
        for text in texts:
            field.fill(text)
            field.press("Enter")
            assert lab.locator(".lab-message.lab-bad").inner_text(), (place, text)
            shows(page, X, 1, 0, 1000)
        field.press("Escape")
    lab.locator(".lab-text").fill("nan, 1")
    settle(page)
    assert lab.locator(".lab-draws td:nth-child(2)").all_text_contents() == ["nan", "nan"]
    assert "nan" in lab.locator(".lab-rank").inner_text()
    assert lab.locator(".lab-body .lab-button").nth(1).is_disabled()
    assert numbers(ran(page, "sample")) == pytest.approx([math.nan] * 2, nan_ok=True)


def test_two_standard_deviations_are_left_now_and_then():
    """As docs/lab says of many seeds: most counts are inside, a few are not."""
    out = 0
    for seed in range(60):
        p, count = draws(X, 1, seed, 1000)
        out += int(((count - 1000 * p).abs() > 2 * (1000 * p * (1 - p)).sqrt()).sum())
    assert 1 <= out <= 0.12 * 180
