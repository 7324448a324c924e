"""Tools for readers: the chooser of start/choose, the field of help/magic_numbers, the cheat sheet.

The pages are the source of both. The first tests read the Markdown: each path through the questions
ends at a section, each section is reached, both languages ask the same. The others drive a browser
and compare what it shows with the page, and with numbers computed here.
"""

import math
import random
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from urllib.parse import quote

import pytest
from lxml import html

from hooks.quote import quoted, relinked
from tests.markdown import DOCS, Page, pages
from tests.serving import violations
from tests.test_browser import contrast

LANGUAGES = {"zh": "", "en": "en/"}
ANSWER = re.compile(r"\[.*?\]\(#(?P<goal>[\w-]+)\)\{ data-answer=\"(?P<answer>[\w-]+)\" \}")


# -- the pages -------------------------------------------------------------------------------


def scripts(page: Page) -> list[str]:
    """The scripts that a page names in its front matter."""
    match = re.match(r"---\n(?:.*\n)*?scripts: \[(.*?)\]\n(?:.*\n)*?---\n", page.text)
    return [name.strip() for name in match[1].split(",")] if match else []


def test_scripts_exist_and_both_languages_load_the_same():
    named = {(page.stem, page.language): scripts(page) for page in pages()}
    assert any(named.values())
    for (stem, _), names in named.items():
        assert names == named[stem, "zh"], f"{stem}: scripts differ between the languages"
        for name in names:
            assert (DOCS / "assets" / name).exists(), f"{stem}: docs/assets/{name} is missing"


@cache
def questions(language: str) -> dict[str, list[tuple[str, str]]]:
    """The questions of start/choose in their order: id to (answer, goal)."""
    page = Page.read(DOCS / f"start/choose.{language}.md")
    heads = [h for h in page.headings if h.level <= 3]
    found = {}
    for head, after in pairwise(heads):
        if head.id.startswith("ask-"):
            lines = [line for line in page.outside[head.line : after.line - 1] if line.strip()]
            assert all(line.startswith("- ") for line in lines), f"{head.id}: more than answers"
            matches = [list(ANSWER.finditer(line)) for line in lines]
            assert all(len(m) == 1 for m in matches), f"{head.id}: one data-answer an item"
            found[head.id] = [(m["answer"], m["goal"]) for (m,) in matches]
    return found


@cache
def table(language: str) -> list[str]:
    """The sections that the table of start/choose leads to, row by row."""
    page = Page.read(DOCS / f"start/choose.{language}.md")
    return re.findall(r"^\| \[[^\]]*\]\(#([\w-]+)\) \|", page.text, re.M)


def paths(language: str, start: str = "ask-labels") -> list[tuple[dict[str, str], str]]:
    """Every way through the questions: the answers by question, and the section at the end."""
    found = []
    for answer, goal in questions(language)[start]:
        chosen = {start.removeprefix("ask-"): answer}
        if goal in questions(language):
            found += [({**chosen, **more}, end) for more, end in paths(language, goal)]
        else:
            found.append((chosen, goal))
    return found


def block(language: str, section: str) -> str:
    """The code of a section's first block."""
    page = Page.read(DOCS / f"start/choose.{language}.md")
    line = next(h.line for h in page.headings if h.id == section)
    return next(b.code.body for b in page.blocks if b.code.line > line)


def test_both_languages_ask_the_same_questions():
    assert questions("zh") == questions("en") and table("zh") == table("en")


def test_every_path_ends_at_a_row_and_every_row_is_reached():
    asked, order = questions("en"), list(questions("en"))
    for id_, answers in asked.items():
        names = [name for name, _ in answers]
        assert len(names) == len(set(names)) > 1, f"{id_}: answers {names}"
        for name, goal in answers:
            where = f"{id_}={name} leads to #{goal}"
            if goal in asked:  # forwards only, so that a reader never sees a question move up
                assert order.index(goal) > order.index(id_), where
            else:
                assert goal in table("en"), f"{where}, which is no row of the table"
    goals = {goal for answers in asked.values() for _, goal in answers}
    assert goals == {*order[1:], *table("en")}, "a question or a row that no answer leads to"
    assert len(table("en")) == len(set(table("en")))
    for section in table("en"):
        page = Page.read(DOCS / "start/choose.en.md")
        here = next(k for k, h in enumerate(page.headings) if h.id == section)
        start, end = page.headings[here].line, page.headings[here + 1].line
        blocks = [b for b in page.blocks if start < b.code.line < end]
        assert blocks and blocks[0].output, f"#{section} has no block with an output"


