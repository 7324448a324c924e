"""The handbook with 4 and 16 times its pages, made from its own."""

import re
import shutil
from pathlib import Path

from tests.contract import nav_pages
from tests.markdown import ROOT

PARTS = ("docs", "hooks", "overrides", "snippets", "tests", ".cache")


def grown(times: int, tree: Path) -> Path:
    """Write a handbook of so many times its pages into a folder that does not exist; gives it.

    Each section becomes `times` volumes, the first of which is the section itself; the pages of
    volume 2 of functions/ are the files functions/v2/*.md, their figures snippets/functions/v2/.
    """
    for part in PARTS:
        if (ROOT / part).exists():
            ignore = shutil.ignore_patterns("site", "__pycache__")
            shutil.copytree(ROOT / part, tree / part, ignore=ignore)
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    sections: dict[str, list[str]] = {}
    for stem in nav_pages():
        sections.setdefault(stem.rpartition("/")[0], []).append(stem)
    nav = ["nav:"]
    for section, stems in sections.items():
        if not section:
            nav += [f"  - {stem}.md" for stem in stems]
            continue
        nav.append(f"  - {section}:")
        for volume in range(1, times + 1):
            below = "" if volume == 1 else f"v{volume}/"
            copies = [stem.replace("/", f"/{below}", 1) for stem in stems]
            nav += [f"      - v{volume}:"] * (times > 1)
            nav += [f"{' ' * (10 if times > 1 else 6)}- {copy}.md" for copy in copies]
            for stem, copy in zip(stems, copies, strict=True):
                if volume > 1:
                    copied(stem, copy, tree)
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    start, end = text.index("\nnav:"), text.index("\nvalidation:")
    (tree / "mkdocs.yml").write_text(text[:start] + "\n" + "\n".join(nav) + text[end:], "utf-8")
    return tree


def copied(stem: str, copy: str, tree: Path) -> None:
    """One page in both languages, one folder deeper: links out of its section gain a `../`."""
    for language in ("zh", "en"):
        text = (tree / f"docs/{stem}.{language}.md").read_text("utf-8")
        text = re.sub(r"\]\(\.\./", "](../../", text)
        place = tree / f"docs/{copy}.{language}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    script = tree / f"snippets/{stem}.py"
    if script.exists():
        place = tree / f"snippets/{copy}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(script, place)
