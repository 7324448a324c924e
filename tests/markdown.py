"""The one parser of the pages: what a page holds, and on which line.

It knows the Markdown that the page contract allows, and keeps what it does not allow visible
(indented fences, tildes, unknown comments), so that the contract can name it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

from tests.notebooks import OUTPUT_MARK, dumped, from_markdown, to_markdown

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

FENCE = re.compile(r"^(?P<indent>\s*(?:>\s*)*)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)$")
HEADING = re.compile(r"^(?P<level>#{1,6})\s+(?P<text>.*?)(?:\s*\{\s*#(?P<id>[\w-]+)\s*\})?\s*$")
IMAGE = re.compile(r"!\[(?P<alt>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]*)\)")
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]*)\)")
COMMENT = re.compile(r"<!--(?P<body>.*?)-->", re.S)


@dataclass(frozen=True)
class Fence:
    """A fenced block: `line` and `end` are the lines of its two fences (1-based)."""

    line: int
    end: int
    indent: str
    ticks: str
    info: str
    body: str


@dataclass(frozen=True)
class Block:
    """A runnable block and, where the page prints one, its expected output."""

    code: Fence
    output: Fence | None


@dataclass(frozen=True)
class Heading:
    """A heading with its explicit id (None where the page gives none)."""

    line: int
    level: int
    text: str
    id: str | None


@dataclass(frozen=True)
class Formula:
    """A display formula: `line` is that of the opening $$, `marker` the comment above it."""

    line: int
    end: int
    latex: str
    marker: str | None


@dataclass(frozen=True)
class Place:
    """A piece of text and its line: an image's target and alt, a comment, a line of prose."""

    line: int
    text: str
    alt: str = ""


