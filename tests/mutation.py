"""Prove the digits: change one of them at a time, and see that a check notices: `make mutate`.

    python -m tests.mutation [STEM ...]      every mutant of these pages; without one, of all

A mutant differs from a page in one digit, sign, operator or index of a printed output, of a
formula, or of a number in prose. It dies when the check that a reader relies on fails:

- an output against a fresh run of its block (each block runs once, in this process);
- a formula against torch (tests/formulas.py);
- a number in prose against the page's outputs and the other language (tests/contract.py).
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from multiprocessing import get_context

from pytest_codeblocks import extract_from_buffer

from tests.contract import agreement, numbers, traced
from tests.execution import printed
from tests.formulas import FormulaError, check
from tests.markdown import Page, pages, source

KINDS = ("output", "formula", "number")
# each pair is exchanged, in both directions
OPERATORS = (
    ("+", "-"),
    ("<", ">"),
    (r"\le ", r"\ge "),
    (r"\max", r"\min"),
    (r"\log", r"\exp"),
    (r"\sum", r"\prod"),
    (r"\ne ", "= "),
)
INDEX = re.compile(r"(?<=[_{,\s])[ijkn](?=[\s},_^])|(?<=_)[ijknC](?![a-z])|(?<=\\partial x_)[ij]")
# a subscript in braces, such as ij or n, c or j \ne i; commands in it are no indices
SUBSCRIPT = re.compile(r"(?<=_\{)[^{}]*(?=\})")
LETTER = re.compile(r"\\[a-zA-Z]+|(?P<index>[a-z])(?![a-z]{2})(?<![a-z]{3})")


@dataclass(frozen=True)
class Mutant:
    """A page with one change: the characters `start` to `end` of `line` become `new`."""

    kind: str
    page: Page
    line: int
    start: int
    end: int
    new: str

    @property
    def text(self) -> str:
        """The page's text with the change."""
        before, line, after = (
            self.page.lines[: self.line - 1],
            self.page.lines[self.line - 1],
            self.page.lines[self.line :],
        )
        return "\n".join([*before, line[: self.start] + self.new + line[self.end :], *after])

    def __str__(self) -> str:
        line = self.page.lines[self.line - 1]
        changed = f"{line[: self.start]}[{line[self.start : self.end]} -> {self.new}]"
        return f"{self.page.where(self.line)}: {self.kind}: {changed}{line[self.end :]}"


def changes(text: str, kind: str) -> Iterator[tuple[int, int, str]]:
    """Every single change of a piece of text: start, end and the new characters.

    Digits go to the next digit, signs and operators to their counterpart, indices to another.
    """
    for match in re.finditer(r"\d", text):
        yield match.start(), match.end(), str((int(match[0]) + 1) % 10)
    if kind == "formula":
        for a, b in OPERATORS:
            for old, new in ((a, b), (b, a)):
                for match in re.finditer(re.escape(old), text):
                    if not (old == "= " and "sum_{" not in text):
                        yield match.start(), match.end(), new
        for at in indices(text):
            yield at, at + 1, {"i": "j", "j": "i"}.get(text[at], "i")
    else:
        for match in re.finditer(r"[-−](?=\d)", text):
            yield match.start(), match.end(), ""


def indices(latex: str) -> list[int]:
    """Where the index letters of a formula, or of a line of one, stand."""
    found = {match.start() for match in INDEX.finditer(latex)}
    for subscript in SUBSCRIPT.finditer(latex):
        for match in LETTER.finditer(latex, subscript.start(), subscript.end()):
            found |= {match.start()} if match["index"] else set()
    return sorted(found)


def mutants(page: Page, kinds: Iterable[str] = KINDS) -> Iterator[Mutant]:
    """All mutants of a page, of the given kinds, in the order of its lines."""
    lines = page.lines

    def on(line: int, start: int, end: int, kind: str) -> Iterator[Mutant]:
        for a, b, new in changes(lines[line - 1][start:end], kind):
            yield Mutant(kind, page, line, start + a, start + b, new)

    if "output" in kinds:
        for block in page.blocks:
            for line in range(block.output.line + 1, block.output.end) if block.output else ():
                yield from on(line, 0, len(lines[line - 1]), "output")
    if "formula" in kinds:
        for formula in page.formulas:
            if not (formula.marker or "").startswith("unchecked"):
                letters = [formula.latex[at] for at in indices(formula.latex)]
                # where each index stands once, another name for it says the same
                renamed = len(set(letters)) == len(letters)
                for line in range(formula.line + 1, formula.end):
                    free = indices(lines[line - 1]) if renamed else []
                    for mutant in on(line, 0, len(lines[line - 1]), "formula"):
                        if mutant.start not in free or mutant.new in letters:
                            yield mutant
    if "number" in kinds:
        for line, number in sorted({(line, number) for line, number, _ in traced(page)}):
            hidden = r"\]\([^)]*\)|<!--.*?-->"
            text = re.sub(hidden, lambda m: "\0" * len(m[0]), lines[line - 1])
            for match in re.finditer(rf"(?<![\w.\-−]){re.escape(number)}(?![\w.]*\d)", text):
                yield from on(line, match.start(), match.end(), "number")


def survives(mutant: Mutant) -> bool:
    """Whether no check notices the change."""
    page = Page(mutant.page.path, mutant.text)
    if mutant.kind == "output":
        blocks = extract_from_buffer(StringIO(mutant.text))
        changed = [block for block in blocks if block.lineno <= mutant.line][-1]
        return changed.expected_output == fresh(changed.code)
    if mutant.kind == "formula":
        formula = next(f for f in page.formulas if f.line < mutant.line < f.end)
        return holds(formula.latex, formula.marker)
    twin = Page.read(page.twin)
    pair = (page, twin) if page.language == "zh" else (twin, page)
    return not any(numbers(page)) and not any(agreement(*pair))


@cache
def fresh(code: str) -> str:
    """What a block prints, run once in this process."""
    return printed(code)


@cache
def holds(latex: str, marker: str | None) -> bool:
    """Whether the formula agrees with torch."""
    try:
        check(latex, marker)
    except FormulaError:
        return False
    return True


def hunt(stem: str) -> tuple[Counter, list[str]]:
    """All mutants of both languages of a page: their number by kind, and the survivors."""
    count: Counter = Counter()
    survivors = []
    for language in ("zh", "en"):
        for mutant in mutants(Page.read(source(stem, language))):
            count[mutant.kind] += 1
            if survives(mutant):
                survivors.append(str(mutant))
    return count, survivors


def main(stems: list[str]) -> int:
    """Hunt the mutants of the given pages, or of all; print the score; 1 if any survives."""
    known = sorted({page.stem for page in pages()})
    if unknown := set(stems) - set(known):
        print(f"there is no such page: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    stems = stems or known
    start, total, alive = time.monotonic(), Counter(), []
    # torch's threads do not survive a fork; a spawned process is warm for all the pages it gets
    with get_context("spawn").Pool(2) as pool:
        for done, (stem, (count, survivors)) in enumerate(
            zip(stems, pool.imap(hunt, stems), strict=True), 1
        ):
            total += count
            alive += survivors
            print(f"[{done}/{len(stems)}] {stem}: {sum(count.values())} mutants", flush=True)
            for survivor in survivors:
                print(f"  survived: {survivor}", flush=True)
    killed = sum(total.values()) - len(alive)
    print(*(f"{kind}: {total[kind]} mutants" for kind in KINDS), sep="\n")
    score = 100 * killed / max(1, sum(total.values()))
    print(f"score {score:.2f}%, {len(alive)} alive, {time.monotonic() - start:.0f} s")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
