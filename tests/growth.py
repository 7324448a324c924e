"""The handbook with 4 and 16 times its pages, made from its own."""

import re
import shutil
from pathlib import Path

from tests.contract import nav_pages
from tests.markdown import ROOT, source

PARTS = ("docs", "hooks", "lab", "overrides", "snippets", "tests", ".cache")


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
            nav += [f"  - {named(stem)}" for stem in stems]
            continue
        nav.append(f"  - {section}:")
        for volume in range(1, times + 1):
            below = "" if volume == 1 else f"v{volume}/"
            copies = [named(stem).replace("/", f"/{below}", 1) for stem in stems]
            nav += [f"      - v{volume}:"] * (times > 1)
            nav += [f"{' ' * (10 if times > 1 else 6)}- {copy}" for copy in copies]
            if volume > 1:
                for stem in stems:
                    copied(stem, below, tree)
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    start, end = text.index("\nnav:"), text.index("\nvalidation:")
    (tree / "mkdocs.yml").write_text(text[:start] + "\n" + "\n".join(nav) + text[end:], "utf-8")
    return tree


def named(stem: str) -> str:
    """The page's file as the navigation names it: functions/softmax.md."""
    return stem + source(stem, "zh").suffix


def copied(stem: str, below: str, tree: Path) -> None:
    """One page in both languages, one folder deeper: links out of its section gain a `../`."""
    section, name = stem.split("/")
    for language in ("zh", "en"):
        path = source(stem, language)
        place = tree / "docs" / section / below / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text("utf-8")
        place.write_text(re.sub(r"\]\(\.\./", "](../../", text), "utf-8")
    folder = tree / "snippets" / section
    (folder / below).mkdir(parents=True, exist_ok=True)
    for path in (folder / f"{name}.py", folder / f"{name}.json", *folder.glob("_*.py")):
        if path.exists():
            shutil.copy(path, folder / below)
