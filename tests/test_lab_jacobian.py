"""The lab's Jacobian: matrix, sums and rank against torch, and its use."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.autograd.functional import jacobian

from tests.elements import PAGES, agree, numbers, printed, ran, settle

FUNCTIONS = {"softmax": F.softmax, "log_softmax": F.log_softmax}
ROWS = [
    ("2,1,0.1", "softmax"),
    ("2,1,0.1", "log_softmax"),
    ("1,1,1,1", "softmax"),
    ("-3,0.5,2,2,7", "log_softmax"),
    ("5,-5,0,1", "softmax"),
    ("40,0,0", "softmax"),
    ("20,3,0,-9", "softmax"),
    ("20,3,0,-9", "log_softmax"),
    ("1,-inf,3", "softmax"),
    ("1,-inf,3", "log_softmax"),
    ("7", "softmax"),
    ("1,2,3,4,5,6,7,8,9,10", "log_softmax"),
]


def matrix(row: list[float], name: str) -> torch.Tensor:
    x = torch.tensor(row, dtype=torch.float64)
    return jacobian(lambda v: FUNCTIONS[name](v, 0), x)


def rank(J: torch.Tensor, atol: float | None = None) -> int:
    least = len(J) * torch.finfo(J.dtype).eps
    return torch.linalg.matrix_rank(J, atol=least if atol is None else atol, rtol=least).item()


def shows(page, row: list[float], name: str) -> None:
    """Every displayed number is torch's."""
    settle(page)
    J = matrix(row, name)
    cells = page.locator("logits-jacobian .lab-matrix td[tabindex]").all_text_contents()
    assert cells == [printed(v + 0.0) for v in J.flatten().tolist()]
    outputs = page.locator("logits-jacobian .lab-output").all_text_contents()
    x = torch.tensor(row, dtype=torch.float64)
    assert outputs == [printed(v) for v in FUNCTIONS[name](x, 0).tolist()]
    sums = page.locator("logits-jacobian .lab-sum").all_text_contents()
    want = torch.cat([J.sum(1), J.sum(0)])
    want = torch.where(want.abs() < 5e-5, 0, want)
    assert sums == [printed(v) for v in want.tolist()]
    text = page.locator("logits-jacobian .lab-rank").inner_text()
    assert numbers(text)[0] == rank(J)
    S = torch.linalg.svdvals(J)
    S = torch.where(len(J) * torch.finfo(J.dtype).eps * max(1, S.max()) < S, S, 0)
    agree([printed(v) for v in S.tolist()], numbers(text)[2:])


