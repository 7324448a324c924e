"""The page contract: what a page must hold so that nothing on it escapes the checks.

Each rule is a generator of faults; `faults(page, twin)` runs them all. A fault names the line,
what is wrong and the mend. tests/test_mistakes.py breaks every rule once.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import torch
from pytest_codeblocks import extract_from_buffer

from tests.markdown import IMAGE, OUTPUT_MARK, ROOT, Page, source

FENCES = ("python", "text", "console", "latex", "mermaid")
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
SHAPE_COMMENT = re.compile(r"#\s*[(\[][\w\s,.*+()\[\]-]*[)\]]$")
# a decimal or a number with an exponent, in prose; not part of a word, a version or a range
NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+(?:e[-+−]?\d+)?|e[-+−]?\d+)(?!\w|\.\d)")
PRINTED = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
LONG = re.compile(r"\d+\.\d{5,}")
COMPUTED = re.compile(r"[`$%*\s]*<!--\s*=(?P<code>.*?)-->")
SKELETON = {
    "functions": "formula plot example shapes gradient stability edge pitfalls see-also",
    "losses": "formula plot example shapes reduction gradient stability edge pitfalls see-also",
}


@dataclass(frozen=True)
class Fault:
    """Something wrong on a line of a page, and what to do about it."""

    page: Page
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.page.where(self.line)}: {self.what}"


def faults(page: Page, twin: Page | None) -> list[Fault]:
    """All faults of a page, and, once per pair (on the Chinese page), of its agreement."""
    found = [fault for rule in RULES for fault in rule(page)]
    found += [Fault(page, e.line, e.text) for e in page.errors]
    if twin is None:
        missing = f"the twin {page.twin.name} is missing: write it, in its own words"
        found.append(Fault(page, 1, missing))
    elif page.language == "zh":
        found += agreement(page, twin)
    return sorted(set(found), key=lambda fault: fault.line)


# -- rules of one page -----------------------------------------------------------------------


def fences(page: Page) -> Iterator[Fault]:
    """A fence that the runner does not know is a fence that nobody runs."""
    for fence in page.fences:
        if fence.indent:
            yield Fault(page, fence.line, "an indented fence loses blank lines: put it at column 0")
        if fence.ticks != "```":
            yield Fault(page, fence.line, "open a fence with exactly three backticks")
        if fence.info not in FENCES:
            hint = "write ```python alone" if "py" in fence.info.lower() else "use one of these"
            if fence.info in ("sh", "bash", "shell"):
                hint = "a shell block would be executed: use ```console"
            allowed = ", ".join(FENCES)
            yield Fault(
                page, fence.line, f"fence {fence.info!r} is not allowed ({allowed}): {hint}"
            )


def runner_agrees(page: Page) -> Iterator[Fault]:
    """Our parser and pytest-codeblocks must see the same blocks with the same outputs."""
    try:
        theirs = [b for b in extract_from_buffer(StringIO(page.text)) if b.syntax == "python"]
    except RuntimeError as error:
        yield Fault(page, 1, f"pytest-codeblocks cannot read this page: {error}")
        return
    ours = {b.code.line: b for b in page.blocks}
    seen = {b.lineno: b for b in theirs}
    for line in sorted(ours.keys() ^ seen.keys()):
        yield Fault(page, line, "this block is read by only one of the two parsers: mend its fence")
    for line in ours.keys() & seen.keys():
        output = ours[line].output
        if seen[line].code != ours[line].code.body:
            yield Fault(page, line, "the two parsers read different code here: mend the fence")
        if seen[line].expected_output != (output and output.body):
            yield Fault(
                page,
                line,
                "the expected output is bound to another fence: write python fence, "
                f"{OUTPUT_MARK}, text fence, with nothing between",
            )
        if seen[line].marks or seen[line].importorskip:
            yield Fault(page, line, "a block must not be skipped or marked: remove the comment")


def comments(page: Page) -> Iterator[Fault]:
    """The one marker is written in one way, and stands where it binds."""
    for comment in page.comments:
        body = comment.text.strip()
        if f"<!--{comment.text}-->" == OUTPUT_MARK:
            code = [f for f in page.fences if f.end < comment.line]
            after = [f for f in page.fences if f.line > comment.line]
            near = (
                code
                and after
                and code[-1].info == "python"
                and after[0].info == "text"
                and not any(
                    line.strip() and line.strip() != OUTPUT_MARK
                    for line in page.lines[code[-1].end : after[0].line - 1]
                )
            )
            if not near:
                yield Fault(page, comment.line, "this marker must stand between python and text")
        elif re.search(r"codeblock|expected|pytest|skip", body, re.I):
            yield Fault(
                page,
                comment.line,
                f"unknown marker <!--{body}-->: the only one is {OUTPUT_MARK}; "
                "blocks are never continued, skipped or marked",
            )
        elif not re.match(r"formula:|=", body):
            yield Fault(page, comment.line, "pages hold no comments but formula and = markers")


def blocks(page: Page) -> Iterator[Fault]:
    """A block stands alone and proves something."""
    for block in page.blocks:
        line, code = block.code.line, block.code.body
        try:
            tree = ast.parse(code)
        except SyntaxError as error:
            yield Fault(page, line + (error.lineno or 0), f"the block is not Python: {error.msg}")
            continue
        calls = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
        prints = "print" in calls
        if prints and block.output is None:
            yield Fault(
                page,
                line,
                f"the block prints, but nothing checks it: put {OUTPUT_MARK} and a text fence "
                "below, then run `make update`",
            )
        if not prints and block.output is not None:
            yield Fault(page, line, "the block prints nothing, but has an output: print the values")
        if not prints and not any(isinstance(n, ast.Assert) for n in ast.walk(tree)):
            yield Fault(page, line, "the block proves nothing: print a value or assert one")
        for call in calls:
            if re.match(r"torch\.set_", call):
                yield Fault(page, line, f"{call}() leaks into the reader's session: leave it out")
        if CJK.search(code):
            yield Fault(page, line, "code is the same in both languages: keep it to ASCII")
        for number, text in enumerate(code.splitlines(), line + 1):
            if len(text) > 88:
                yield Fault(page, number, f"{len(text)} columns: break the line at 88")
            comment = _comment(text)
            if comment and not SHAPE_COMMENT.match(comment):
                yield Fault(page, number, "comments in code are shapes only, e.g. # (N, C)")
        if block.output and not block.output.body.strip():
            yield Fault(page, block.output.line, "the output is empty: run `make update`")
        for number, text in enumerate((block.output.body if block.output else "").splitlines(), 1):
            if match := LONG.search(text):
                yield Fault(
                    page,
                    block.output.line + number,
                    f"{match[0]} has more than four decimals, and the last ones depend on the CPU: "
                    'print f"{v:.4f}" or a comparison',
                )


def _comment(line: str) -> str | None:
    bare = re.sub(r'"[^"]*"|\'[^\']*\'', '""', line)
    return bare[bare.index("#") :].strip() if "#" in bare else None


def outputs(page: Page) -> Iterator[Fault]:
    """A text fence below a block without the marker looks checked and is not."""
    bound = {id(b.output) for b in page.blocks if b.output}
    for before, fence in zip(page.fences, page.fences[1:], strict=False):
        between = page.lines[before.end : fence.line - 1]
        near = not any(line.strip() for line in between)
        if fence.info == "text" and before.info == "python" and near and id(fence) not in bound:
            yield Fault(page, fence.line, f"this output is not checked: put {OUTPUT_MARK} above it")


def headings(page: Page) -> Iterator[Fault]:
    """Ids are explicit, because Chinese headings get none; levels do not jump."""
    seen: Counter = Counter()
    level = 0
    for heading in page.headings:
        if heading.id is None:
            yield Fault(page, heading.line, "give the heading an id: ## Title { #title }")
        elif not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", heading.id):
            yield Fault(page, heading.line, f"id {heading.id!r}: lower-case words and hyphens only")
        elif seen[heading.id]:
            yield Fault(page, heading.line, f"id {heading.id!r} stands on this page already")
        seen[heading.id] += 1
        if heading.level > level + 1:
            yield Fault(page, heading.line, f"level {heading.level} follows level {level}")
        if heading.level == 1 and level:
            yield Fault(page, heading.line, "a page has one heading of level 1")
        level = heading.level
    if not page.headings or page.headings[0].level != 1:
        yield Fault(page, 1, "a page starts with `# Title { #id }`")


def skeleton(page: Page) -> Iterator[Fault]:
    """Function and loss pages keep one order of sections, so that readers find their way."""
    order = SKELETON.get(page.stem.split("/")[0], "").split()
    if not order or page.stem.endswith("/index"):
        return
    ids = [h.id for h in page.headings if h.level == 2]
    for missing in [i for i in order if i not in ids]:
        yield Fault(page, 1, f"the section {{ #{missing} }} is missing (the order: {order})")
    if (known := [i for i in ids if i in order]) != [i for i in order if i in ids]:
        yield Fault(page, 1, f"sections stand as {known}, they should stand as {order}")


def images(page: Page) -> Iterator[Fault]:
    """Every image is a figure function of the page's own script, and says what is seen."""
    script = ROOT / "snippets" / f"{page.stem}.py"
    name = page.stem.split("/")[-1]
    for image in page.images:
        match = re.fullmatch(rf"{name}-(\w+)\.svg", image.text)
        if not match:
            yield Fault(page, image.line, f"{image.text}: a figure is called {name}-FUNCTION.svg")
        elif match[1] not in figures(script):
            known = ", ".join(figures(script)) or "none"
            yield Fault(
                page,
                image.line,
                f"{image.text}: snippets/{page.stem}.py has no function {match[1]} ({known})",
            )
        if len(image.alt.strip()) < 20:
            yield Fault(page, image.line, "the alt text says in a sentence what is seen")
    alone = {image.line for image in page.images}
    for number, line in enumerate(page.outside, 1):
        if "![" in re.sub(r"`[^`]*`", "", line) and not (
            number in alone and re.fullmatch(IMAGE, line)
        ):
            yield Fault(
                page, number, "a figure stands alone on its line: ![what is seen](NAME.svg)"
            )


