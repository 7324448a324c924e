"""Pages for everyone: axe's rules in the real browser, and what a screen reader is told."""

import pytest
from lxml import html as parser

from tests.serving import kinds, violations

COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
PAGES = [home + kind for kind in kinds() for home in ("", "en/") if home + kind != "en/404.html"]


@pytest.mark.parametrize(
    ("path", "width"),
    [*((path, 1280) for path in PAGES), *((path, 360) for path in ("", "functions/softmax/"))],
)
def test_axe_finds_nothing(visit, path, width):
    """In both schemes; what a scheme cannot change, colours aside, is looked at in one of them."""
    page = visit(path, width=width)
    page.add_style_tag(  # what is drawn late is drawn first
        content="* { content-visibility: visible !important; transition: none !important }"
    )
    found = {}
    schemes = ("dark", "light") if path.startswith("en/") else ("light", "dark")
    for scheme, rules in zip(schemes, ({}, COLOURS), strict=True):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "scheme => document.body.dataset.mdColorScheme === scheme",
            arg={"light": "default", "dark": "slate"}[scheme],
        )
        faults = violations(page, resultTypes=["violations"], preload=False, **rules)
        found |= {f"{scheme}: {rule}": nodes for rule, nodes in faults.items()}
    assert not found


@pytest.mark.parametrize("path", PAGES)
def test_figures_and_formulas_are_told(site, path):
    """A figure is one image with a sentence; of a formula a reader hears MathML, and only that."""
    file = site / path if path.endswith(".html") else site / path / "index.html"
    tree = parser.parse(str(file)).getroot()
    for drawing in tree.xpath("//figure//*[local-name()='svg']"):
        assert drawing.get("role") == "img" and len(drawing.get("aria-label")) > 8, path
    for formula in tree.xpath("//article//span[@class='katex']"):
        assert formula.xpath("./span[@class='katex-mathml']/math"), path
        (seen,) = formula.xpath("./span[@class='katex-html']")
        assert seen.get("aria-hidden") == "true", path
    for image in tree.xpath("//img"):
        assert image.get("alt") is not None, path
