"""Draw the figures of snippets/ at build and put them into the pages, as small as they can be.

`![alt](softmax-curve.svg)` on functions/softmax is `curve(say)` of snippets/functions/softmax.py.
Drawn figures are kept in .cache/figures under a hash of all that they depend on, outside docs/:
a file written there would start `mkdocs serve` again, for ever.
"""

import hashlib
import html
import json
import re
import runpy
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from hooks.node import output  # noqa: E402
from hooks.store import installed, kept, written  # noqa: E402
from tests.markdown import COMMENT, Page, stem_language  # noqa: E402  (the one parser of pages)

STORE = ROOT / ".cache" / "figures"
SVGO = ROOT / "hooks/svgo.mjs"
IMAGE = re.compile(
    r"^!\[(?P<alt>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<stem>[\w/.]*?)-(?P<name>\w+)\.svg\)$", re.M
)
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
DRAWINGS: dict[str, str] = {}  # page and function: SVG, between the two steps of a page
SAY = {"zh": lambda zh, en: zh, "en": lambda zh, en: en}


def on_page_markdown(markdown: str, page, config, files) -> str:
    """Replace each figure's image by the drawing itself."""
    stem, language = stem_language(page.file.src_uri)
    script = ROOT / "snippets" / f"{stem}.py"

    def inline(match: re.Match) -> str:
        line = markdown.count("\n", 0, match.start()) + 1
        where = f"docs/{page.file.src_uri} (body line {line}): {match[0]}"
        if match["stem"] != script.stem:
            raise PluginError(f"{where}: a figure of this page is called {script.stem}-NAME.svg")
        try:
            drawing = draw(script, match["name"], language)
        except LookupError as error:
            raise PluginError(f"{where}: {error}") from None
        except Exception as error:
            raise PluginError(f"{where}: drawing it failed: {error!r}") from error
        return framed(f"{page.file.src_uri}#{match['name']}", drawing, match["alt"])

    code = [m.span() for m in FENCE.finditer(markdown)]
    return IMAGE.sub(
        lambda m: m[0] if any(a <= m.start() < b for a, b in code) else inline(m), markdown
    )


def framed(name: str, drawing: str, alt: str) -> str:
    """The figure's element, with its text alternative; `on_post_page` puts the drawing in.

    It tells its height over its width: it is laid out when a reader comes near.
    """
    label = html.escape(COMMENT.sub("", alt), quote=True)
    wide, high = map(float, SIZE.search(drawing).groups())
    DRAWINGS[name] = drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    style = f"--ratio:{high / wide:.3f}"
    return f'<figure class="plot" style="{style}" tabindex="0" data-drawing="{name}"></figure>'


def on_post_page(output: str, page, config) -> str:
    """Put the drawings in last, so that neither Markdown nor the search index reads them."""
    return re.sub(
        r' data-drawing="([^"]+)">',
        lambda m: f">{DRAWINGS[m[1]]}" if m[1] in DRAWINGS else m[0],
        output,
    )


def on_files(files, config) -> None:
    """Draw what is missing for both languages, on all cores, before the pages ask for it."""
    wanted = []
    for file in files.documentation_pages():
        if file.abs_src_path:
            stem, language = stem_language(file.src_uri)
            script = ROOT / "snippets" / f"{stem}.py"
            path = Path(file.abs_src_path)
            wanted += [(script, name, language) for name in named(path, path.stat().st_mtime_ns)]
    missing = [w for w in dict.fromkeys(wanted) if w[0].exists() and not place(*w).exists()]
    if len(missing) > 8:  # a worker takes seconds to import torch and Matplotlib
        print(f"Drawing {len(missing)} figures", flush=True)
        sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]
        worker = import_module("hooks.figures").drawn  # under a name that a worker can import
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(worker, *w) for w in missing]
        whole = {}
        for wish, job in zip(missing, jobs, strict=True):
            fault = job.exception()
            # what a figure function raises is reported by the page that wants it, with its line
            if isinstance(fault, BrokenProcessPool | ImportError):
                raise fault
            if not fault:
                whole[wish] = job.result()
        for wish, svg in zip(whole, small(list(whole.values())), strict=True):
            written(place(*wish), svg.encode())


@lru_cache(maxsize=4096)  # a server sees the same pages again and again
def named(path: Path, modified: int) -> list[str]:
    """The figures that a page asks for, until it is written again."""
    try:
        text = FENCE.sub("", Page.read(path).text)
    except ValueError as error:  # a notebook that failed, or no notebook
        raise PluginError(f"{error}; mend it, then run `make update`") from None
    return [match["name"] for match in IMAGE.finditer(text)]


def place(script: Path, name: str, language: str) -> Path:
    """Where a drawing is kept: its name is a hash of all that it depends on."""
    # an experiment draws its stored results, with helpers beside it
    others = [script.with_suffix(".json"), *sorted(script.parent.glob("_*.py"))]
    if "_lab" in script.read_text("utf-8"):  # the lab's figures are drawn alike on every page
        others.append(ROOT / "snippets" / "_lab.py")
    texts = [file.read_text("utf-8") for file in (script, *others) if file.exists()]
    key = "\0".join([*texts, shared(), name, language])
    return STORE / f"{hashlib.sha256(key.encode()).hexdigest()}.svg"


def draw(script: Path, name: str, language: str) -> str:
    """The SVG of one figure function, from the cache where nothing it depends on has changed.

    Raises LookupError where the script or the function does not exist.
    """
    if not script.exists():
        raise LookupError(f"{script.relative_to(ROOT)} does not exist; make it, or mend the name")

    def drawing() -> bytes:
        return small([drawn(script, name, language)])[0].encode()

    return kept(place(script, name, language), drawing).read_text("utf-8")


def drawn(script: Path, name: str, language: str) -> str:
    """The SVG of one figure function, as Matplotlib draws it."""
    functions = runpy.run_path(str(script))
    if name.startswith("_") or not callable(functions.get(name)):
        raise LookupError(f"{script.relative_to(ROOT)} has no function {name}(say)")
    from snippets import _style

    return _style.svg(functions[name](SAY[language]), f"{script.stem}-{name}")


def small(drawings: list[str]) -> list[str]:
    """The same drawings in fewer bytes and elements; one start of Node for all of them."""
    return json.loads(output(SVGO, given=json.dumps(drawings)))


@cache
def shared() -> str:
    """What every figure depends on beside its own script."""
    texts = ((ROOT / "snippets" / "_style.py").read_text("utf-8"), SVGO.read_text("utf-8"))
    return "".join((*texts, version("torch"), version("matplotlib"), installed("svgo")))
