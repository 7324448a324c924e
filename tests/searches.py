"""What readers search and where they land, through the site's own dialog in a real browser.

python -m tests.searches [SITE]     the table query → rank, of a site that is built (default: site/)
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from tests.markdown import DOCS, ROOT
from tests.serving import chromium, serving

HOME = {"zh": "", "en": "en/"}
# types each query into the open dialog and returns, for each, the addresses of every result
TYPE = """async queries => {
  const input = document.querySelector(".hb-find textarea");
  const list = document.querySelector(".hb-find-results");
  const lists = [];
  for (const query of queries) {
    input.value = query;
    input.dispatchEvent(new InputEvent("input"));
    for (let k = 0; list.dataset.query !== query.trim(); k++) {
      if (k > 500) throw new Error("no answer for " + query);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    lists.push([...list.children].map(li => [...li.querySelectorAll("a")].map(a => a.href)));
  }
  return lists;
}"""


@dataclass(frozen=True)
class Search:
    """A query and the addresses that answer it; with an anchor, that section must be listed."""

    part: str
    language: str
    query: str
    right: tuple[str, ...]

    def rank(self, results: list[list[str]]) -> int | None:
        """The place, from 1, of the first right page among the results, None without one."""
        for place, links in enumerate(results, 1):
            found = {named(link) for link in links} | {named(link, False) for link in links}
            if found & set(self.right):
                return place
        return None


def named(link: str, anchor: bool = True) -> str:
    """The page of a link as in the table, without language: losses/kl_div#reduction."""
    parts = urlparse(link)
    page = re.sub(r"^en(/|$)", "", parts.path.strip("/")).strip("/")
    return f"{page}#{parts.fragment}" if anchor and parts.fragment else page


def searches() -> list[Search]:
    """The rows of tests/searches.tsv, and every message in the table of help/errors."""
    rows = (ROOT / "tests/searches.tsv").read_text("utf-8").splitlines()[1:]
    found = []
    for part, language, query, right in (row.split("\t") for row in rows):
        found.append(Search(part, language, query.replace(r"\n", "\n"), tuple(right.split())))
    for language in HOME:
        text = (DOCS / f"help/errors.{language}.md").read_text("utf-8")
        for message, target in re.findall(r"^\| `(.+?)`.*\]\(([^)]*)\) \|$", text, re.M):
            right = re.sub(r"^#", "help/errors#", target).replace("../", "").replace(".md", "")
            found.append(Search("message", language, message, (right,)))
    return found


def ranks(browser, site: str, language: str) -> list[tuple[Search, int | None]]:
    """The rank of every search of one language on a served site."""
    page = browser.new_page()
    page.goto(site + HOME[language])
    page.locator(".hb-search").click()
    page.locator(".hb-find textarea").wait_for()
    wanted = [search for search in searches() if search.language == language]
    results = page.evaluate(TYPE, [search.query for search in wanted])
    page.close()
    return [(search, search.rank(result)) for search, result in zip(wanted, results, strict=True)]


def main(folder: Path) -> None:
    """Print the table, and how many of each part are among the first three."""
    if not (folder / "search").exists():
        sys.exit(f"{folder} has no search/: build the site first (make build)")
    counts, high = Counter(), Counter()
    with serving(folder) as address, chromium() as browser:
        for language in HOME:
            for search, rank in ranks(browser, address, language):
                counts[search.part] += 1
                high[search.part] += rank is not None and rank <= 3
                query = " ".join(search.query.split())
                query = query if len(query) < 70 else f"{query[:20]} … {query[-46:]}"
                print(search.part, language, rank or "none", query, sep="\t")
    for part in counts:
        print(f"{part}: {high[part]} of {counts[part]} among the first three")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "site")