@dataclass(eq=False)
class Page:
    """One page. `path` is only its name; `text` is what is parsed.

    A notebook is read as the Markdown that it is; `cells` are the lines on which its cells start.
    """

    path: Path
    text: str
    cells: list[int] = field(default_factory=list)
    errors: list[Place] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Page:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".ipynb":
            return cls(path, text)
        try:
            return cls(path, *to_markdown(json.loads(text)))
        except (ValueError, KeyError) as error:
            raise ValueError(f"{_short(path)}: {error}") from None

    def write(self, text: str) -> None:
        """Keep a new text in the page's file; a notebook's cells are made anew."""
        if self.path.suffix == ".ipynb":
            text = dumped(from_markdown(text))
        self.path.write_text(text, encoding="utf-8")

    def where(self, line: int) -> str:
        """Name and line, as one finds them in an editor: path:3, or path, cell 2, line 1."""
        if not self.cells:
            return f"{_short(self.path)}:{line}"
        cell = bisect(self.cells, line)
        fenced = self.lines[self.cells[cell - 1] - 1].startswith("```")
        inside = max(1, line - self.cells[cell - 1] + (not fenced))
        return f"{_short(self.path)}, cell {cell}, line {inside}"

    @property
    def language(self) -> str:
        """zh or en, from the name."""
        return stem_language(self.path.name)[1]

    @property
    def stem(self) -> str:
        """The page's address in docs/, without language: functions/softmax."""
        path = self.path.relative_to(DOCS) if self.path.is_relative_to(DOCS) else self.path
        return stem_language(path.as_posix())[0]

    @property
    def twin(self) -> Path:
        """Where the same page stands in the other language."""
        other = {"zh": "en", "en": "zh"}[self.language]
        return self.path.with_name(self.path.name.replace(f".{self.language}.", f".{other}."))

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def fences(self) -> list[Fence]:
        """Every fence, allowed or not."""
        found, start = [], None
        for number, line in enumerate(self.lines, 1):
            match = FENCE.match(line)
            if start is None and match:
                start = (number, match)
            elif start and match and not match["info"].strip():
                opened = start[1]
                if match["ticks"].startswith(opened["ticks"]):
                    body = self.lines[start[0] : number - 1]
                    found.append(
                        Fence(
                            start[0],
                            number,
                            opened["indent"],
                            opened["ticks"],
                            opened["info"],
                            "".join(f"{text}\n" for text in body),
                        )
                    )
                    start = None
        if start:
            self.errors.append(Place(start[0], "this fence is never closed"))
        return found

    @cached_property
    def blocks(self) -> list[Block]:
        """Python fences, each with the `text` fence that its marker binds to it."""
        blocks = []
        for fence, after in zip_longest(self.fences, self.fences[1:]):
            if fence.info != "python":
                continue
            between = self.lines[fence.end : after.line - 1] if after else []
            bound = [line.strip() for line in between if line.strip()] == [OUTPUT_MARK]
            blocks.append(Block(fence, after if bound and after.info == "text" else None))
        return blocks

    @cached_property
    def outside(self) -> list[str]:
        """The lines, with those of fences emptied."""
        lines = list(self.lines)
        for fence in self.fences:
            for number in range(fence.line - 1, fence.end):
                lines[number] = ""
        return lines

    @cached_property
    def headings(self) -> list[Heading]:
        return [
            Heading(number, len(m["level"]), m["text"], m["id"])
            for number, line in enumerate(self.outside, 1)
            if (m := HEADING.match(line))
        ]

    @cached_property
    def formulas(self) -> list[Formula]:
        """Display formulas between two lines that hold $$ alone."""
        found, start = [], None
        for number, line in enumerate(self.outside, 1):
            if line.strip() != "$$":
                if "$$" in re.sub(r"`[^`]*`", "", line):
                    self.errors.append(Place(number, "put each $$ on a line of its own"))
            elif start is None:
                start = number
            else:
                latex = "\n".join(self.lines[start : number - 1])
                found.append(Formula(start, number, latex, self._marker_above(start)))
                start = None
        if start:
            self.errors.append(Place(start, "this $$ is never closed"))
        return found

    def _marker_above(self, line: int) -> str | None:
        match = re.fullmatch(r"<!--\s*formula:(.*?)-->", self.outside[line - 2].strip())
        return match[1].strip() if match else None

    @cached_property
    def images(self) -> list[Place]:
        return [
            Place(number, m["target"], m["alt"])
            for number, line in enumerate(self.outside, 1)
            for m in IMAGE.finditer(line)
        ]

    @cached_property
    def links(self) -> list[Place]:
        return [
            Place(number, m["target"])
            for number, line in enumerate(self.outside, 1)
            for m in LINK.finditer(re.sub(r"`[^`]*`", "``", line))
        ]

    @cached_property
    def comments(self) -> list[Place]:
        text = "\n".join(self.outside)
        return [
            Place(text.count("\n", 0, m.start()) + 1, m["body"]) for m in COMMENT.finditer(text)
        ]

    @cached_property
    def prose(self) -> list[Place]:
        """What a reader reads: lines without fences, display formulas, images' targets, places
        that a hook fills.

        Comments stay in, because those in a line compute the number before them.
        """
        lines = list(self.outside)
        for formula in self.formulas:
            for number in range(formula.line - 1, formula.end):
                lines[number] = ""
        return [
            Place(number, IMAGE.sub(lambda m: m["alt"], line))
            for number, line in enumerate(lines, 1)
            if line.strip() and not re.fullmatch(r"\s*<!--.*-->\s*|<div [^>]*></div>", line)
        ]


def pages(folder: Path = DOCS) -> Iterator[Page]:
    """Every page below a folder, notebooks too, in the order of their names."""
    for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.ipynb")]):
        yield Page.read(path)


def source(stem: str, language: str) -> Path:
    """The file of a page: functions/softmax, zh -> docs/functions/softmax.zh.md (or .ipynb)."""
    notebook = DOCS / f"{stem}.{language}.ipynb"
    return notebook if notebook.exists() else notebook.with_suffix(".md")


def stem_language(name: str) -> tuple[str, str]:
    """And back, from a page's file: functions/softmax.zh.md is functions/softmax in zh."""
    stem, language, _ = name.rsplit(".", 2)
    return stem, language


def _short(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
