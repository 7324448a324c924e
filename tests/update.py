"""Rewrite the printed outputs of pages from a fresh run, in both languages: `make update`.

    python -m tests.update [STEM ...]        e.g. functions/softmax; without one, every page
    python -m tests.update --report [STEM ...]   change nothing: a Markdown table of what changed

Only what stands between an output's fences changes, and in prose the numbers whose marker reads
`stored`, the measured results beside the page's script. A block that raises or warns is reported
and its page left as it was. The change is shown as a diff.
"""

import difflib
import html
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from tests.contract import COMPUTED, NUMBER, computed, rounded
from tests.execution import printed
from tests.markdown import DOCS, Page, pages


def renewed(page: Page, cache: dict[str, str]) -> str:
    """The page's text with every expected output replaced by what its block prints now.

    `cache` holds outputs by code, so that the twin does not run a block again.
    Raises RuntimeError naming the line of a block that raises, warns, or prints unexpectedly.
    """
    lines = list(page.lines)
    for block in reversed(page.blocks):
        code = block.code.body
        where = page.where(block.code.line)
        if code not in cache:
            try:
                cache[code] = printed(code)
            except Exception as error:
                raise RuntimeError(
                    f"{where}: the block fails, so its output is left as it was: {error!r}\n"
                    "  mend the block; a page that shows an error or a warning catches it"
                ) from None
        if block.output:
            lines[block.output.line : block.output.end - 1] = cache[code].splitlines()
        elif cache[code]:
            raise RuntimeError(
                f"{where}: the block prints, but has no output to update; put below it\n"
                "  <!--pytest-codeblocks:expected-output-->\n  ```text\n  ```"
            )
    return "\n".join(measured(line, page.stem) for line in lines)


def measured(line: str, stem: str) -> str:
    """A line of prose with its stored numbers, such as 2.8<!-- = stored["a"] -->, as they are now.

    Raises RuntimeError where a marker names no result.
    """

    def now(match: re.Match) -> str:
        marker = COMPUTED.match(line, match.end())
        if marker is None or "stored" not in marker["code"]:
            return match[0]
        try:
            return rounded(computed(marker["code"].strip(), stem), match[0])
        except (LookupError, OSError) as error:
            raise RuntimeError(f"docs/{stem}: the marker of {match[0]} fails: {error!r}") from None

    return NUMBER.sub(now, line) if "stored" in line else line


@dataclass(frozen=True)
class Change:
    """A block whose output is no longer the page's: where, what stands there, what comes now."""

    where: str
    was: str
    now: str


def changes(page: Page) -> list[Change]:
    """Every block of a page that prints something else than the page shows, or fails."""
    found = []
    for block in page.blocks:
        was = block.output.body if block.output else ""
        try:
            now = printed(block.code.body)
        except Exception as error:
            now = f"{type(error).__name__}: {error}"
        if now.rstrip("\n") != was.rstrip("\n"):
            found.append(Change(f"{page.stem}, line {block.code.line}", was, now))
    return found


def report(chosen: list[Page]) -> int:
    """Print the changes as a Markdown table; 1 if there are any.

    Twins hold the same blocks, so one language is run.
    """
    looked = [page for page in chosen if page.language == "en"]
    with native_output_aside():
        found = [change for page in looked for change in changes(page)]
    blocks = sum(len(page.blocks) for page in looked)
    print(f"torch {torch.__version__}: {len(found)} of {blocks} blocks print something else.\n")
    if found:
        print("| page | in the handbook | now |\n|---|---|---|")
    for change in found:
        print(f"| {change.where} | {cell(change.was)} | {cell(change.now)} |")
    return bool(found)


@contextmanager
def native_output_aside() -> Iterator[None]:
    """Send what native code prints (torch's profiler does) to standard error, not to the table."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def cell(text: str) -> str:
    """Any text in a table's cell: its line breaks kept, nothing read as Markdown or HTML."""
    escaped = html.escape(text.strip("\n"), quote=False).replace("|", "&#124;")
    return f"<pre>{escaped.replace(chr(10), '<br>')}</pre>"


def main(stems: list[str]) -> int:
    """Update the pages of the given stems; 1 if a block failed or a stem names no page."""
    reporting = "--report" in stems
    stems = [stem for stem in stems if stem != "--report"]
    chosen = [page for page in pages() if not stems or page.stem in stems]
    unknown = set(stems) - {page.stem for page in chosen}
    failures = [f"docs/{stem}: there is no such page" for stem in sorted(unknown)]
    if reporting and not unknown:
        return report(chosen)
    cache: dict[str, str] = {}
    for page in chosen:
        try:
            new = renewed(page, cache)
        except RuntimeError as error:
            failures.append(str(error))
            continue
        if new != page.text:
            name = str(page.path.relative_to(DOCS.parent))
            diff = difflib.unified_diff(
                page.text.splitlines(), new.splitlines(), name, name, lineterm="", n=1
            )
            print(*diff, sep="\n")
            page.write(new)
    print(*failures, sep="\n", file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
