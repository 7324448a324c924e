"""Rewrite the printed outputs of pages from a fresh run, in both languages: `make update`.

    python -m tests.update [STEM ...]        e.g. functions/softmax; without one, every page

Only what stands between an output's fences changes, and in prose the numbers whose marker reads
`stored`, the measured results beside the page's script. A block that raises or warns is reported
and its page left as it was. The change is shown as a diff.
"""

import difflib
import re
import sys

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


def main(stems: list[str]) -> int:
    """Update the pages of the given stems; 1 if a block failed or a stem names no page."""
    chosen = [page for page in pages() if not stems or page.stem in stems]
    unknown = set(stems) - {page.stem for page in chosen}
    failures = [f"docs/{stem}: there is no such page" for stem in sorted(unknown)]
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