# -- the chooser -----------------------------------------------------------------------------


def choose(page, answers: dict[str, str]) -> None:
    """Answer the questions with the mouse."""
    for name, value in answers.items():
        page.locator(f"input[name={name}][value={value}]").click()


def shown(page) -> tuple[str, str]:
    """The section that the result links to, and the code that it shows."""
    link = page.locator(".hb-actions a").get_attribute("href")
    return link[1:], page.locator(".hb-result .language-python code").text_content()


def tab_to(page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def search(page) -> str:
    """The answers in the address."""
    return page.evaluate("location.search")


def visible(page) -> list[str]:
    """The questions that are asked."""
    page.locator(".hb-chooser").wait_for()
    return page.locator("fieldset:visible h3").evaluate_all("all => all.map(h => h.id)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_path_shows_its_row_and_its_block(visit, language):
    page = visit(f"{LANGUAGES[language]}start/choose/")
    rows = page.locator("article table").first
    for answers, section in paths(language):
        choose(page, answers)
        assert shown(page) == (section, block(language, section))
        cells = rows.locator(f"tr:has(a[href='#{section}']) td").all_inner_texts()
        assert page.locator(".hb-result dd").all_inner_texts() == cells[1:]
        assert cells[0] in page.get_by_role("status").inner_text()
        assert [id_.removeprefix("ask-") for id_ in visible(page)] == list(answers)
        output = page.locator(".hb-result .language-text code").text_content()
        assert (
            output.strip().splitlines()[0]
            in page.locator(f"#{section} ~ .language-text").all()[0].text_content()
        )
        page.locator(".hb-chooser button").last.click()
        assert (
            visible(page) == ["ask-labels"] and not page.locator("fieldset input:checked").count()
        )
        assert search(page) == ""


def test_ids_stay_unique_while_a_block_is_shown(visit):
    page = visit("en/start/choose/?labels=many&rare=no")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert page.locator(".hb-result .language-python").count() == 1
    assert len(ids) == len(set(ids)), {i for i in ids if ids.count(i) > 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chooser_works_with_the_keyboard_alone(visit, language):
    page = visit(f"{LANGUAGES[language]}start/choose/")
    page.locator("#questions .headerlink").focus()
    for name, keys in {"labels": "Space", "place": "Space ArrowDown", "pixel": "Space"}.items():
        tab_to(page, f"input[name={name}]")  # past the links in the answers before
        for key in keys.split():
            page.keyboard.press(key)
    assert shown(page)[0] == "pixel-binary"
    tab_to(page, ".hb-chooser > button")
    page.keyboard.press("Enter")
    assert visible(page) == ["ask-labels"]
    assert page.evaluate("document.activeElement.name") == "labels", "the focus was lost"


def test_arrows_move_between_answers_and_back_undoes_them(visit):
    page = visit("en/start/choose/")
    page.locator("input[name=labels]").first.focus()
    page.keyboard.press("Space")
    assert search(page) == "?labels=one" and visible(page) == ["ask-labels", "ask-place"]
    page.keyboard.press("ArrowDown")
    assert search(page) == "?labels=many" and visible(page) == ["ask-labels", "ask-rare"]
    assert page.evaluate("document.activeElement.value") == "many", "the focus was lost"
    page.locator("input[name=rare][value=yes]").focus()
    page.keyboard.press("Space")
    assert shown(page)[0] == "rare-labels"
    page.go_back()
    assert visible(page) == ["ask-labels", "ask-rare"] and page.locator(".hb-result").is_hidden()
    page.go_back()
    assert page.locator("input[value=one]").first.is_checked()
    page.go_back()
    assert not page.locator("fieldset input:checked").count()
    page.go_forward()
    page.go_forward()
    page.go_forward()
    assert shown(page)[0] == "rare-labels"


def test_a_changed_answer_drops_those_behind_it(visit):
    page = visit("en/start/choose/")
    choose(page, {"labels": "one", "place": "sample", "target": "index", "classes": "two"})
    choose(page, {"place": "pixel"})
    assert visible(page) == ["ask-labels", "ask-place", "ask-pixel"]
    assert search(page) == "?labels=one&place=pixel"
    choose(page, {"place": "sample"})
    assert not page.locator("input[name=target]:checked").count()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_can_be_shared(visit, address, language):
    answers, section = paths(language)[-3]
    query = "&".join(f"{name}={value}" for name, value in answers.items())
    page = visit(f"{LANGUAGES[language]}start/choose/?{query}")
    assert shown(page)[0] == section
    other = {"zh": "en", "en": "zh"}[language]
    page.locator(f".hb-language[hreflang={other}]").click()
    page.wait_for_url(f"{address}{LANGUAGES[other]}start/choose/?{query}")
    assert shown(page)[0] == section


@pytest.mark.parametrize(
    "query", ["?labels=nothing", "?place=pixel", "?labels=", "?=&&", "?labels=%22%3E%3Cimg", "?x=1"]
)
def test_an_address_that_answers_nothing_asks_the_first_question(visit, query):
    page = visit(f"en/start/choose/{query}")
    assert visible(page) == ["ask-labels"] and not page.locator("fieldset input:checked").count()


def test_an_address_that_goes_astray_stops_at_the_last_good_answer(visit):
    page = visit("en/start/choose/?labels=one&place=moon&target=index")
    assert visible(page) == ["ask-labels", "ask-place"]


def test_the_block_can_be_copied(visit):
    page = visit("en/start/choose/?labels=many&rare=no")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".hb-actions button").click()
    page.get_by_role("status").get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == block("en", "multi-label")


def test_without_a_clipboard_the_block_is_selected(visit):
    page = visit("start/choose/?labels=many&rare=no")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')); }")
    page.locator(".hb-actions button").click()
    page.get_by_role("status").get_by_text("Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()").strip() == block("zh", "multi-label").strip()


@pytest.mark.parametrize("path", ["start/choose/#ask-order", "start/choose/#ordinal"])
def test_an_address_with_a_place_leads_there(visit, path):
    page = visit(path)
    wanted = ".hb-chooser" if "#ask" in path else "#ordinal"
    assert -1 <= page.locator(wanted).bounding_box()["y"] < 300


# -- without a script, from a disk, on paper, on a phone, for all -----------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["start/choose/", "help/magic_numbers/"])
def test_without_a_script_the_page_says_the_same(browser, address, path, language):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + LANGUAGES[language] + path)
    assert not page.locator("form.hb-tool, article input").count()
    if "choose" in path:
        for id_, answers in questions(language).items():
            links = page.locator(f"#{id_} + ul a[data-answer]")
            goals = [links.nth(k).get_attribute("href") for k in range(links.count())]
            assert goals == [f"#{goal}" for _, goal in answers]
        page.locator("a[data-answer=many]").click()
        assert page.url.endswith("#ask-rare") and page.locator("#ask-rare").is_visible()
    else:
        assert "2.3026    10  ln-c" in page.locator("#table ~ .language-text").first.inner_text()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tools_work_from_a_disk(browser, site, language):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"file://{site}/{LANGUAGES[language]}start/choose/index.html")
    choose(page, {"labels": "many", "rare": "no"})
    assert shown(page) == ("multi-label", block(language, "multi-label"))
    page.go_back()
    assert visible(page) == ["ask-labels", "ask-rare"]
    page.goto(f"file://{site}/{LANGUAGES[language]}help/magic_numbers/index.html?number=2.3026")
    assert page.locator("section[data-section=ln-c]").is_visible()
    assert not faults, faults
    context.close()