@cache
def figures(script: Path) -> tuple[str, ...]:
    """The functions of a script that draw: public ones that take `say`."""
    if not script.exists():
        return ()
    body = ast.parse(script.read_text(encoding="utf-8")).body
    functions = [n for n in body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    return tuple(f.name for f in functions if [a.arg for a in f.args.args] == ["say"])


def links(page: Page) -> Iterator[Fault]:
    """A link names a page without its language and an id that exists there."""
    for link in page.links:
        target, _, anchor = link.text.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        if re.search(r"\.(zh|en)\.(md|ipynb)$", target):
            yield Fault(page, link.line, f"{link.text}: leave the language out: page.md")
            continue
        path = page.path if not target else page.path.parent / target
        if target:
            path = path.with_suffix(f".{page.language}{path.suffix}")
        if not target.endswith((".md", ".ipynb")) and target:
            yield Fault(page, link.line, f"{link.text}: link to the Markdown page, page.md")
        elif target and not path.exists():
            yield Fault(page, link.line, f"{link.text}: there is no such page")
        elif anchor and anchor not in (_ids(path) if target else {h.id for h in page.headings}):
            yield Fault(page, link.line, f"{link.text}: that page has no heading {{ #{anchor} }}")


@cache
def _ids(path: Path) -> frozenset[str | None]:
    return frozenset(heading.id for heading in Page.read(path).headings)


def formulas(page: Page) -> Iterator[Fault]:
    """A display formula stands free, or Markdown leaves it as text; its marker is above it."""
    for formula in page.formulas:
        above = formula.line - 2 if formula.marker is None else formula.line - 3
        if above >= 0 and page.lines[above].strip():
            yield Fault(page, formula.line, "put a blank line above the formula (and its marker)")
        if formula.end < len(page.lines) and page.lines[formula.end].strip():
            yield Fault(page, formula.end, "put a blank line below the formula")
        if formula.marker is None:
            yield Fault(
                page,
                formula.line,
                "nothing checks this formula: put <!-- formula: NAME = torch expression --> above "
                "it, or <!-- formula: unchecked WHY -->",
            )


def prose(page: Page) -> Iterator[Fault]:
    """English prose is English."""
    if page.language == "en":
        for place in page.prose:
            if match := CJK.search(re.sub(r"<!--.*?-->|`[^`]*`", "", place.text)):
                yield Fault(page, place.line, f"{match[0]!r} in English prose")


def numbers(page: Page) -> Iterator[Fault]:
    """A decimal in prose stands in an output of the page, or a marker behind it computes it."""
    shown = {value(m[0]) for b in page.blocks if b.output for m in PRINTED.finditer(b.output.body)}
    for place, match, code in traced(page):
        if code is None:
            if value(match) not in shown:
                yield Fault(
                    page,
                    place,
                    f"{match} stands in no output of this page: print it in a block, or compute it "
                    f"behind the number: {match}<!-- = python expression -->",
                )
            continue
        try:
            number = computed(code, page.stem)
        except Exception as error:
            yield Fault(page, place, f"the marker of {match} fails: {error!r}")
            continue
        if value(rounded(number, match)) != value(match):
            yield Fault(page, place, f"{match} is not what its marker gives: {number!r}")


def computed(code: str, stem: str) -> float:
    """What the expression of a marker gives.

    Its names are math, torch, F and nn, and `stored`: the measured results beside the page's
    script, snippets/STEM.json. Raises what the expression raises; FileNotFoundError where a
    page without results reads `stored`.
    """
    names = {"math": math, "torch": torch, "F": torch.nn.functional, "nn": torch.nn}
    if re.search(r"\bstored\b", code):
        results = ROOT / "snippets" / f"{stem}.json"
        if not results.exists():
            raise FileNotFoundError(f"no results are stored in snippets/{stem}.json")
        names["stored"] = json.loads(results.read_text(encoding="utf-8"))
    return float(eval(code, names))


def traced(page: Page) -> Iterator[tuple[int, str, str | None]]:
    """Every decimal of the prose: its line, itself, and the code of the marker behind it."""
    for place in page.prose:
        # addresses are no prose, nor are the numbers that a lab starts with
        text = re.sub(r"\]\([^)]*\)|<logits-[^>]*>", "]", place.text)
        for match in NUMBER.finditer(re.sub(r"<!--.*?-->", lambda m: "\0" * len(m[0]), text)):
            marker = COMPUTED.match(text, match.end())
            yield place.line, match[0], marker["code"].strip() if marker else None


def value(text: str) -> float:
    """The number that a text stands for; the minus sign may be the typographic one."""
    return float(text.replace("−", "-"))


def rounded(number: float, shown: str) -> str:
    """A number in as many digits, and with the exponent, of the text that shows it."""
    mantissa, _, exponent = shown.replace("−", "-").partition("e")
    digits = len(mantissa.partition(".")[2])
    scale = 10.0 ** int(exponent or 0)
    return f"{number / scale:.{digits}f}{'e' + exponent if exponent else ''}"


RULES = (
    fences,
    runner_agrees,
    comments,
    blocks,
    outputs,
    headings,
    skeleton,
    images,
    links,
    formulas,
    prose,
    numbers,
)


# -- agreement of the two languages ----------------------------------------------------------


def agreement(zh: Page, en: Page) -> Iterator[Fault]:
    """Both languages hold the same headings, code, outputs, formulas, figures and numbers."""
    parts = {
        "heading ids and levels": lambda p: [(h.line, (h.level, h.id)) for h in p.headings],
        "code": lambda p: [(b.code.line, b.code.body) for b in p.blocks],
        "outputs": lambda p: [(b.code.line, b.output and b.output.body) for b in p.blocks],
        "formulas": lambda p: [(f.line, _wordless(f.latex)) for f in p.formulas],
        "formula markers": lambda p: [(f.line, f.marker) for f in p.formulas],
        "figures": lambda p: [(i.line, i.text) for i in p.images],
        "decimals of a section": _numbers_by_section,
    }
    for name, part in parts.items():
        ours, theirs = part(zh), part(en)
        for k in range(max(len(ours), len(theirs))):
            a, b = (side[k] if k < len(side) else None for side in (ours, theirs))
            if a is None or b is None or a[1] != b[1]:
                here = a[0] if a else len(zh.lines)
                there = f"{en.path.name}:{b[0]}" if b else f"the end of {en.path.name}"
                shown = "" if a is None or b is None else f": {_short(a[1])} / {_short(b[1])}"
                yield Fault(zh, here, f"{name} differ from {there}{shown}; make both the same")
                break


def _wordless(latex: str) -> str:
    return re.sub(r"\\text\{[^}]*\}", r"\\text{}", latex)


def _short(thing) -> str:
    text = thing if isinstance(thing, str) else repr(thing)
    return text if len(text) < 60 else f"{text[:57]}..."


def _numbers_by_section(page: Page) -> list[tuple[int, tuple]]:
    heads = [(h.line, h.id) for h in page.headings] or [(1, None)]
    found: dict = {line: Counter() for line, _ in heads}
    for line, number, _ in traced(page):
        start = max((h for h, _ in heads if h <= line), default=heads[0][0])
        found[start][value(number)] += 1
    return [(line, (id_, sorted(found[line].items()))) for line, id_ in heads]


# -- the handbook as a whole -----------------------------------------------------------------


def nav_pages(config: Path = ROOT / "mkdocs.yml") -> list[str]:
    """The pages that the navigation names, e.g. functions/softmax."""
    text = config.read_text(encoding="utf-8")
    nav = text[text.index("\nnav:") : text.index("\nvalidation:")]
    return re.findall(r"- ([\w/]+)\.(?:md|ipynb)", nav)


def unused_figures() -> list[str]:
    """Figure functions that no page shows, as snippets/STEM.py::function."""
    unused = []
    for script in sorted((ROOT / "snippets").rglob("[!_]*.py")):
        stem = str(script.relative_to(ROOT / "snippets").with_suffix(""))
        page = source(stem, "zh")
        shown = {i.text for i in Page.read(page).images} if page.exists() else set()
        name = stem.split("/")[-1]
        unused += [
            f"snippets/{stem}.py::{f}" for f in figures(script) if f"{name}-{f}.svg" not in shown
        ]
    return unused
