"""Mistakes a contributor makes, each on a copy of the model page, and the message that meets it.

A mistake is (language, what stands there, what is written instead, what the message says).
"""

import pytest

from tests.contract import faults
from tests.formulas import FormulaError, check
from tests.markdown import DOCS, OUTPUT_MARK, Page

MODEL = {lang: Page.read(DOCS / f"functions/softmax.{lang}.md") for lang in ("zh", "en")}
FENCE = "```python\n"
FIRST = "print(y_probs.argmax(dim=1))\n"
PLOT = "{ #plot }\n"

MISTAKES = {
    # fences that nobody would run
    "a title on a fence": ("en", FENCE, '```python title="a.py"\n', "```python alone"),
    "py for python": ("zh", FENCE, "```py\n", "```python alone"),
    "Python for python": ("en", FENCE, "```Python\n", "```python alone"),
    "attributes on a fence": ("en", FENCE, "```{.python}\n", "```python alone"),
    "a space before python": ("zh", FENCE, "``` python\n", "```python alone"),
    "pycon for python": ("en", FENCE, "```pycon\n", "```python alone"),
    "a fence of tildes": ("en", PLOT, PLOT + "\n~~~python\n1 / 0\n~~~\n", "three backticks"),
    "four backticks": ("en", PLOT, PLOT + "\n````python\n1 / 0\n````\n", "three backticks"),
    "an indented fence": ("en", PLOT, PLOT + "\n  ```text\n  a\n  ```\n", "column 0"),
    "a fence in a quotation": ("en", PLOT, PLOT + "\n> ```text\n> a\n> ```\n", "column 0"),
    "a shell fence": ("en", PLOT, PLOT + "\n```sh\nls\n```\n", "```console"),
    "a fence without language": ("en", PLOT, PLOT + "\n```\na\n```\n", "not allowed"),
    "a fence never closed": ("en", "## See also", "```text\n## See also", "never closed"),
    # outputs that nobody would compare
    "no marker above an output": ("en", OUTPUT_MARK + "\n", "", "not checked"),
    "a misspelt marker": ("zh", OUTPUT_MARK, OUTPUT_MARK.replace("ted-", "ted "), "unknown marker"),
    "a marker of another spelling": (
        "en",
        OUTPUT_MARK,
        "<!-- pytest-codeblocks:expected-output -->",
        "unknown marker",
    ),
    "words between marker and output": (
        "en",
        OUTPUT_MARK,
        OUTPUT_MARK + "\nprints",
        "between python and text",
    ),
    "an output in a console fence": (
        "en",
        OUTPUT_MARK + "\n```text",
        OUTPUT_MARK + "\n```console",
        "between python and text",
    ),
    "ignore-whitespace": (
        "en",
        OUTPUT_MARK,
        OUTPUT_MARK.replace("output", "output-ignore-whitespace"),
        "unknown marker",
    ),
    "a continued block": ("en", FENCE, "<!--pytest-codeblocks:cont-->\n" + FENCE, "unknown marker"),
    "a skipped block": ("en", FENCE, "<!--pytest.mark.skip-->\n" + FENCE, "unknown marker"),
    "a skipped page": (
        "en",
        "# Softmax",
        "<!--pytest-codeblocks:skipfile-->\n# Softmax",
        "unknown",
    ),
    # blocks that prove nothing, or leak
    "a block that proves nothing": (
        "en",
        PLOT,
        PLOT + "\n```python\nx = 1\n```\n",
        "proves nothing",
    ),
    "a syntax error": ("en", "import torch.nn.functional as F", "import torch nn", "not Python"),
    "a print without output": (
        "en",
        PLOT,
        PLOT + "\n```python\nprint(1)\n```\n",
        "nothing checks it",
    ),
    "state set for ever": (
        "en",
        FIRST,
        FIRST + "torch.set_default_dtype(torch.float64)\n",
        "leaks",
    ),
    "prose in a code comment": ("en", FIRST, FIRST + "# the label\n", "shapes only"),
    "Chinese in code": ("zh", FIRST, 'print("类别")\n', "ASCII"),
    "a line too long": ("en", FIRST, FIRST.replace(")\n", f", {'1' * 80})\n"), "88"),
    "digits of the CPU's kernel": ("en", "tensor([0, 2])", "0.65900114", "four decimals"),
    # headings and sections
    "a heading without id": ("zh", "## 公式 { #formula }", "## 公式", "give the heading an id"),
    "an id twice": ("en", "{ #plot }", "{ #formula }", "already"),
    "an id with capitals": ("en", "{ #plot }", "{ #Plot }", "lower-case"),
    "a level left out": ("en", "## Plot", "#### Plot", "follows level"),
    "two titles": ("en", "## Plot", "# Plot", "one heading of level 1"),
    "a section left out": ("en", "{ #edge }", "{ #edges }", "#edge }"),
    "sections in another order": (
        "en",
        "## Example { #example }",
        "## Shapes { #shapes }\n\n## Example { #example }",
        "already",
    ),
    # figures and links
    "a misspelt figure": ("en", "softmax-curve.svg", "softmax-curv.svg", "no function curv"),
    "another page's figure": ("zh", "softmax-curve.svg", "sigmoid-curve.svg", "softmax-FUNCTION"),
    "a figure without words": (
        "zh",
        "![左图：上",
        "![](softmax-curve.svg)\n\n![左图：上",
        "alt text",
    ),
    "a figure inside a sentence": ("en", "![Left: the", "see ![Left: the", "alone"),
    "a link to a page that is not": ("en", "](log_softmax.md)", "](logsoftmax.md)", "no such page"),
    "a link to a heading that is not": ("en", "](../start/dim.md)", "](../start/dim.md#x)", "#x"),
    "a link with the language": ("zh", "](log_softmax.md)", "](log_softmax.zh.md)", "language out"),
    "a link to the built page": ("en", "](log_softmax.md)", "](log_softmax/)", "Markdown page"),
    # formulas
    "a formula without marker": (
        "en",
        "<!-- formula: p = F.softmax(x, 0) -->\n",
        "",
        "nothing checks",
    ),
    "no blank line above a formula": (
        "zh",
        "\n\n<!-- formula: p = F.softmax(x, 0) -->",
        "\n<!-- formula: p = F.softmax(x, 0) -->",
        "blank line above",
    ),
    "a formula in a line": ("en", PLOT, PLOT + "\nso $$x$$ it is\n", "line of its own"),
    "a formula never closed": ("en", "## See also", "$$\n\n## See also", "never closed"),
    # prose
    "Chinese in English prose": ("en", "Each row is", "每 row is", "English prose"),
    "a comment for colleagues": ("en", "Each row", "<!-- TODO -->\nEach row", "no comments but"),
    "a number from nowhere": ("en", "stops at 1.4612", "stops at 1.4621", "1.4621"),
    "a number with the wrong sign": ("en", "exceeds 0.25", "exceeds −0.25", "−0.25"),
    "a marker that computes another number": (
        "en",
        "exceeds 0.25",
        "exceeds 0.26<!-- = 1 / 4 -->",
        "0.26 is not what",
    ),
    "a marker that fails": ("en", "exceeds 0.25", "exceeds 0.25<!-- = 1 / 0 -->", "ZeroDivision"),
    "a result that nobody stored": (
        "en",
        "exceeds 0.25",
        'exceeds 0.25<!-- = stored["forward"] -->',
        "snippets/functions/softmax.json",
    ),
    # the two languages
    "code of one language": ("zh", FIRST, FIRST.replace("dim=1", "dim=-1"), "code differ"),
    "an output of one language": ("zh", "tensor([0, 2])", "tensor([0, 1])", "outputs differ"),
    "a sign in one language's formula": ("zh", "p_i (1 - p_i)", "p_i (1 + p_i)", "formulas differ"),
    "an index in one language's formula": ("en", "-p_i p_j", "-p_i p_i", "formulas differ"),
    "a marker of one language": ("en", "p = F.softmax", "p = F.softmin", "markers differ"),
    "a heading of one language": ("zh", "{ #dead-row }", "{ #deadrow }", "heading ids"),
    "a level of one language": ("zh", "### 整行", "## 整行", "heading ids"),
    "a figure of one language": (
        "en",
        "](softmax-jacobian.svg)",
        "](softmax-curve.svg)",
        "figures",
    ),
    "a number of one language": ("zh", "停在 1.4612", "停住", "decimals of a section"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_and_its_message_helps(name):
    language, old, new, said = MISTAKES[name]
    assert old in MODEL[language].text, "the model page changed: choose another place"
    pair = dict(MODEL)
    text = MODEL[language].text.replace(old, new, 1)
    pair[language] = Page(MODEL[language].path, text)
    found = faults(pair["zh"], pair["en"]) + faults(pair["en"], pair["zh"])
    messages = [str(fault) for fault in found]
    assert any(said in message for message in messages), messages or "nothing was found"
    assert all(message.startswith("docs/functions/softmax.") for message in messages)


def test_the_model_page_has_no_fault():
    assert not faults(MODEL["zh"], MODEL["en"]) + faults(MODEL["en"], MODEL["zh"])


def test_a_missing_twin_is_named():
    assert "softmax.en.md is missing" in str(faults(MODEL["zh"], None))


WRONG_FORMULAS = {
    "a sign, in both languages": ("p_i (\\delta_{ij} - p_j)", "p_i (\\delta_{ij} + p_j)"),
    "an index, in both languages": ("p_i (1 - p_i)", "p_j (1 - p_i)"),
    "a case": ("-p_i p_j & i \\ne j", "p_i p_j & i \\ne j"),
    "a left side": ("\\frac{\\partial p_i}{\\partial x_j}", "\\frac{\\partial p_j}{\\partial x_j}"),
    "a symbol that nobody defined": ("p_i (1 - p_i)", "p_i (1 - q_i)"),
}


@pytest.mark.parametrize("name", WRONG_FORMULAS)
def test_a_wrong_formula_is_caught(name):
    old, new = WRONG_FORMULAS[name]
    formula = next(f for f in MODEL["en"].formulas if old in f.latex)
    check(formula.latex, formula.marker)
    with pytest.raises(FormulaError):
        check(formula.latex.replace(old, new), formula.marker)