TOOLS = [
    "start/choose/",
    "start/choose/?labels=one&place=sample&target=index&classes=very-many&limit=memory",
    "help/magic_numbers/",
    "help/magic_numbers/?number=0.6931&C=10",
    "help/magic_numbers/?C=7",
    "help/magic_numbers/?number=nothing",
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", TOOLS)
def test_a_tool_fits_a_phone_and_every_reader(visit, path, language):
    page = visit(LANGUAGES[language] + path, scheme="dark", width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tool = page.locator("form.hb-tool")
    boxes = [tool.bounding_box()]
    boxes += [box.bounding_box() for box in tool.locator("input:visible, button:visible").all()]
    for box in boxes:
        assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    assert not violations(page, "form.hb-tool")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tool_can_be_read_in_both_schemes(visit, scheme):
    page = visit("help/magic_numbers/?number=2.3026", scheme)
    for selector in (".hb-fields span", ".hb-hint", ".hb-status", ".hb-result li"):
        assert contrast(page, selector) >= 4.5, selector


def test_a_tool_is_not_printed(visit):
    page = visit("start/choose/")
    page.emulate_media(media="print")
    assert page.locator("form.hb-tool").is_hidden() and page.locator("#table").is_visible()


def test_no_script_or_style_stands_in_the_markup_of_a_tool(visit):
    """A Content-Security-Policy may forbid inline scripts, handlers and styles."""
    for path in ("start/choose/?labels=many&rare=no", "help/magic_numbers/?number=2.3026"):
        markup = visit(path).locator("form.hb-tool").evaluate("form => form.outerHTML")
        bare = re.sub(r"<span class=\"katex-html\".*?</span></span></span>", "", markup)
        assert not re.search(r"<script|\son\w+=", bare)


@pytest.mark.parametrize("stem", ["start/choose", "help/magic_numbers", "functions/softmax"])
def test_a_script_is_loaded_only_where_a_page_asks_for_it(site, stem):
    for language in LANGUAGES.values():
        text = (site / f"{language}{stem}/index.html").read_text("utf-8")
        loaded = re.findall(r'<script src="[^"]*/assets/([\w.]+)" defer>', text)
        assert loaded == scripts(Page.read(DOCS / f"{stem}.zh.md"))


# -- the field -------------------------------------------------------------------------------


@cache
def rows() -> list[tuple[float, int | None, str, str]]:
    """The table that the page prints: number, classes (None for any), section, diagnosis."""
    page = Page.read(DOCS / "help/magic_numbers.en.md")
    lines = page.blocks[0].output.body.splitlines()
    parts = [line.split(maxsplit=3) for line in lines]
    return [(float(v), None if c == "any" else int(c), s, d) for v, c, s, d in parts]


def entropy(target: list[float]) -> float:
    return -math.fsum(p * math.log(p) for p in target)


def computed(C: int) -> list[tuple[float, str]]:
    """What the page's formulas give for C classes: number and section."""
    targets = {eps: [1 - eps + eps / C] + [eps / C] * (C - 1) for eps in (0.05, 0.1, 0.2)}
    smoothed = [(entropy(target), "smoothing") for target in targets.values()]
    best = math.log(1 + (C - 1) / math.e)
    twice = [(best, "softmax-twice"), (1 + best, "softmax-twice")]
    return [(math.log(C), "ln-c"), *twice, *smoothed, (-1 / C, "negative")]


TYPE = """async cases => {
  const [number, classes] = document.querySelectorAll(".hb-fields input");
  return cases.map(([text, C]) => {
    number.value = text;
    classes.value = C;
    number.dispatchEvent(new Event("input", { bubbles: true }));
    return {
      status: document.querySelector(".hb-status").textContent,
      sections: [...document.querySelectorAll(".hb-result section")].map(s => s.dataset.section),
      values: [...document.querySelectorAll(".hb-result section [data-value]")]
        .map(item => Number(item.dataset.value)),
      text: document.querySelector(".hb-result").innerText,
    };
  });
}"""


def answers(page, cases: list[tuple[str, str]]) -> list[dict]:
    """What the field shows for each (number, classes) that is typed."""
    page.locator(".hb-fields").wait_for()
    return page.evaluate(TYPE, cases)


def test_every_number_of_the_table_leads_to_its_section(visit):
    page = visit("en/help/magic_numbers/")
    headings = {h.id for h in Page.read(DOCS / "help/magic_numbers.en.md").headings}
    cases = [(f"{value:.4f}", str(C or "")) for value, C, _, _ in rows()]
    for (value, C, section, _), got in zip(rows(), answers(page, cases), strict=True):
        assert section in headings
        assert section in got["sections"], (value, C, got)
        assert any(abs(v - value) < 5.1e-5 for v in got["values"]), (value, C, got)


def test_every_section_with_a_number_is_in_the_table():
    page = Page.read(DOCS / "help/magic_numbers.en.md")
    frame = {"table", "any-c", "not-a-number", "other", "see-also"}
    sections = {h.id for h in page.headings if h.level == 2} - frame
    assert sections == {section for _, _, section, _ in rows()}


def test_the_numbers_of_any_class_count_are_those_of_python(visit):
    page = visit("help/magic_numbers/")
    counts = [*range(2, 60), 91, 100, 365, 1000, 1024, 8192, 21841, 30522, 32000, 50257, 128256]
    for C, got in zip(counts, answers(page, [("", str(C)) for C in counts]), strict=True):
        expected = sorted(value for value, _ in computed(C))
        assert sorted(got["values"]) == pytest.approx(expected, rel=1e-9), C
        for value in expected:
            written = Decimal(value).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            assert str(written).replace("-", "−") in got["text"], (C, value)


def test_what_fits_a_number_is_what_python_finds(visit):
    """Numbers near a known one and numbers near none, with and without a class count."""
    page = visit("help/magic_numbers/")
    generator = random.Random(0)
    cases = []
    for _ in range(200):
        C = generator.choice([None, None, 2, 3, 10, 37, 1000, 50257])
        known = [value for value, *_ in (computed(C) if C else rows())]
        value = generator.choice([generator.choice(known), generator.uniform(-1.2, 30)])
        digits = generator.randint(2, 7)
        cases.append((f"{value + generator.choice([0, 0, 2e-4]):.{digits}f}", C))
    typed = [(text, str(C or "")) for text, C in cases]
    for (text, C), got in zip(cases, answers(page, typed), strict=True):
        x, digits = float(text), len(text.partition(".")[2])
        width = max(10.0**-digits, 1e-6 * abs(x))
        near = [value for value, classes, *_ in rows() if not C or classes != C]
        near += [value for value, _ in computed(C)] if C else []
        expected = sorted(
            value
            for value in near
            if abs(value - x) < max(width, 5.1e-5 if value else 0) * (1 - 1e-6)
        )
        assert sorted(got["values"]) == pytest.approx(expected, rel=1e-9), (text, C, got)
        assert got["sections"], "nothing at all is shown"


def test_a_class_count_is_found_from_the_number_alone(visit):
    page = visit("en/help/magic_numbers/")
    counts = [*range(2, 200), 365, 777, 1000, 4096, 21841, 50257]
    forms = {
        "ln-c": lambda C: math.log(C),
        "softmax-twice": lambda C: math.log(1 + (C - 1) / math.e),
        "negative": lambda C: -1 / C,
    }
    for section, form in forms.items():
        cases = [(repr(form(C)), "") for C in counts]
        for C, got in zip(counts, answers(page, cases), strict=True):
            assert section in got["sections"], (C, got)
            assert re.search(rf"C = {C}\b", got["text"]), (section, C, got)
    assert "N = 64" in answers(page, [("1.5625", "")])[0]["text"]
    assert "k = 10" in answers(page, [("23.0259", "")])[0]["text"]
    assert "C = 213 to 217" in answers(page, [("5.37", "")])[0]["text"]


WRITTEN = {
    "2.3026": "２．３０２６|2。3026|２。３０２６|2，3026|2,3026|  2.3026 |loss: 2.3026|loss=2.3026|"
    "损失：2.3026|损失为２．３０２６。|tensor(2.3026, grad_fn=<NllLossBackward0>)|+2.3026|2.30258|"
    "2.302585093|2.3025851249694824|2.303|2.30|23.026e-1|2.3026E0|Epoch 3/10, loss: 2.3026|"
    "1/1 - 0s - loss: 2.3026 - accuracy: 0.1|step 12 2.3026 0.1000|`2.3026`|\t2.3026\n",
    "-0.1000": "-0.1|−0.1|－０．１|–0.1|- 0.1|-.1|-1e-1|loss: −0.1000|-0,1",
    "0.6931": "0.6931|.6931|０．６９３１|0,693|0.693147|val_loss=0.6931|6.931e-1",
    "65504.0000": "65504|65,504|65 504|65_504|65'504|６５，５０４|65504.0|65,504.00|65.504,0|"
    "6.5504e4",
    "100.0000": "100|100.0|１００|1e2|100.|tensor(100.)",
    "0.0000": "0|0.0|0.0000|-0|０|1e-400",
}


@pytest.mark.parametrize("number", WRITTEN)
def test_a_number_is_read_however_it_is_written(visit, number):
    page = visit("help/magic_numbers/")
    written = WRITTEN[number].split("|")
    for text, got in zip(written, answers(page, [(t, "") for t in written]), strict=True):
        assert any(f"{value:.4f}" == number for value in got["values"]), (text, got)


ODD = {
    "nan": ("not-a-number", "NaN|nan|tensor(nan)|loss: nan|ｎａｎ|损失：NaN"),
    "inf": ("not-a-number", "inf|-inf|Infinity|−inf|∞|-∞|tensor(-inf)|loss inf"),
    "beyond float64": ("not-a-number", "1e400|-1e400|9" + "9" * 400),
    "no such number": ("other", "1e-3|0.0421|424242|-17|1e308|0.00004"),
}
SAID = {"zh": ("没有读到数", "类别数是不小于 2"), "en": ("There is no number", "from 2 on")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_odd_input_gets_something_sensible(visit, language):
    page = visit(f"{LANGUAGES[language]}help/magic_numbers/")
    for kind, (section, written) in ODD.items():
        texts = written.split("|")
        for text, got in zip(texts, answers(page, [(t, "") for t in texts]), strict=True):
            assert got["sections"] == [section] and got["status"], (kind, text, got)
            assert len(got["text"]) > 60, "the section's own words are missing"
            other = re.search("[\u4e00-\u9fff]", got["status"] + got["text"])
            assert bool(other) == (language == "zh"), (text, got)
    for text in ("abc", "loss", "。", "-", "...", "🙂", "banana", "information"):
        (got,) = answers(page, [(text, "")])
        assert SAID[language][0] in got["status"] and not got["sections"], (text, got)
    for classes in ("1", "0", "-3", "2.5", "ten", "1e400", "nan", "²½"):
        (got,) = answers(page, [("2.3026", classes)])
        assert SAID[language][1] in got["status"] and not got["sections"], (classes, got)
    for classes in ("10", "１０", " 10 ", "1e1", "C = 10", "10.0"):
        (got,) = answers(page, [("2.3026", classes)])
        assert got["sections"] == ["ln-c"], (classes, got)
    (got,) = answers(page, [(" 　", "")])
    assert got == {"status": "", "sections": [], "values": [], "text": ""}


def test_a_number_that_almost_fits_names_its_neighbours(visit):
    page = visit("en/help/magic_numbers/")
    almost, wrong = answers(page, [("2.3071", ""), ("2.3026", "1000")])
    assert "2.3026" in almost["text"] and almost["sections"] == ["other"]
    assert "C = 10, not C = 1000" in wrong["text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_field_works_with_the_keyboard_and_is_shared_by_its_address(
    visit,
    address,
    language,
):
    page = visit(f"{LANGUAGES[language]}help/magic_numbers/")
    labels = {"zh": ("看到的数", "类别数"), "en": ("The number you see", "Number of classes")}
    number = page.get_by_label(labels[language][0])
    number.focus()
    page.keyboard.type("2.3026")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.inputMode") == "numeric"
    page.keyboard.type("10")
    page.keyboard.press("Enter")  # sends nothing anywhere
    tail = "help/magic_numbers/?number=2.3026&C=10"
    assert page.evaluate("location.href") == f"{address}{LANGUAGES[language]}{tail}"
    assert "2.3026" in page.get_by_role("status").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.href").endswith(f"{tail}#ln-c")
    page.reload()
    assert number.input_value() == "2.3026" and page.locator("[data-section=ln-c]").is_visible()
    other = {"zh": "en", "en": "zh"}[language]
    page.locator(f".hb-language[hreflang={other}]").click()
    page.wait_for_url(f"{address}{LANGUAGES[other]}{tail}")
    assert page.get_by_label(labels[other][1]).input_value() == "10"


def test_any_text_in_the_address_is_only_text(visit):
    evil = '"><img src=x onerror=alert(1)> 2.3026'
    page = visit(f"help/magic_numbers/?number={quote(evil)}&C={quote(evil)}")
    assert page.locator(".hb-fields input").first.input_value() == evil
    assert not page.locator("form img").count()


# -- the cheat sheet -------------------------------------------------------------------------


@pytest.fixture
def sheet(site):
    """The built cheat sheet in one language, parsed."""

    def parse(language: str):
        path = site / f"{LANGUAGES[language]}cheatsheet/index.html"
        return html.parse(str(path)).getroot()

    return parse


def lines(element) -> list[str]:
    return element.text_content().strip().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cheat_sheet_shows_what_other_pages_state(sheet, site, language):
    tree = sheet(language)
    assert not tree.xpath("//article//div[@data-from or @data-index]"), "a place is left empty"
    (numbers,) = tree.xpath("//h2[@id='magic']/following-sibling::div[1]//pre/code")
    page = Page.read(DOCS / f"help/magic_numbers.{language}.md")
    assert lines(numbers) == page.blocks[0].output.body.strip().splitlines()
    pairs = tree.xpath("//h2[@id='pairs']/following-sibling::div[1]//td[1]/a/@href")
    assert pairs == [f"../start/choose/#{section}" for section in table(language)]
    for section in ("functions", "losses"):
        rows = tree.xpath(f"//h2[@id='{section}']/following-sibling::table[1]/tbody/tr")
        assert len(rows) >= 8
        for row in rows:
            assert len(row) == 4 and all(cell.text_content().strip() for cell in row), lines(row)
    asked = re.search(
        r'#messages" data-rows="([^"]*)"', (DOCS / f"cheatsheet.{language}.md").read_text()
    )
    links = tree.xpath("//h2[@id='errors']/following-sibling::div[1]//td[3]//a/@href")
    assert {link.partition("#")[2] for link in links} == set(asked[1].split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cheat_sheet_prints_on_three_sides_of_a4_at_most(visit, language):
    page = visit(f"{LANGUAGES[language]}cheatsheet/", scheme="dark", width=725)
    paper = page.pdf(prefer_css_page_size=True)
    sides = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert 2 <= len(sides) <= 3, f"{len(sides)} sides"
    assert {(round(float(w)), round(float(h))) for w, h in sides} == {(595, 842)}, "not A4"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 725, "cut off at the right"
    assert not page.locator(
        ".md-header:visible, .md-footer:visible, .language-python:visible"
    ).count()
    assert page.locator(".language-text:visible").count() == 3
    dark = page.evaluate("getComputedStyle(document.body).getPropertyValue('--md-code-bg-color')")
    assert dark.strip() == "#f4f6f9", "dark colours on paper"


def test_the_home_page_and_the_navigation_lead_to_the_cheat_sheet(site):
    for language in LANGUAGES.values():
        tree = html.parse(str(site / f"{language}index.html")).getroot()
        for part in ("//article", "//nav[contains(@class, 'md-tabs')]"):
            assert tree.xpath(f"{part}//a[@href='cheatsheet/']"), (language, part)


SOURCE = Page(
    DOCS / "help/a.en.md",
    """# A { #a }

## With a table { #table }

| a | b |
|---|---|
| [x](#one) | [f](../functions/softmax.md#edge) |
| [y](#two) | [g](nan.md) [h](https://example.org/#one) |

## With an output { #output }

```python
print(1)
```
<!--pytest-codeblocks:expected-output-->
```text
1
```

## With neither { #neither }
""",
)


def test_a_quotation_is_what_stands_there_with_links_that_lead_there():
    assert quoted(SOURCE, "output", []) == "```text\n1\n```"
    rows = quoted(SOURCE, "table", ["two"]).splitlines()
    assert len(rows) == 3 and rows[2].startswith("| [y](#two)")
    whole = relinked(quoted(SOURCE, "table", []), "help/a.md", "")
    assert "[x](help/a.md#one)" in whole and "[f](functions/softmax.md#edge)" in whole
    assert "[g](help/nan.md)" in whole and "(https://example.org/#one)" in whole
    assert "[x](../help/a.md#one)" in relinked("[x](#one)", "help/a.md", "start")


@pytest.mark.parametrize(
    ("section", "rows", "said"),
    [
        ("nowhere", [], "no heading { #nowhere }"),
        ("table", ["three"], "no row of #table links to #three"),
        ("neither", [], "no table and no output"),
        ("output", ["one"], "no table"),
    ],
)
def test_a_quotation_of_nothing_is_named(section, rows, said):
    with pytest.raises(LookupError, match=re.escape(said)):
        quoted(SOURCE, section, rows)
