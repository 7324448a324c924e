"""Every display formula of every page against torch (tests/formulas.py)."""

import re
from functools import cache

import pytest

from tests.formulas import FormulaError, check
from tests.markdown import DOCS, pages

PAGES = [page for page in pages() if page.formulas]


@cache
def checked(latex: str, marker: str | None):
    """The twin holds the same formula; it is evaluated once."""
    return check(latex, marker)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.path.relative_to(DOCS)))
def test_formulas_agree_with_torch(page):
    wrong = []
    for formula in page.formulas:
        try:
            checked(formula.latex, formula.marker)
        except FormulaError as error:
            wrong.append(f"{page.where(formula.line)}: {error}")
    if wrong:
        pytest.fail("\n" + "\n".join(wrong), pytrace=False)


DERIVATIVE = re.compile(r"\\partial|'\(|\\frac\{(\\mathrm\{d\}|d)\}|\\nabla|^\s*J\b|H\b", re.M)


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if re.match(r"(functions|losses)/", p.stem) and p.language == "zh"],
    ids=lambda p: p.stem,
)
def test_each_function_has_a_value_and_a_derivative_checked(page):
    proven = [f for f in page.formulas if checked(f.latex, f.marker).status == "checked"]
    derivatives = [f for f in proven if DERIVATIVE.search(f.latex)]
    assert derivatives, f"{page.stem}: no derivative is checked"
    assert len(proven) > len(derivatives), f"{page.stem}: no value formula is checked"


def unchecked() -> list[str]:
    """The formulas that nothing evaluates, with the reason that stands in the page's source."""
    return [
        f"{page.where(f.line)}: {checked(f.latex, f.marker).reason}"
        for page in PAGES
        for f in page.formulas
        if checked(f.latex, f.marker).status == "unchecked"
    ]


def test_what_is_not_checked_says_why(capsys):
    """Prints the list, so that whoever runs the suite sees what is taken on trust."""
    found = unchecked()
    with capsys.disabled():
        print(f"\nformulas not checked: {len(found)}", *found, sep="\n  ")
    assert all(reason.partition(": ")[2] for reason in found)