def test_singular_values_and_ranks_agree_with_torch(math_js):
    """Of any square matrix, of any rank, and of the Jacobians of rows of all sizes."""
    generator = np.random.default_rng(0)
    for n in (1, 2, 3, 5, 10):
        for inner in (1, (n + 1) // 2, n):
            a = generator.normal(size=(n, inner)) @ generator.normal(size=(inner, n))
            for A in (a, a * 1e-150, a * 1e120, np.zeros((n, n))):
                ours = math_js("m.singularValues(a)", A)
                S = np.linalg.svd(A, compute_uv=False)
                assert np.abs(ours - S).max() <= 1e-13 * S.max()
                least = S.max() * n * np.finfo(float).eps  # torch's default, by its own rule
                assert (ours > least).sum() == torch.linalg.matrix_rank(torch.tensor(A)).item()
    for size in (0.1, 1, 3, 10, 30, 100):
        for row in generator.normal(size=(20, 4)) * size:
            for name, ours in (
                ("softmax", "softmaxJacobian"),
                ("log_softmax", "logSoftmaxJacobian"),
            ):
                S = math_js(f"m.singularValues(m.{ours}(a))", row)
                least = 4 * np.finfo(float).eps
                assert (least * max(1, S[0]) < S).sum() == rank(matrix(row.tolist(), name))
    assert np.isnan(math_js("m.singularValues([[1, NaN], [0, 1]])", np.zeros(1))).all()


def test_rounding_may_count_without_an_absolute_tolerance():
    """As docs/lab says: the default tolerance shrinks with the matrix."""
    J = matrix([40.0, 0.0, 0.0], "softmax")
    assert torch.linalg.matrix_rank(J).item() > 2 - 1 and rank(J) == 0
    found = [
        torch.linalg.matrix_rank(matrix([v, 1.0, 0.1], "softmax")).item()
        for v in np.linspace(2, 30, 200)
    ]
    assert max(found) == 3  # a matrix of rank 2


@pytest.mark.parametrize("path", PAGES)
def test_what_is_shown_and_copied_is_torchs(visit, path):
    page = visit(path)
    lab = page.locator("logits-jacobian")
    for row, name in ROWS:
        lab.locator(".lab-text").fill(row)
        lab.locator(".lab-choice label").nth(list(FUNCTIONS).index(name)).click()
        shows(page, [float(v) for v in row.split(",")], name)
        out = ran(page, "jacobian")
        shown = lab.locator(".lab-output").all_text_contents()
        shown += lab.locator(".lab-matrix td[tabindex]").all_text_contents()
        shown += lab.locator(".lab-sum").all_text_contents()
        first, _, *singular = numbers(lab.locator(".lab-rank").inner_text())
        agree([*shown, *map(str, singular), str(first)], numbers(out))


@pytest.mark.parametrize("path", PAGES)
def test_it_is_moved_by_drag_keys_and_choice(visit, path):
    page = visit(path)
    lab = page.locator("logits-jacobian")
    bar = lab.get_by_role("slider", name="logit [1]")
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 5, steps=4)
    page.mouse.up()
    settle(page)
    value = float(lab.locator(".lab-move .lab-field").nth(1).input_value())
    assert value == pytest.approx(3, abs=0.1)
    shows(page, [2, value, 0.1], "softmax")
    bar.focus()
    page.keyboard.press("Home")
    lab.locator(".lab-choice label").nth(1).click()
    shows(page, [2, -5, 0.1], "log_softmax")
    lab.locator(".lab-matrix td[tabindex]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    detail = lab.locator(".lab-steps").inner_text()
    value = matrix([2, -5, 0.1], "log_softmax")[1, 1].item()
    assert detail.startswith("∂y[1]/∂x[1] = ") and detail.endswith(f" = {value:.4f}")
    assert ("秩" in lab.inner_text()) == (path == "lab/")


@pytest.mark.parametrize("path", PAGES)
def test_bad_input_is_named_and_changes_nothing(visit, path):
    page = visit(path)
    lab = page.locator("logits-jacobian")
    whole = lab.locator(".lab-text")
    for bad in ("", "abc", "1, 2, x", "[1, 2", "1,,2", "1 2\n3 4", "[[1, 2], [3, 4]]", "0," * 50):
        whole.fill(bad)
        whole.press("Enter")
        if "\n" not in bad:  # a field of one line joins lines: four numbers
            assert lab.locator(".lab-message.lab-bad").inner_text(), bad
            shows(page, [2, 1, 0.1], "softmax")
    for good, row in (
        ("3，1、0.5", [3, 1, 0.5]),
        ("[1e400, 0]", [float("inf"), 0]),
        ("nan 1", None),
    ):
        whole.fill(good)
        whole.press("Enter")
        settle(page)
        assert not lab.locator(".lab-bad").count()
        if good == "3，1、0.5":
            shows(page, row, "softmax")
        else:
            cells = lab.locator(".lab-matrix td[tabindex]").all_text_contents()
            assert set(cells) == {"nan"}
            assert lab.locator(".lab-rank").inner_text() in (
                "有元素不是有限数，秩没有定义",
                "an entry is not finite: there is no rank",
            )
            assert numbers(ran(page, "jacobian"))


@pytest.mark.parametrize("path", PAGES)
def test_a_row_is_pasted_into_one_field(visit, path):
    page = visit(path)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab = page.locator("logits-jacobian")
    for count in (5, 50):
        text = "，".join(str(k / 4) for k in range(count))
        page.evaluate("t => navigator.clipboard.writeText(t)", text)
        lab.locator(".lab-move .lab-field").first.focus()
        page.keyboard.press("Control+v")
        shows(page, [k / 4 for k in range(5)], "softmax")
        assert str(count) in lab.locator(".lab-message").inner_text()
