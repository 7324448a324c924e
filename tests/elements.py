"""What the tests of the lab share: comparing numbers, and using an element of a page."""

import io
import re
from contextlib import redirect_stdout

import numpy as np

PAGES = ["lab/", "en/lab/"]


def in_both(states) -> list[tuple]:
    """Every state on the Chinese page, and the first on the English one, for parametrize."""
    return [*(("lab/", state) for state in states), ("en/lab/", next(iter(states)))]


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


def printed(value: float) -> str:
    """One number with four decimals, as torch and the lab print it."""
    small = value != 0 and (abs(value) < 1e-4 or abs(value) > 1e8)
    return f"{value:.4e}" if small else f"{value:.4f}"


def settle(page):
    """Two frames: what was changed is shown."""
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")


def ran(page, name: str, names: dict | None = None) -> str:
    """Run the code that an element's button copies, with these names; what it printed."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(f"logits-{name} .lab-buttons .lab-button").first.click()
    said = f"document.querySelector('logits-{name} .lab-message').textContent !== ''"
    page.wait_for_function(said)
    code = page.evaluate("navigator.clipboard.readText()")
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(code, name, "exec"), {} if names is None else names)
    return out.getvalue()


def numbers(text: str) -> list[float]:
    """Every number of a printed text; `grad_fn=<…>` and dtypes are none."""
    text = re.sub(r"grad_fn=<\w+>|dtype=[\w.]+|\w+\[\d\]|float64", "", text)
    return [float(v) for v in re.findall(r"-?(?:inf|nan|\d+\.?\d*(?:e[+-]\d+)?)", text)]


def agree(shown: list[str], printed: list[float]) -> None:
    """Each shown number is the printed one, to the digit that each was printed to."""
    assert len(shown) == len(printed), (shown, printed)
    for text, b in zip(shown, printed, strict=True):
        a = float(text)
        if np.isfinite(a) and np.isfinite(b):
            assert abs(a - b) <= 1.01e-4 * max(1, abs(a)), (text, b)
        else:
            assert str(a) == str(b)
