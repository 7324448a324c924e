"""Lighthouse on the built site, served compressed: the median of five visits on a slow phone."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.markdown import ROOT
from tests.serving import CHROMIUM, FLAGS, serving

EMPTY = "empty page of the theme"
PAGES = [
    "",
    "functions/softmax/",
    "losses/cross_entropy/",
    "experiments/scores/",
    "help/errors/",
    "lab/",
]
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
RUNS = 5


def table(site: Path) -> bool:
    """Print a line a page; whether all keep what is promised.

    Performance is at least 99, or within a point of the theme's empty page in the same run, since
    how fast a page is depends on the machine; every other category is 100, and layout shifts by
    0.01 at most. The visits go round the pages, so that a busy minute is shared by all.
    """
    paths = {home + path or "home": home + path for path in PAGES for home in ("", "en/")}
    with serving(empty(site)) as nothing, serving(site) as address:
        addresses = {EMPTY: nothing} | {name: address + path for name, path in paths.items()}
        visits = {name: [] for name in addresses}
        for _ in range(RUNS):
            for name, url in addresses.items():
                visits[name].append(visit(url))
    print(f"{'':26}perf  a11y  best  seo   FCP ms  LCP ms  TBT ms  shift   KB  requests")
    kept, floor = True, 99.0
    for name, seen in visits.items():
        row = {key: statistics.median(visit[key] for visit in seen) for key in seen[0]}
        floor = min(99, row["performance"] - 1) if name == EMPTY else floor
        whole = all(row[category] == 100 for category in CATEGORIES[1:])
        good = row["performance"] >= floor and whole and row["shift"] <= 0.01
        kept &= good or name == EMPTY
        cells = [f"{row[category]:4.0f}" for category in CATEGORIES]
        cells += [f"{row[time]:7.0f}" for time in TIMES]
        cells += [f"{row['shift']:.3f}", f"{row['bytes'] / 1000:4.0f}", f"{row['requests']:4.0f}"]
        print(f"{name:26}{'  '.join(cells)}{'' if good or name == EMPTY else '  falls short'}")
    return kept


def visit(url: str) -> dict[str, float]:
    """One visit, as Lighthouse simulates it on a phone (its mobile preset)."""
    flags = f"--chrome-flags={' '.join(FLAGS)}"
    command = [str(ROOT / "node_modules/.bin/lighthouse"), url, "--quiet", "--output=json", flags]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    environment = os.environ | {"CHROME_PATH": CHROMIUM or ""}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"Lighthouse could not visit {url}: {run.stderr[-2000:]}")
    report = json.loads(run.stdout)
    audits = report["audits"]
    asked = [
        request
        for request in audits["network-requests"]["details"]["items"]
        if not request["url"].startswith("data:")
    ]
    return {
        **{name: 100 * report["categories"][name]["score"] for name in CATEGORIES},
        **{name: audits[name]["numericValue"] for name in TIMES},
        "shift": audits["cumulative-layout-shift"]["numericValue"],
        "bytes": sum(request["transferSize"] for request in asked),
        "requests": len(asked),
    }


def empty(site: Path) -> Path:
    """A page of the theme that holds nothing, built beside the site: the bar for performance."""
    folder = site.with_name(f"{site.name}-empty")
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs/index.md").write_text("# Empty\n")
    config = folder / "mkdocs.yml"
    config.write_text(
        "site_name: Empty\nsite_description: An empty page\nsite_url: http://127.0.0.1/\n"
        "plugins: []\ntheme: {name: material, font: false}\n"
    )
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", config]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return folder / "site"
