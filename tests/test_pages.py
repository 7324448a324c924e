"""Every page keeps the page contract (tests/contract.py), and the handbook is whole."""

import pytest

from tests.contract import faults, nav_pages, unused_figures
from tests.markdown import Page, pages, source

STEMS = sorted({page.stem for page in pages()})


def none(found):
    """Fail with the faults alone: a contributor reads them, not this file."""
    if found:
        pytest.fail("\n" + "\n".join(map(str, found)), pytrace=False)


@pytest.mark.parametrize("stem", STEMS)
def test_page_keeps_the_contract(stem):
    found = []
    both = {lang: source(stem, lang) for lang in ("zh", "en")}
    read = {lang: Page.read(path) for lang, path in both.items() if path.exists()}
    for lang, page in read.items():
        found += faults(page, read.get({"zh": "en", "en": "zh"}[lang]))
    none(found)


def test_every_page_is_in_the_navigation():
    missing = [
        f"docs/{s}.*.md is not in the nav of mkdocs.yml: add {s}.md"
        for s in STEMS
        if s not in nav_pages()
    ]
    gone = [
        f"mkdocs.yml: the nav names {s}.md, which does not exist"
        for s in nav_pages()
        if s not in STEMS
    ]
    none(missing + gone)


def test_every_figure_function_is_shown():
    none(
        [
            f"{name}: no page shows it; show it, or start its name with _"
            for name in unused_figures()
        ]
    )
