"""Words: Chinese typography, English spelling, and terms that mean the same in both languages."""

import re
import subprocess
import sys
from pathlib import Path

import autocorrect_py
import pytest

from tests.markdown import ROOT, Page, pages

PAIRS = {page.stem: (page, Page.read(page.twin)) for page in pages() if page.language == "zh"}
CJK = "\u3400-\u9fff"
# code and formulas in a line are words of their own: a space from Chinese, none from 全角标点
TIGHT = re.compile(rf"[{CJK}][`$]|[`$][{CJK}]")
CODE = re.compile(r"(?<![`$])(`[^`]+`|\$[^$]+\$)")


def typography(page: Page) -> list[str]:
    """What is wrong with the Chinese typography of a page, line by line, with the mend."""
    found = []
    for place in page.prose:
        where, text = page.where(place.line), re.sub(r"<!--.*?-->", "", place.text)
        # autocorrect knows prose; what is code or formula it must leave alone
        bare = CODE.sub(lambda m: f"`{'x' * (len(m[0]) - 2)}`", text)
        mended = autocorrect_py.format_for(bare, "markdown")
        if mended.strip() != bare.strip():
            found.append(f"{where}: write it so: {mended.strip()}")
        for match in CODE.finditer(text):
            around = text[max(0, match.start() - 1) : match.start() + 1]
            behind = text[match.end() - 1 : match.end() + 1]
            if TIGHT.match(around) or TIGHT.match(behind):
                found.append(f"{where}: put a space between {match[0]} and Chinese")
        if match := re.search(rf"[{CJK}](?:[,;:?!]|\.(?!\w))", re.sub(CODE, "`x`", text)):
            found.append(f"{where}: {match[0]!r}: Chinese takes 全角标点")
    return found


def terms() -> list[tuple[re.Pattern, list[str], list[str]]]:
    """The table of terms: English pattern, agreed Chinese, Chinese that is not used for it."""
    rows = []
    for line in (ROOT / "tests/terms.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            english, chinese, others = [*line.split("\t"), ""][:3]
            pattern = re.compile(rf"(?<![\w`.]){english}(?![\w`])", re.I)
            rows.append((pattern, chinese.split(), others.split()))
    return rows


def words(page: Page) -> str:
    """The prose of a page without code, formulas, markers and addresses of links."""
    text = "\n".join(place.text for place in page.prose)
    return re.sub(r"<!--.*?-->|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{ #[\w-]+ \}", " ", text)


def disagreements(zh: Page, en: Page) -> list[str]:
    """Terms of the English page that the Chinese page says in other words than agreed."""
    found, ours, theirs = [], words(zh), words(en)
    for pattern, chinese, others in terms():
        match = pattern.search(theirs)
        if match and not any(word in ours for word in chinese):
            found.append(
                f"{zh.path.relative_to(ROOT)}: the English page says {match[0]!r}, "
                f"which is {' or '.join(chinese)} here (tests/terms.tsv)"
            )
        for word in others:
            if word in ours:
                found.append(f"{zh.path.relative_to(ROOT)}: {word!r} is {chinese[0]!r} here")
    return found


def report(found: list[str]) -> None:
    if found:
        pytest.fail("\n" + "\n".join(found), pytrace=False)


def test_chinese_typography():
    report([fault for zh, _ in PAIRS.values() for fault in typography(zh)])


def test_terms_mean_the_same_in_both_languages():
    report([fault for zh, en in PAIRS.values() for fault in disagreements(zh, en)])


def test_english_is_spelt_right():
    files = [str(en.path) for _, en in PAIRS.values()]
    files += [str(p) for p in ROOT.glob("*.md")] + [str(p) for p in (ROOT / "tests").glob("*.py")]
    command = [Path(sys.executable).parent / "codespell", *files]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, "\n" + run.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("中文abc", "中文 abc"),
        ("参数`dim`是轴", "space between `dim`"),
        ("公式$x$在此", "space between $x$"),
        ("损失为零,梯度也为零", "，"),
        ("就这样.", "全角"),
    ],
)
def test_a_slip_of_typography_is_caught(line, said):
    page = Page(ROOT / "docs/a.zh.md", f"# 标题 {{ #a }}\n\n{line}\n")
    assert any(said in fault for fault in typography(page))


def test_a_wrong_term_is_caught():
    en = Page(ROOT / "docs/a.en.md", "# A { #a }\n\nThe vanishing gradient.\n")
    zh = Page(ROOT / "docs/a.zh.md", "# 甲 { #a }\n\n消失梯度。\n")
    found = "\n".join(disagreements(zh, en))
    assert "梯度消失" in found and "'消失梯度'" in found
